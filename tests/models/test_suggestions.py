import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.hashtags import stem
from models.suggestions import score, suggest
from models.tagspace import TagSpace
from tests.models.test_tagspace import STEMS, WORDS, make_space

VECTORS = arrays(np.float32, 8, elements=st.floats(-1, 1, width=32))
SPACE = make_space()
EXCLUDE = st.lists(st.sampled_from([*WORDS, "#Golfing", "Golf", "TENNIS", "unheard of", ""]), max_size=12)


@given(VECTORS, st.integers(1, 20), st.floats(0, 1), EXCLUDE)
def test_suggestions_are_what_brute_force_says(
    vector: np.ndarray, k: int, min_score: float, exclude: list[str]
) -> None:
    suggestions = suggest(SPACE, vector, k=k, min_score=min_score, exclude=exclude)

    tags = [s.tag for s in suggestions]
    assert [s.rank for s in suggestions] == list(range(1, len(tags) + 1))
    assert len(set(tags)) == len(tags) <= k
    excluded = {"golf" if tag == "#Golfing" else stem(tag.lower()) for tag in exclude}
    assert not {stem(tag) for tag in tags} & excluded
    assert all(min_score <= s.score <= 1 and s.score == score(s.distance) for s in suggestions)

    everything = SPACE.nearest(vector, len(STEMS))
    first = SPACE.nearest_hashtag(vector)
    assert first is not None
    ranked = [first.stem, *(n.stem for n in everything if n.stem != first.stem)]
    scores = {n.stem: score(n.distance) for n in everything} | {first.stem: score(first.distance)}
    expected = [name for name in ranked if name not in excluded and scores[name] >= min_score]
    assert tags == [SPACE.display(name) for name in expected[:k]]


@given(VECTORS, EXCLUDE)
def test_excluding_takes_away_and_moves_nothing(vector: np.ndarray, exclude: list[str]) -> None:
    excluded = {"golf" if tag == "#Golfing" else stem(tag.lower()) for tag in exclude}
    everything = [s.tag for s in suggest(SPACE, vector, k=len(STEMS))]
    left = [s.tag for s in suggest(SPACE, vector, k=len(STEMS), exclude=exclude)]
    assert left == [tag for tag in everything if stem(tag) not in excluded]


@given(st.floats(0, 2), st.floats(0, 2))
def test_score_falls_with_distance_from_one_to_zero(a: float, b: float) -> None:
    assert 0 <= score(a) <= 1
    if b - a > 1e-9:
        assert score(a) > score(b)
    assert (score(0.0), score(2.0)) == (1.0, 0.0)


def test_the_trained_hashtag_is_first_even_where_another_tag_is_nearer() -> None:
    space = TagSpace.from_vectors(["near", "golf", "far"], [1, 1, 1], ["near", "golf", "far"], np.eye(3), ["golf"])
    query = [0.9, 0.2, 0.1]
    assert [s.tag for s in suggest(space, query)] == ["golf", "near", "far"]
    assert [s.tag for s in suggest(space, query, k=1)] == ["golf"]
    assert [s.tag for s in suggest(space, query, exclude=["#Golfs"])] == ["near", "far"]
    assert [s.tag for s in suggest(space, query, min_score=0.5)] == ["near"]


def test_a_vector_without_direction_is_as_far_from_every_tag() -> None:
    suggestions = suggest(SPACE, np.zeros(8), k=3)
    assert len(suggestions) == 3
    assert suggestions[0].tag == "golf"
    assert all(s.score == pytest.approx(0.5) for s in suggestions)


@pytest.mark.parametrize("k", [0, -1])
def test_no_suggestion_cannot_be_asked_for(k: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        suggest(SPACE, np.ones(8), k=k)
