"""Extracts the trajectories of a clip: analyses frames and pairs of frames, and runs tracks through the results.

Wang & Schmid, "Action Recognition with Improved Trajectories", ICCV 2013.

Frames and pairs of frames are analysed independently, on several threads; tracks then go through the results in order.
So the outcome does not depend on the number of threads.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain, groupby, pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.clock import Clock
from models.ordered import helpers, ordered
from models.trajectories import camera, farneback
from models.trajectories.descriptor_layout import WIDTH
from models.trajectories.descriptors import describe
from models.trajectories.expansion import expand
from models.trajectories.histograms import CellGrid
from models.trajectories.pyramid import Pyramid
from models.trajectories.sampling import strongest, textured_cells
from models.trajectories.settings import TrajectorySettings
from models.trajectories.tracks import Tracks

STAGES = "sampling", "expansion", "flow", "camera", "histograms", "tracking", "description"
"""Stages timed by the clock."""

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Trajectories:
    """Finished trajectories, as a structure of arrays.

    Attributes
    ----------
    frames : int32 (n,)
        Index of the last frame of each trajectory.
    means, stds : float32 (n, 2)
        Mean and standard deviation of the points in x and y, in pixels of the frame.
    lengths : float32 (n,)
        Length of the path in pixels of the frame.
    scales : float32 (n,)
        Scale of the pyramid layer.
    points : float32 (n, length + 1, 2)
        In pixels of the frame.
    descriptors : float32 (n, 426)
        Trajectory shape, HOG, HOF, MBHx, MBHy; see `models.trajectories.descriptor_layout.BLOCKS`.
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
    frames: Iterable[NDArray[np.uint8]],
    settings: TrajectorySettings,
    *,
    threads: int = 1,
    executor: ThreadPoolExecutor | None = None,
    clock: Clock | None = None,
) -> Iterator[Trajectories]:
    """Yield the trajectories of a clip as they finish, in one batch per frame.

    Parameters
    ----------
    frames : iterable of uint8 (h, w)
        Greyscale frames. They are kept for a while, so each must be a separate array. Where their size changes, tracks
        start anew.
    settings : TrajectorySettings
    threads : int
        Threads that analyse frames; the result is identical for any number.
    executor : ThreadPoolExecutor, optional
        Those beside the calling one, if they are not to be started here.
    clock : Clock, optional
        Receives the time of each of `STAGES`, summed over threads.
    """
    cv2.setNumThreads(1)  # OpenCV's own threads would compete with ours.
    before = 0
    for _, part in groupby(frames, key=np.shape):
        counted = _Counted(part)
        with nullcontext(executor) if executor else helpers(threads) as pool:
            yield from _extract(counted, settings, threads, pool, clock or Clock(), before)
        before += counted.count


def _extract(
    frames: Iterator[NDArray[np.uint8]],
    settings: TrajectorySettings,
    threads: int,
    executor: ThreadPoolExecutor | None,
    clock: Clock,
    before: int,
) -> Iterator[Trajectories]:
    """Yield the trajectories of frames of equal size, `before` of which there were frames of another."""
    first = next(frames)
    # Several results per thread, so that none waits while the tracks consume one.
    ahead = 3 * threads if threads > 1 else 0
    analysis = _Analysis(Pyramid.of(first, settings), settings, ahead, clock)
    tracks = Tracks(analysis.pyramid, settings.length, settings.stride)
    stills = ordered(analysis.still, enumerate(chain([first], frames)), executor, ahead)
    for motion in ordered(analysis.motion, pairwise(stills), executor, ahead):
        with clock.stage("tracking"):
            tracks.sample(motion.textured)
            finished = _some(tracks.advance(motion.flow, analysis.pyramid.starts), settings.most)
        if len(finished):
            with clock.stage("description"):
                batch = _collect(tracks, finished, motion.frame, analysis, before)
            yield batch


class _Counted:
    """Counts the frames that it yields."""

    def __init__(self, frames: Iterable[NDArray[np.uint8]]) -> None:
        self.count = 0
        self._frames = iter(frames)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return self

    def __next__(self) -> NDArray[np.uint8]:
        frame = next(self._frames)
        self.count += 1
        return frame


class _Still(NamedTuple):
    """Analysis of one frame."""

    frame: int
    grey: NDArray[np.uint8]
    """Layers, concatenated."""
    expansions: list[NDArray[np.float32]]
    """For the flow from and to this frame."""
    textured: NDArray[np.bool_]
    """Cells of all layers, concatenated."""
    corners: NDArray[np.float32]
    """Points for estimating camera motion, best first, (n, 2)."""


class _Motion(NamedTuple):
    """Analysis of a pair of consecutive frames."""

    frame: int
    """Index of the first one."""
    textured: NDArray[np.bool_]
    flow: NDArray[np.float32]
    """(4, pixels of all layers): flow and stabilised flow, in pixels of each layer."""


