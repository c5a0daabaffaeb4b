"""The GraphQL side: the schema, and the leniency of the live API towards the official client.

Underscored names mean their camelCase twins and answer under the name as written; a text goes where an identifier
stands; unknown types and fields are refused. Whatever goes wrong is an `errors` list in an HTTP 200 answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    build_schema,
    execute_sync,
    parse,
    specified_rules,
    validate,
    visit,
)
from graphql.validation import VariablesInAllowedPositionRule

from eraforge.core.errors import EraforgeError
from eraforge.simulator.exchange.replies import JSON, Reply
from eraforge.simulator.server.context import Context
from eraforge.simulator.server.operations import accounts, changes, leaderboards, rounds, scores, seasons, tokens
from eraforge.simulator.server.operations.diagnostics import reports
from eraforge.simulator.server.operations.pickles import uploads
from eraforge.simulator.server.operations.staking import per_round

RULES = [rule for rule in specified_rules if rule is not VariablesInAllowedPositionRule]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A query's text read once.

    Args:
        document: with underscored names in camel case; None where it does not read.
        problems: why it cannot be executed.
        roots: its root fields, by the names of the schema.
        fields: every (type, field) it selects, in order.
        arguments: the arguments of its root fields that are written into the query as texts.
        bound: those that are variables, by argument the name of the variable.
        mutation: whether it asks for a change.
    """

    document: DocumentNode | None = None
    problems: tuple[GraphQLError, ...] = ()
    roots: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)
    bound: Mapping[str, str] = field(default_factory=dict)
    mutation: bool = False


def parsed(query: Any) -> Parsed:
    """What a query's text says; the same text is read once."""
    if not isinstance(query, str):
        return Parsed(problems=(GraphQLError("No query document supplied"),))
    return _parsed(query)


@lru_cache(maxsize=512)
def _parsed(query: str) -> Parsed:
    try:
        document = _camel_case(parse(query))
    except GraphQLError as error:
        return Parsed(problems=(error,))
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    selected = [one for operation in operations for one in operation.selection_set.selections]
    roots = [one for one in selected if isinstance(one, FieldNode)]
    given = [argument for root in roots for argument in root.arguments or ()]
    written = {one.name.value: one.value.value for one in given if isinstance(one.value, StringValueNode)}
    bound = {one.name.value: one.value.name.value for one in given if isinstance(one.value, VariableNode)}
    return Parsed(
        document,
        tuple(validate(schema(), document, RULES)),
        tuple(one.name.value for one in roots),
        _fields(document),
        written,
        bound,
        any(one.operation is OperationType.MUTATION for one in operations),
    )


def _fields(document: DocumentNode) -> tuple[tuple[str, str], ...]:
    types = TypeInfo(schema())
    found: dict[tuple[str, str], None] = {}

    class Collect(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent = types.get_parent_type()
            if parent is not None:
                found[parent.name, node.name.value] = None

    visit(document, TypeInfoVisitor(types, Collect()))
    return tuple(found)


def answer(request: Mapping[str, Any], context: Context) -> Reply:
    """Answer one GraphQL request (`query`, `variables`, `operationName`)."""
    variables, read = request.get("variables") or {}, parsed(request.get("query"))
    if not isinstance(variables, dict):
        return _failed([GraphQLError("Variables must be an object")])
    if read.document is None or read.problems:
        return _failed(list(read.problems))
    result = execute_sync(
        schema(),
        read.document,
        context_value=context,
        variable_values=variables,
        operation_name=request.get("operationName"),
    )
    for failure in result.errors or []:
        cause = failure.original_error
        if cause is not None and not isinstance(cause, EraforgeError | GraphQLError):
            raise cause
    if result.errors:
        return _failed(result.errors, result.data)
    return Reply(200, _json({"data": result.data}), JSON)


def _failed(errors: list[GraphQLError], data: Mapping[str, Any] | None = None) -> Reply:
    described = []
    for error in errors:
        item: dict[str, Any] = dict(error.formatted)
        if isinstance(error.original_error, EraforgeError):
            item["code"] = error.original_error.code.replace("-", "_")
        described.append(item)
    body: dict[str, Any] = {"errors": described}
    if data is not None:
        body["data"] = data
    return Reply(200, _json(body), JSON, messages=tuple(item["message"] for item in described))


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


class _CamelCase(Visitor):
    """Renames underscored fields and arguments; the answer keeps the name as written."""

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        name = node.name.value
        if "_" not in name.strip("_"):
            return None
        alias = node.alias or node.name
        return FieldNode(
            alias=alias,
            name=NameNode(value=_camel(name), loc=node.name.loc),
            arguments=node.arguments,
            directives=node.directives,
            selection_set=node.selection_set,
            loc=node.loc,
        )

    def enter_argument(self, node: ArgumentNode, *_: Any) -> ArgumentNode | None:
        name = node.name.value
        if "_" not in name:
            return None
        return ArgumentNode(name=NameNode(value=_camel(name), loc=node.name.loc), value=node.value, loc=node.loc)


def _camel_case(document: DocumentNode) -> DocumentNode:
    changed: DocumentNode = visit(document, _CamelCase())
    return changed


def _camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda found: found.group(1).upper(), name)


@cache
def schema() -> GraphQLSchema:
    """The schema with its resolvers, built on first use."""
    text = files("eraforge.simulator.server.operations").joinpath("schema.graphql").read_text("utf-8")
    built = build_schema(text)
    for room in (accounts, changes, leaderboards, per_round, reports, rounds, scores, seasons, tokens, uploads):
        for root, resolvers in room.RESOLVERS.items():
            kind = built.type_map[root]
            if isinstance(kind, GraphQLObjectType):
                for name, resolve in resolvers.items():
                    kind.fields[name].resolve = resolve
    return built
