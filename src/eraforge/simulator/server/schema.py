"""The GraphQL side: the schema, and the leniency of the live API towards the official client.

Underscored names mean their camelCase twins and answer under the name as written; a text goes where an identifier
stands; unknown types and fields are refused. Whatever goes wrong is an `errors` list in an HTTP 200 answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
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
from eraforge.simulator.server.context import Context
from eraforge.simulator.server.operations import accounts, changes, leaderboards, rounds, scores, seasons, tokens
from eraforge.simulator.server.operations.diagnostics import reports
from eraforge.simulator.server.operations.pickles import uploads
from eraforge.simulator.server.operations.staking import per_round

RULES = [rule for rule in specified_rules if rule is not VariablesInAllowedPositionRule]


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of an HTTP answer."""

    status: int
    body: bytes


def answer(request: Mapping[str, Any], context: Context) -> Answer:
    """Answer one GraphQL request (`query`, `variables`, `operationName`)."""
    query, variables = request.get("query"), request.get("variables") or {}
    if not isinstance(query, str):
        return _failed([GraphQLError("No query document supplied")])
    if not isinstance(variables, dict):
        return _failed([GraphQLError("Variables must be an object")])
    try:
        document = _camel_case(parse(query))
    except GraphQLError as error:
        return _failed([error])
    problems = validate(schema(), document, RULES)
    if problems:
        return _failed(problems)
    result = execute_sync(
        schema(),
        document,
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
    return Answer(200, _json({"data": result.data}))


def _failed(errors: list[GraphQLError], data: Mapping[str, Any] | None = None) -> Answer:
    described = []
    for error in errors:
        item: dict[str, Any] = dict(error.formatted)
        if isinstance(error.original_error, EraforgeError):
            item["code"] = error.original_error.code.replace("-", "_")
        described.append(item)
    body: dict[str, Any] = {"errors": described}
    if data is not None:
        body["data"] = data
    return Answer(200, _json(body))


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
