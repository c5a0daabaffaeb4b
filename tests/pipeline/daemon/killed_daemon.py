"""Runs an `eraforge` command and kills its process (SIGKILL) before or after its first call of a writing method.

Usage: python killed_daemon.py before|after create|put|authorise -- eraforge arguments.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from eraforge.arenas.gateway_write import NumeraiWriter
from eraforge.interfaces.cli.main import main


def install(when: str, method: str) -> None:
    real = getattr(NumeraiWriter, method)

    def fatal(self: NumeraiWriter, *given: Any) -> Any:
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(self, *given)
        os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(NumeraiWriter, method, fatal)


if __name__ == "__main__":
    install(sys.argv[1], sys.argv[2])
    sys.argv = ["eraforge", *sys.argv[4:]]
    main()
