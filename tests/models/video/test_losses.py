"""Clips of which a part cannot be decoded: the rest is used, and the answer says how much is missing."""

import os
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from models.errors import TruncatedClip
from models.video.decoding import Video
from tests import clips

ONE_KEY_FRAME = {"g": "200", "preset": "ultrafast", "qp": "8"}
CLIPS: dict[str, dict[str, Any]] = {
    "h264.mp4": {"options": {**ONE_KEY_FRAME, "bf": "0"}},
    "h264-b.mkv": {"options": {**ONE_KEY_FRAME, "bf": "2"}},
    "hevc.mp4": {"codec": "libx265", "options": {"preset": "ultrafast", "x265-params": "keyint=200:log-level=0"}},
    "vp8.webm": {"codec": "libvpx"},
    "vp9.webm": {},
    "mpeg4.mp4": {"codec": "mpeg4", "options": {"g": "200"}},
    "mjpeg.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p", "options": {}},
}


def read(path: Path) -> tuple[list[clips.Grey], list[str], float]:
    """Frames, warnings and seconds of a clip."""
    with Video(path) as video:
        frames = list(video)
        return frames, video.warnings, video.info.duration_s


def decodable(path: Path) -> int:
    """How many frames FFmpeg decodes if it goes on after errors, without those that it marks as made up."""
    count = 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for packet in container.demux(stream):
            try:
                frames = stream.codec_context.decode(packet if packet.size else None)
            except av.error.FFmpegError:
                continue
            count += sum(not frame.is_corrupt for frame in frames)
    return count


@pytest.mark.parametrize("name", CLIPS)
def test_a_damaged_packet_costs_its_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    # Until the next key frame VP9 may show a picture twice.
    monkeypatch.setattr("models.video.decoding.without_repeats", iter)
    whole = clips.write(tmp_path / name, clips.drifting(90), **CLIPS[name])
    path = clips.remux(
        tmp_path / f"damaged-{name}",
        whole,
        lambda packets: [clips.damaged(packet) if number == 59 else packet for number, packet in enumerate(packets)],
    )
    frames, warnings, seconds = read(path)
    assert len(frames) == decodable(path) == 89
    assert seconds == pytest.approx(3, abs=0.04)
    assert warnings == [
        "1 of the clip's 90 frames cannot be decoded and is left out: it is damaged, or was cut between key frames."
    ]
    wanted, none, _ = read(whole)
    assert none == []
    assert clips.apart(frames[:55], wanted[:55]) == 0


def test_made_up_pictures_are_left_out(tmp_path: Path) -> None:
    """H.264 paints over what is missing of a frame, and says so."""
    whole = clips.write(tmp_path / "clip.mp4", clips.drifting(60), options={**ONE_KEY_FRAME, "bf": "0"})

    def halve(packets: list[Any]) -> list[Any]:
        data = bytes(packets[30])
        packets[30] = clips.with_data(packets[30], data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
        return packets

    frames, warnings, _ = read(clips.remux(tmp_path / "half.mp4", whole, halve))
    assert len(frames) == 59
    assert "1 of the clip's 60 frames" in warnings[0]


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("h264.mp4", "libx264", {"g": "40", "preset": "ultrafast", "bf": "2"}),
        ("h264.mkv", "libx264", {"g": "40", "preset": "ultrafast", "bf": "0"}),
        ("vp8.webm", "libvpx", {"g": "40", "deadline": "realtime", "cpu-used": "8"}),
        ("vp9.webm", "libvpx-vp9", {"g": "40", "deadline": "realtime", "cpu-used": "8"}),
        ("av1.mkv", "libsvtav1", {"g": "40", "preset": "12"}),
    ],
)
def test_a_clip_may_begin_between_key_frames(tmp_path: Path, name: str, codec: str, options: dict[str, str]) -> None:
    whole = clips.write(tmp_path / name, clips.drifting(120), codec=codec, options=options)
    with av.open(str(whole)) as container:
        _, key, *_ = (number for number, packet in enumerate(container.demux(video=0)) if packet.is_keyframe)
    wanted, _, _ = read(whole)
    path = clips.remux(tmp_path / f"cut-{name}", whole, lambda packets: packets[key - 20 :])
    frames, warnings, seconds = read(path)
    assert clips.apart(frames, wanted[key:]) == 0
    assert seconds == pytest.approx((120 - key) / 30, abs=0.01)
    assert warnings[0].startswith(f"20 of the clip's {140 - key} frames cannot be decoded")


def test_too_little_is_left(tmp_path: Path) -> None:
    whole = clips.write(tmp_path / "clip.avi", clips.drifting(30, (64, 48)), **CLIPS["mjpeg.avi"])

    def losing(count: int) -> Path:
        def change(packets: list[Any]) -> list[Any]:
            return [
                clips.with_data(packet, bytes(100)) if 5 <= number < 5 + count else packet
                for number, packet in enumerate(packets)
            ]

        return clips.remux(tmp_path / f"{count}.avi", whole, change)

    frames, warnings, _ = read(losing(9))
    assert len(frames) == 21
    assert "9 of the clip's 30 frames" in warnings[0]
    with pytest.raises(TruncatedClip, match=r"is damaged: 10 of 30 frames cannot be decoded\. Export it again"):
        read(losing(10))


def test_the_end_must_be_there(tmp_path: Path) -> None:
    whole = clips.write(tmp_path / "clip.mp4", clips.drifting(90))
    path = clips.remux(tmp_path / "end.mp4", whole, lambda packets: [*packets[:-5], *map(clips.damaged, packets[-5:])])
    with pytest.raises(TruncatedClip, match="is damaged: 5 of 90 frames cannot be decoded, the last ones among them"):
        read(path)


@pytest.mark.skipif("TAG2VEC_DATA" not in os.environ, reason="TAG2VEC_DATA is not set")
def test_damaged_packets_of_real_clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is damaged may repeat the frame before, or be repeated.
    monkeypatch.setattr("models.video.decoding.without_repeats", iter)
    found = sorted((Path(os.environ["TAG2VEC_DATA"]).resolve() / "clips").glob("*/*.mp4"))[::150]
    for clip in found:
        path = clips.remux(
            tmp_path / "damaged.mp4",
            clip,
            lambda packets: [clips.damaged(packet) if number == 9 else packet for number, packet in enumerate(packets)],
        )
        frames, warnings, _ = read(path)
        with Video(clip) as video:
            whole = list(video)
            assert video.warnings == []
        assert len(frames) == len(whole) - 1, clip
        assert len(warnings) == 1, clip
        np.testing.assert_array_equal(frames[0], whole[0])
