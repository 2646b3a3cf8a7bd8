from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.calibration import familiarity
from models.errors import NoDates
from models.tags.cooccurrence import Cooccurrence
from models.tags.deny_list import DenyList
from models.tags.space import TagSpace
from models.tags.stemming import normalise, stem
from models.tags.suggestions import Rank, Suggester
from models.tags.trends import Trends

WORDS = [
    f"{word}{end}" for word in ["golf", "tennis", "dance", "dog", "cat"] for end in ("", "life", "fan", "day", "girl")
]
STEMS = [stem(word) for word in WORDS]
N = len(STEMS)
RNG = np.random.default_rng(0)
SPACE = TagSpace.from_vectors(STEMS, RNG.permutation(N) + 1, WORDS, RNG.normal(size=(N, 8)), ["golf", "tenni"])
COOCCURRENCE = Cooccurrence(
    np.arange(0, 5 * N + 1, 5),
    np.concatenate([np.sort(RNG.permutation(np.delete(np.arange(N), row))[:5]) for row in range(N)]).astype(np.int32),
    RNG.random(5 * N).astype(np.float16),
)
TRENDS = Trends(np.array([0, 7]), np.array([100, 100]), RNG.integers(0, 50, (N, 2)).astype(np.int32))
DENIED = DenyList(["*fan"])
SUGGESTER = Suggester(SPACE, COOCCURRENCE, temperature=0.1, trends=TRENDS, denied=[DenyList(["*girl"]), DENIED])

VECTORS = arrays(np.float32, 8, elements=st.floats(-1, 1, width=32))
TYPED = st.lists(st.sampled_from([*WORDS, "#Golfing", "Golf", "TENNIS", "unheard of", ""]), max_size=12)
RANKS = st.sampled_from(get_args(Rank))


@given(VECTORS, st.integers(1, 30), st.floats(0, 1), TYPED, TYPED, RANKS)
def test_options_are_respected(
    vector: np.ndarray, k: int, min_score: float, exclude: list[str], allow: list[str], rank: Rank
) -> None:
    found = SUGGESTER.suggest(vector, k=k, min_score=min_score, exclude=exclude, allow=allow, rank=rank)
    stems = [stem(one.tag) for one in found]
    assert [one.rank for one in found] == list(range(1, len(found) + 1))
    assert len(set(stems)) == len(found) <= k
    assert all(min_score <= one.score <= 1 and one.score == one.relevance for one in found)
    assert not set(stems) & {stem(normalise(tag)) for tag in exclude}
    assert not allow or set(stems) <= {stem(normalise(tag)) for tag in allow}
    assert not [one.tag for one in found if one.tag.endswith(("girl", "fan"))]
    for one in found:
        assert one.tag in WORDS
        assert one.distance == pytest.approx(SPACE.distance(vector, stem(one.tag)))


def test_vector_length_affects_only_familiarity() -> None:
    sure = SPACE.vector("golf")
    unsure = np.float32(0.1) * sure
    for vector in (sure, unsure):
        cosines = np.array([vector @ SPACE.vector(name) for name in SPACE.hashtags])
        assert SUGGESTER.familiarity(vector) == pytest.approx(float(familiarity(cosines, 0.1)))
    assert SUGGESTER.familiarity(unsure) < SUGGESTER.familiarity(sure) - 0.1
    assert [one.tag for one in SUGGESTER.suggest(unsure)] == [one.tag for one in SUGGESTER.suggest(sure)]


@given(VECTORS, st.floats(0, 1), TYPED)
def test_min_score_removes_only_lower_scores(vector: np.ndarray, min_score: float, exclude: list[str]) -> None:
    everything = SUGGESTER.suggest(vector, k=N, exclude=exclude)
    left = SUGGESTER.suggest(vector, k=N, exclude=exclude, min_score=min_score)
    assert {one.tag for one in left} == {one.tag for one in everything if one.score >= min_score}


@pytest.mark.slow
@given(VECTORS)
def test_every_tag_that_is_not_denied_can_be_suggested(vector: np.ndarray) -> None:
    expected = {word for word in WORDS if not word.endswith(("girl", "fan"))}
    assert {one.tag for one in SUGGESTER.suggest(vector, k=N)} == expected
    allowed = SUGGESTER.suggest(vector, k=N, allow=[word.upper() for word in WORDS])
    assert {one.tag for one in allowed} == expected


@given(VECTORS)
def test_popular_and_trending_are_in_order(vector: np.ndarray) -> None:
    popular = [SPACE.row(stem(one.tag)) for one in SUGGESTER.suggest(vector, k=8, rank="popular")]
    assert SPACE.counts[popular].tolist() == sorted(SPACE.counts[popular].tolist(), reverse=True)
    trending = [SPACE.row(stem(one.tag)) for one in SUGGESTER.suggest(vector, k=8, rank="trending")]
    assert TRENDS.growth[trending].tolist() == sorted(TRENDS.growth[trending].tolist(), reverse=True)


def test_trending_needs_dates() -> None:
    with pytest.raises(NoDates, match="no dates"):
        Suggester(SPACE, COOCCURRENCE, temperature=0.1).suggest(np.ones(8), rank="trending")


def test_cooccurring_tags_come_before_near_ones() -> None:
    names = ["golf", "club", "near", "far"]
    space = TagSpace.from_vectors(
        names, [1] * 4, names, np.array([[1, 0, 0], [0, 1, 0], [0.6, 0, 0.8], [0, 0, -1]]), ["golf"]
    )
    together = Cooccurrence(np.array([0, 1, 2, 2, 2]), np.array([1, 0], np.int32), np.array([0.75, 0.75], np.float16))
    suggester = Suggester(space, together, temperature=0.1)
    found = suggester.suggest([1, 0, 0])
    assert [one.tag for one in found] == ["golf", "club", "near", "far"]
    assert found[1].relevance == pytest.approx(0.75, abs=0.02)
    # Halfway between two tags both are likely, and so are the companions of either.
    between = suggester.suggest(space.vector("golf") + space.vector("near"))
    assert [one.tag for one in between][:2] == ["golf", "club"]
    assert between[1].relevance < found[1].relevance


def test_compounds_of_one_word_are_spread_out() -> None:
    names = ["gym", "gymlife", "gymrat", "gymgirl", "weights"]
    space = TagSpace.from_vectors(names, [1] * 5, names, np.eye(5), ["gym"])
    relevance = np.array([0.5, 0.48, 0.46, 0.44], np.float16)
    together = Cooccurrence(np.array([0, 4, 4, 4, 4, 4]), np.array([1, 2, 3, 4], np.int32), relevance)
    found = [one.tag for one in Suggester(space, together, temperature=0.1).suggest(np.eye(5)[0], k=4)]
    assert found[:2] == ["gym", "weights"]


def test_custom_score() -> None:
    found = SUGGESTER.suggest(np.ones(8), k=N, min_score=0.3, score=lambda relevance: 0.5 * relevance + 0.25)
    assert found
    assert all(one.score == 0.5 * one.relevance + 0.25 >= 0.3 for one in found)


@pytest.mark.parametrize("k", [0, -1])
def test_k_must_be_positive(k: int) -> None:
    with pytest.raises(ValueError, match="k must be at least 1"):
        SUGGESTER.suggest(np.ones(8), k=k)


@pytest.mark.parametrize("vector", [np.ones(7), np.full(8, np.nan)])
def test_malformed_vectors_are_refused(vector: np.ndarray) -> None:
    with pytest.raises(ValueError, match="tag space"):
        SUGGESTER.suggest(vector)
