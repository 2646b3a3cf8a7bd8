"""Times of frames whose packets do not tell them, or wrongly."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.video.decoding import Video
from tests import clips

B_FRAMES = {"preset": "ultrafast", "qp": "8", "bf": "3", "b-pyramid": "normal", "g": "200"}


def in_decoding_order(packets: list[Any]) -> list[Any]:
    """As if the packets were numbered as they come."""
    first = packets[0].dts
    for packet in packets:
        packet.pts = packet.dts = packet.dts - first
    return packets


def later(packets: list[Any]) -> list[Any]:
    """With the same distances, from zero on."""
    first = packets[0].dts
    for packet in packets:
        packet.pts, packet.dts = packet.pts - first, packet.dts - first
    return packets


@pytest.mark.parametrize(
    ("suffix", "change"),
    [("avi", later), ("mp4", in_decoding_order), ("mkv", in_decoding_order), ("mkv", later)],
)
@pytest.mark.parametrize("fps", [30, 25])
def test_frames_follow_each_other(
    tmp_path: Path, suffix: str, change: Callable[[list[Any]], list[Any]], fps: int
) -> None:
    """Containers without display times hold B-frames, too: all frames are used, in order and at their rate."""
    source = list(clips.drifting(90, (96, 64)))
    whole = clips.write(tmp_path / "whole.mp4", source, options=B_FRAMES, fps=fps)
    frames, info = clips.take(clips.remux(tmp_path / f"clip.{suffix}", whole, change))
    assert clips.apart(frames, source) < 6
    assert info.fps == pytest.approx(fps, rel=0.002)
    assert info.duration_s == pytest.approx(90 / fps, abs=0.002)


def shuffled(packets: list[Any]) -> list[Any]:
    """With each other's times."""
    times = sorted(packet.pts for packet in packets)
    for packet, number in zip(packets, np.random.default_rng(0).permutation(len(packets)), strict=True):
        packet.pts = times[number]
    for packet, time in zip(packets, times, strict=True):
        packet.dts = time - times[-1]
    return packets


def stalling(packets: list[Any]) -> list[Any]:
    """Two by two at the same time."""
    for number, packet in enumerate(packets):
        packet.pts = packet.dts = packet.dts if number % 2 == 0 else packets[number - 1].pts
    return packets


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libvpx", {"deadline": "realtime", "cpu-used": "8"}),
        ("libx264", {"preset": "ultrafast", "qp": "8", "bf": "0"}),
        ("libx264", B_FRAMES),
    ],
)
@pytest.mark.parametrize("fps", [25, 120])
def test_shuffled_times_are_put_in_order(tmp_path: Path, codec: str, options: dict[str, str], fps: int) -> None:
    source = list(clips.drifting(60, (96, 64)))
    whole = clips.write(tmp_path / "whole.mkv", source, codec=codec, options=options, fps=fps)
    with Video(clips.remux(tmp_path / "shuffled.mkv", whole, shuffled)) as video:
        frames = list(video)
        assert video.warnings == []
    assert clips.apart(frames, source[:: max(1, fps // 30)]) < 8
    assert video.info.duration_s == pytest.approx(60 / fps, abs=1 / fps)


@pytest.mark.parametrize("fps", [25, 240])
def test_frames_with_the_same_time_do_not_delay_others(tmp_path: Path, fps: int) -> None:
    whole = clips.write(tmp_path / "whole.webm", clips.drifting(60, (96, 64)), codec="libvpx", fps=fps)
    _, info = clips.take(clips.remux(tmp_path / "stalling.mkv", whole, stalling))
    assert info.duration_s == pytest.approx(60 / fps, abs=1.1 / fps)
    assert info.fps == pytest.approx(fps, rel=0.03)


def test_an_edit_list_that_begins_within_a_frame(tmp_path: Path) -> None:
    """The hidden frame would still be shown at the beginning: it makes the clip no longer at its end."""
    whole = clips.write(tmp_path / "whole.mp4", clips.drifting(10, (96, 64)), codec="mpeg4", fps=15)

    def cut(packets: list[Any]) -> list[Any]:
        for number, packet in enumerate(packets):
            step = packet.duration
            packet.pts = packet.dts = -step if number == 0 else (number + 2) * step
        return packets

    _, info = clips.take(clips.remux(tmp_path / "cut.mp4", whole, cut))
    assert info.frames_used == 9
    assert info.duration_s == pytest.approx(9 / 15, abs=0.002)
