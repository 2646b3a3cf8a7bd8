"""Numbers as clients see them."""

from hypothesis import given
from hypothesis import strategies as st

from models.answers import Hashtag
from tests.service.running import Running


def test_numbers_are_rounded(server: Running, clip: bytes) -> None:
    answer = server.suggest(clip, k=50).json()
    numbers = [found[name] for found in answer["hashtags"] for name in ("score", "distance")]
    numbers += [*answer["timings_ms"].values(), answer["video"]["fps"], answer["video"]["duration_s"]]
    assert all(number == round(number, 4) for number in numbers)


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_a_score_that_was_seen_can_be_asked_for(least: int, score: float) -> None:
    shown = yoga(score).score
    assert score - 1e-4 < shown <= score + 1e-9
    assert shown >= least / 1e4 or score < least / 1e4
    assert yoga(shown).score == shown


def yoga(score: float) -> Hashtag:
    return Hashtag(tag="yoga", score=score, distance=0, rank=1, because=None, moments=None)
