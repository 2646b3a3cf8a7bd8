"""What is made of a clip: motion, or none, and pictures."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from models.appearance import AppearanceNetwork, AppearanceSettings
from models.bundle import Bundle
from models.clock import Clock
from models.encoder import STILL, ClipEncoder
from models.fisher import FisherEncoder
from models.trajectories.extractor import extract
from models.trajectories.settings import TrajectorySettings
from models.video.decoding import Video
from models.video.excerpt import Excerpt
from models.video.pictures import PictureSampler
from tests import clips
from tests.models.bundle.test_reading import vocabulary
from tests.networks import write_network

SETTINGS = AppearanceSettings(pictures=4, short_side=64, side=56)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> ClipEncoder:
    words = vocabulary()
    network = AppearanceNetwork(write_network(tmp_path_factory.mktemp("network") / "small.onnx", side=56), SETTINGS)
    parts = SimpleNamespace(settings=TrajectorySettings(), vocabulary=lambda: words, appearance_network=lambda: network)
    return ClipEncoder(cast(Bundle, parts))


def test_a_clip_is_encoded_by_motion_and_pictures(encoder: ClipEncoder, tmp_path: Path) -> None:
    path = clips.write(tmp_path / "clip.mp4", clips.drifting(40))
    clock = Clock()
    encoded = encoder.encode(path, clock=clock)
    assert encoded.trajectories > 0
    assert encoded.fisher.any()
    assert encoded.warnings == []
    assert list(encoded.timings_ms) == ["decode", "trajectories", "fisher", "appearance"]
    assert all(spent > 0 for spent in encoded.timings_ms.values())
    sampler = PictureSampler(4, short_side=64, side=56)
    with Video(path, sampler=sampler) as video:
        assert len(list(video)) == 40
    wanted = encoder.network.describe(sampler.pictures())
    np.testing.assert_array_equal(encoded.appearance.features, wanted.features)
    np.testing.assert_array_equal(encoded.appearance.probabilities, wanted.probabilities)


def test_threads_change_no_bit(encoder: ClipEncoder, tmp_path: Path) -> None:
    path = clips.write(tmp_path / "clip.mp4", clips.drifting(30))
    one, two = (encoder.encode(path, threads=threads) for threads in (1, 2))
    assert one.fisher.tobytes() == two.fisher.tobytes()
    assert one.appearance.features.tobytes() == two.appearance.features.tobytes()
    assert one.appearance.probabilities.tobytes() == two.appearance.probabilities.tobytes()


@pytest.mark.parametrize("frames", [1, 2, 15, 40])
def test_a_still_clip_is_encoded_by_its_pictures(encoder: ClipEncoder, tmp_path: Path, frames: int) -> None:
    encoded = encoder.encode(clips.write(tmp_path / "still.mp4", clips.still(frames)))
    assert encoded.trajectories == 0
    assert not encoded.fisher.any()
    assert encoded.fisher.shape == (encoder.vocabulary.dimensions,)
    assert encoded.video.frames_used == frames
    assert encoded.warnings[-1] == STILL
    moving = encoder.encode(clips.write(tmp_path / "moving.mp4", clips.drifting(40)))
    assert encoded.appearance.features.shape == moving.appearance.features.shape
    assert encoded.appearance.features.any()
    assert encoded.appearance.probabilities.sum() == pytest.approx(1)


def test_slots_change_no_bit_and_are_those_of_the_file(encoder: ClipEncoder, tmp_path: Path) -> None:
    """The first second of the clip moves, the second stands still."""
    moving = list(clips.drifting(30))
    path = clips.write(tmp_path / "clip.mkv", [*moving, *[moving[-1]] * 30], codec="ffv1")
    plain, explained = (encoder.encode(path, explain=explain) for explain in (False, True))
    assert plain.slots is None
    assert plain.fisher.tobytes() == explained.fisher.tobytes()
    assert plain.appearance.features.tobytes() == explained.appearance.features.tobytes()
    slots = explained.slots
    assert slots is not None
    np.testing.assert_allclose(slots.times, [[0, 2]] if len(slots.times) == 1 else [[0, 1], [1, 2]], atol=0.01)
    assert slots.fisher[0].any()
    np.testing.assert_allclose(slots.probabilities.sum(axis=1), 1, rtol=1e-3)
    part = encoder.encode(path, explain=True, excerpt=Excerpt(start_s=0.5, end_s=1.5)).slots
    assert part is not None
    np.testing.assert_allclose(part.times, [[0.5, 1.5]], atol=0.01)


def test_slots_of_a_long_clip_are_its_pieces(encoder: ClipEncoder, tmp_path: Path) -> None:
    path = clips.write(
        tmp_path / "long.mp4", clips.drifting(400, (128, 96)), options={"preset": "ultrafast", "g": "40"}
    )
    slots = encoder.encode(path, explain=True).slots
    assert slots is not None
    assert len(slots.times) == 8
    assert (np.diff(slots.times.ravel()) > 0).all()
    assert np.diff(slots.times, axis=1).ravel() == pytest.approx([20 / 15] * 8, abs=0.1)
    assert slots.fisher.any(axis=1).all()


def test_a_short_clip_is_seen_once_though_played_again(encoder: ClipEncoder, tmp_path: Path) -> None:
    """Its motion is that of the clip played back and forth, its pictures are those of the clip."""
    path = clips.write(tmp_path / "short.mp4", clips.drifting(7))
    encoded = encoder.encode(path)
    assert "only 7 frames" in encoded.warnings[0]
    assert encoded.video.frames_used == 7
    sampler = PictureSampler(4, short_side=64, side=56)
    with Video(path, sampler=sampler) as video:
        assert len(list(video)) == 7
    wanted = encoder.network.describe(sampler.pictures())
    np.testing.assert_array_equal(encoded.appearance.features, wanted.features)


def test_what_cannot_be_decoded_is_said(encoder: ClipEncoder, tmp_path: Path) -> None:
    whole = clips.write(tmp_path / "clip.mp4", clips.drifting(40), options={"preset": "ultrafast", "bf": "0"})
    path = clips.remux(
        tmp_path / "damaged.mp4", whole, lambda packets: [*packets[:20], clips.damaged(packets[20]), *packets[21:]]
    )
    encoded = encoder.encode(path)
    assert encoded.trajectories > 0
    assert encoded.video.frames_used == 39
    assert encoded.warnings == [
        "1 of the clip's 40 frames cannot be decoded and is left out: it is damaged, or was cut between key frames."
    ]


def test_pieces_of_a_long_clip_are_encoded(encoder: ClipEncoder, tmp_path: Path) -> None:
    """What is encoded is what moves in the pieces, each by itself."""
    path = clips.write(
        tmp_path / "long.mp4", clips.drifting(400, (128, 96)), options={"preset": "ultrafast", "g": "40"}
    )
    one, two = (encoder.encode(path, threads=threads) for threads in (1, 2))
    assert one.fisher.tobytes() == two.fisher.tobytes()
    assert one.appearance.features.tobytes() == two.appearance.features.tobytes()
    assert one.video == two.video
    assert one.video.duration_s == pytest.approx(400 / 30)
    assert one.video.analysed_s == pytest.approx(one.video.frames_used / 15, abs=0.3)
    assert one.video.frames_used == 160
    assert one.warnings == []
    fisher, count = FisherEncoder(encoder.vocabulary), 0
    settings = encoder.settings
    with Video(path, in_pieces=True, working_side=settings.working_side, fps=settings.fps) as video:
        for piece in video.pieces():
            for batch in extract(list(piece), settings):
                fisher.add(batch.descriptors)
                count += len(batch)
    assert one.trajectories == count > 0
    np.testing.assert_array_equal(one.fisher, fisher.vector())


def test_repeated_frames_change_nothing(encoder: ClipEncoder, tmp_path: Path) -> None:
    source = list(clips.drifting(40))
    once = encoder.encode(clips.write(tmp_path / "once.mkv", source, codec="ffv1", fps=15))
    twice = [frame for frame in source for _ in range(2)]
    again = encoder.encode(clips.write(tmp_path / "twice.mkv", twice, codec="ffv1"))
    assert again.video.frames_used == once.video.frames_used == 40
    assert again.trajectories == once.trajectories
    np.testing.assert_array_equal(again.fisher, once.fisher)
    np.testing.assert_array_equal(again.appearance.features, once.appearance.features)
