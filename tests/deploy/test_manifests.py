"""What is deployed is valid, and fits the service: its addresses, settings, metrics and files."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from service.app import create_app
from service.metrics import Metrics
from service.settings import Settings
from tests.docs.documents import ROOT

DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
MANIFESTS = sorted(path for path in KUBERNETES.glob("*.yaml") if path.name != "kustomization.yaml")
VARIABLES = {f"TAG2VEC_{name.upper()}" for name in Settings.model_fields}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def manifest(kind: str) -> Any:
    (found,) = (content for content in map(read, MANIFESTS) if content["kind"] == kind)
    return found


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_manifests_fit_the_schema_of_kubernetes(path: Path) -> None:
    kubernetes_validate.validate(read(path), kubernetes_validate.latest_version(), strict=True)


def test_the_schema_finds_mistakes() -> None:
    wrong = manifest("Deployment")
    wrong["spec"]["template"]["spec"]["containers"][0]["readOnlyRootFilesystem"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


def test_kustomize_has_every_manifest() -> None:
    assert sorted(read(KUBERNETES / "kustomization.yaml")["resources"]) == [path.name for path in MANIFESTS]


def test_probes_and_ports_are_the_services() -> None:
    (container,) = manifest("Deployment")["spec"]["template"]["spec"]["containers"]
    paths = create_app(Settings()).openapi()["paths"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["path"] in paths
        assert container[probe]["httpGet"]["port"] == container["ports"][0]["name"]
    assert manifest("Service")["spec"]["ports"][0]["targetPort"] == container["ports"][0]["name"]
    assert container["args"][container["args"].index("--port") + 1] == str(container["ports"][0]["containerPort"])


def test_the_container_is_confined() -> None:
    pod = manifest("Deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert not pod["automountServiceAccountToken"]
    for container in [*pod["containers"], *pod["initContainers"]]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"]
        assert not context["allowPrivilegeEscalation"]
        assert context["capabilities"]["drop"] == ["ALL"]
    assert manifest("NetworkPolicy")["spec"]["egress"] == []


def test_settings_fit_each_other() -> None:
    pod = manifest("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    given = {entry["name"]: entry["value"] for entry in container["env"]}
    assert given.keys() <= VARIABLES
    settings = Settings(**{name.removeprefix("TAG2VEC_").lower(): value for name, value in given.items()})
    assert settings.workers == int(container["resources"]["requests"]["cpu"])
    assert 400 + 300 * settings.workers <= 1024, "memory that is requested"
    (tmp,) = (volume["emptyDir"] for volume in pod["volumes"] if volume["name"] == "tmp")
    assert tmp == {"sizeLimit": "2Gi"}
    assert settings.uploads_mb < 2048
    assert settings.grace_s + 10 < pod["terminationGracePeriodSeconds"]


def test_the_autoscaler_reads_a_metric_that_there_is() -> None:
    scaler = manifest("HorizontalPodAutoscaler")["spec"]
    names = {sample.name for family in Metrics().registry.collect() for sample in family.samples}
    (metric,) = (entry["pods"]["metric"]["name"] for entry in scaler["metrics"] if entry["type"] == "Pods")
    assert metric in names
    deployment = manifest("Deployment")
    assert scaler["scaleTargetRef"] == {
        "apiVersion": deployment["apiVersion"],
        "kind": "Deployment",
        "name": deployment["metadata"]["name"],
    }


def test_selectors_select_the_pods() -> None:
    labels = manifest("Deployment")["spec"]["template"]["metadata"]["labels"].items()
    for kind in ("Deployment", "PodDisruptionBudget"):
        assert manifest(kind)["spec"]["selector"]["matchLabels"].items() <= labels
    assert manifest("NetworkPolicy")["spec"]["podSelector"]["matchLabels"].items() <= labels
    assert manifest("Service")["spec"]["selector"].items() <= labels


def test_compose_mounts_files_that_there_are_and_sets_settings() -> None:
    services = read(DEPLOY / "compose.yaml")["services"]
    mounted = [mount.split(":")[0] for service in services.values() for mount in service.get("volumes", [])]
    files = [mount for mount in mounted if mount.startswith("./")]
    assert len(files) == 7
    assert [file for file in files if not (DEPLOY / file).is_file()] == ["./keys.txt"], "its owner makes that one"
    assert services["service"]["environment"].keys() <= VARIABLES
    assert all(set(service.get("depends_on", [])) <= services.keys() for service in services.values())


def test_grafana_asks_the_prometheus_that_scrapes_the_service() -> None:
    services = read(DEPLOY / "compose.yaml")["services"]
    (source,) = read(DEPLOY / "grafana" / "datasources.yaml")["datasources"]
    assert source["url"].removeprefix("http://").split(":")[0] in services
    (job,) = read(DEPLOY / "prometheus.yml")["scrape_configs"]
    assert job["job_name"] == "tag2vec"  # what the alerts go by
    (target,) = job["static_configs"][0]["targets"]
    assert target.split(":")[0] in services
    (provider,) = read(DEPLOY / "grafana" / "dashboards.yaml")["providers"]
    mounts = " ".join(services["grafana"]["volumes"])
    assert f"grafana.json:{provider['options']['path']}/" in mounts
    panels = json.loads((DEPLOY / "grafana.json").read_text())["panels"]
    assert {panel["datasource"]["type"] for panel in panels} == {source["type"]}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (make test-tools)")
def test_prometheus_takes_its_configuration() -> None:
    done = subprocess.run(
        ["promtool", "check", "config", "prometheus.yml"], cwd=DEPLOY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
