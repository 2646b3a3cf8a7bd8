"""Results of workers, honest and other ones."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.appearance import Appearance
from models.encoded_clip import MOST_SLOTS, MOST_TRACKS, EncodedClip, EncodedLengths, Slots, TrackSample
from models.sandbox import results
from models.video.info import VideoInfo

LENGTHS = EncodedLengths(fisher=8, features=6, probabilities=4)
ENCODED = EncodedClip(
    fisher=np.linspace(-1, 1, 8, dtype=np.float32),
    appearance=Appearance(np.linspace(-3, 5, 6, dtype=np.float32), np.array([0, 0.25, 0.75, 1], np.float32)),
    video=VideoInfo(duration_s=1.5, fps=30.0, width=320, height=240, analysed_s=1.5, frames_used=45),
    trajectories=7,
    timings_ms={"decode": 1.0, "trajectories": 2.0, "fisher": 3.0, "appearance": 4.0},
    warnings=["short"],
    slots=Slots(
        times=np.array([[0, 1], [1, 1.5]], np.float32),
        fisher=np.linspace(-1, 1, 16, dtype=np.float16).reshape(2, 8),
        features=np.linspace(-3, 5, 12, dtype=np.float32).reshape(2, 6),
        probabilities=np.array([[0, 0.25, 0.75, 0], [1, 0, 0, 0]], np.float32),
    ),
)


TRACKED = replace(
    ENCODED, tracks=TrackSample(np.array([[[0, 1], [319, 239]], [[5, 6], [7, 8]]], np.int32), [0.0, 0.4], 0.0667)
)


def test_an_encoding_comes_back_as_it_was(tmp_path: Path) -> None:
    results.write_encoding(tmp_path, ENCODED)
    read = results.read(tmp_path, LENGTHS)
    assert isinstance(read, EncodedClip)
    np.testing.assert_array_equal(read.fisher, ENCODED.fisher)
    np.testing.assert_array_equal(read.appearance.features, ENCODED.appearance.features)
    np.testing.assert_array_equal(read.appearance.probabilities, ENCODED.appearance.probabilities)
    assert (read.video, read.trajectories, read.timings_ms, read.warnings) == (
        ENCODED.video,
        ENCODED.trajectories,
        ENCODED.timings_ms,
        ENCODED.warnings,
    )


def test_tracks_come_back_as_they_were(tmp_path: Path) -> None:
    results.write_encoding(tmp_path, TRACKED)
    read = results.read(tmp_path, LENGTHS)
    assert isinstance(read, EncodedClip)
    assert read.tracks is not None
    assert TRACKED.tracks is not None
    np.testing.assert_array_equal(read.tracks.points, TRACKED.tracks.points)
    assert (read.tracks.starts_s, read.tracks.step_s) == ([0.0, 0.4], 0.0667)
    nothing = TrackSample(np.empty((0, 0, 2), np.int32), [], 0.0)
    results.write_encoding(tmp_path, replace(ENCODED, tracks=nothing))
    read = results.read(tmp_path, LENGTHS)
    assert isinstance(read, EncodedClip)
    assert read.tracks is not None
    assert len(read.tracks.points) == 0
    results.write_encoding(tmp_path, ENCODED)
    read = results.read(tmp_path, LENGTHS)
    assert isinstance(read, EncodedClip)
    assert read.tracks is None


def test_slots_come_back_as_they_were_if_there_are_any(tmp_path: Path) -> None:
    results.write_encoding(tmp_path, ENCODED)
    read = results.read(tmp_path, LENGTHS)
    assert isinstance(read, EncodedClip)
    assert read.slots is not None
    assert ENCODED.slots is not None
    for name, array in vars(ENCODED.slots).items():
        np.testing.assert_array_equal(getattr(read.slots, name), array)
    results.write_encoding(tmp_path, replace(ENCODED, slots=None))
    read = results.read(tmp_path, LENGTHS)
    assert isinstance(read, EncodedClip)
    assert read.slots is None


def test_a_network_without_classes_tells_nothing(tmp_path: Path) -> None:
    appearance = Appearance(ENCODED.appearance.features, np.zeros(0, np.float32))
    results.write_encoding(tmp_path, replace(ENCODED, appearance=appearance, slots=None))
    read = results.read(tmp_path, replace(LENGTHS, probabilities=0))
    assert isinstance(read, EncodedClip)
    assert read.appearance.probabilities.shape == (0,)


def test_a_failure_comes_back_cut_to_a_sensible_length(tmp_path: Path) -> None:
    results.write_failure(tmp_path, "truncated", "x" * 10_000)
    read = results.read(tmp_path, LENGTHS)
    assert isinstance(read, results.Failure)
    assert (read.code, read.message) == ("truncated", "x" * 2000)


def save(array: Any, name: str = "fisher", **options: Any) -> Callable[[Path], None]:
    return lambda folder: np.save(folder / f"{name}.npy", array, **options)


def change(**changed: Any) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        file = folder / "result.json"
        document = json.loads(file.read_text())
        document["result"].update(changed)
        file.write_text(json.dumps(document))

    return write


BROKEN: dict[str, Callable[[Path], object]] = {
    "another length": save(np.zeros(9, np.float32)),
    "another type": save(np.zeros(8, np.float64)),
    "another shape": save(np.zeros((2, 4), np.float32)),
    "not a number": save(np.full(8, np.nan, np.float32)),
    "pickled": save(np.array([print], dtype=object), allow_pickle=True),
    "cut": lambda folder: (folder / "fisher.npy").write_bytes((folder / "fisher.npy").read_bytes()[:-1]),
    "no array": lambda folder: (folder / "fisher.npy").write_bytes(b"hello"),
    "features of another length": save(np.zeros(8, np.float32), "features"),
    "features without end": save(np.full(6, np.inf, np.float32), "features"),
    "classes of another number": save(np.zeros(3, np.float32), "probabilities"),
    "a probability below 0": save(np.array([0, 0, -0.1, 0], np.float32), "probabilities"),
    "a probability above 1": save(np.array([0, 0, 1.1, 0], np.float32), "probabilities"),
    "a probability that is none": save(np.full(4, np.nan, np.float32), "probabilities"),
    "more tracks than starts": save(np.zeros((3, 2, 2), np.int32), "tracks"),
    "tracks in three dimensions": save(np.zeros((2, 2, 3), np.int32), "tracks"),
    "flat tracks": save(np.zeros(8, np.int32), "tracks"),
    "long tracks": save(np.zeros((2, 65, 2), np.int32), "tracks"),
    "tracks of fractions": save(np.zeros((2, 2, 2), np.float32), "tracks"),
    "tracks in columns": save(np.zeros((2, 2, 2), np.int32, order="F"), "tracks"),
    "tracks at the left of the picture": save(np.full((2, 2, 2), -1, np.int32), "tracks"),
    "tracks below the picture": save(np.full((2, 2, 2), 240, np.int32), "tracks"),
    "cut tracks": lambda folder: (folder / "tracks.npy").write_bytes((folder / "tracks.npy").read_bytes()[:-1]),
    "fewer points than none": lambda folder: (folder / "tracks.npy").write_bytes(
        (folder / "tracks.npy").read_bytes().replace(b"(2, 2, 2), }", b"(2, -2, 2),}") + bytes(1000)
    ),
    "many tracks": change(tracks={"starts_s": [0.0] * (MOST_TRACKS + 1), "step_s": 0.1}),
    "a track before the clip": change(tracks={"starts_s": [0.0, -0.1], "step_s": 0.1}),
    "a track at no time": change(tracks={"starts_s": [0.0, "x"], "step_s": 0.1}),
    "endless steps": change(tracks={"starts_s": [0.0, 0.1], "step_s": 1e999}),
    "slots that overlap": save(np.array([[0, 1], [0.5, 1.5]], np.float32), "slot_times"),
    "a slot before the clip": save(np.array([[-1, 0], [0.5, 1.5]], np.float32), "slot_times"),
    "a slot without end": save(np.array([[0, 1], [1, np.inf]], np.float32), "slot_times"),
    "slots by columns": save(np.zeros((8, 2), np.float16).T, "slot_fisher"),
    "slots of another type": save(np.zeros((2, 8), np.float32), "slot_fisher"),
    "features of more slots": save(np.zeros((3, 6), np.float32), "slot_features"),
    "probabilities of slots that are none": save(np.full((2, 4), 2, np.float32), "slot_probabilities"),
    "other slots": change(slots=1),
    "many slots": change(slots=MOST_SLOTS + 1),
    "no JSON": lambda folder: (folder / "result.json").write_bytes(b"hello"),
    "endless JSON": lambda folder: (folder / "result.json").write_bytes(b'{"result": "' + b"x" * 10**6),
    "another kind": change(kind="other"),
    "one field more": change(more=1),
    "a stage that is none": change(timings_ms={"lunch": 1.0}),
    "less than nothing": change(trajectories=-1),
    "many warnings": change(warnings=["x"] * 21),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_result_is_refused(tmp_path: Path, how: str) -> None:
    results.write_encoding(tmp_path, TRACKED)
    BROKEN[how](tmp_path)
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's and NumPy's own
        results.read(tmp_path, LENGTHS)


@pytest.mark.parametrize("name", ["result.json", "fisher.npy", "features.npy", "probabilities.npy", "tracks.npy"])
def test_a_missing_file_is_told(tmp_path: Path, name: str) -> None:
    results.write_encoding(tmp_path, TRACKED)
    (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError):
        results.read(tmp_path, LENGTHS)
