"""The container of a clip makes no difference: neither to its frames nor to what is said of it."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import clips
from tests.remuxing import WAYS, look, other_tracks, real_clips, remux

# Codec -> how to encode it, and the containers that hold it.
CODECS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "libx264": (
        {"options": {"preset": "veryfast", "bf": "3", "b-pyramid": "normal", "g": "20"}},
        {way.suffix for way in WAYS.values()},
    ),
    "libx265": ({"options": {"preset": "ultrafast", "x265-params": "log-level=0"}}, {"mp4", "mov", "mkv", "ts", "flv"}),
    "libvpx": ({}, {"mkv", "webm", "avi"}),
    "libvpx-vp9": ({}, {"mp4", "mkv", "webm", "flv"}),
    "libsvtav1": ({"options": {"preset": "12"}}, {"mp4", "mkv", "webm", "flv"}),
    "mpeg4": ({"options": {"bf": "2", "qscale": "3"}}, {"mp4", "mov", "3gp", "mkv", "avi"}),
    "mpeg2video": ({"options": {"bf": "2", "qmax": "3"}}, {"mp4", "mkv", "ts"}),
    "mjpeg": ({"pix_fmt": "yuvj420p", "options": {"qmax": "3"}}, {"mp4", "mov", "mkv", "avi"}),
}


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return other_tracks(tmp_path_factory.mktemp("tracks"))


@pytest.mark.slow
@pytest.mark.skipif("TAG2VEC_DATA" not in os.environ, reason="TAG2VEC_DATA is not set")
def test_real_clips(tmp_path: Path, others: dict[str, Path]) -> None:
    for clip in real_clips(4):
        wanted, info = look(clip)
        for name, way in WAYS.items():
            found, other = look(remux(tmp_path / f"clip.{way.suffix}", clip, way, others))
            assert found == wanted, (clip.name, name)
            assert other.duration_s == pytest.approx(info.duration_s, abs=1 / info.fps), (clip.name, name)


@pytest.mark.parametrize("codec", CODECS)
def test_codecs(tmp_path: Path, others: dict[str, Path], codec: str) -> None:
    encoding, suffixes = CODECS[codec]
    source = clips.write(
        tmp_path / f"source.{'mp4' if 'mp4' in suffixes else 'mkv'}",
        clips.drifting(40, (96, 64)),
        codec=codec,
        **encoding,
    )
    wanted, info = look(source)
    assert info.frames_used == 40
    assert info.duration_s == pytest.approx(40 / 30, abs=0.01)
    ways = dict(WAYS)
    # WebM is Matroska; it holds no AAC.
    ways |= {
        f"webm{name[3:]}": replace(way, suffix="webm", before=(), after=())
        for name, way in WAYS.items()
        if way.suffix == "mkv"
    }
    for name, way in ways.items():
        if way.suffix in suffixes:
            found, other = look(remux(tmp_path / f"clip.{way.suffix}", source, way, others))
            assert found == wanted, name
            assert other.frames_used == 40, name
            assert other.duration_s == pytest.approx(40 / 30, abs=1 / 30), name
