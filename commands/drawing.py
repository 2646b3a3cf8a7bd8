"""Trajectories drawn over the frames of their clip, for people to look at."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from models.atomic_write import atomic_write
from models.trajectories.extractor import Trajectories

TRAIL: Final = (0, 220, 60)
HEAD: Final = (40, 40, 255)
SHEET_COLUMNS: Final = 4
SHEET_TILES: Final = 12

Image = NDArray[np.uint8]
"""A grey frame (h, w), or one in colour (h, w, 3) in OpenCV's order BGR."""


class Tracks:
    """The paths of a clip's trajectories, looked up by frame; their descriptors are not kept."""

    def __init__(self) -> None:
        self._ending: defaultdict[int, list[NDArray[np.float32]]] = defaultdict(list)
        """Paths of shape (steps + 1, 2) by the frame of their last point."""
        self._steps = 0

    def add(self, batch: Trajectories) -> None:
        """Take the paths of some more trajectories."""
        self._steps = batch.points.shape[1] - 1
        for last, points in zip(batch.frames.tolist(), batch.points, strict=True):
            self._ending[last].append(points.copy())

    def watch(self, batches: Iterable[Trajectories]) -> Iterator[Trajectories]:
        """Yield the batches, taking note of each."""
        for batch in batches:
            self.add(batch)
            yield batch

    def draw(self, frame: Image, index: int) -> Image:
        """Return grey frame number `index` in colour, with every trajectory that passes it drawn up to there."""
        image = cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR)
        for last in range(index, index + self._steps):
            for points in self._ending[last]:
                # Fixed point with 4 bits after the point: positions finer than a pixel.
                path = np.rint(points[: len(points) - (last - index)] * 16).astype(np.int32)
                cv2.polylines(image, [path], isClosed=False, color=TRAIL, lineType=cv2.LINE_AA, shift=4)
                cv2.circle(image, path[-1].tolist(), 16, HEAD, thickness=-1, lineType=cv2.LINE_AA, shift=4)
        return np.asarray(image, dtype=np.uint8)


def write_drawing(path: Path, frames: Iterable[Image], tracks: Tracks, *, count: int, fps: float) -> None:
    """Write the drawn frames: a contact sheet if the name ends in `.png`, else a video.

    Parameters
    ----------
    path : Path
        Appears only when it is whole.
    frames : iterable of ndarray of shape (h, w), uint8
        The frames that the trajectories were extracted from, again.
    tracks : Tracks
        Their trajectories.
    count : int
        Number of frames.
    fps : float
        Frames a second, of the video.
    """
    with atomic_write(path) as partial:
        if path.suffix == ".png":
            _write_sheet(partial, frames, tracks, count)
        else:
            _write_video(partial, (tracks.draw(frame, index) for index, frame in enumerate(frames)), fps)


def _write_sheet(path: Path, frames: Iterable[Image], tracks: Tracks, count: int) -> None:
    """Write evenly spaced frames, in rows, to one picture."""
    chosen = set(np.linspace(0, count - 1, min(SHEET_TILES, count)).round().astype(int).tolist())
    tiles = [tracks.draw(frame, index) for index, frame in enumerate(frames) if index in chosen]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % SHEET_COLUMNS)
    sheet = np.vstack([np.hstack(tiles[at : at + SHEET_COLUMNS]) for at in range(0, len(tiles), SHEET_COLUMNS)])
    if not cv2.imwrite(str(path), sheet):
        raise OSError(f"{path} could not be written")


def _write_video(path: Path, images: Iterator[Image], fps: float) -> None:
    """Write images to an H.264 video."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001), options={"crf": "18"})
        stream.pix_fmt = "yuv420p"
        for image in images:
            # 4:2:0 chroma wants even sides.
            image = np.pad(image, [(0, image.shape[0] % 2), (0, image.shape[1] % 2), (0, 0)], mode="edge")
            if not stream.codec_context.is_open:
                stream.height, stream.width = image.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
