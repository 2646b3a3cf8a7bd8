"""A worker's result, passed in files and validated: all that a worker taken over by a clip can pass on is numbers."""

import json
import math
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, NonNegativeInt

from models.appearance import Appearance
from models.encoded_clip import MOST_SLOTS, MOST_TRACKS, EncodedClip, EncodedLengths, Slots, TrackSample
from models.video.info import VideoInfo

_RESULT_BYTES: Final = 65536
_MOST_POINTS: Final = 64
"""Of one trajectory."""
_SLOT_ARRAYS: Final = ("times", "fisher", "features", "probabilities")


class Video(BaseModel):
    """Properties of the clip."""

    model_config = ConfigDict(extra="forbid")

    duration_s: FiniteFloat
    fps: FiniteFloat
    width: NonNegativeInt
    height: NonNegativeInt
    analysed_s: FiniteFloat
    frames_used: NonNegativeInt
    start_s: FiniteFloat


class Tracks(BaseModel):
    """A sample of trajectories, without their points."""

    model_config = ConfigDict(extra="forbid")

    starts_s: list[Annotated[FiniteFloat, Field(ge=0)]] = Field(max_length=MOST_TRACKS)
    step_s: Annotated[FiniteFloat, Field(ge=0)]


class Encoding(BaseModel):
    """A worker's success, without the arrays."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["encoding"] = "encoding"
    video: Video
    trajectories: NonNegativeInt
    slots: int = Field(ge=0, le=MOST_SLOTS)
    timings_ms: dict[Literal["decode", "trajectories", "fisher", "appearance"], FiniteFloat]
    warnings: list[str] = Field(max_length=20)
    tracks: Tracks | None = None


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
    shown = encoded.appearance
    for name, array in (
        ("fisher", encoded.fisher),
        ("features", shown.features),
        ("probabilities", shown.probabilities),
    ):
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    tracks = encoded.tracks
    if tracks is not None:
        np.save(folder / "tracks.npy", tracks.points, allow_pickle=False)
    slots = encoded.slots
    if slots is not None:
        for name in _SLOT_ARRAYS:
            np.save(folder / f"slot_{name}.npy", np.ascontiguousarray(getattr(slots, name)), allow_pickle=False)
    result = Encoding(
        video=Video(
            duration_s=video.duration_s,
            fps=video.fps,
            width=video.width,
            height=video.height,
            analysed_s=video.analysed_s,
            frames_used=video.frames_used,
            start_s=video.start_s,
        ),
        trajectories=encoded.trajectories,
        slots=0 if slots is None else len(slots.times),
        timings_ms=dict(encoded.timings_ms),
        warnings=encoded.warnings,
        tracks=None if tracks is None else Tracks(starts_s=tracks.starts_s, step_s=tracks.step_s),
    )
    (folder / "result.json").write_text(json.dumps({"result": result.model_dump()}))


def write_failure(folder: Path, code: str, message: str) -> None:
    """Write the reason why there is no encoding into `folder`."""
    failure = Failure(code=code, message=message[:2000])
    (folder / "result.json").write_text(json.dumps({"result": failure.model_dump()}))


def read(folder: Path, lengths: EncodedLengths) -> EncodedClip | Failure:
    """Read and validate what a worker wrote into `folder`.

    Raises
    ------
    ValueError
        If it is neither finite float32 arrays of these lengths, probabilities from 0 to 1, with their description, and
        perhaps trajectories within the clip's pictures, nor a failure.
    OSError
        If a file is missing.
    """
    with (folder / "result.json").open("rb") as file:
        result = _Result.model_validate_json(file.read(_RESULT_BYTES)).result
    if isinstance(result, Failure):
        return result
    video = VideoInfo(**result.video.model_dump())
    return EncodedClip(
        fisher=_array(folder / "fisher.npy", (lengths.fisher,)),
        appearance=Appearance(
            _array(folder / "features.npy", (lengths.features,)),
            _probabilities(folder / "probabilities.npy", (lengths.probabilities,)),
        ),
        video=video,
        trajectories=result.trajectories,
        timings_ms={str(stage): time for stage, time in result.timings_ms.items()},
        warnings=result.warnings,
        tracks=None if result.tracks is None else _tracks(folder / "tracks.npy", result.tracks, video),
        slots=_slots(folder, result.slots, lengths) if result.slots else None,
    )


def _tracks(file: Path, tracks: Tracks, video: VideoInfo) -> TrackSample:
    with file.open("rb") as opened:
        shape, dtype = _header(opened)
        count = len(tracks.starts_s)
        if len(shape) != 3 or shape[::2] != (count, 2) or not 0 <= shape[1] <= _MOST_POINTS or dtype != np.int32:
            raise ValueError(f"{file.name} holds {dtype} {shape}, not int32 ({count}, up to {_MOST_POINTS}, 2)")
        numbers = np.frombuffer(opened.read(4 * math.prod(shape)), dtype=np.int32)
    points = numbers.reshape(shape)
    if points.min(initial=0) < 0 or (points.reshape(-1, 2) >= (video.width, video.height)).any():
        raise ValueError(f"{file.name} leaves the pictures")
    return TrackSample(points.copy(), tracks.starts_s, tracks.step_s)


def _slots(folder: Path, count: int, lengths: EncodedLengths) -> Slots:
    times = _array(folder / "slot_times.npy", (count, 2))
    if times.min() < 0 or (np.diff(times.ravel()) < 0).any():
        raise ValueError("slot_times.npy holds times that do not follow each other")
    return Slots(
        times,
        _array(folder / "slot_fisher.npy", (count, lengths.fisher), np.float16),
        _array(folder / "slot_features.npy", (count, lengths.features)),
        _probabilities(folder / "slot_probabilities.npy", (count, lengths.probabilities)),
    )


def _probabilities(file: Path, shape: tuple[int, ...]) -> NDArray[np.float32]:
    probabilities = _array(file, shape)
    if probabilities.min(initial=0) < 0 or probabilities.max(initial=0) > 1:
        raise ValueError(f"{file.name} holds what is not a probability")
    return probabilities


def _array(file: Path, expected: tuple[int, ...], kind: type[np.floating] = np.float32) -> NDArray[Any]:
    with file.open("rb") as opened:
        shape, dtype = _header(opened)
        if shape != expected or dtype != kind:
            raise ValueError(f"{file.name} holds {dtype} {shape}, not {kind.__name__} {expected}")
        size = math.prod(expected)
        array = np.frombuffer(opened.read(dtype.itemsize * size), dtype=kind).copy()
    if len(array) != size or not np.isfinite(array).all():
        raise ValueError(f"{file.name} is short or not finite")
    return array.reshape(expected)


def _header(opened: BinaryIO) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(opened)
    if version != (1, 0):
        raise ValueError(f"{opened.name} has format {version}")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(opened)
    if fortran and len(shape) > 1:
        raise ValueError(f"{opened.name} is in columns")
    return shape, dtype
