"""A process that has imported the product and forks a child per order it reads: one `eraforge` command each.

Orders are lines of JSON. {"words": [...], "out": file} answers {"process": pid}; {"wait": pid} answers {"process": pid,
"code": n}, for -1 of whichever child ends next; {"import": [...]} imports what a child had to, once for all children
after it, and answers {"threads": [...]}, which ought to be none.

A child dies by SIGKILL at its n-th durable step (`"step": n`, counted as `tests/pipeline/killed_at.py` counts them), or
so many seconds after a part of the turn began (`"part"` and `"delay"`, see marks.py). Beside `out` it leaves its steps,
its marks and the modules it imported. With `"blind": true` it resends what was not answered without reading back first:
the control, which must fail. No thread of ours runs here at a fork: a child begins as a new process does.
One that hangs dies of SIGALRM, which nobody takes for a kill.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import dbos  # noqa: F401  imported before the fork, used after it
import polars  # noqa: F401
from typer.main import get_command

import eraforge.pipeline.engine
import eraforge.pipeline.steps.registry
import eraforge.store.ledger  # noqa: F401
from eraforge.core import plugins
from eraforge.data.trust import trusted
from eraforge.interfaces.cli import main as command_line
from eraforge.pipeline.effects.driver import Driver
from programmes import marks
from programmes.by_path import load

HANGS_SECONDS = 300


def child(order: dict[str, Any], known: set[str]) -> None:
    """Run the command as a process of its own would, with its words and output."""
    os.setsid()
    signal.alarm(HANGS_SECONDS)
    out = os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.argv = ["eraforge", *order["words"]]
    steps = load("pipeline/killed_at.py").install(int(order["step"]))
    mark = marks.install(Path(order["out"] + ".marks"), order["part"], order["delay"])
    if order["blind"]:
        from programmes.histories import Blind

        Driver.resolve = Blind.resolve
    code = 1
    try:
        command_line.main()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    finally:
        mark(marks.OVER)
        Path(order["out"] + ".steps").write_text("\n".join(steps))
        Path(order["out"] + ".modules").write_text("\n".join(_importable() - known))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def attend() -> None:
    """Answer every line until there are no more."""
    known = _importable()
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            process, status = os.waitpid(int(order["wait"]), 0)
            print(json.dumps({"process": process, "code": os.waitstatus_to_exitcode(status)}), flush=True)
        elif "import" in order:
            for name in order["import"]:
                importlib.import_module(name)
            gc.collect()
            gc.freeze()  # no child looks through, and so copies, what all of them have
            print(json.dumps({"threads": _threads()}), flush=True)
        else:
            process = os.fork()
            if process == 0:
                child(order, known)
            print(json.dumps({"process": process}), flush=True)


def _importable() -> set[str]:
    return {
        name
        for name, module in list(sys.modules.items())
        if getattr(getattr(module, "__spec__", None), "name", "") == name and not name.startswith("proof_")
    }


def _threads() -> list[str]:
    """Threads besides the main one and those that polars keeps: for its allocator, and to remove what it spilled."""
    names = [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]
    return [name for name in names[1:] if not name.startswith(("jemalloc", "polars-ooc"))]


if __name__ == "__main__":
    load("pipeline/killed_at.py")
    trusted()
    for kind in plugins.KINDS:
        plugins.names(kind)
    commands = get_command(command_line.build())
    command_line.build = lambda: commands
    if _threads():
        sys.exit(f"The nursery runs threads and must fork nothing: {_threads()}")
    attend()
