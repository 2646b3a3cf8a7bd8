"""Of several video tracks, the one that a player shows."""

from pathlib import Path

import av
import pytest
from av.stream import Disposition
from av.video.stream import VideoStream

from models.errors import NoVideoStream
from models.video.decoding import Video
from tests import clips


def shown(path: Path) -> tuple[int, int]:
    """The size of the track that is read, which must be that of all its frames."""
    frames, info = clips.take(path)
    assert all(frame.shape == (info.height, info.width) for frame in frames)
    return info.width, info.height


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tracks")
    return {
        "clip": clips.write(folder / "clip.mp4", clips.drifting(20, (160, 120))),
        "preview": clips.write(folder / "preview.mp4", clips.drifting(20, (64, 48))),
        "still": clips.write(folder / "still.mp4", clips.drifting(1, (640, 480))),
        "flash": clips.write(folder / "flash.mp4", clips.drifting(2, (320, 240))),
        "picture": clips.write(
            folder / "picture.mov", clips.drifting(1, (640, 480)), codec="mjpeg", pix_fmt="yuvj420p"
        ),
    }


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "ts"])
@pytest.mark.parametrize("other", ["preview", "still", "flash", "picture"])
@pytest.mark.parametrize("first", [True, False])
def test_most_picture(tmp_path: Path, tracks: dict[str, Path], suffix: str, other: str, first: bool) -> None:
    if other == "picture" and suffix == "ts":
        pytest.skip("a transport stream does not hold JPEG")
    order = [tracks[other], tracks["clip"]] if first else [tracks["clip"], tracks[other]]
    path = clips.mux_tracks(tmp_path / f"two.{suffix}", *order)
    assert shown(path) == (160, 120)
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 2


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("default", ["clip", "preview"])
def test_default_track(tmp_path: Path, tracks: dict[str, Path], suffix: str, default: str) -> None:
    path = clips.mux_tracks(tmp_path / f"two.{suffix}", tracks["preview"], tracks["clip"], default=default)
    with av.open(str(path)) as container:
        assert [bool(track.disposition & Disposition.default) for track in container.streams.video].count(True) == 1
        best = container.streams.best("video")
        assert isinstance(best, VideoStream)
        assert shown(path) == (best.codec_context.width, best.codec_context.height)
    assert shown(path) == {"clip": (160, 120), "preview": (64, 48)}[default]


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_track_without_decoder_is_passed_over(tmp_path: Path, tracks: dict[str, Path], suffix: str) -> None:
    path = clips.mux_tracks(tmp_path / f"two.{suffix}", tracks["flash"], tracks["clip"])
    data = path.read_bytes()
    for known, unknown in ((b"avc1", b"zzz9"), (b"avcC", b"zzzC"), (b"V_MPEG4/ISO/AVC", b"V_NOTHING/KNOWN")):
        place = data.rfind(known)
        data = data[: max(place, 0)] + data[max(place, 0) :].replace(known, unknown)
    path.write_bytes(data)
    assert shown(path) == (320, 240)


def test_tracks_of_a_cut_clip_are_counted_as_far_as_they_go(tmp_path: Path, tracks: dict[str, Path]) -> None:
    path = clips.mux_tracks(tmp_path / "two.ts", tracks["preview"], tracks["clip"])
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 188 * 2 // 3 * 188])
    with Video(path) as video:
        next(iter(video))
        assert video.size == (160, 120)


def test_only_covers(tmp_path: Path, tracks: dict[str, Path]) -> None:
    path = clips.mux_tracks(tmp_path / "covers.mp4", tracks["picture"], tracks["picture"], covers=True)
    with pytest.raises(NoVideoStream):
        Video(path)
