"""OpenTelemetry traces, if the standard variable `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector.

FastAPI creates the span of a request; `span` adds those of its stages. Without a collector both do nothing.
"""

import os
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from starlette.types import Scope

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig
    from opentelemetry.sdk.trace.export import SpanExporter

span = trace.get_tracer("tag2vec").start_as_current_span
"""`with span("upload"): ...`: the span of a stage, within that of the request."""

_PROBES = {"/healthz", "/readyz", "/metrics"}
_USERS_WORDS = ("url.path", "url.query")
"""Attributes that FastAPI sets and that may hold a user's tag; operators have `http.route`."""


def telemetry() -> "TelemetryConfig":
    """Have FastAPI create one span a request, none for probes; metrics and logs are our own."""

    def exclude(scope: Scope) -> bool:
        return scope.get("path") in _PROBES

    return {"metrics": False, "logs": False, "operation_spans": False, "auto_configure": False, "exclude": exclude}


def configure() -> None:
    """Send spans to the collector that the environment names, if any; that needs the extra `tracing`."""
    if not {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"} & os.environ.keys():
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    export(OTLPSpanExporter(timeout=2))


def export(exporter: "SpanExporter") -> None:
    """Send spans to `exporter` in the background, without anything that users wrote."""
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    class Discretion(SpanProcessor):
        def on_start(self, span: Span, parent_context: Any = None) -> None:
            for name in _USERS_WORDS:
                if name in (span.attributes or {}):
                    span.set_attribute(name, "withheld")

    named = os.environ.get("OTEL_SERVICE_NAME", "tag2vec")
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: named}))
    provider.add_span_processor(Discretion())
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
