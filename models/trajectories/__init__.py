"""Improved dense trajectories (Wang & Schmid, ICCV 2013): from greyscale frames to point tracks with descriptors."""
