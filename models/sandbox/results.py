"""A worker's result, passed in files and validated: all that a worker taken over by a clip can pass on is numbers."""

import json
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, NonNegativeInt

from models.encoded_clip import EncodedClip
from models.video.limits import VideoInfo


class Video(BaseModel):
    """Properties of the clip."""

    model_config = ConfigDict(extra="forbid")

    duration_s: FiniteFloat
    fps: FiniteFloat
    width: NonNegativeInt
    height: NonNegativeInt
    frames_used: NonNegativeInt


class Encoding(BaseModel):
    """A worker's success, without the Fisher vector."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["encoding"] = "encoding"
    video: Video
    trajectories: NonNegativeInt
    timings_ms: dict[Literal["decode", "trajectories", "fisher"], FiniteFloat]
    warnings: list[str] = Field(max_length=20)


class Failure(BaseModel):
    """A worker's failure: a `ClipError`'s code, or `internal_error`."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["failure"] = "failure"
    code: str
    message: str


class _Result(BaseModel):
    result: Encoding | Failure = Field(discriminator="kind")


def write_encoding(folder: Path, encoded: EncodedClip) -> None:
    """Write a clip's encoding into `folder`."""
    video = encoded.video
    np.save(folder / "fisher.npy", encoded.fisher, allow_pickle=False)
    result = Encoding(
        video=Video(
            duration_s=video.duration_s,
            fps=video.fps,
            width=video.width,
            height=video.height,
            frames_used=video.frames_used,
        ),
        trajectories=encoded.trajectories,
        timings_ms=dict(encoded.timings_ms),
        warnings=encoded.warnings,
    )
    (folder / "result.json").write_text(json.dumps({"result": result.model_dump()}))


def write_failure(folder: Path, code: str, message: str) -> None:
    """Write the reason why there is no encoding into `folder`."""
    failure = Failure(code=code, message=message[:2000])
    (folder / "result.json").write_text(json.dumps({"result": failure.model_dump()}))


def read(folder: Path, dimensions: int) -> EncodedClip | Failure:
    """Read and validate what a worker wrote into `folder`.

    Raises
    ------
    ValueError
        If it is neither a finite float32 vector of `dimensions` numbers with its description nor a failure.
    OSError
        If a file is missing.
    """
    with (folder / "result.json").open("rb") as file:
        result = _Result.model_validate_json(file.read(65536)).result
    if isinstance(result, Failure):
        return result
    with (folder / "fisher.npy").open("rb") as file:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise ValueError(f"fisher.npy has format {version}")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        if shape != (dimensions,) or dtype != np.float32:
            raise ValueError(f"fisher.npy holds {dtype} {shape}, not float32 ({dimensions},)")
        fisher = np.frombuffer(file.read(4 * dimensions), dtype=np.float32).copy()
    if fisher.shape != shape or not np.isfinite(fisher).all():
        raise ValueError("fisher.npy is short or not finite")
    return EncodedClip(
        fisher=fisher,
        video=VideoInfo(**result.video.model_dump()),
        trajectories=result.trajectories,
        timings_ms={str(stage): time for stage, time in result.timings_ms.items()},
        warnings=result.warnings,
    )
