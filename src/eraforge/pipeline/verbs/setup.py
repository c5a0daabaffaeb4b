"""Verbs about the workspace itself: `init`, `config show`."""

from __future__ import annotations

from eraforge.core.configuration import REAL_SERVER
from eraforge.core.errors import UserError
from eraforge.pipeline.desk import Facts, Visit
from eraforge.pipeline.workspace import CONFIGURATION_FILE, read_configuration

TEMPLATE = """\
# eraforge: one file for everything. `eraforge config show` prints every setting and where it comes from.

[server]
url = "{server}"

# Keys never stand here. They come from NUMERAI_PUBLIC_ID and NUMERAI_SECRET_KEY,
# or from a file that only you can read:
# [accounts.main]
# secret_file = ".secrets"

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
        UserError: `already-initialised`, `workspace-not-writable`.
    """
    file = visit.folder / CONFIGURATION_FILE
    if file.exists():
        raise UserError(
            "already-initialised", f"{file} exists already.", "Edit it, or choose another folder with --workspace."
        )
    entry = "".join(sign if sign.isalnum() else "_" for sign in model) or "first"
    text = TEMPLATE.format(server=server or REAL_SERVER, model=model, entry=entry)
    try:
        visit.folder.mkdir(parents=True, exist_ok=True)
        with file.open("x") as stream:
            stream.write(text)
    except OSError as error:
        raise UserError(
            "workspace-not-writable",
            f"{file} cannot be written: {error.strerror}.",
            "Choose a folder you may write to.",
        ) from error
    return {"file": str(file), "entry": entry, "next": ["eraforge doctor", "eraforge round", "eraforge submit"]}


def config_show(visit: Visit) -> Facts:
    """Every setting with its value and origin."""
    rows = [
        {"setting": key, "value": value, "origin": origin} for key, value, origin in read_configuration(visit).rows()
    ]
    return {"settings": rows}
