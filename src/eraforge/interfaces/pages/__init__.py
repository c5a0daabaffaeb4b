"""Pages a browser shows from a file: drawn from the facts of a verb, with nothing computed and nothing fetched."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from eraforge.core.errors import UserError
from eraforge.store.atomic import write_atomic

PAGES = {"experiment report": "eraforge.interfaces.pages.study:page"}


def write_page(verb: str, facts: dict[str, Any]) -> None:
    """Write the page of a verb's facts to the file they name.

    Raises:
        UserError: `extra-missing` when the drawing library is not installed. DataError, Transient: the disk's no.
    """
    module, function = PAGES[verb].split(":")
    try:
        text: str = getattr(import_module(module), function)(facts)
    except ModuleNotFoundError as error:
        raise UserError(
            "extra-missing", f"Drawing a page needs {error.name}.", "Install it: pip install 'eraforge[plots]'."
        ) from error
    write_atomic(Path(facts["page"]), text.encode())
