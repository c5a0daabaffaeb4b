"""Fitted models by digest: the same model on the same rows is trained once, whoever asks."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from eraforge import models
from eraforge.core import plugins
from eraforge.core.errors import UserError
from eraforge.core.panel import Panel
from eraforge.core.ports import Composite, Fitted, Model
from eraforge.core.words import Entry
from eraforge.models.progress import reporting
from eraforge.pipeline.stage_cache import code_digest
from eraforge.pipeline.steps import inputs
from eraforge.pipeline.tools import Tools


def build_model(entry: Entry) -> Model:
    """The unfitted model an entry is configured with.

    Raises:
        UserError: `unknown-plugin`, or `wrong-model-settings` naming what the model takes.
    """
    return make_model(entry.learner, entry.settings)


def make_model(learner: str, settings: Mapping[str, Any]) -> Model:
    """A model by its registered name and settings.

    Raises:
        UserError: `unknown-plugin`, `wrong-model-settings`.
    """
    kind = plugins.find("model", learner)
    taken = inspect.signature(kind).parameters
    strange = sorted(set(settings) - set(taken))
    if strange:
        raise UserError(
            "wrong-model-settings",
            f"The model {learner!r} has no setting {strange[0]!r}.",
            f"It takes: {', '.join(taken)}.",
        )
    try:
        model: Model = kind(**settings)
        parts = model.parts() if isinstance(model, Composite) else {}
    except (TypeError, ValueError, AttributeError) as error:
        # A constructor meets a value of a kind it never thought of: a text for a number, a number for a table.
        raise UserError(
            "wrong-model-settings",
            f"The model {learner!r} does not take these settings: {error}.",
            f"It takes: {_signature(taken)}.",
        ) from error
    del parts  # built once here, so that what is wrong with them is said before anything is trained
    return model


def _signature(taken: Mapping[str, inspect.Parameter]) -> str:
    told = (
        f"{name} = {one.default!r}" if isinstance(one.default, int | float | str) else name
        for name, one in taken.items()
    )
    return ", ".join(told)


def settings_of(entry: Entry) -> dict[str, Any]:
    """What of an entry decides how its model comes out."""
    return {"learner": entry.learner, "settings": dict(entry.settings)}


class Fits:
    """Trains through the store.

    Args:
        tools: the open workspace.
        entry: whose model is trained (its name is what progress shows).
        files: digests of the files its panels come from.
    """

    def __init__(self, tools: Tools, entry: Entry, files: Mapping[str, str]) -> None:
        self._tools = tools
        self._entry = entry
        self._files = files

    def fitted(self, model: Model, panel: Panel) -> Fitted:
        """The model fitted to the panel, loaded from the store when it was trained before."""
        return model.load(self._tools.objects.get(self.digest_of(model, panel)))

    def digest_of(self, model: Model, panel: Panel) -> str:
        """Digest of the stored fitted model; trains only what the store does not hold."""
        if isinstance(model, Composite):
            # The parts are kept one by one, so that an ensemble of trained models costs no training.
            fitted = {name: self.fitted(part, panel) for name, part in model.parts().items()}
            return self._output(model, panel, lambda: model.combine(fitted).save())
        return self._output(model, panel, lambda: self._train(model, panel))

    def _train(self, model: Model, panel: Panel) -> bytes:
        name = f"{self._entry.name}: {panel.eras[0]}–{panel.eras[-1]}" if panel.eras else f"{self._entry.name}:"
        with reporting(lambda what, done, total: self._tools.progress(f"{name} {what}", done, total)):
            return model.fit(panel).save()

    def _output(self, model: Model, panel: Panel, compute: Any) -> str:
        asked = {
            "model": type(model).__qualname__,
            "settings": model_settings(model),
            "features": list(panel.features),
            "targets": list(panel.targets),
            "eras": [len(panel.eras), panel.eras[0], panel.eras[-1]] if panel.eras else [],
            "files": inputs.contributing_files(self._tools, self._entry, self._files, panel),
        }
        return self._tools.cache.output("fit", code_digest(type(model), models, Panel), asked, compute)


def model_settings(model: Model) -> dict[str, Any]:
    """Constructor arguments of a model and their values, read back from its attributes of the same names."""
    names = [name for name in inspect.signature(type(model)).parameters if hasattr(model, name)]
    return {name: getattr(model, name) for name in names}
