"""Diagnostics: leave to upload, creation, the figures, deletion."""

from __future__ import annotations

from typing import Any

from eraforge.simulator.server.context import Context, Info, iso
from eraforge.simulator.tournament.history.diagnostics import DiagnosticsRecord

ERA_FIELDS = {
    "examplePredsCorr": "example_corr",
    "validationAlpha": "alpha",
    "validationBmc": "bmc",
    "validationChurn": "churn",
    "validationCorr": "corr",
    "validationCorrV4": "corr_v4",
    "validationFeatureCorrMax": "feature_corr_max",
    "validationFeatureNeutralCorr": "fnc_v3",
    "validationFeatureNeutralCorrV3": "fnc_v3",
    "validationMmc": "mmc",
}


def _upload_auth(_root: None, info: Info, filename: str, tournament: int, modelId: str | None = None) -> dict[str, Any]:
    context: Context = info.context
    given = context.tournament.authorise_upload(context.session, filename, modelId, tournament)
    return {"filename": given, "url": context.origin + context.links.sign("PUT", f"/s3/{given}")}


def _create(_root: None, info: Info, filename: str, tournament: int, modelId: str | None = None) -> dict[str, Any]:
    context: Context = info.context
    open_file = context.open_file(context.tournament.contest(tournament))
    made = context.tournament.diagnostics.create(context.session, filename, modelId, tournament, open_file)
    return {"id": made, "status": "pending"}


def _diagnostics(_root: None, info: Info, modelId: str | None = None, id: str | None = None) -> list[dict[str, Any]]:
    context: Context = info.context
    model = context.tournament.own_model(context.session, modelId)
    open_file = context.open_file(context.tournament.contest(model.tournament))
    found = context.tournament.diagnostics.of_model(context.session, model.id, id, open_file)
    return [_describe(record, result) for record, result in found]


def _describe(record: DiagnosticsRecord, result: dict[str, Any] | None) -> dict[str, Any]:
    rows = [] if result is None else result["eras"]
    return {
        **({} if result is None else result["summary"]),
        "filename": record.filename,
        "id": record.id,
        "insertedAt": iso(record.created),
        "message": record.message,
        "perEraDiagnostics": [
            {"era": row["era"], **{name: row.get(key) for name, key in ERA_FIELDS.items()}} for row in rows
        ],
        "status": record.status,
        "trainedOnVal": False if result is not None else None,
        "updatedAt": iso(record.updated),
    }


def _delete(_root: None, info: Info, v2DiagnosticsIds: list[str]) -> list[str]:
    context: Context = info.context
    return context.tournament.diagnostics.delete(context.session, v2DiagnosticsIds)


RESOLVERS = {
    "Query": {"diagnostics": _diagnostics, "diagnosticsUploadAuth": _upload_auth},
    "Mutation": {"createDiagnostics": _create, "deleteDiagnostics": _delete},
}
