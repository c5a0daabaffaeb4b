"""The table of verbs, one file per subject, in the order in which help shows them."""

from __future__ import annotations

from eraforge.pipeline.catalogue.keeping import KEEPING
from eraforge.pipeline.catalogue.leaks import LEAKS
from eraforge.pipeline.catalogue.money import MONEY
from eraforge.pipeline.catalogue.play import PLAY
from eraforge.pipeline.catalogue.prices import PRICES
from eraforge.pipeline.catalogue.research import RESEARCH
from eraforge.pipeline.catalogue.simulator import SIMULATOR
from eraforge.pipeline.catalogue.start import START
from eraforge.pipeline.catalogue.unattended import UNATTENDED
from eraforge.pipeline.catalogue.workspace import WORKSPACE
from eraforge.pipeline.verb import Verb

VERBS: tuple[Verb, ...] = (
    *START,
    *PLAY,
    *UNATTENDED,
    *PRICES,
    *LEAKS,
    *MONEY,
    *RESEARCH,
    *SIMULATOR,
    *WORKSPACE,
    *KEEPING,
)
