"""What a model around another has in its settings: the name of the inner model, and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eraforge.core.ports import Model
from eraforge.models.members import made


@dataclass(frozen=True)
class Wrapping:
    """A model around another one.

    Args:
        learner: registered name of the inner model.
        settings: its settings.
    """

    learner: str = "lightgbm"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.inner()  # what is wrong with it is said before anything is read

    def inner(self) -> Model:
        """The inner model.

        Raises:
            UserError: `unknown-plugin`, `model-setting`.
        """
        return made(self.learner, self.settings)
