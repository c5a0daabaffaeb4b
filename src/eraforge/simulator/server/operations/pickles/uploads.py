"""Model uploads: what they may use, creation, assignment, runs and their logs; and webhooks called by hand."""

from __future__ import annotations

from typing import Any

from eraforge.simulator.server.context import Context, Info, iso
from eraforge.simulator.tournament.history.pickles import Pickle, Run
from eraforge.simulator.tournament.pickles.uploads import DEFAULT_IMAGE, IMAGES, data_version_id, image_id


def _data_versions(_root: None, info: Info) -> list[dict[str, Any]]:
    """The versions listed now. The oldest is what an upload that names none gets; one that will end is deprecated."""
    context: Context = info.context
    contest = context.tournament.contest()
    names = contest.published.names(contest.rounds.current_number(context.tournament.now()))
    return [
        {
            "default": name == names[0],
            "deprecated": contest.published.ends(name),
            "experimental": False,
            "id": data_version_id(name),
            "name": name,
        }
        for name in names
    ]


def _docker_images(_root: None, _info: Info) -> list[dict[str, Any]]:
    return [
        {
            "default": name == DEFAULT_IMAGE,
            "id": image_id(name),
            "image": f"numerai_predict_py_{name.split()[1].replace('.', '_')}",
            "name": name,
            "tag": "local",
        }
        for name in IMAGES
    ]


def _upload_auth(_root: None, info: Info, filename: str, modelId: str | None = None) -> dict[str, Any]:
    context: Context = info.context
    model = context.tournament.own_model(context.session, modelId)
    given = context.tournament.authorise_upload(context.session, filename, model.id, model.tournament)
    return {"filename": given, "url": context.origin + context.links.sign("PUT", f"/s3/{given}")}


def _create(_root: None, info: Info, **arguments: Any) -> dict[str, Any]:
    context: Context = info.context
    made = context.tournament.pickles.create(
        context.session,
        arguments["filename"],
        arguments.get("modelId"),
        arguments["tournament"],
        arguments.get("dataVersionId"),
        arguments.get("dockerImageId"),
        arguments.get("source"),
    )
    return _describe(context, context.tournament.pickles.own(context.session, made))


def _pickles(
    _root: None, info: Info, id: str | None = None, modelId: str | None = None, tournament: int | None = None
) -> list[dict[str, Any]]:
    context: Context = info.context
    own = [
        one
        for one in context.tournament.records.pickles.all.values()
        if one.username == context.session.token.username
        and id in (None, one.id)
        and tournament in (None, one.tournament)
        and (modelId is None or modelId in one.model_ids)
    ]
    return [_describe(context, one) for one in reversed(own)]


def _describe(context: Context, pickle: Pickle) -> dict[str, Any]:
    models = context.tournament.records.models
    return {
        "assignedModelSlots": [models[one].name for one in pickle.model_ids],
        "computePickleDataVersion": {"id": data_version_id(pickle.data_version), "name": pickle.data_version},
        "computePickleDockerImage": {"id": image_id(pickle.docker_image), "name": pickle.docker_image},
        "filename": pickle.filename,
        "id": pickle.id,
        "insertedAt": iso(pickle.created),
        "label": pickle.label,
        "modelIds": list(pickle.model_ids),
        "source": pickle.source,
        "tournament": pickle.tournament,
        "triggerStatus": pickle.runs[-1].statuses[-1].status if pickle.runs else None,
        "triggers": [_describe_run(one) for one in reversed(pickle.runs)],
        "validationStatus": pickle.validation,
    }


def _describe_run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "insertedAt": iso(run.created),
        "roundNumber": run.round,
        "statuses": [
            {"description": one.description, "insertedAt": iso(one.at), "status": one.status} for one in run.statuses
        ],
        "triggerValidation": run.validation,
    }


def _assign(_root: None, info: Info, modelId: str, pickleId: str | None = None) -> bool:
    context: Context = info.context
    context.tournament.pickles.assign(context.session, modelId, pickleId)
    return True


def _trigger(_root: None, info: Info, pickleId: str, triggerValidation: bool | None = None) -> dict[str, Any]:
    context: Context = info.context
    pickle = context.tournament.pickles.own(context.session, pickleId)
    open_file = context.open_file(context.tournament.contest(pickle.tournament))
    made = context.tournament.pickles.trigger(context.session, pickleId, open_file, validation=bool(triggerValidation))
    return {"id": made}


def _label(_root: None, info: Info, pickleId: str, label: str) -> dict[str, Any]:
    context: Context = info.context
    return _describe(context, context.tournament.pickles.label(context.session, pickleId, label))


def _trigger_logs(_root: None, info: Info, triggerId: str) -> list[dict[str, Any]]:
    context: Context = info.context
    run = context.tournament.records.pickles.runs.get(triggerId)
    if run is None:
        return []
    context.tournament.pickles.own(context.session, run.pickle_id)
    return [{"message": line, "timestamp": iso(at)} for at, line in run.logs]


def _diagnostics_logs(_root: None, info: Info, pickleId: str) -> list[dict[str, Any]]:
    context: Context = info.context
    runs = context.tournament.pickles.own(context.session, pickleId).runs
    return [{"message": line, "timestamp": iso(at)} for run in runs if run.validation for at, line in run.logs]


def _download_auth(_root: None, info: Info, pickleId: str) -> dict[str, Any]:
    context: Context = info.context
    pickle = context.tournament.pickles.own(context.session, pickleId)
    link = context.links.sign("GET", f"/uploads/{pickle.filename}")
    return {"filename": pickle.filename, "url": context.origin + link}


def _call_webhook(_root: None, info: Info, modelId: str) -> str:
    context: Context = info.context
    return context.tournament.automation.trigger(context.session, modelId)


RESOLVERS = {
    "Query": {
        "computePickleDataVersions": _data_versions,
        "computePickleDockerImages": _docker_images,
        "computePickleDownloadAuth": _download_auth,
        "computePickleUploadAuth": _upload_auth,
        "computePickles": _pickles,
        "diagnosticsTriggerLogs": _diagnostics_logs,
        "triggerLogs": _trigger_logs,
    },
    "Mutation": {
        "assignPickleToModel": _assign,
        "createComputePickleUpload": _create,
        "triggerComputePickleUpload": _trigger,
        "triggerModelWebhook": _call_webhook,
        "updatePickleLabel": _label,
    },
}
