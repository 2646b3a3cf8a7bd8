"""Improved dense trajectories (Wang & Schmid, ICCV 2013): from grey frames to described point tracks."""

from models.trajectories.descriptors import BLOCKS
from models.trajectories.extractor import STAGES, Trajectories, extract
from models.trajectories.settings import TrajectorySettings

__all__ = ["BLOCKS", "STAGES", "Trajectories", "TrajectorySettings", "extract"]
