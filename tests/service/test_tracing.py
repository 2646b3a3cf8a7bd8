"""Traces: one a request with its stages, and nothing in them that users wrote."""

import http.server
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.service.running import serve


class Collector(http.server.BaseHTTPRequestHandler):
    """Takes what an OTLP exporter sends."""

    spans: ClassVar[list[Span]] = []
    secrets: ClassVar[list[str | None]] = []

    def do_POST(self) -> None:
        sent = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        self.spans.extend(span for r in sent.resource_spans for scope in r.scope_spans for span in scope.spans)
        self.secrets.append(self.headers.get("X-Secret"))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def collector() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


@pytest.mark.server
def test_spans_reach_a_collector(bundle: Path, clip: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with collector() as address:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-secret=token")
        with serve(tmp_path, bundle=bundle, workers=1) as server:
            server.wait_until_ready()
            for worker in server.workers():
                assert b"OTEL" not in Path(f"/proc/{worker}/environ").read_bytes()
            server.client.headers["traceparent"] = parent
            assert server.suggest(clip, exclude="verysecrettag").status_code == 200
            assert server.suggest(b"no clip").status_code == 415
            server.client.get("/v1/tags/verysecrettag/neighbours")
            server.client.get("/verysecretpath")
            assert server.stop() == 0
    spans = Collector.spans
    assert set(Collector.secrets) == {"token"}
    assert {span.trace_id.hex() for span in spans} == {"0af7651916cd43dd8448eb211c80319c"}
    assert "verysecret" not in str(spans)
    answered = next(span for span in spans if span.name == "POST /v1/hashtags")
    assert answered.parent_span_id.hex() == "b7ad6b7169203331"
    attributes = {entry.key: entry.value for entry in answered.attributes}
    assert attributes["http.response.status_code"].int_value == 200
    assert attributes["tag2vec.outcome"].string_value == "ok"
    logged = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert attributes["tag2vec.request_id"].string_value in {entry.get("request_id") for entry in logged}
    stages = {span.name: span for span in spans if span.parent_span_id == answered.span_id}
    assert stages.keys() == {"upload", "queue", "encode", "suggest"}
    for stage in stages.values():
        assert answered.start_time_unix_nano <= stage.start_time_unix_nano <= stage.end_time_unix_nano
        assert stage.end_time_unix_nano <= answered.end_time_unix_nano
    outcomes = [
        entry.value.string_value for span in spans for entry in span.attributes if entry.key == "tag2vec.outcome"
    ]
    assert sorted(outcomes) == ["not_a_video", "not_found", "ok", "unknown_tag"]
    assert os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] == address
