"""`leak`: does a feature, label, model, transform, decision, pipeline or splitter look ahead?"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eraforge.core.digest import digest_value
from eraforge.core.errors import EraforgeError, UserError
from eraforge.pipeline.verb import Facts, Visit

if TYPE_CHECKING:
    from eraforge.evaluation.leaks.findings import LeakReport

LEAK_FOUND = 3


def leak(visit: Visit, kind: str, subject: str, depth: str, seed: int) -> Facts:
    """Examine one subject, or every registered one of a kind; the exit code is that of a DataError where one leaks.

    Raises:
        UserError: `unknown-plugin`, `subject-not-registered`, `no-such-file`, `no-such-object`, `file-does-not-load`,
            `subject-of-another-kind`.
    """
    from eraforge.evaluation.leaks import laboratory

    reports: tuple[LeakReport, ...]
    if not subject:
        reports = laboratory.examine_all(kind, depth, seed, visit.progress)
    elif ".py:" in subject:
        path, _, name = subject.rpartition(":")
        reports = (laboratory.examine_object(kind, name, _from_file(Path(path), name), depth, seed),)
    else:
        reports = (laboratory.examine_registered(kind, subject, depth, seed),)
    clean = all(report.passed for report in reports)
    return {
        "kind": kind,
        "depth": depth,
        "seed": seed,
        "passed": clean,
        "reports": [report.as_dict() for report in reports],
        "exit_code": 0 if clean else LEAK_FOUND,
    }


def _from_file(path: Path, name: str) -> Any:
    """The object of that name in a Python file, which is run to get it."""
    if not path.is_file():
        raise UserError("no-such-file", f"There is no file {path}.", "Give the path of your Python file.")
    label = f"eraforge_examined_{digest_value(str(path.resolve()))[:12]}"
    spec = spec_from_file_location(label, path)
    if spec is None or spec.loader is None:
        raise UserError("file-does-not-load", f"{path} is no Python file.", "Name a file that ends in .py.")
    module = module_from_spec(spec)
    sys.modules[label] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except EraforgeError:
        raise
    except (
        ImportError,
        SyntaxError,
        ArithmeticError,
        AttributeError,
        LookupError,
        NameError,
        TypeError,
        ValueError,
        RuntimeError,
    ) as error:
        raise UserError(
            "file-does-not-load", f"{path} does not load: {type(error).__name__}: {error}.", "Mend it and try again."
        ) from error
    if not hasattr(module, name):
        known = ", ".join(one for one in vars(module) if not one.startswith("_")) or "nothing"
        raise UserError("no-such-object", f"{path} holds no {name!r}.", f"It holds: {known}.")
    return getattr(module, name)
