"""Health checks and metrics, for monitoring; they respond at any load."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from service.api import schemas
from service.api.schemas import NoQuery
from service.lifecycle import service_of
from service.problems import Code, documented

router = APIRouter(tags=["health"])


@router.get("/healthz", response_model=schemas.Status, responses=documented(Code.invalid_request))
async def healthz(query: Annotated[NoQuery, Query()]) -> schemas.Status:
    """Report that the process is alive."""
    return schemas.Status(status="ok")


@router.get(
    "/readyz",
    response_model=schemas.Status,
    responses=documented(Code.not_ready, Code.shutting_down, Code.invalid_request),
)
async def readyz(request: Request, query: Annotated[NoQuery, Query()]) -> schemas.Status:
    """Report whether clips are accepted: the model is loaded and every worker is ready."""
    service_of(request).model_now()
    return schemas.Status(status="ready")


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": "tag2vec_queue_depth 0.0\n"}}},
        **documented(Code.invalid_request),
    },
)
async def metrics(request: Request, query: Annotated[NoQuery, Query()]) -> Response:
    """Return metrics in the Prometheus text format."""
    # Takes milliseconds, and must never wait behind a search: not on the compute thread.
    text = generate_latest(service_of(request).metrics.registry)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})
