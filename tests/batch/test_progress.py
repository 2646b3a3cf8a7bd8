"""Lines of progress where stderr is no terminal."""

import logging
import re
import time

import pytest

from batch import progress


@pytest.mark.parametrize(("done", "shards"), [(0, [1]), (0, [16, 16, 8]), (30, [1] * 20)])
def test_the_last_line_tells_rate_and_time_of_the_whole_run(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, done: int, shards: list[int]
) -> None:
    clock = iter(range(0, 10_000, 20))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    total = done + sum(shards)
    with caplog.at_level(logging.INFO), progress.show("batch", total, done, 0) as tell:
        for clips in shards:
            tell(clips, 1)
    seconds = 20 * len(shards)
    speed = f"{sum(shards) / seconds:.2f} a second"
    assert caplog.messages[-1] == f"batch: {total} of {total} clips, {speed}, {len(shards)} failed, in {seconds} s"
    for line in caplog.messages[:-1]:
        assert re.search("(starting|[0-9]+ s left)$", line)
