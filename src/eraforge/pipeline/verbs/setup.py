"""Verbs about the workspace itself: `init`, `config show`."""

from __future__ import annotations

import re
from typing import Any

from eraforge.core.configuration import REAL_SERVER, load
from eraforge.core.errors import DataError, UserError
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import CONFIGURATION_FILE, read_configuration
from eraforge.store.atomic import make_folder, write_atomic

TEMPLATE = """\
# eraforge: one file for everything. `eraforge config show` prints every setting and where it comes from.

[server]
url = "{server}"

# Keys never stand here. They come from NUMERAI_PUBLIC_ID and NUMERAI_SECRET_KEY,
# or from a file that only you can read:
# [accounts.main]
# secret_file = ".secrets"
# or from `eraforge secrets store`:
# [secrets]
# encrypted_file = "secrets.enc"

[entries.{entry}]
model = "{model}"        # your model's name in the tournament
learner = "lightgbm"
features = "small"
target = "target"
settings = {{ n_estimators = 300, learning_rate = 0.03 }}
"""


def init(visit: Visit, server: str, model: str) -> Facts:
    """Write a first eraforge.toml; an existing one is never touched.

    Raises:
        UserError: `already-initialised`, `bad-model-name`, `wrong-setting`, `workspace-not-writable`.
        Transient: `disk-full`.
    """
    file = visit.folder / CONFIGURATION_FILE
    if file.exists():
        raise UserError(
            "already-initialised", f"{file} exists already.", "Edit it, or choose another folder with --workspace."
        )
    if not re.fullmatch(r"[A-Za-z0-9_]+", model):
        raise UserError(
            "bad-model-name",
            f"{model!r} is no name of a model: it is made of letters, digits and underscores.",
            "Give the name your model has in the tournament.",
        )
    load(None, flags={"server.url": server} if server else {})
    text = TEMPLATE.format(server=server or REAL_SERVER, model=model, entry=model)
    try:
        make_folder(visit.folder)
        write_atomic(file, text.encode())
    except DataError as error:
        raise UserError("workspace-not-writable", error.sentence, "Choose a folder you may write to.") from error
    return {"file": str(file), "entry": model, "next": ["eraforge doctor", "eraforge round", "eraforge submit"]}


def config_show(visit: Visit) -> Facts:
    """Every setting with its value and origin; a password in an address is not shown."""
    rows = [
        {"setting": key, "value": _without_password(value), "origin": origin}
        for key, value, origin in read_configuration(visit).rows()
    ]
    return {"settings": rows}


def _without_password(value: Any) -> Any:
    return re.sub(r"(://[^:/@]*):[^/]*@", r"\1:…@", value) if isinstance(value, str) else value
