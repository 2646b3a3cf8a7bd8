"""Health checks and metrics, for monitoring; they respond at any load."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from service.api import schemas
from service.lifecycle import service_of
from service.problems import Code, documented

router = APIRouter(tags=["service"])


@router.get(
    "/healthz", response_model=schemas.Status, responses=documented(), summary="Tell whether the process is alive"
)
async def get_health() -> schemas.Status:
    """Report that the process is alive."""
    return schemas.Status(status="ok")


@router.get(
    "/readyz",
    response_model=schemas.Status,
    responses=documented(Code.not_ready, Code.shutting_down),
    summary="Tell whether clips are accepted",
)
async def get_readiness(request: Request) -> schemas.Status:
    """Report whether clips are accepted: the model is loaded and every worker is ready."""
    service_of(request).model_now()
    return schemas.Status(status="ready")


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": "tag2vec_queue_depth 0.0\n"}}},
        **documented(),
    },
    summary="Metrics for Prometheus",
)
async def get_metrics(request: Request) -> Response:
    """Return metrics in the Prometheus text format."""
    # Takes milliseconds, and must never wait behind a search: not on the compute thread.
    text = generate_latest(service_of(request).metrics.registry)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})
