"""A person's own script in the shape of the published examples: nothing in it knows that its tournament is local."""

import json
import sys
from pathlib import Path

import cloudpickle
import lightgbm
import pandas as pd
from numerapi import NumerAPI

napi = NumerAPI(verbosity="warning", show_progress_bars=False)
version = next(name.split("/")[0] for name in napi.list_datasets() if name.endswith("train.parquet"))

napi.download_dataset(f"{version}/features.json")
features = json.loads(Path(f"{version}/features.json").read_text())["feature_sets"]["small"]

napi.download_dataset(f"{version}/train.parquet")
train = pd.read_parquet(f"{version}/train.parquet", columns=["era", "target", *features])
model = lightgbm.LGBMRegressor(n_estimators=30, learning_rate=0.1, max_depth=4, num_leaves=15, verbose=-1)
model.fit(train[features], train["target"])


def predict(live_features: pd.DataFrame, _live_benchmark_models: pd.DataFrame) -> pd.DataFrame:
    predictions = pd.Series(model.predict(live_features[features]), index=live_features.index)
    return predictions.rank(pct=True, method="first").to_frame("prediction")


napi.download_dataset(f"{version}/live.parquet")
napi.download_dataset(f"{version}/live_benchmark_models.parquet")
live = pd.read_parquet(f"{version}/live.parquet", columns=features)
answer = predict(live, pd.read_parquet(f"{version}/live_benchmark_models.parquet"))
models = napi.get_models()
first, second = sorted(models)[:2]
answer.rename_axis("id").reset_index().to_csv("predictions.csv", index=False)
submission = napi.upload_predictions("predictions.csv", model_id=models[first])

napi.download_dataset(f"{version}/validation.parquet")
validation = pd.read_parquet(f"{version}/validation.parquet", columns=["data_type", *features])
validation = validation[validation["data_type"] == "validation"]
signal = pd.Series(model.predict(validation[features]), index=validation.index, name="prediction")
signal.rank(pct=True).rename_axis("id").reset_index().to_csv("validation.csv", index=False)
diagnostics = napi.upload_diagnostics("validation.csv", model_id=models[first])
[report] = napi.diagnostics(models[first], diagnostics)

Path("model.pkl").write_bytes(cloudpickle.dumps(predict))
upload = napi.model_upload("model.pkl", model_id=models[second])
napi.raw_query(
    "mutation($model: ID!, $pickle: ID!) { assignPickleToModel(modelId: $model, pickleId: $pickle) }",
    {"model": models[second], "pickle": upload},
    authorization=True,
)
run = napi.raw_query(
    "mutation($pickle: ID!) { triggerComputePickleUpload(pickleId: $pickle) { id } }",
    {"pickle": upload},
    authorization=True,
)
napi.stake_increase(1, models[first])

json.dump(
    {
        "round": napi.get_current_round(),
        "submission": submission,
        "corr": report["validationCorrMean"],
        "eras": report["erasAcceptedCount"],
        "upload": upload,
        "stake": str(napi.stake_get(first)),
    },
    sys.stdout,
)
