"""What the trajectory extractor can be told; saved in the bundle, because descriptors depend on it."""

from dataclasses import dataclass

LENGTH = 15
"""Steps of a trajectory (L) that a descriptor has columns for."""


@dataclass(frozen=True, kw_only=True)
class TrajectorySettings:
    """Settings of improved dense trajectories. The defaults are fast; see `reference` for the authors' own."""

    working_side: int | None = 240
    """Larger clips are scaled down to this short side, in pixels; None: never scaled."""
    second_flow: bool = False
    """Solve the stabilised flow anew on the warped frame, rather than take the camera's motion from the first flow."""
    square: int = 4
    """Side of the squares of pixels whose orientations are counted together; 1 is exact."""
    every: int = 2
    """Of so many rows of pixels one is counted in the histograms, for all of them; 1 is exact."""
    layers: int = 8
    """Most layers of the pyramid."""
    step: float = 2**0.5
    """How many times smaller each layer is than the one before."""
    flow_every: int = 2
    """On one of so many layers the flow is solved for; those after it take that flow, resized."""
    flow_side: int = 24
    """The flow begins on a layer with a side no shorter than about this many pixels; tracks need a whole patch."""
    iterations: tuple[int, ...] = (1, 1, 2)
    """Of the flow on each layer that has its own, the finest first; the last number holds for all that follow."""
    median: int = 3
    """Side of the square of the flow's median filter, in pixels of a layer; 3 or 5."""
    bilinear: bool = False
    """Interpolate the flow's polynomials between pixels; else the nearest pixel's are taken."""
    smooth: bool = True
    """Average the steps of a trajectory's shape with those before and after, by 1/4, 1/2, 1/4."""
    length: int = LENGTH
    """Steps of a trajectory (L); it has one point more."""
    stride: int = 5
    """Distance of the sampling grid, in pixels of a layer (W)."""
    patch: int = 32
    """Side of the descriptors' neighbourhood, in pixels of a layer (N)."""
    quality: float = 0.005
    """A point is sampled where the smaller eigenvalue exceeds this share of the layer's largest."""
    corners: int = 300
    """Most points that are followed to find the camera's motion."""

    def __post_init__(self) -> None:
        """Refuse a length for which a descriptor has no columns."""
        if self.length != LENGTH:
            raise ValueError(f"length must be {LENGTH}, for which descriptors have their columns")

    @classmethod
    def reference(cls) -> "TrajectorySettings":
        """Return the settings that follow Wang & Schmid's release (ICCV 2013) step by step."""
        return cls(
            working_side=None,
            second_flow=True,
            square=2,
            every=1,
            flow_every=1,
            flow_side=32,
            iterations=(2,),
            median=5,
            bilinear=True,
            smooth=False,
            quality=0.001,
            corners=1000,
        )
