"""Our operations ask for nothing the field's own client does not ask for: the same root fields and field paths."""

import ast
from collections.abc import Iterator
from pathlib import Path

import numerapi
import pytest
from graphql import FieldNode, GraphQLSyntaxError, OperationDefinitionNode, SelectionSetNode, parse

from eraforge.arenas.wire import operations

OURS = {
    name: text
    for name, text in [
        *((name, value) for name, value in vars(operations).items() if name.isupper() and isinstance(value, str)),
        *((f"leaderboard {number}", board.query) for number, board in operations.LEADERBOARDS.items()),
        *((f"leave {number}", upload.leave_query) for number, upload in operations.UPLOADS.items()),
        *((f"create {number}", upload.create_query) for number, upload in operations.UPLOADS.items()),
    ]
    if not name.startswith("_")
}


def texts_of_client() -> Iterator[str]:
    """Every text in the client's source; where it formats an upload field in, once with each of those it uses."""
    trees = [ast.parse(path.read_text()) for path in Path(numerapi.__file__).parent.glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    calls = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == "self._upload_auth"]
    fields = {node.args[0].value for node in calls if isinstance(node.args[0], ast.Constant)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            for name in fields:
                yield "".join(str(part.value if isinstance(part, ast.Constant) else name) for part in node.values)


def paths(text: str) -> Iterator[tuple[str, str]]:
    """(kind of operation, field path with argument names) of each field an operation selects."""
    for definition in parse(text).definitions:
        if isinstance(definition, OperationDefinitionNode):
            for path in walk(definition.selection_set, ""):
                yield definition.operation.value, path


def walk(selection: SelectionSetNode, above: str) -> Iterator[str]:
    for field in selection.selections:
        assert isinstance(field, FieldNode)
        path = f"{above}/{field.name.value}"
        yield path
        for argument in field.arguments or ():
            yield f"{path}({argument.name.value})"
        if field.selection_set is not None:
            yield from walk(field.selection_set, path)


def known_paths() -> set[tuple[str, str]]:
    known: set[tuple[str, str]] = set()
    for text in texts_of_client():
        if "{" in text:
            try:
                known |= set(paths(text))
            except GraphQLSyntaxError:
                continue
    return known


KNOWN = known_paths()
# All claims of a wallet at once: served by the API since August 2026, and not yet asked for by the client, which asks
# for one at a time. The fields are those of the one.
ONE, ALL = "/v3StakeClaim", "/v3StakeClaims"
SEEN_LIVE = {(kind, ALL + path.removeprefix(ONE)) for kind, path in KNOWN if path.startswith(ONE)}
SEEN_LIVE |= {("query", f"{ALL}(staker)"), ("query", f"{ALL}(tournamentId)")}


def test_the_client_s_operations_were_found() -> None:
    assert len({path for _, path in KNOWN if path.count("/") == 1 and "(" not in path}) > 30


@pytest.mark.parametrize("name", OURS)
def test_every_field_and_argument_is_one_the_client_sends(name: str) -> None:
    unknown = {one for one in paths(OURS[name]) if one not in KNOWN | SEEN_LIVE}
    assert not unknown
    assert list(paths(OURS[name]))


def test_a_field_the_client_does_not_know_would_be_noticed() -> None:
    assert set(paths("query { account { username secretField } }")) - KNOWN == {("query", "/account/secretField")}
