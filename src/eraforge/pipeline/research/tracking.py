"""Recorded experiments shown to an MLflow tracking server, over its REST interface (version 2.0).

A run carries the experiment's identifier as a tag and is looked for first, so that exporting twice changes nothing.
Source: MLflow's documentation of its REST API: experiments/create, runs/search, runs/create, runs/log-batch,
runs/update.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from eraforge.core.errors import Refused, Transient, UserError
from eraforge.data.trust import trusted

IDENTIFIER = "eraforge.id"
BATCH, PARAMETERS, LONGEST = 1000, 100, 500  # limits of the interface: metrics and parameters a call, signs a value
SECONDS = 30.0
Facts = dict[str, Any]


class TrackingServer:
    """A tracking server at an address.

    Args:
        address: like `http://host:5000`.
        variables: `MLFLOW_TRACKING_TOKEN`, or `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, if it asks.

    Raises:
        UserError: `tracking-address`.
    """

    def __init__(self, address: str, variables: Mapping[str, str]) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UserError(
                "tracking-address", f"{address!r} is no address of a server.", "Use one like http://127.0.0.1:5000."
            )
        token = variables.get("MLFLOW_TRACKING_TOKEN")
        name = variables.get("MLFLOW_TRACKING_USERNAME", parts.username or "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        password = variables.get("MLFLOW_TRACKING_PASSWORD", parts.password or "")
        #: The address without what may be secret in it.
        self.where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._client = httpx.Client(
            base_url=f"{self.where}{parts.path.rstrip('/')}/api/2.0/mlflow/",
            headers=headers,
            auth=(name, password) if name and not token else None,
            timeout=SECONDS,
            verify=trusted(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def experiment(self, name: str) -> str:
        """The id of the experiment of that name, created where there is none.

        Raises:
            Transient: `tracking-unreachable`. Refused: `tracking-refused`.
        """
        found = self._ask("GET", "experiments/get-by-name", {"experiment_name": name}, absent=True)
        if found:
            return str(found["experiment"]["experiment_id"])
        return str(self._ask("POST", "experiments/create", {"name": name})["experiment_id"])

    def known(self, experiment: str, identifier: str) -> str | None:
        """The id of the finished run that holds a recorded experiment; one that broke off half way does not count."""
        asked = {
            "experiment_ids": [experiment],
            "filter": f"tags.\"{IDENTIFIER}\" = '{identifier}' and attributes.status = 'FINISHED'",
            "max_results": 1,
        }
        runs = self._ask("POST", "runs/search", asked).get("runs", [])
        return str(runs[0]["info"]["run_id"]) if runs else None

    def add(self, experiment: str, row: Facts) -> str:
        """A new finished run with parameters, tags, figures, and scores per era as steps; its id."""
        at = round(datetime.fromisoformat(row["at"]).timestamp() * 1000)
        tags = [{"key": name, "value": str(value)} for name, value in tags_of(row).items()]
        asked = {"experiment_id": experiment, "run_name": row["name"], "start_time": at, "tags": tags}
        run = str(self._ask("POST", "runs/create", asked)["run"]["info"]["run_id"])
        for parameters in _batches(parameters_of(row).items(), PARAMETERS):
            told = [{"key": name, "value": value[:LONGEST]} for name, value in parameters]
            self._ask("POST", "runs/log-batch", {"run_id": run, "params": told})
        for metrics in _batches(metrics_of(row), BATCH):
            told = [{"key": name, "value": value, "step": step, "timestamp": at} for name, value, step in metrics]
            self._ask("POST", "runs/log-batch", {"run_id": run, "metrics": told})
        ended = at + round(row["seconds"] * 1000)
        self._ask("POST", "runs/update", {"run_id": run, "status": "FINISHED", "end_time": ended})
        return run

    def _ask(self, method: str, what: str, facts: Facts, absent: bool = False) -> Facts:
        try:
            given: Facts = {"params": facts} if method == "GET" else {"json": facts}
            answer = self._client.request(method, what, **given)
        except httpx.HTTPError as error:
            raise Transient(
                "tracking-unreachable",
                f"The tracking server at {self.where} does not answer ({type(error).__name__}).",
                "Start it or correct the address, and run the same command again: what arrived is not sent twice.",
            ) from error
        if absent and answer.status_code == httpx.codes.NOT_FOUND:
            return {}
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise Refused(
                "tracking-refused",
                f"The tracking server at {self.where} refused {what}: {answer.status_code} {_reason(answer)}.",
                "Check that it is an MLflow server, and the MLFLOW_TRACKING_… variables.",
            )
        return _json(answer)


def parameters_of(row: Facts) -> dict[str, str]:
    """Settings of the entry and of the evaluation as dotted keys, and digests of what was read."""
    tree = {name: row["experiment"][name] for name in ("entry", "evaluation")}
    leaves = dict(_leaves(tree))
    return leaves | {f"file.{name}": digest for name, digest in row["reads"]["files"].items()}


def tags_of(row: Facts) -> Facts:
    """What the run is: identifier, sample of every figure, versions, the tag of made-up data."""
    reads = row["reads"]
    tags = {IDENTIFIER: row["id"], "sample": row["sample"], "eraforge": reads["version"], "code": reads["code"]}
    note = {"mlflow.note.content": row["note"]} if row["note"] else {}
    return {**tags, "python": reads["python"], **note, **({"synthetic": row["synthetic"]} if row["synthetic"] else {})}


def metrics_of(row: Facts) -> Iterator[tuple[str, float, int]]:
    """(name, value, step): figures of the out-of-fold predictions, then scores era by era with the era as the step."""
    for figure in row["report"]["figures"]:
        if figure["value"] is not None:
            yield f"{figure['score']}_{figure['name']}", float(figure["value"]), 0
    for found in row["intervals"]:
        yield f"{found['score']}_low", found["low"], 0
        yield f"{found['score']}_high", found["high"], 0
    yield "seconds", float(row["seconds"]), 0
    yield "peak_memory_bytes", float(row["peak_memory_bytes"]), 0
    for score in row["report"]["scores"]:
        for step, (_, value) in enumerate(score["eras"].items()):
            if value is not None:
                yield f"{score['score']}_per_era", float(value), step


def _leaves(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{above}{name}.")
        elif value not in ("", None, (), [], {}):
            yield f"{above}{name}", value if isinstance(value, str) else json.dumps(value)


def _batches(values: Any, size: int) -> Iterator[Sequence[Any]]:
    source = iter(values)
    while batch := list(islice(source, size)):
        yield batch


def _json(answer: httpx.Response) -> Facts:
    try:
        found: Facts = answer.json()
    except ValueError as error:
        raise Refused(
            "tracking-refused", "The tracking server did not answer in JSON.", "Check that it is an MLflow server."
        ) from error
    return found


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("message", ""))[:200]
    except (ValueError, AttributeError):
        return answer.reason_phrase
