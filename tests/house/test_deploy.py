"""What is deployed fits what is built: commands, pages, ports, metrics and versions; and no secret stands in it."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from eraforge import __version__
from eraforge.core.configuration import load
from eraforge.pipeline.catalogue import VERBS

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SERVICE = ROOT / "src" / "eraforge" / "pipeline" / "daemon" / "service"
PAGES = set(re.findall(r'^ {8}"(/\w+)": ', (SERVICE / "listener.py").read_text(), re.MULTILINE))
METRICS = set(re.findall(r'"(eraforge_\w+)"', (SERVICE / "figures.py").read_text()))
PORT = "9464"
USER = 10001
UNIT = DEPLOY / "systemd" / "eraforge.service"
CONTAINERFILE = DEPLOY / "container" / "Containerfile"
YAML = sorted(DEPLOY.rglob("*.yaml"))
FILES = [path for path in sorted(DEPLOY.rglob("*")) if path.is_file()]


def documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text()))


def check_command(words: list[str]) -> None:
    """`eraforge` takes these words, and serves at the port that everything else expects."""
    found = [verb for verb in VERBS if words[: len(verb.name.split())] == verb.name.split()]
    assert found, words
    flags = {f"--{option.name.replace('_', '-')}" for option in found[-1].options} | {"--workspace"}
    assert {word for word in words if word.startswith("-")} <= flags
    assert words[words.index("--listen") + 1].endswith(f":{PORT}")


def check_image(name: str) -> None:
    """An image is named by a version; ours by the version of this tree."""
    repository, separator, tag = name.partition(":")
    assert separator and re.match(r"\d+\.\d+", tag) and "/" not in repository, name
    assert repository != "eraforge" or tag == __version__


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Every (key, value) below a YAML value."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield str(key), below
            yield from walk(below)
    elif isinstance(value, list):
        for below in value:
            yield from walk(below)


def test_the_three_pages_were_found() -> None:
    assert {"/health", "/ready", "/metrics"} == PAGES and len(METRICS) > 20


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_secret_value_stands_in_it(path: Path) -> None:
    """A name that holds a secret is followed by a place to find it, never by a value."""
    for line in path.read_text().splitlines():
        match = re.search(r"(SECRET_KEY|PUBLIC_ID|PASSWORD|PASSPHRASE|TOKEN|WEBHOOK)\w*\s*[=:]\s*(\S+)", line)
        assert match is None or match[2].startswith(("/run/secrets/", "%d/")), line
        assert not re.search(r"://[^/@\s:]+:[^/@\s]+@", line), f"a password in an address: {line}"
        assert "kind: Secret" not in line


# systemd


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT)
    return parser


def test_the_unit_runs_a_real_command_again_and_again_and_stops_it_gently() -> None:
    service = unit()["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert program.endswith("/bin/eraforge")
    check_command(words)
    assert words[words.index("--listen") + 1].startswith("127.0.0.1:")
    assert (service["Restart"], service["KillSignal"], service["KillMode"]) == ("always", "SIGTERM", "mixed")
    slowest = load(None).tree.submit.call_seconds
    assert int(service["TimeoutStopSec"]) > 2 * slowest, "what is being sent must have time to be read back"
    assert unit()["Unit"]["StartLimitIntervalSec"] == "0"
    assert service["User"] != "root" and service["ProtectSystem"] == "strict" and service["NoNewPrivileges"] == "yes"
    assert "MemoryDenyWriteExecute" not in service, "models are compiled while they run"
    variables = dict(re.findall(r"^Environment=(\w+)=(\S+)$", UNIT.read_text(), re.MULTILINE))
    name = service["LoadCredential"].partition(":")[0]
    assert load(None, environment=variables).tree.accounts["main"].secret_file == f"%d/{name}"


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        pytest.skip("systemd-analyze is not installed here; the unit's structure is checked without it")
    text = UNIT.read_text().replace("/opt/eraforge/bin/eraforge", sys.executable)
    copy = tmp_path / "eraforge.service"
    copy.write_text(text)
    run = subprocess.run([analyse, "verify", "--man=no", str(copy)], capture_output=True, text=True, timeout=60)
    # It ends with 0 for a key it does not know or a value it cannot read, and only says so.
    assert run.returncode == 0 and "eraforge.service" not in run.stderr, run.stderr


# The container


def test_the_container_is_small_nameless_and_not_root() -> None:
    text = CONTAINERFILE.read_text().replace("\\\n", " ")
    images = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert len(images) == 2 and len(set(images)) == 1
    for name in images:
        check_image(name)
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE)[-1] == f"{USER}:{USER}"
    assert f"--uid {USER}" in text and f"EXPOSE {PORT}" in text and "STOPSIGNAL SIGTERM" in text
    assert json.loads(re.search(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)[1]) == ["eraforge"]  # type: ignore[index]
    check_command(json.loads(re.search(r"^CMD (.*)$", text, re.MULTILINE)[1]))  # type: ignore[index]
    health = re.search(rf"^HEALTHCHECK .*http://127\.0\.0\.1:{PORT}(/\w+)'", text, re.MULTILINE)
    assert health and health[1] in PAGES
    check = json.loads(re.search(r"^HEALTHCHECK .*? CMD (.*)$", text, re.MULTILINE)[1])  # type: ignore[index]
    compile(check[2], "healthcheck", "exec")
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE) for word in line.split()[:-1]]
    allowed = CONTAINERFILE.with_name("Containerfile.dockerignore").read_text().splitlines()
    for name in copied:
        assert (ROOT / name).exists() and f"!{name.removeprefix('./')}" in allowed
    assert f"eraforge:{__version__}" in text
    extras = re.search(r"'\.\[(.*)\]'", text)
    assert extras and all(f"\n{extra} = [" in (ROOT / "pyproject.toml").read_text() for extra in extras[1].split(","))


def instructions() -> list[tuple[str, str]]:
    """The Containerfile's instructions in order: continued lines joined, comments left out."""
    kept = [line for line in CONTAINERFILE.read_text().splitlines() if not line.lstrip().startswith("#")]
    lines = [line.strip() for line in "\n".join(kept).replace("\\\n", " ").splitlines() if line.strip()]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def test_every_instruction_of_the_container_is_one_and_its_shell_commands_are_shell() -> None:
    """Read as a builder reads it: nothing here has a container engine to build it with."""
    read = instructions()
    settings = {"ENV", "USER", "WORKDIR", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {name for name, _ in read} <= {"FROM", "RUN", "COPY", *settings} and read[0][0] == "FROM"
    stages = [words.split(" AS ")[1] for name, words in read if name == "FROM" and " AS " in words]
    for name, words in read:
        if name == "RUN":
            run = subprocess.run(["sh", "-n"], input=words, capture_output=True, text=True)
            assert run.returncode == 0, run.stderr
        if name == "COPY" and words.startswith("--from="):
            assert words.split()[0].removeprefix("--from=") in stages
        if name in ("ENTRYPOINT", "CMD"):
            assert isinstance(json.loads(words), list)  # the form without a shell: signals reach the program
        if name == "ENV":
            assert all(re.fullmatch(r"\w+=\S+", one) for one in shlex.split(words))
    last = [name for name, _ in read][-3:]
    assert last == ["HEALTHCHECK", "ENTRYPOINT", "CMD"]
    final = max(place for place, (name, _) in enumerate(read) if name == "FROM")
    assert not [words for name, words in read[final:] if name == "COPY" and not words.startswith("--from=")]


def test_what_the_container_is_built_from_is_all_that_the_build_needs() -> None:
    """The project's own files that `pyproject.toml` names for the build are among those that are copied."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    copied = {word for name, words in instructions() if name == "COPY" for word in words.split()[:-1]}
    named = {project["project"]["readme"], *project["project"].get("license-files", [])}
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    named |= {package.split("/")[0] for package in wheel["packages"]}
    assert named <= copied | {"pyproject.toml"}, named - copied


# YAML


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_images_are_named_by_version(path: Path) -> None:
    for key, value in walk(documents(path)):
        if key == "image":
            check_image(value)


def test_the_compose_file_fits_together() -> None:
    compose = documents(DEPLOY / "compose" / "compose.yaml")[0]
    desk, database = compose["services"]["desk"], compose["services"]["database"]
    check_command(desk["command"])
    assert (ROOT / "deploy" / "compose" / desk["build"]["context"] / desk["build"]["dockerfile"]).resolve().exists()
    assert desk["ports"] == [f"127.0.0.1:{PORT}:{PORT}"] and desk["read_only"] and desk["cap_drop"] == ["ALL"]
    used = {*desk["secrets"], *database["secrets"]}
    assert used == set(compose["secrets"])
    mounted = [value for key, value in walk(compose["services"]) if str(value).startswith("/run/secrets/")]
    assert {Path(value).name for value in mounted} == used
    tree = load(None, environment=desk["environment"]).tree
    host, name = tree.store.ledger.partition("@")[2].split("/")
    assert host == "database:5432" and name == database["environment"]["POSTGRES_DB"]
    assert tree.accounts["main"].secret_file == "/run/secrets/numerai_keys"
    assert set(compose["volumes"]) == {one.partition(":")[0] for one in database["volumes"]}
    assert desk["depends_on"]["database"]["condition"] == "service_healthy" and "healthcheck" in database


def test_the_kubernetes_manifests_fit_together() -> None:
    found = {one["kind"]: one for one in documents(DEPLOY / "kubernetes" / "eraforge.yaml")}
    assert set(found) == {"ConfigMap", "Service", "StatefulSet"}
    spec = found["StatefulSet"]["spec"]
    pod, labels = spec["template"]["spec"], spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels == found["Service"]["spec"]["selector"]
    assert spec["serviceName"] == found["Service"]["metadata"]["name"]
    (box,) = pod["containers"]
    check_command(box["args"])
    ports = {one["name"]: one["containerPort"] for one in box["ports"]}
    assert ports == {"health": int(PORT)}
    assert [(one["port"], one["targetPort"]) for one in found["Service"]["spec"]["ports"]] == [(int(PORT), "health")]
    probes = {name: box[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {probe["port"] for probe in probes.values()} == {"health"}
    assert [probes[name]["path"] for name in probes] == ["/health", "/health", "/ready"]
    assert {probe["path"] for probe in probes.values()} <= PAGES
    notes = spec["template"]["metadata"]["annotations"]
    assert notes["prometheus.io/path"] in PAGES and notes["prometheus.io/port"] == PORT
    assert box["resources"]["limits"] and box["resources"]["requests"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] == USER
    assert not box["securityContext"]["allowPrivilegeEscalation"] and box["securityContext"]["readOnlyRootFilesystem"]
    claimed = {one["metadata"]["name"] for one in spec["volumeClaimTemplates"]}
    assert {one["name"] for one in box["volumeMounts"]} == {one["name"] for one in pod["volumes"]} | claimed
    for variable in box["env"]:
        assert "value" not in variable and variable["valueFrom"]["secretKeyRef"]["name"] == "eraforge"
    tree = load(found["ConfigMap"]["data"]["eraforge.toml"]).tree
    mounts = {one["name"]: one["mountPath"] for one in box["volumeMounts"]}
    assert str(Path(tree.accounts["main"].secret_file).parent) == mounts["keys"]
    assert tree.run.memory_gigabytes <= int(box["resources"]["limits"]["memory"].removesuffix("Gi"))
    assert pod["terminationGracePeriodSeconds"] > 2 * tree.submit.call_seconds


# Prometheus and Grafana


def check_expression(text: str) -> None:
    """Its metrics are ours, and its brackets close."""
    names = {re.sub(r"_(sum|count)$", "", name) for name in re.findall(r"\beraforge_\w+", text)}
    assert names and names <= METRICS, names - METRICS
    for opened, closed in ("()", "{}", "[]"):
        assert text.count(opened) == text.count(closed), text


def test_prometheus_scrapes_a_page_that_is_served_and_finds_its_rules() -> None:
    settings = documents(DEPLOY / "prometheus" / "prometheus.yaml")[0]
    (job,) = settings["scrape_configs"]
    assert job["metrics_path"] in PAGES and job["static_configs"][0]["targets"] == [f"127.0.0.1:{PORT}"]
    for name in settings["rule_files"]:
        assert (DEPLOY / "prometheus" / name).exists()


def test_every_alert_reads_our_metrics_and_says_what_to_do() -> None:
    (group,) = documents(DEPLOY / "prometheus" / "alerts.yaml")[0]["groups"]
    names = [rule["alert"] for rule in group["rules"]]
    assert len(set(names)) == len(names)
    assert {"EraforgeSilent", "EraforgeWindowInDanger", "EraforgeEntryQuarantined"} <= set(names)
    for rule in group["rules"]:
        check_expression(rule["expr"])
        assert rule["labels"]["severity"] in ("critical", "error", "warning")
        assert set(rule["annotations"]) == {"summary", "next_step"}
        for words in re.findall(r"`eraforge ([^`]+)`", rule["annotations"]["next_step"]):
            assert any(words.startswith(verb.name) for verb in VERBS), words


def test_every_panel_of_the_dashboard_reads_our_metrics() -> None:
    board = json.loads((DEPLOY / "grafana" / "eraforge.json").read_text())
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 10
    shown = set()
    for panel in panels:
        for target in panel["targets"]:
            check_expression(target["expr"])
            shown |= set(re.findall(r"\beraforge_\w+", target["expr"]))
    assert {"eraforge_window_seconds_to_close", "eraforge_windows_missed_total", "eraforge_settle_seconds"} <= shown
