"""Which data versions there are besides an entry's own, and what would change with them. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping

from eraforge.core.words import Entry
from eraforge.data.drift.versions import compare_versions, meaning_of
from eraforge.data.feature_sets import feature_sets
from eraforge.data.finding import Finding, Severity
from eraforge.pipeline.steps import inputs
from eraforge.pipeline.steps.ahead import training
from eraforge.pipeline.tools import Tools


def newer_versions(tools: Tools, entry: Entry) -> list[str]:
    """The whole data versions that the tournament offers and that come after the entry's own, the oldest first.

    Raises:
        Transient: the server or the connection failed.
    """
    arena = tools.arena(entry)
    own = inputs.version_order(arena.version)
    offered = inputs.offered_versions(arena, tools.reader(entry).datasets(arena))
    return [one for one in offered if inputs.version_order(one) > own]


def findings(tools: Tools, entry: Entry, files: Mapping[str, str]) -> list[Finding]:
    """What is to be said of data versions: newer ones, and a main target that is another one since the last training.

    Of a newer version its features file is fetched and nothing else.

    Args:
        files: digests of the entry's files by role.

    Raises:
        DataError: `features-file-damaged`, and what is wrong with a download. Transient: the connection failed.
    """
    arena, found = tools.arena(entry), []
    for version in newer_versions(tools, entry):
        data = inputs.fetch_features(tools, entry, version)
        if data is None:
            sentence = f"{version} is offered besides {arena.version}."
            step = f'Nothing changes by itself; `version = "{version}"` moves the entry.'
            found.append(Finding(Severity.WARN, "newer-version-offered", sentence, step))
            continue
        own = feature_sets(tools.objects.get(files["features"]))
        targets = (tools.target(entry), *entry.extra_targets)
        names = arena.version, version
        found += compare_versions(own, feature_sets(data), names, entry.features or arena.feature_set, targets)
    return [*found, *_moved_target(tools, entry, files)]


def _moved_target(tools: Tools, entry: Entry, files: Mapping[str, str]) -> list[Finding]:
    """Told where the entry learns the main target and was trained on another version last, in which it was another."""
    arena = tools.arena(entry)
    events = tools.ledger.events(kind=training.TRAINED, subject=entry.name)
    earlier = [one.facts for one in events if one.facts["version"] != arena.version and "files" in one.facts]
    if tools.target(entry) != arena.target or not earlier:
        return []
    digest = str(earlier[-1]["files"]["train"])
    if not tools.objects.has(digest):
        return []
    was, now = (meaning_of(tools.objects.path(one), arena) for one in (digest, files["train"]))
    if was == now:
        return []
    before = str(earlier[-1]["version"])
    return [
        Finding(
            Severity.WARN,
            "target-moved",
            f"`{arena.target}` is {now or 'no named target'} in {arena.version}; in {before}, on which the entry was "
            f"trained before, it was {was or 'no named target'}.",
            f'To go on with that one, write `target = "{was}"`.' if was else "Name the target that the entry learns.",
        )
    ]
