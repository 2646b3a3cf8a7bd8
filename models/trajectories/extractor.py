"""Trajectories of a clip: what is done once for each frame and for each pair of frames, and the tracks through them.

Frames and pairs of frames are analysed independently of each other, on as many threads as are given; the tracks then
go through the results in order. So the outcome does not depend on the number of threads.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from models.trajectories import camera, farneback
from models.trajectories.descriptors import WIDTH, HistogramLayout, describe, integral_histograms
from models.trajectories.expansion import expand
from models.trajectories.pyramid import Pyramid, offsets
from models.trajectories.sampling import textured_cells
from models.trajectories.settings import TrajectorySettings
from models.trajectories.tracks import Tracks

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Trajectories:
    """Finished trajectories, structure of arrays.

    Attributes
    ----------
    frames : int32 (n,)
        Index of the last frame of each trajectory.
    means, stds : float32 (n, 2)
        Mean and standard deviation of the points, x and y, in pixels of the frame.
    lengths : float32 (n,)
        Length of the path in pixels of the frame.
    scales : float32 (n,)
        Scale of the pyramid layer.
    points : float32 (n, length + 1, 2)
        In pixels of the frame.
    descriptors : float32 (n, 426)
        Trajectory shape, HOG, HOF, MBHx, MBHy; see `models.trajectories.descriptors.BLOCKS`.
    """

    frames: NDArray[np.int32]
    means: NDArray[np.float32]
    stds: NDArray[np.float32]
    lengths: NDArray[np.float32]
    scales: NDArray[np.float32]
    points: NDArray[np.float32]
    descriptors: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.frames)


def extract(
    frames: Iterable[NDArray[np.uint8]], settings: TrajectorySettings, *, threads: int = 1
) -> Iterator[Trajectories]:
    """Yield the trajectories of a clip as they finish, one batch a frame, in the order of frames.

    Parameters
    ----------
    frames : iterable of uint8 (h, w)
        Grey frames, all of one size; each is kept for a moment, so it must be an array of its own.
    settings : TrajectorySettings
    threads : int
        Threads that analyse frames; the result is the same, to the bit, for any number.
    """
    cv2.setNumThreads(1)  # OpenCV's own threads would compete with ours.
    iterator = iter(frames)
    first = next(iterator, None)
    if first is None:
        return
    # Two results for each thread, so that none waits while the tracks take a result.
    ahead = 2 * threads if threads > 1 else 0
    analysis = _Analysis(Pyramid.of(first, settings), settings, ahead)
    tracks = Tracks(analysis.pyramid, settings.length, settings.stride)
    with ThreadPoolExecutor(threads) if threads > 1 else nullcontext() as executor:
        stills = _ordered(analysis.still, enumerate(chain([first], iterator)), executor, ahead)
        for motion in _ordered(analysis.motion, pairwise(stills), executor, ahead):
            tracks.sample(motion.textured)
            finished = tracks.advance(motion.flow, analysis.starts)
            if len(finished):
                yield _collect(tracks, finished, motion.frame, analysis)


class _Still(NamedTuple):
    """What one frame tells."""

    frame: int
    grey: list[NDArray[np.uint8]]
    expansions: list[NDArray[np.float32]]
    """For the flow from this frame and to it."""
    textured: NDArray[np.bool_]
    """Flat over the layers."""
    corners: NDArray[np.float32]
    """Points to follow for the camera's motion, best first, (n, 2)."""


class _Motion(NamedTuple):
    """What a frame and the next one tell."""

    frame: int
    """Of the first of the two."""
    textured: NDArray[np.bool_]
    flow: NDArray[np.float32]
    """(4, pixels of all layers): flow and stabilised flow, in pixels of each layer."""


