"""Improved dense trajectories (Wang & Schmid, ICCV 2013): from grey frames to described point tracks."""
