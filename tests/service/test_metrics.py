"""Metrics, and what is made of them: alert rules and dashboard, held against a running service by Prometheus' tools."""

import json
import math
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import httpx
import pytest
import yaml

from tests.service.conftest import Serve
from tests.service.running import Running

DEPLOY = Path(__file__).parents[2] / "deploy"
needs_prometheus = pytest.mark.skipif(
    not shutil.which("promtool") or not shutil.which("prometheus"),
    reason="promtool or prometheus is not installed (make test-tools)",
)


def promtool(*arguments: str, given: str | None = None) -> None:
    run = subprocess.run(["promtool", *arguments], input=given, capture_output=True, text=True, cwd=DEPLOY, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@needs_prometheus
def test_alert_rules_fire_when_they_should_and_not_else() -> None:
    promtool("check", "rules", "alerts.yml")
    promtool("test", "rules", "alerts.test.yml")


@needs_prometheus
def test_metrics_follow_the_conventions(server: Running, clip: bytes) -> None:
    server.suggest(clip)
    promtool("check", "metrics", given=server.client.get("/metrics", headers={"Accept": "text/plain"}).text)


def test_metrics_tell_outcomes_and_stages_and_nothing_of_users(server: Running, clip: bytes) -> None:
    before = server.metrics()
    server.suggest(clip, exclude="verysecrettag")
    server.suggest(b"no video")
    server.client.get("/v1/tags/verysecrettag/neighbours")
    server.client.get("/verysecretpath")
    after = server.metrics()

    def grown(name: str, *labels: str) -> float:
        return after.get((name, labels), 0) - before.get((name, labels), 0)

    assert grown("tag2vec_requests_total", "ok", "/v1/hashtags") == 1
    assert grown("tag2vec_requests_total", "not_a_video", "/v1/hashtags") == 1
    assert grown("tag2vec_requests_total", "unknown_tag", "/v1/tags/{tag}/neighbours") == 1
    assert grown("tag2vec_requests_total", "not_found", "none") == 1
    assert grown("tag2vec_stage_seconds_count", "embed") == 1
    assert after["tag2vec_queue_depth", ()] == 0
    assert "verysecret" not in server.client.get("/metrics").text
    assert "verysecret" not in server.log.read_text()


def panels() -> dict[str, list[str]]:
    """The queries of each panel of the dashboard."""
    dashboard = json.loads((DEPLOY / "grafana.json").read_text())
    return {panel["title"]: [target["expr"] for target in panel["targets"]] for panel in dashboard["panels"]}


def test_every_metric_that_is_looked_at_exists(server: Running, clip: bytes) -> None:
    server.suggest(clip)
    known = {name for name, _ in server.metrics()} | {"up"}
    rules = (DEPLOY / "alerts.yml").read_text()
    used = set(re.findall(r"\b(?:tag2vec|process)_\w+", "\n".join([*chain(*panels().values()), rules])))
    assert used
    assert used <= known


@pytest.fixture
def prometheus(start: Serve, tmp_path: Path) -> Iterator[tuple[Running, httpx.Client]]:
    """A new server, and a client of a Prometheus that scrapes it, each second, with our configuration and rules."""
    config = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    shutil.copy(DEPLOY / "alerts.yml", tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    with start(workers=1) as server, httpx.Client(base_url=f"http://{address}/api/v1") as client:
        config["scrape_configs"][0]["static_configs"] = [{"targets": [f"127.0.0.1:{server.port}"]}]
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
        command = [
            "prometheus",
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=data",
            f"--web.listen-address={address}",
        ]
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)

        def scraped() -> bool:
            try:
                return bool(query(client, "up == 1"))
            except httpx.TransportError:
                return False

        try:
            server.wait_until(scraped)
            yield server, client
        finally:
            process.terminate()
            process.wait(20)


def query(prometheus: httpx.Client, expression: str) -> list[float]:
    expression = expression.replace("$instance", ".*").replace("$__rate_interval", "1m")
    answer = prometheus.get("/query", params={"query": expression})
    assert answer.status_code in {200, 503}, (expression, answer.text)  # 503: still starting
    found = answer.json()["data"]["result"] if answer.is_success else []
    return [float(sample["value"][1]) for sample in found]


@needs_prometheus
def test_the_first_clip_shows_in_every_panel(prometheus: tuple[Running, httpx.Client], clip: bytes) -> None:
    """Counters that appeared with their first event would not be seen to grow."""
    server, client = prometheus
    assert server.suggest(clip).status_code == 200

    def empty() -> list[str]:
        return [
            title
            for title, expressions in panels().items()
            if any(all(map(math.isnan, query(client, expression))) for expression in expressions)
        ]

    server.wait_until(lambda: not empty())
    assert query(client, "tag2vec_model_info")
    assert not query(client, "ALERTS{alertstate='firing', severity='page'}")


@needs_prometheus
def test_the_first_failure_of_a_kind_is_seen(prometheus: tuple[Running, httpx.Client]) -> None:
    server, client = prometheus
    assert server.suggest(b"no video").status_code == 415
    server.wait_until(lambda: query(client, 'increase(tag2vec_requests_total{outcome="not_a_video"}[1m]) > 0'))
