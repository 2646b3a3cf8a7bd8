"""Settings of the trajectory extractor; stored in the bundle, since descriptors depend on them."""

from dataclasses import dataclass

LENGTH = 15
"""Steps of a trajectory (L) for which descriptors have columns."""


@dataclass(frozen=True, kw_only=True)
class TrajectorySettings:
    """Settings of improved dense trajectories. The defaults favour speed; see `reference` for those of the authors."""

    working_side: int | None = 240
    """Clips with a longer short side are scaled down to this, in pixels; None: never."""
    through_bgr: bool = False
    """Compute grey frames from 8-bit BGR, as the release does, instead of taking the luma."""
    repeats: bool = False
    """Track through frames that repeat the one before, as the release does, instead of leaving them out."""
    fps: float | None = 15.0
    """About this many frames of each second are tracked, every n-th one; None: all that `VideoLimits` allows."""
    second_flow: bool = False
    """Compute the stabilised flow from the warped frame instead of removing the camera motion from the first flow."""
    square: int = 4
    """Side of the squares of pixels whose orientations are counted together, in pixels; 1 is exact."""
    every: int = 2
    """Only every n-th row of pixels, and of these every n-th pixel, is counted in the histograms; 1 is exact."""
    layers: int = 8
    """Maximum number of pyramid layers."""
    step: float = 2**0.5
    """Scale factor between layers: each is this many times smaller than the one before."""
    flow_every: int = 2
    """Flow is computed on every n-th layer; the layers in between use the flow of the finer one, resized."""
    flow_side: int = 24
    """Minimum side of the coarsest flow layer, in pixels; smaller than for tracks, which need a whole patch."""
    iterations: tuple[int, ...] = (1, 1, 2)
    """Flow iterations on each layer that computes its own, finest first; the last number applies to all others."""
    median: int = 3
    """Side of the flow's median filter, in pixels of a layer; 3 or 5."""
    bilinear: bool = False
    """Interpolate the flow's polynomials between pixels instead of using those of the nearest pixel."""
    smooth: bool = True
    """Smooth the steps of a trajectory's shape with the weights 1/4, 1/2, 1/4."""
    length: int = LENGTH
    """Number of steps of a trajectory (L), which has one more point."""
    most: int | None = 64
    """Trajectories described of those that end in a frame, spread over all of them; None: all."""
    stride: int = 5
    """Spacing of the sampling grid, in pixels of a layer (W)."""
    patch: int = 32
    """Side of the descriptors' neighbourhood, in pixels of a layer (N)."""
    quality: float = 0.005
    """Points are sampled where the smaller eigenvalue exceeds this fraction of its maximum over the layer."""
    corners: int = 300
    """Maximum number of points used to estimate camera motion."""
    corner_distance: int | None = None
    """Those points are corners found anywhere, at least this many pixels apart; None: points of the sampling grid."""
    usac: bool = True
    """Find the camera's motion by USAC (Raguram et al., PAMI 2013) instead of RANSAC: faster, and closer."""
    confidence: float = 0.995
    """Of RANSAC, that it has tried points of the camera's motion alone; the higher, the less its result is chance."""

    def __post_init__(self) -> None:
        """Refuse lengths for which descriptors have no columns, and squares that would be counted unevenly."""
        if self.length != LENGTH:
            raise ValueError(f"length must be {LENGTH}, the length that descriptors have columns for")
        if self.square % self.every:
            raise ValueError(f"square must be a multiple of every, which {self.square} is not of {self.every}")

    @classmethod
    def reference(cls) -> "TrajectorySettings":
        """Return settings that reproduce the authors' release (Wang & Schmid, ICCV 2013) step by step.

        Only RANSAC tries more often than there, where it stops so early that its result depends on the order of points.
        """
        return cls(
            working_side=None,
            through_bgr=True,
            repeats=True,
            fps=None,
            second_flow=True,
            square=2,
            every=1,
            flow_every=1,
            flow_side=32,
            iterations=(2,),
            median=5,
            bilinear=True,
            smooth=False,
            most=None,
            quality=0.001,
            corners=1000,
            corner_distance=3,
            usac=False,
            confidence=0.9999,
        )
