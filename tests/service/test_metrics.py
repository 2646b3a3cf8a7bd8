"""Metrics, and what is made of them: alert rules and dashboard, held against a running service by Prometheus' tools."""

import json
import re
import shutil
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

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


def expressions() -> list[str]:
    dashboard = json.loads((DEPLOY / "grafana.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_every_metric_that_is_looked_at_exists(server: Running, clip: bytes) -> None:
    server.suggest(clip)
    known = {name for name, _ in server.metrics()} | {"up"}
    rules = (DEPLOY / "alerts.yml").read_text()
    used = set(re.findall(r"\b(?:tag2vec|process)_\w+", "\n".join([*expressions(), rules])))
    assert used
    assert used <= known


@needs_prometheus
def test_prometheus_scrapes_a_running_service(server: Running, clip: bytes, tmp_path: Path) -> None:
    server.suggest(clip)
    config = tmp_path / "prometheus.yml"
    config.write_text(
        json.dumps(
            {
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "rule_files": [str(DEPLOY / "alerts.yml")],
                "scrape_configs": [
                    {"job_name": "tag2vec", "static_configs": [{"targets": [f"127.0.0.1:{server.port}"]}]}
                ],
            }
        )
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*command, f"--web.listen-address={address}"], stdout=log, stderr=log)
    try:

        def query(expression: str) -> list[dict[str, object]]:
            answer = httpx.get(f"http://{address}/api/v1/query", params={"query": expression}).json()
            assert answer["status"] == "success", (expression, answer)
            found: list[dict[str, object]] = answer["data"]["result"]
            return found

        def ready() -> bool:
            try:
                return httpx.get(f"http://{address}/-/ready").is_success
            except httpx.TransportError:
                return False

        server.wait_until(ready)
        server.wait_until(lambda: query("up == 1"))
        answered = 'sum(tag2vec_requests_total{outcome="ok", route="/v1/hashtags"}) > 0'
        server.wait_until(lambda: query(answered))
        for expression in expressions():
            query(expression.replace("$instance", ".*").replace("$__rate_interval", "1m"))
        assert query("tag2vec_model_info")
        assert not query("ALERTS{alertstate='firing', severity='page'}")
    finally:
        process.terminate()
        process.wait(20)