class _Analysis:
    """The part of the work that needs no tracks, with the buffers it writes to."""

    def __init__(self, pyramid: Pyramid, settings: TrajectorySettings, ahead: int) -> None:
        self.pyramid = pyramid
        self.settings = settings
        self.layout = HistogramLayout(pyramid, settings.square)
        self.starts = offsets(pyramid.shapes.prod(axis=1))
        # Histograms are read when a trajectory of `length` steps is whole; flows as soon as they are there.
        self.histograms = np.zeros((settings.length + ahead, self.layout.size), np.float32)
        self.flows = np.empty((1 + ahead, 4, self.starts[-1]), np.float32)
        self._shapes: list[tuple[int, int]] = [(h, w) for h, w in pyramid.shapes.tolist()]

    def still(self, numbered: tuple[int, NDArray[np.uint8]]) -> _Still:
        frame, image = numbered
        stride = self.settings.stride
        grey = self.pyramid.grey(image)
        cells = [textured_cells(layer, stride, self.settings.quality) for layer in grey]
        eigenvalues = np.where(*cells[0], 0).ravel()
        best = np.argsort(-eigenvalues, kind="stable")[: self.settings.corners]
        best = best[eigenvalues[best] > 0]
        rows, columns = np.divmod(best, cells[0][0].shape[1])
        corners = (np.stack([columns, rows], axis=1) * stride + stride // 2).astype(np.float32)
        textured = np.concatenate([texture.ravel() for texture, _ in cells])
        return _Still(frame, grey, expand(image, self._shapes), textured, corners)

    def motion(self, pair: tuple[_Still, _Still]) -> _Motion:
        before, after = pair
        flow = self.flows[before.frame % len(self.flows)]
        planes = [self._layer(flow, layer) for layer in range(len(self._shapes))]
        farneback.flow(before.expansions, after.expansions, [plane[:2] for plane in planes])
        x, y = before.corners.astype(np.intp).T
        homography = camera.estimate(before.corners, before.corners + planes[0][:2, y, x].T)
        if self.settings.second_flow:
            warped = camera.warp(after.grey[0], before.grey[0], homography)
            farneback.flow(before.expansions, expand(warped, self._shapes), [plane[2:] for plane in planes])
        else:
            for plane, scale in zip(planes, self.pyramid.scales.tolist(), strict=True):
                camera.stabilise(plane, homography, scale)
        histograms = self.histograms[before.frame % len(self.histograms)]
        for layer, (grey, (_, _, u, v)) in enumerate(zip(before.grey, planes, strict=True)):
            integral_histograms(grey, u, v, self.layout.square, self.layout.layer(histograms, layer))
        return _Motion(before.frame, before.textured, flow)

    def _layer(self, flow: NDArray[np.float32], layer: int) -> NDArray[np.float32]:
        height, width = self._shapes[layer]
        return flow[:, self.starts[layer] : self.starts[layer + 1]].reshape(4, height, width)


def _collect(tracks: Tracks, finished: NDArray[np.int32], frame: int, analysis: _Analysis) -> Trajectories:
    length = analysis.settings.length
    descriptors = np.empty((len(finished), WIDTH), np.float32)
    describe(
        tracks.points, tracks.motions, tracks.layers, finished, frame - length + 1, analysis.histograms,
        analysis.layout.starts, analysis.layout.grids, analysis.pyramid.shapes, analysis.layout.square,
        analysis.settings.patch, descriptors,
    )  # fmt: skip
    scales = analysis.pyramid.scales[tracks.layers[finished]]
    points = tracks.points[finished] * scales[:, None, None]
    steps = np.linalg.norm(np.diff(points, axis=1), axis=2)
    return Trajectories(
        frames=np.full(len(finished), frame + 1, np.int32),
        means=points.mean(axis=1),
        stds=points.std(axis=1),
        lengths=steps.sum(axis=1),
        scales=scales,
        points=points,
        descriptors=descriptors,
    )


def _ordered(
    function: Callable[[T], R], items: Iterable[T], executor: ThreadPoolExecutor | None, ahead: int
) -> Iterator[R]:
    """Yield the results in order, with up to `ahead` more in work on the executor's threads."""
    if executor is None:
        yield from map(function, items)
        return
    waiting: deque[Future[R]] = deque()
    for item in items:
        waiting.append(executor.submit(function, item))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
