"""Every setting of the service, read from the environment with the prefix `TAG2VEC_`."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.bundle import SHIPPED
from models.video.limits import VideoLimits


def _processors() -> int:
    return len(os.sched_getaffinity(0))


class Settings(BaseSettings):
    """Settings of one service process; each is also an environment variable (`TAG2VEC_QUEUE=32`)."""

    model_config = SettingsConfigDict(env_prefix="TAG2VEC_", extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    bundle: Path = Field(SHIPPED, description="folder of the model bundle")
    deny_file: Path | None = Field(None, description="file of more tags never to suggest; read again on SIGHUP")

    workers: PositiveInt = Field(default_factory=_processors, description="worker processes, one clip each at a time")
    queue: int = Field(16, ge=0, description="clips that may wait for a worker; one more is refused with 429")
    deadline_s: PositiveFloat = Field(60.0, description="seconds from the upload's last byte to the answer")
    recycle: int = Field(500, ge=0, description="clips after which a worker is replaced by a fresh one; 0: never")
    worker_memory_mb: PositiveInt = Field(4096, description="address space of a worker process, in MiB")
    cache: int = Field(256, ge=0, description="clips whose encoding is kept in memory (110 KB each); 0: none")

    max_bytes: PositiveInt = Field(64 * 2**20, description="bytes of a clip")
    max_duration_s: PositiveFloat = Field(60.0, description="seconds of a clip")
    max_frames: PositiveInt = Field(3600, description="frames of a clip")
    max_width: PositiveInt = Field(3840, description="pixels of a frame's long side")
    max_height: PositiveInt = Field(2160, description="pixels of a frame's short side")
    uploads_mb: PositiveInt = Field(1024, description="MiB that all uploads together may take up on disk")
    upload_s: PositiveFloat = Field(120.0, description="seconds that a whole upload may take")
    upload_idle_s: PositiveFloat = Field(10.0, description="seconds without a byte after which an upload is refused")

    keys_file: Path | None = Field(None, description="file of the keys that clients must show; read again on SIGHUP")
    open: bool = Field(False, description="serve without keys on an address that others can reach")
    clips_per_key: PositiveInt = Field(4, description="clips of one key that may be under way at a time")
    cors_origins: list[str] = Field([], description='JSON list of origins that browsers may call from; ["*"]: any')
    grace_s: PositiveFloat = Field(30.0, description="seconds given to requests in flight when the service stops")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level that is logged")

    @property
    def limits(self) -> VideoLimits:
        """Return the limits that a worker holds a clip to."""
        return VideoLimits(
            max_bytes=self.max_bytes,
            max_width=self.max_width,
            max_height=self.max_height,
            max_duration_s=self.max_duration_s,
            max_frames=self.max_frames,
        )
