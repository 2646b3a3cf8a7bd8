"""A small space of tags with known places."""

import numpy as np
import pytest

from models.tags.space import TagSpace

TAGS = ["basketball", "nba", "workout", "gym", "swimming", "축구"]
STEMS = ["basketbal", "nba", "workout", "gym", "swim", "축구"]


@pytest.fixture
def space() -> TagSpace:
    """Tags on a quarter circle, `basketball` first: the others are ever farther from it."""
    angles = np.linspace(0, np.pi / 2, len(TAGS))
    vectors = np.column_stack([np.cos(angles), np.sin(angles)])
    return TagSpace.from_vectors(STEMS, range(60, 0, -10), TAGS, vectors)
