"""Metrics for Prometheus: every label has a closed set of values, and none comes from a client."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from models.answers import Timings
from models.bundle import Bundle
from models.encoded_clip import EncodedClip
from models.pipeline import Answer
from service.problems import Code

HASHTAGS: Final = "/v1/hashtags"
"""The route that clips are sent to."""
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 60.0)
_TENTHS = tuple(tenth / 10 for tenth in range(1, 11))


class Metrics:
    """The metrics of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        registry = self.registry
        self.requests = Counter(
            "tag2vec_requests", "Requests by route and outcome.", ["route", "outcome"], registry=registry
        )
        self.request_seconds = Histogram(
            "tag2vec_request_seconds",
            "Duration of requests.",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.stage_seconds = Histogram(
            "tag2vec_stage_seconds",
            "Duration of each stage of an analysis.",
            ["stage"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.queue_depth = Gauge("tag2vec_queue_depth", "Clips waiting for a worker.", registry=registry)
        self.queue_wait = Histogram(
            "tag2vec_queue_wait_seconds",
            "Time that clips waited for a worker.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.upload_bytes = Gauge("tag2vec_upload_bytes", "Disk space taken up by uploads.", registry=registry)
        self.workers = Gauge("tag2vec_workers", "Worker processes by state.", ["state"], registry=registry)
        self.worker_restarts = Counter(
            "tag2vec_worker_restarts", "Worker processes replaced, by cause.", ["cause"], registry=registry
        )
        self.cache = Counter(
            "tag2vec_cache",
            "Clips by cache result: hit, joined to a copy under way, or miss.",
            ["result"],
            registry=registry,
        )
        self.clip_seconds = Histogram(
            "tag2vec_clip_seconds",
            "Duration of analysed clips.",
            buckets=(1, 2, 5, 10, 20, 30, 60),
            registry=registry,
        )
        self.score = Histogram(
            "tag2vec_score", "Score of the first hashtag of each answer.", buckets=_TENTHS, registry=registry
        )
        self.reloads = Counter(
            "tag2vec_reloads", "Reloads of keys and model, by result.", ["result"], registry=registry
        )
        self.model = Info("tag2vec_model", "The model in use.", registry=registry)
        # Prometheus does not see the first event of a series that appears with it.
        self.request_seconds.labels(HASHTAGS)
        for outcome in ("ok", *(code.name for code in Code)):
            self.requests.labels(HASHTAGS, outcome)
        for stage in Timings.model_fields.keys() - {"total"}:
            self.stage_seconds.labels(stage)
        for cause in ("died", "deadline", "cancelled", "recycled"):
            self.worker_restarts.labels(cause)
        for result in ("ok", "failed"):
            self.reloads.labels(result)
        for result in ("hit", "joined", "miss"):
            self.cache.labels(result)

    def encoded(self, clip: EncodedClip) -> None:
        """Record a clip that a worker encoded."""
        self.clip_seconds.observe(clip.video.duration_s)
        for stage, milliseconds in clip.timings_ms.items():
            self.stage_seconds.labels(stage).observe(milliseconds / 1e3)

    def answered(self, answer: Answer) -> None:
        """Record an answer: embedding, search, first score."""
        for stage in ("embed", "search"):
            self.stage_seconds.labels(stage).observe(answer.timings_ms[stage] / 1e3)
        if answer.hashtags:
            self.score.observe(answer.hashtags[0].score)

    def uses(self, bundle: Bundle) -> None:
        """Record the model for new requests."""
        self.model.info({"name": bundle.name, "version": bundle.version, "sha256": bundle.sha256})
