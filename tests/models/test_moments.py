"""When in a clip the evidence for a hashtag lies."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.encoded_clip import Slots
from tests.models.test_pipeline import CALIBRATION, encoded, made_up


def slots(*shown: tuple[bool, float]) -> Slots:
    """Slots of a second, in each of which something moves or not, and a dog is seen with some probability."""
    starts = np.arange(len(shown), dtype=np.float32)
    return Slots(
        times=np.stack([starts, starts + 1], axis=1),
        fisher=np.array([[moves] for moves, _ in shown], np.float16),
        features=np.zeros((len(shown), 1), np.float32),
        probabilities=np.array([[dog, 1 - dog] for _, dog in shown], np.float32),
    )


@pytest.mark.parametrize("calibrated", [False, True])
def test_evidence_lies_where_a_thing_moves_and_where_it_is_seen(calibrated: bool) -> None:
    pipeline = made_up(CALIBRATION if calibrated else None)
    clip = replace(encoded(True, dog=0.5), slots=slots((False, 0.9), (True, 0), (False, 0)))
    answer = pipeline.suggest(clip)
    assert answer.moments is not None
    assert answer.because is not None
    found = {one.tag: moments for one, moments in zip(answer.hashtags, answer.moments, strict=True)}
    for tag, slot in (("dog", 0), ("golf", 1)):
        assert [(one.start_s, one.end_s) for one in found[tag]] == [(0, 1), (1, 2), (2, 3)]
        shares = [one.share for one in found[tag]]
        assert max(shares) == shares[slot]
        assert shares[slot] > 0.5


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1, width=32)), min_size=1, max_size=12), st.floats(0, 1, width=32)
)
def test_shares_sum_to_one(shown: list[tuple[bool, float]], dog: float) -> None:
    answer = made_up(CALIBRATION).suggest(replace(encoded(True, dog), slots=slots(*shown)))
    assert answer.moments is not None
    assert answer.because is not None
    assert len(answer.moments) == len(answer.because) == len(answer.hashtags)
    for moments in answer.moments:
        assert len(moments) == len(shown)
        assert all(one.share >= 0 for one in moments)
        assert sum(one.share for one in moments) == pytest.approx(1)


def test_nothing_is_explained_unasked() -> None:
    answer = made_up(CALIBRATION).suggest(encoded(True, 0.5))
    assert answer.because is None
    assert answer.moments is None
