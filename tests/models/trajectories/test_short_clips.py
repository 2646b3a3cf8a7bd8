import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.trajectories.short_clips import Frame, lengthened


def numbered(count: int) -> list[Frame]:
    return [np.full((2, 2), number, np.uint8) for number in range(count)]


@given(st.integers(0, 40), st.integers(2, 20))
def test_short_clips_are_played_back_and_forth(count: int, needed: int) -> None:
    warnings: list[str] = []
    found = [int(frame[0, 0]) for frame in lengthened(iter(numbered(count)), needed, warnings)]
    if 1 < count < needed:
        assert len(found) == 2 * needed
        assert found[:count] == list(range(count))
        # Each frame is next to the one before it, and none is shown twice in a row.
        assert set(np.abs(np.diff(found)).tolist()) == {1}
        assert warnings == [
            f"The clip has only {count} frames; a trajectory needs {needed}. "
            "It was played back and forth, so its hashtags are less certain."
        ]
    else:
        assert found == list(range(count))
        assert warnings == []
