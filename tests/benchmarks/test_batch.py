import math

import pytest

from benchmarks.batch import steady_rate


def test_the_steady_rate_leaves_out_start_and_end() -> None:
    # Two processors that start after 30 s and make a shard every 8 s, one of them half a shard behind.
    written = [(30 + 4.0 * number, 16) for number in range(2, 12)]
    written[-1] = (90.0, 3)  # the other one has nothing to do
    assert steady_rate(written, 2) == pytest.approx(4)
    assert math.isnan(steady_rate(written[:2], 2))
    assert steady_rate([(10.0, 16), (14.0, 16), (15.0, 4)], 1) == pytest.approx(4)
