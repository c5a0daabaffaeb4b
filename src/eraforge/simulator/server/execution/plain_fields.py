"""Fields whose values lie ready in a dictionary, taken from it without the machinery that resolvers need.

Most of an answer with many rows are such fields; the library spends several times as long on each as it takes to look
the value up. Everything else, whatever goes wrong included, is left to the library.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from graphql import GraphQLError, GraphQLObjectType, Undefined, get_nullable_type, is_leaf_type
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental
from graphql.pyutils import Path

Coerce: TypeAlias = Callable[[Any], Any]


class PlainFields(ExecutorThrowingOnIncremental):
    """Executes requests as the library does, only faster where a value lies ready. No resolver may be asynchronous."""

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: None,
    ) -> Any:
        """The fields of one object, by the names of the answer."""
        if type(source_value) is not dict:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        results: dict[str, Any] = {}
        for response_name, details in grouped_field_set.items():
            name = details[0].node.name.value
            value = _ready(parent_type, name, source_value)
            if value is Undefined:
                field_path = Path(path, response_name, parent_type.name)
                value = self.execute_field(parent_type, source_value, details, field_path, position_context)
            if value is not Undefined:
                results[response_name] = value
        return results


def _ready(parent_type: GraphQLObjectType, name: str, source: dict[str, Any]) -> Any:
    """The value of a field as it goes into the answer, where it lies ready; Undefined where it does not."""
    value, (coerce, optional) = source.get(name), _scalar(parent_type, name)
    if coerce is None or callable(value):
        return Undefined
    if value is None:
        return None if optional else Undefined
    try:
        coerced = coerce(value)
    except (GraphQLError, TypeError, ValueError):
        return Undefined  # the library comes to the same error, and tells where
    return Undefined if coerced is None else coerced


@cache
def _scalar(parent_type: GraphQLObjectType, name: str) -> tuple[Coerce | None, bool]:
    """What makes a value of the field fit for the answer, None for a field that is no plain scalar; may it be null."""
    field = parent_type.fields.get(name)
    if field is None or field.resolve is not None or field.args:
        return None, False
    kind = get_nullable_type(field.type)
    return (kind.coerce_output_value if is_leaf_type(kind) else None), kind is field.type
