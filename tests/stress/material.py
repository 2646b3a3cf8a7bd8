"""Clips to post: real ones where there are some, otherwise made ones."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import av

from tests.clips import drifting, write

_FRAMES = 48
_SHORT = range(15, 25)


def clips(folder: Path, count: int = 8) -> list[bytes]:
    """`count` clips of 48 frames."""
    return _real(range(_FRAMES, _FRAMES + 1), count) or [
        write(folder / f"clip{seed}.mp4", drifting(_FRAMES, (320, 240), seed=seed)).read_bytes()
        for seed in range(count)
    ]


def short_clips(folder: Path, count: int = 8) -> list[bytes]:
    """`count` clips of about 20 frames."""
    return _real(_SHORT, count) or [
        write(folder / f"short{seed}.mp4", drifting(20, seed=seed)).read_bytes() for seed in range(count)
    ]


def _real(frames: range, count: int) -> list[bytes]:
    if "TAG2VEC_DATA" not in os.environ:
        return []
    return list(islice(_of_length(sorted(Path(os.environ["TAG2VEC_DATA"], "clips").glob("*/*.mp4")), frames), count))


def _of_length(paths: list[Path], frames: range) -> Iterator[bytes]:
    for path in paths:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            fits = stream.frames in frames and (stream.width, stream.height) == (320, 240)
        if fits:
            yield path.read_bytes()
