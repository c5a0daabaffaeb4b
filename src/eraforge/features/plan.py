"""From declared features to programs: what is shared is computed once, and a register is used again when it is free."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from eraforge.features.expression import ACROSS, Node, Setting, own_lookback, stage


@dataclass(frozen=True, slots=True)
class Output:
    """What a program writes: a node, held back by `lag`, to feature number `sink`, or (None) to its own matrix."""

    node: Node
    lag: int = 0
    sink: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on registers. A `load` brings a column or a matrix, a `write` takes one out."""

    operation: str
    inputs: tuple[int, ...]
    settings: tuple[Setting, ...]
    register: int
    node: Node
    writes: tuple[Output, ...]


@dataclass
class Program:
    """Steps in order, how many registers they need, and how many own bars they look back, lag included."""

    steps: list[Step] = field(default_factory=list)
    registers: int = 0
    lookback: int = 1


def row_stage(node: Node) -> int:
    """The stage whose programs write this node."""
    return stage(node) + (node.operation in ACROSS)


def program(outputs: Sequence[Output]) -> Program:
    """The steps that compute all outputs on rows of own bars; results across symbols are loaded."""
    order, uses = _order(outputs)
    wanted: dict[Node, list[Output]] = {}
    for output in outputs:
        wanted.setdefault(output.node, []).append(output)
    made = Program(lookback=max(own_lookback(output.node) + output.lag for output in outputs))
    place: dict[Node, int] = {}
    free: list[int] = []
    for node in order:
        inputs = () if _loaded(node) else node.inputs
        if free:
            register = free.pop()
        else:
            register = made.registers
            made.registers += 1
        registers = tuple(place[child] for child in inputs)
        operation = "load" if _loaded(node) else node.operation
        made.steps.append(Step(operation, registers, node.settings, register, node, tuple(wanted.get(node, ()))))
        place[node] = register
        for child in dict.fromkeys(inputs):
            uses[child] -= 1
            if not uses[child]:
                free.append(place[child])
        if not uses[node]:
            free.append(register)
    return made


def _loaded(node: Node) -> bool:
    return node.operation == "field" or node.operation in ACROSS


def _order(outputs: Sequence[Output]) -> tuple[list[Node], dict[Node, int]]:
    """Nodes, inputs first, each once, and by how many others each is used."""
    order: list[Node] = []
    uses: dict[Node, int] = {}

    def visit(node: Node) -> None:
        if node in uses:
            return
        uses[node] = 0
        if not _loaded(node):
            for child in dict.fromkeys(node.inputs):
                visit(child)
                uses[child] += 1
        order.append(node)

    for output in outputs:
        visit(output.node)
    return order, uses


def crossings(nodes: Sequence[Node]) -> list[Node]:
    """Every operation across symbols among and below the nodes, inputs first."""
    return list(dict.fromkeys(one for node in nodes for one in node.nodes() if one.operation in ACROSS))


def stages(features: Sequence[tuple[Node, int]]) -> Iterator[tuple[list[Output], list[Node]]]:
    """Stage after stage: what its programs write, and the operations across symbols that follow.

    Args:
        features: expression and lag of each feature, in the order of the result.
    """
    across = crossings([node for node, _ in features])
    for number in range(max((row_stage(node) for node, _ in features), default=0) + 1):
        outputs = [Output(node, lag, sink) for sink, (node, lag) in enumerate(features) if row_stage(node) == number]
        following = [node for node in across if stage(node) == number]
        fed = dict.fromkeys(child for node in following for child in node.inputs if child.operation not in ACROSS)
        yield outputs + [Output(node) for node in fed], following
