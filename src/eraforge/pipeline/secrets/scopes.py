"""What the key of an account may do, beside what it is used for: too little is a missed window, too much is a risk."""

from __future__ import annotations

from dataclasses import dataclass

from eraforge.core.ports import Account

UPLOAD = "upload_submission"
USED = (UPLOAD, "download_submission", "read_submission_info", "read_user_info")
"""The scopes that playing unattended uses; identifiers as the tournament names them."""


@dataclass(frozen=True, slots=True)
class ScopeFinding:
    """What is wrong with the scopes of a key.

    Args:
        lacking: scopes that playing needs and the key does not have.
        needless: scopes that the key has and playing does not need: staking, withdrawing, changing the account.
    """

    account: str
    lacking: tuple[str, ...] = ()
    needless: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What is wrong, or "" where nothing is."""
        if self.lacking:
            return f"The key of account {self.account!r} may not {_listed(self.lacking)}: it cannot play."
        if self.needless:
            return f"The key of account {self.account!r} may also {_listed(self.needless)}; playing needs none of that."
        return ""

    @property
    def next_step(self) -> str:
        """What a person does; scopes of a key cannot be changed afterwards."""
        if self.lacking or self.needless:
            return f"Create a key that may {_listed(USED)} and nothing else, and put it in this one's place."
        return ""


def judge(account: str, told: Account) -> ScopeFinding:
    """Compare the scopes of an account's key with what playing uses; a server that does not tell them finds nothing."""
    if not told.scopes:
        return ScopeFinding(account)
    lacking = tuple(scope for scope in USED if scope not in told.scopes)
    needless = tuple(sorted(scope for scope in told.scopes if scope not in USED))
    return ScopeFinding(account, lacking, needless)


def _listed(scopes: tuple[str, ...]) -> str:
    *most, last = scopes
    return f"{', '.join(most)} and {last}" if most else last
