"""What the trajectory extractor can be told; saved in the bundle, because descriptors depend on it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TrajectorySettings:
    """Settings of improved dense trajectories, with the defaults of Wang & Schmid's release (ICCV 2013)."""

    working_side: int | None = 240
    """Larger clips are scaled down to this short side, in pixels; None: never scaled."""
    length: int = 15
    """Frames that a trajectory spans (L); it has `length + 1` points."""
    stride: int = 5
    """Distance of the sampling grid, in pixels of a pyramid layer (W)."""
    patch: int = 32
    """Side of the descriptors' neighbourhood, in pixels of a pyramid layer (N)."""
    layers: int = 8
    """Most layers of the pyramid, each smaller by the square root of two."""
    quality: float = 0.001
    """A point is sampled where the smaller eigenvalue exceeds this share of the layer's largest."""
    square: int = 4
    """Side of the squares of pixels whose orientations are counted together; 1 is exact."""
    corners: int = 500
    """Points that are followed to find the camera's motion."""
