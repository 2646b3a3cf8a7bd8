"""A catalogue of short clips, good and bad, and `tag2vec batch` in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.clips import cut, drifting, write, write_audio, write_empty, write_huge, write_playlist

GOOD = 3
HOSTILE = {
    "audio.mp4": "no_video_stream",
    "cut.mp4": "truncated",
    "empty.mp4": "empty_clip",
    "frameless.mp4": "no_video_stream",
    "huge.avi": "clip_too_large",
    "list.m3u8": "not_a_video",
    "long.mp4": "clip_too_long",
    "sub/notes.txt": "not_a_video",
}
"""Names of clips that cannot be tagged, with the codes that the service answers."""


class Ended(NamedTuple):
    """How the command ended."""

    code: int
    out: dict[str, Any]
    err: str


Batch = Callable[..., Ended]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "commands.main", "batch", *map(str, arguments)]


def environment(**variables: str) -> dict[str, str]:
    return os.environ | {"TAG2VEC_WORKERS": "2", "TAG2VEC_MAX_DURATION_S": "5", **variables}


@pytest.fixture(scope="session")
def batch() -> Batch:
    """Run `tag2vec batch` with arguments."""

    def ran(*arguments: object, **variables: str) -> Ended:
        done = subprocess.run(
            command(*arguments), env=environment(**variables), capture_output=True, text=True, check=False
        )
        return Ended(done.returncode, json.loads(done.stdout or "{}"), done.stderr)

    return ran


def good_clips(folder: Path, count: int) -> Sequence[str]:
    names = [f"good{number}.mp4" for number in range(count)]
    for seed, name in enumerate(names):
        write(folder / name, drifting(18, seed=seed))
    return names


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of good and hostile clips, and a hidden file, which is no clip."""
    folder = tmp_path_factory.mktemp("catalogue")
    good_clips(folder, GOOD)
    write_audio(folder / "audio.mp4")
    cut(folder / "cut.mp4", folder / "good0.mp4", 0.3)
    (folder / "empty.mp4").touch()
    write_empty(folder / "frameless.mp4")
    write_huge(folder / "huge.avi")
    write_playlist(folder / "list.m3u8", "/etc/passwd")
    write(folder / "long.mp4", drifting(6, (32, 32)), fps=1)
    (folder / "sub").mkdir()
    (folder / "sub" / "notes.txt").write_text("no clip")
    (folder / ".hidden").write_text("neither")
    return folder


@pytest.fixture(scope="session")
def tagged(catalogue: Path, batch: Batch, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """The catalogue's output with vectors, and how the command ended."""
    out = tmp_path_factory.mktemp("out") / "new" / "tagged"
    return out, batch(catalogue, "--out", out, "--vectors")
