"""Times of frames whose packets do not tell them, or wrongly."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
