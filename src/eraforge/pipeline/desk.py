"""The desk performs the verbs of the catalogue. The command line, and later every other face, is drawn from that table.

A verb is named once, does its work in the function it refers to, and answers with plain facts. Functions are imported
when a verb is performed, so that asking for help costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from eraforge.core.errors import UserError
from eraforge.pipeline.catalogue import VERBS
from eraforge.pipeline.verb import Facts, Verb, Visit


def find_verb(name: str) -> Verb:
    """The verb of that name.

    Raises:
        UserError: `unknown-verb`.
    """
    for verb in VERBS:
        if verb.name == name:
            return verb
    raise UserError("unknown-verb", f"There is no verb {name!r}.", "See `eraforge --help`.")


def perform(name: str, visit: Visit, options: Mapping[str, Any]) -> Facts:
    """Do what the verb says and return its facts.

    Raises:
        EraforgeError: whatever the work raises; an OSError it lets through is explained as one.
    """
    verb = find_verb(name)
    for option in verb.options:
        option.require(options.get(option.name, option.default))
    module, function = verb.work.split(":")
    work: Callable[..., Facts] = getattr(import_module(module), function)
    try:
        return work(visit, **options)
    except OSError as error:
        # A disk that is full or forbids: whatever the work touched, the sentence names the file.
        from eraforge.store.atomic import explain

        raise explain(error, Path(error.filename) if isinstance(error.filename, str) else visit.folder) from error
