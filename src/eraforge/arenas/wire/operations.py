"""The texts of the operations: root fields, selected fields and variable types the field's own client sends too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DATASETS = """
query($round: Int, $tournament: Int) {
  listDatasets(round: $round, tournament: $tournament)
}"""

DATASET = """
query($filename: String!, $round: Int, $tournament: Int) {
  dataset(filename: $filename, round: $round, tournament: $tournament)
}"""

ROUNDS = """
query($tournament: Int, $number: Int, $limit: Int) {
  rounds(tournament: $tournament, number: $number, limit: $limit) {
    number openTime closeTime closeStakingTime scoreTime resolveTime resolvedGeneral payoutFactor
    roundScoreConfigs {
      name version displayName isPayout defaultMultiplier clipThreshold payoutFactor totalScoreDays
    }
  }
}"""

ACCOUNT = """
query {
  account {
    username
    models { id name tournament }
    apiTokens { public_id scopes }
  }
}"""

SUBMISSIONS = """
query($modelId: String) {
  submissions(modelId: $modelId) { id filename insertedAt }
  model(modelId: $modelId) {
    submissions { filename selected round { number tournament } }
  }
}"""

SUBMISSION_DOWNLOAD = """
query($id: String) {
  submissionDownloadAuth(id: $id) { filename url }
}"""

SCORES = """
query($modelId: ID!, $lastNRounds: Int) {
  submissionScores(modelId: $modelId, lastNRounds: $lastNRounds) {
    roundNumber displayName day value percentile resolved date
  }
}"""

PERFORMANCES = """
query($modelId: String!, $tournament: Int!) {
  v2RoundModelPerformances(modelId: $modelId, tournament: $tournament) {
    roundNumber atRisk roundResolved
    submissionScores { date day displayName payoutPending payoutSettled percentile value }
  }
}"""

_SIGNALS_LEADERBOARD = """
query($limit: Int!, $offset: Int!) {
  signalsLeaderboard(limit: $limit, offset: $offset) { nmrStaked rank prevRank username mmc mmcRank sharpe }
}"""

STAKE = """
query($modelName: String!, $tournament: Int) {
  v3UserProfile(model_name: $modelName, tournament: $tournament) { nmrStaked }
}"""

CHANGE_STAKE = """
mutation($value: String!, $type: String!, $tournamentNumber: Int!, $modelId: String) {
  v2ChangeStake(value: $value, type: $type, modelId: $modelId, tournamentNumber: $tournamentNumber) {
    dueDate requestedAmount status type
  }
}"""

WALLET = """
query {
  account { walletAddress }
}"""

STAKE_LEAVE = """
query($submissionId: ID!, $staker: String!, $maxAmount: String!) {
  v3StakeAuth(submissionId: $submissionId, staker: $staker, maxAmount: $maxAmount) {
    authorizationSigner authorizationDigest chainId deadline maxAmount modelId nmrAddress nonce roundId signature
    staker stakingAddress submissionId submissionHash tournamentId
  }
}"""

CLAIMS = """
query($staker: String!, $tournamentId: Int!) {
  v3StakeClaims(staker: $staker, tournamentId: $tournamentId) {
    burnAmountWei merkleRoot modelId payoutAmountWei proof roundId staker submissionId tournamentId
  }
}"""

CLAIM = """
query($roundId: String!, $modelId: ID!, $staker: String!) {
  v3StakeClaim(roundId: $roundId, modelId: $modelId, staker: $staker) {
    burnAmountWei merkleRoot modelId payoutAmountWei proof roundId staker submissionId tournamentId
  }
}"""

SET_WEBHOOK = """
mutation($modelId: String!, $newSubmissionWebhook: String) {
  setSubmissionWebhook(modelId: $modelId, newSubmissionWebhook: $newSubmissionWebhook)
}"""

_LEADERBOARD = """
query($limit: Int!, $offset: Int!) {
  %s(limit: $limit, offset: $offset) {
    nmrStaked rank username %s return_1_day return_13_weeks return_52_weeks
  }
}"""


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The model leaderboard of a tournament: its root field and its query."""

    root: str
    query: str


LEADERBOARDS: Mapping[int, Leaderboard] = {
    8: Leaderboard("v2Leaderboard", _LEADERBOARD % ("v2Leaderboard", "corr20V2Rep mmcRep bmcRep")),
    11: Leaderboard("signalsLeaderboard", _SIGNALS_LEADERBOARD),
    12: Leaderboard("cryptosignalsLeaderboard", _LEADERBOARD % ("cryptosignalsLeaderboard", "corrRep mmcRep")),
}


@dataclass(frozen=True, slots=True)
class Upload:
    """How a tournament takes a file: leave to upload, then creation of the submission, with their root fields."""

    leave: str
    leave_query: str
    create: str
    create_query: str
    create_variables: tuple[str, ...]


_LEAVE = """
query($filename: String!, $tournament: Int!, $modelId: String) {
  submission_upload_auth(filename: $filename, tournament: $tournament, modelId: $modelId) { filename url }
}"""

_CREATE = """
mutation($filename: String!, $tournament: Int!, $modelId: String) {
  create_submission(filename: $filename, tournament: $tournament, modelId: $modelId, source: "eraforge") { id }
}"""

_SIGNALS_LEAVE = """
query($filename: String!, $tournament: Int!, $modelId: String) {
  submissionUploadSignalsAuth(filename: $filename, tournament: $tournament, modelId: $modelId) { filename url }
}"""

_SIGNALS_CREATE = """
mutation($filename: String!, $modelId: String) {
  createSignalsSubmission(filename: $filename, modelId: $modelId, source: "eraforge") { id }
}"""

_UPLOAD = Upload("submission_upload_auth", _LEAVE, "create_submission", _CREATE, ("filename", "tournament", "modelId"))
_SIGNALS_UPLOAD = Upload(
    "submissionUploadSignalsAuth",
    _SIGNALS_LEAVE,
    "createSignalsSubmission",
    _SIGNALS_CREATE,
    ("filename", "modelId"),
)
UPLOADS: Mapping[int, Upload] = {8: _UPLOAD, 11: _SIGNALS_UPLOAD, 12: _UPLOAD}
