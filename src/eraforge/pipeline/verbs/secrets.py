"""`secrets store`, `secrets list` and `secrets forget`: no secret ever stands in their facts."""

from __future__ import annotations

from collections.abc import Iterator

from eraforge.arenas.credentials import read_secret_file
from eraforge.core.configuration import Configuration
from eraforge.core.errors import EraforgeError, UserError
from eraforge.core.secret import Secret, guard
from eraforge.pipeline.secrets import encrypted_file
from eraforge.pipeline.secrets.places import SecretPlaces
from eraforge.pipeline.secrets.system_keyring import SystemKeyring
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import read_configuration

KEYS = ("PUBLIC_ID", "SECRET_KEY")
FILE, KEYRING = "file", "keyring"


def store(visit: Visit, name: str, place: str) -> Facts:
    """Ask for secrets and keep them: the one named, or both halves of every account's key.

    Raises:
        UserError: `no-place-for-secrets`, `nobody-to-ask`, `empty-secret`, `passphrases-differ`; what a place raises.
    """
    configuration = read_configuration(visit).tree
    where = _place(configuration, place)
    names = [name] if name else list(dict.fromkeys(_account_names(configuration)))
    places = SecretPlaces(visit, configuration.secrets)
    held = _open(places) if where == FILE else {}  # a wrong passphrase shows before anything is typed in
    values = {each: _asked(visit, each) for each in names}
    if where == FILE and places.file is not None:
        passphrase = _passphrase(visit, places)
        plain = {each: secret.reveal() for each, secret in values.items()}
        encrypted_file.write(places.file, {**held, **plain}, passphrase)
    else:
        keyring = SystemKeyring(configuration.secrets.keyring)
        for each, secret in values.items():
            keyring.put(each, secret.reveal())
    return {"stored": names, "place": _told(configuration, where)}


def listed(visit: Visit) -> Facts:
    """Every secret the configuration names or a place holds, and where it is found; never the secret."""
    configuration = read_configuration(visit).tree
    places = SecretPlaces(visit, configuration.secrets)
    wanted = dict.fromkeys(_all_names(configuration))
    troubles: list[EraforgeError] = []
    files = _secret_files(visit, configuration, troubles)
    try:
        if places.file is not None and places.file.exists():
            wanted |= dict.fromkeys(places.encrypted())
        others = list(places) if places.file is None or places.file.exists() else []
    except UserError as error:
        troubles.append(error)
        others = []
    rows = []
    for name in wanted:
        sources = ["the environment"] if visit.environment.get(name) else []
        sources += [where for where, held in files if held.get(name)]
        sources += [where for where, held in others if name in held]
        rows.append({"name": name, "found_in": sources})
    told = [error.as_dict() for error in troubles]
    return {"secrets": rows, "troubles": told, "exit_code": troubles[0].exit_code if troubles else 0}


def forget(visit: Visit, name: str, place: str) -> Facts:
    """Remove a secret from the encrypted file or the keyring.

    Raises:
        UserError: `no-secret-named`, `no-such-secret`, and those of the place.
    """
    if not name:
        raise UserError("no-secret-named", "No secret is named.", "See `eraforge secrets list`.")
    configuration = read_configuration(visit).tree
    where = _place(configuration, place)
    places = SecretPlaces(visit, configuration.secrets)
    if where == FILE and places.file is not None:
        held = places.encrypted()
        known = name in held
        if known:
            left = {each: value for each, value in held.items() if each != name}
            encrypted_file.write(places.file, left, _passphrase(visit, places))
    else:
        known = SystemKeyring(configuration.secrets.keyring).forget(name)
    told = _told(configuration, where)
    if not known:
        raise UserError("no-such-secret", f"There is no {name} in {told}.", "See `eraforge secrets list`.")
    return {"forgotten": [name], "place": told}


def _place(configuration: Configuration, place: str) -> str:
    """The place meant: the one named, else the only one configured."""
    table = configuration.secrets
    configured = {FILE: table.encrypted_file, KEYRING: table.keyring}
    choices = [place] if place else [each for each, value in configured.items() if value]
    if not choices or not configured[choices[0]]:
        setting = "keyring" if place == KEYRING else "encrypted_file"
        raise UserError(
            "no-place-for-secrets",
            f"The configuration has no secrets.{setting}.",
            'Add to eraforge.toml, under [secrets]: encrypted_file = "secrets.enc", or keyring = "eraforge".',
        )
    return choices[0]


def _told(configuration: Configuration, where: str) -> str:
    return f"the encrypted file {configuration.secrets.encrypted_file}" if where == FILE else "the keyring"


def _open(places: SecretPlaces) -> dict[str, str]:
    return places.encrypted() if places.file is not None and places.file.exists() else {}


def _passphrase(visit: Visit, places: SecretPlaces) -> Secret:
    """The passphrase to write with: a first one that is typed in is typed twice."""
    path = places.file
    assert path is not None  # noqa: S101  a place was chosen
    told = places.passphrase(f"Passphrase of {path.name}")
    if not path.exists() and visit.ask is not None and told != places.passphrase(f"The same passphrase of {path.name}"):
        raise UserError("passphrases-differ", "The two passphrases differ; nothing was written.", "Try again.")
    if not told.reveal():
        raise UserError("empty-secret", "An empty passphrase protects nothing.", "Choose one of several words.")
    return told


def _asked(visit: Visit, name: str) -> Secret:
    if visit.ask is None:
        raise UserError(
            "nobody-to-ask",
            f"{name} must be typed in, but there is no terminal.",
            "Run this in a terminal, or write the values to standard input, one per line.",
        )
    told = guard(visit.ask(name))
    if not told.reveal().strip():
        raise UserError("empty-secret", f"Nothing was given for {name}; nothing was stored.", "Try again.")
    return told


def _account_names(configuration: Configuration) -> Iterator[str]:
    for table in configuration.accounts.values():
        yield from (f"{table.variable_prefix}{half}" for half in KEYS)


def _all_names(configuration: Configuration) -> Iterator[str]:
    """Every name under which the configuration looks for a secret."""
    yield from _account_names(configuration)
    if configuration.stake.enabled:
        yield from (f"{configuration.stake.variable_prefix}{half}" for half in KEYS)
    for channel in configuration.notify.values():
        yield from (str(value) for key, value in channel.settings.items() if key.endswith("_variable"))


def _secret_files(
    visit: Visit, configuration: Configuration, troubles: list[EraforgeError]
) -> list[tuple[str, dict[str, str]]]:
    found = []
    for name in dict.fromkeys(table.secret_file for table in configuration.accounts.values() if table.secret_file):
        try:
            found.append((f"the secret file {name}", read_secret_file(visit.folder / name)))
        except UserError as error:
            troubles.append(error)
    return found
