"""The tests of the effects, tested: faults are planted in a copy of the code, one by one, and each must be noticed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory

from programmes.figures import Figure, Proof

ROOT = Path(__file__).resolve().parents[3]
EFFECTS = "eraforge/pipeline/effects"
TESTS = "tests/pipeline/effects"
SLOW_LAST = "programmes.slow_last"
SECONDS = 1_200


class End(Enum):
    """How the tests ended."""

    PASSED = "passed"
    FAILED = "failed"
    HUNG = "hung"


@dataclass(frozen=True)
class Mutant:
    """One planted fault.

    Args:
        told: what it does, in words.
        file: name of the module, below `pipeline/effects`.
        was, now: the text it replaces, which stands there once, and the text it puts there.
    """

    told: str
    file: str
    was: str
    now: str


SEND = "        prepared = self._prepare(conduct)\n        self._require_leave(conduct)\n"
WRITTEN = "        self._ledger.advance(conduct.effect.key, Phase.SENT, facts, self._clock.now(), deadline=latest)\n"
ABSENT = "        if conduct.effect.kind.moves_money:\n            reason ="
NOTHING = "        if conduct.effect.kind.moves_money:\n            self.advance(conduct, Phase.REFUSED, reason=reason)"
REFUSED = "                if conduct.effect.kind.moves_money:\n                    self.advance"
NONE_BACK = "        if not conduct.reads_back:\n            return self._settle"
MUTANTS = (
    Mutant("an answer is believed without reading back", "driver", NONE_BACK, NONE_BACK.replace("not ", "not not ")),
    Mutant("a doubt is sent again without a look", "driver", "if conduct.reads_back else None", "if False else None"),
    Mutant(
        "money is sent again when it is not seen",
        "driver",
        ABSENT,
        ABSENT.replace("conduct.effect", "not conduct.effect"),
    ),
    Mutant(
        "a digest that differs is taken",
        "driver",
        "if found.payload != conduct.effect.payload:\n            raise",
        "if False:\n            raise",
    ),
    Mutant("nothing is written down before sending", "driver", WRITTEN, ""),
    Mutant("a sender that slept sends late", "driver", "if self._clock.now() >= latest:", "if False:"),
    Mutant("leave is not asked for again before sending", "driver", SEND, SEND.splitlines(True)[0]),
    Mutant(
        "money may be tried again after an error", "driver", NOTHING, NOTHING.replace("if conduct", "if not conduct")
    ),
    Mutant(
        "a refused preparation of money stays open", "driver", REFUSED, REFUSED.replace("if conduct", "if not conduct")
    ),
    Mutant("another process's call is not waited for", "driver", "if self._another_sends(conduct):", "if False:"),
    Mutant(
        "one look is enough", "driver", "for attempt in range(self._settings.read_backs):", "for attempt in range(1):"
    ),
    Mutant(
        "what must wait for a person is not held",
        "driver",
        "        self.advance(conduct, Phase.HELD, reason=reason, code=error.code)\n",
        "",
    ),
    Mutant("a held effect is driven on", "driver", "if record.phase is Phase.HELD:", "if False:"),
    Mutant("a refused effect is driven on", "driver", "if record.phase is Phase.REFUSED:", "if False:"),
    Mutant("a call has no time to end", "driver", "timedelta(seconds=self._settings.call_seconds)", "timedelta(0)"),
    Mutant("the window is ignored", "submission", "self.timing is Timing.WINDOW and now >= latest", "False"),
    Mutant(
        "the margin before the close is ignored",
        "submission",
        "self.round.closes - timedelta(seconds=self.settings.margin_seconds)",
        "self.round.closes",
    ),
    Mutant(
        "it is sent before the round opens",
        "submission",
        "if self.timing is not Timing.QUEUE and now < self.round.opens:",
        "if False:",
    ),
    Mutant("another round's answer is taken", "submission", "if not self._of_round(found):", "if False:"),
    Mutant(
        "the held bytes are not compared",
        "submission",
        "held = digest_bytes(self.reader.submission_bytes(found.id))",
        "held = self.effect.payload",
    ),
    Mutant("an answer is found under any name", "submission", "if one.filename == name", "if one.filename"),
    Mutant("a confirmed submission is not kept", "submission", "self.ledger.remember_submission(", "str("),
    Mutant(
        "made-up data reach the real tournament",
        "door",
        "predictions.synthetic is not None and is_real_tournament(self._server)",
        "False",
    ),
    Mutant(
        "another answer replaces the first unasked",
        "door",
        "if record.phase not in (Phase.INTENDED, Phase.REFUSED):",
        "if False:",
    ),
    Mutant(
        "two changes of a stake run at once", "door", "if same and moving and record.key != effect.key:", "if False:"
    ),
    Mutant("stakes move though they are off", "door", "if self._money is None:", "if False:"),
    Mutant(
        "what was never allowed is written down",
        "door",
        "            if objection is not None:\n                raise objection.error",
        "            if False:\n                raise objection.error",
    ),
    Mutant("no approval is asked for", "money/stake", "if missing is not None:", "if False:"),
    Mutant(
        "the state a plan was made for is not read again",
        "money/stake",
        'held == self.plan.current:\n            return None\n        told = f"the stake is {text(held)} NMR n',
        'True:\n            return None\n        told = f"the stake is {text(held)} NMR n',
    ),
    Mutant(
        "the target is asked for as a change",
        "money/stake",
        "self.writer.change_stake(self.arena, self.model_id, self.plan.change)",
        "self.writer.change_stake(self.arena, self.model_id, self.plan.target)",
    ),
    Mutant("any level of a stake is a success", "money/stake", "if held == self.plan.target:", "if True:"),
    Mutant("an approval never expires", "money/approvals", "if now < expires:", "if True:"),
    Mutant(
        "a plan that was changed is carried out", "money/approvals", "if plan.digest != event.subject:", "if False:"
    ),
    Mutant("a round's stake goes out after its window", "money/round_stake", "if now >= latest:", "if False:"),
    Mutant(
        "a round's stake goes out before its window", "money/round_stake", "if now < self.round.opens:", "if False:"
    ),
    Mutant("leave for something else is used", "money/round_stake", "!= asked:", "== ():"),
    Mutant(
        "leave is asked for more than was approved",
        "money/round_stake",
        "self.staker, self.plan.change)",
        "self.staker, self.plan.change * 2)",
    ),
    Mutant(
        "the wallet is given the target",
        "money/round_stake",
        "self.wallet.stake(leave, self.plan.change)",
        "self.wallet.stake(leave, self.plan.target)",
    ),
    Mutant(
        "an answer of another round is staked on",
        "money/round_stake",
        "one.selected and one.round == self.round.number",
        "one.selected",
    ),
    Mutant(
        "what it takes to use a leave is written down",
        "money/round_stake",
        '"nonce": leave.nonce,',
        '"nonce": leave.nonce, "all": dict(leave.fields),',
    ),
    Mutant("a claim is sent that nobody approved", "money/claim", "if missing is not None:", "if False:"),
    Mutant(
        "a claim is sent at other figures",
        "money/claim",
        "(left.payout, left.burn) != (self.plan.payout, self.plan.burn)",
        "False",
    ),
    Mutant(
        "a claim is believed though the tournament knows nothing of it",
        "money/claim",
        "if self.writer.claim(self.model_id, self.plan.round, self.staker) is None:",
        "if False:",
    ),
    Mutant(
        "another model's claim is sent",
        "money/claim",
        "(one.model_id, one.round) == (self.model_id, self.plan.round)",
        "one.round == self.plan.round",
    ),
    Mutant(
        "a reading that was cut is another answer",
        "driver",
        "for _ in range(self._settings.read_backs):\n            self._clock.sleep(self._pause())\n            found",
        "for _ in range(1):\n            self._clock.sleep(self._pause())\n            found",
    ),
    Mutant(
        "the measured settle time is ignored",
        "settling",
        "return max(self.floor(), SAFETY * self.measured().quantile)",
        "return self.floor()",
    ),
    Mutant("a measured settle time has no safety", "settling", "SAFETY = 3.0", "SAFETY = 1.0"),
    Mutant("an order is placed after it has expired", "keyed", "if now < self.expires:", "if True:"),
    Mutant(
        "an order is placed under no key of ours",
        "keyed",
        "self.writer.place(self.effect.key, self.request)",
        'self.writer.place("", self.request)',
    ),
    Mutant("every sender is taken for dead", "sender", "if not sender or sender == this_process():", "if True:"),
    Mutant("two threads drive one effect", "sender", "_changed.wait_for(lambda: name not in _busy)", "pass"),
)
FULL = len(MUTANTS)


def prove(scale: int) -> Proof:
    """Plant the first `scale` faults, each in a fresh copy; the sound copy must pass."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        sound, *ends = pool.map(end_of_tests, [None, *MUTANTS[:scale]])
    survived = [mutant.told for mutant, end in zip(MUTANTS, ends, strict=False) if end is End.PASSED]
    for told in survived:
        print(f"survived: {told}", flush=True)
    figures = (
        Figure("P10", "planted faults that the tests of the effects notice", scale - len(survived), "== whole", scale),
        Figure("P10", "of them noticed because the tests did not end", ends.count(End.HUNG)),
        Figure("P10", "sound copies that they accuse", int(sound is not End.PASSED), "== 0", 1),
    )
    about = "read-backs, windows, approvals, leave, settle times and keys taken out of the effects, one at a time"
    return Proof("mutants", about, scale, FULL, "none: every fault is written by hand", figures)


def end_of_tests(mutant: Mutant | None) -> End:
    """How the tests end on a copy of the code with that fault in it; None: with none."""
    with TemporaryDirectory() as name:
        source = Path(name) / "src"
        shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
        if mutant is not None:
            path = source / EFFECTS / f"{mutant.file}.py"
            text = path.read_text()
            assert text.count(mutant.was) == 1, f"{mutant.told}: its text stands {text.count(mutant.was)} times there"
            path.write_text(text.replace(mutant.was, mutant.now))
        places = os.pathsep.join([str(source), str(ROOT / "tests" / "proof")])
        environment = {**os.environ, "PYTHONPATH": places, "PYTHONDONTWRITEBYTECODE": "1"}
        asked = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", SLOW_LAST, TESTS]
        try:
            run = subprocess.run(
                asked, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return End.HUNG
    assert run.returncode in (0, 1), run.stdout[-2000:] + run.stderr[-2000:]
    if "Failed: Timeout" in run.stdout:
        return End.HUNG
    return End.FAILED if run.returncode else End.PASSED
