"""The daemon's own harness, by path: test folders are no packages."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

SPEC = importlib.util.spec_from_file_location("daemon_desk", Path(__file__).with_name("desk.py"))
assert SPEC is not None and SPEC.loader is not None
MODULE = importlib.util.module_from_spec(SPEC)
sys.modules["daemon_desk"] = MODULE
SPEC.loader.exec_module(MODULE)
