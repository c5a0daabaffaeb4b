"""A process that has imported the product and forks a child per line it reads: one `eraforge` command each.

Lines are JSON: {"words": [...], "fatal": n, "out": file} answers {"process": pid}; {"wait": pid} answers {"code": n}.
`fatal` kills the child (SIGKILL) at its n-th durable step, counted as `tests/pipeline/killed_at.py` counts them; the
steps taken are written beside `out`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import dbos  # noqa: F401  imported before the fork, used after it
import polars  # noqa: F401

import eraforge.pipeline.engine
import eraforge.pipeline.steps.registry
import eraforge.store.ledger  # noqa: F401
from eraforge.interfaces.cli.main import main
from programmes.by_path import load


def child(order: dict[str, Any]) -> None:
    """Run the command as a process of its own would, with its words and output."""
    os.setsid()
    out = os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.argv = ["eraforge", *order["words"]]
    steps = load("pipeline/killed_at.py").install(int(order["fatal"]))
    code = 1
    try:
        main()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    finally:
        Path(order["out"] + ".steps").write_text("\n".join(steps))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def attend() -> None:
    """Answer every line until there are no more."""
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            _, status = os.waitpid(int(order["wait"]), 0)
            print(json.dumps({"code": os.waitstatus_to_exitcode(status)}), flush=True)
            continue
        process = os.fork()
        if process == 0:
            child(order)
        print(json.dumps({"process": process}), flush=True)


if __name__ == "__main__":
    load("pipeline/killed_at.py")
    attend()