class _Analysis:
    """The analysis of frames, which does not depend on tracks, and its buffers."""

    def __init__(self, pyramid: Pyramid, settings: TrajectorySettings, ahead: int, clock: Clock) -> None:
        self.pyramid = pyramid
        self.settings = settings
        self.clock = clock
        self.grid = CellGrid(pyramid, settings.square, settings.patch // 2)
        # Histograms are read when a trajectory of `length` steps is complete, flows immediately.
        self.histograms = np.zeros((settings.length + ahead, self.grid.size), np.uint16)
        self.flows = np.empty((1 + ahead, 4, pyramid.starts[-1]), np.float32)
        self._flow_step = settings.step**settings.flow_every
        self._flow_shapes = _sizes(pyramid.down_to(settings.flow_side))[:: settings.flow_every]

    def still(self, numbered: tuple[int, NDArray[np.uint8]]) -> _Still:
        frame, image = numbered
        with self.clock.stage("sampling"):
            grey = self.pyramid.grey(image)
            stride = self.settings.stride
            textured, eigenvalues = textured_cells(grey, self.pyramid.shapes, stride, self.settings.quality)
            if self.settings.corner_distance is None:
                rows, columns = image.shape[0] // stride, image.shape[1] // stride
                finest = slice(rows * columns)
                corners = strongest(textured[finest], eigenvalues[finest], columns, self.settings.corners, stride)
            else:
                corners = camera.corners(
                    image, self.settings.corners, self.settings.quality, self.settings.corner_distance
                )
        with self.clock.stage("expansion"):
            expansions = expand(image, self._flow_shapes, self._flow_step)
        return _Still(frame, grey, expansions, textured, corners)

    def motion(self, pair: tuple[_Still, _Still]) -> _Motion:
        before, after = pair
        flow = self.flows[before.frame % len(self.flows)]
        planes = self.pyramid.layers(flow)
        with self.clock.stage("flow"):
            self._flow(before.expansions, after.expansions, [plane[:2] for plane in planes])
        with self.clock.stage("camera"):
            x, y = before.corners.astype(np.intp).T
            homography = camera.estimate(
                before.corners,
                before.corners + planes[0][:2, y, x].T,
                self.settings.confidence,
                usac=self.settings.usac,
            )
            if not self.settings.second_flow:
                camera.stabilise(flow, self.pyramid.starts, self.pyramid.shapes, self.pyramid.scales, homography)
        if self.settings.second_flow:
            grey, next_grey = (self.pyramid.layers(still.grey)[0] for still in pair)
            warped = camera.warp(next_grey, grey, homography)
            with self.clock.stage("expansion"):
                again = expand(warped, self._flow_shapes, self._flow_step)
            with self.clock.stage("flow"):
                self._flow(before.expansions, again, [plane[2:] for plane in planes])
        with self.clock.stage("histograms"):
            histograms = self.histograms[before.frame % len(self.histograms)]
            self.grid.count(before.grey, flow[2], flow[3], self.settings.every, histograms)
        return _Motion(before.frame, before.textured, flow)

    def _flow(self, before: list[Plane], after: list[Plane], out: list[Plane]) -> None:
        settings = self.settings
        solved = out[:: settings.flow_every]
        farneback.flow(
            before, after, self._flow_step, iterations=settings.iterations,
            median=settings.median, bilinear=settings.bilinear, exact=len(solved), out=solved,
        )  # fmt: skip
        for layer, field in enumerate(out):
            between = layer % settings.flow_every
            if between:
                _, height, width = field.shape
                for own, resized in zip(out[layer - between], field, strict=True):
                    cv2.resize(own, (width, height), dst=resized, interpolation=cv2.INTER_LINEAR)
                field /= np.float32(settings.step**between)


def _sizes(pyramid: Pyramid) -> list[tuple[int, int]]:
    return [(height, width) for height, width in pyramid.shapes.tolist()]


def _some(finished: NDArray[np.int32], most: int | None) -> NDArray[np.int32]:
    """Return at most so many of the tracks, evenly spread over places and layers, in whose order they come."""
    if most is None or len(finished) <= most:
        return finished
    return finished[np.arange(most) * len(finished) // most]


def _collect(tracks: Tracks, finished: NDArray[np.int32], frame: int, analysis: _Analysis, before: int) -> Trajectories:
    length = analysis.settings.length
    descriptors = np.empty((len(finished), WIDTH), np.float32)
    describe(
        tracks.points, tracks.motions, tracks.layers, finished, frame - length + 1, analysis.histograms,
        analysis.grid.starts, analysis.grid.columns, analysis.pyramid.shapes, analysis.grid.square,
        analysis.grid.cell, analysis.settings.smooth, descriptors,
    )  # fmt: skip
    return Trajectories(
        frames=np.full(len(finished), before + frame + 1, np.int32), **tracks.measure(finished), descriptors=descriptors
    )
