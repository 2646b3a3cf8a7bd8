"""What the relevance of tags rests on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tags.anchors import Anchors
from models.tags.hints import hinted
from models.tags.kinds import TagKinds
from models.tags.ranking import Ranking
from models.tags.reasons import MOST, Source, reasons
from models.tags.stemming import stem
from models.tags.suggestions import Suggester
from tests.models.tags.test_suggestions import CLASSES, COOCCURRENCE, DENIED, PROBABILITIES, SPACE, SUGGESTER, VECTORS

HINTS = st.sampled_from([[], ["golf"], ["catday", "dance"], ["tennisfan"]])


def anchors(rows: list[int], weights: list[float]) -> Anchors:
    return Anchors(np.array(rows), np.array(weights), np.array(weights))


def test_shares_are_those_of_the_sum() -> None:
    tag, *_ = COOCCURRENCE.row(0)[0].tolist()
    relevance = float(COOCCURRENCE.row(0)[1][0])
    sources = [Source("hashtag", ["golf"], anchors([0], [0.5])), Source("seen", ["a thing"], anchors([tag], [0.25]))]
    [found] = reasons(sources, [tag], COOCCURRENCE)
    shares = {(one.kind, one.name): one.share for one in found}
    total = 0.5 * relevance + 0.25
    assert shares == pytest.approx({("hashtag", "golf"): 0.5 * relevance / total, ("seen", "a thing"): 0.25 / total})


def test_what_has_no_name_is_divided() -> None:
    sources = [Source("seen", ["a", None, "b", "a"], anchors([3, 3, 3, 3], [0.1, 0.5, 0.1, 0.2]))]
    [found] = reasons(sources, [3], COOCCURRENCE)
    assert [one.name for one in found] == ["a", "b"]
    assert [one.share for one in found] == pytest.approx([0.75, 0.25])
    assert reasons([Source("seen", [None], anchors([3], [1]))], [3], COOCCURRENCE) == [[]]


@given(VECTORS, PROBABILITIES, st.floats(0, 1), HINTS)
def test_reasons_add_up(vector: np.ndarray, probabilities: np.ndarray | None, share: float, hint: list[str]) -> None:
    clip = {"vector": vector, "probabilities": probabilities, "share": share, "hint": hint}
    tags = [one.tag for one in SUGGESTER.suggest(**clip) if one.relevance > 0]  # type: ignore[arg-type]
    for found in SUGGESTER.reasons(tags, **clip):  # type: ignore[arg-type]
        assert len(found) <= MOST
        assert not found or sum(one.share for one in found) == pytest.approx(1)
        assert [one.share for one in found] == sorted((one.share for one in found), reverse=True)
        assert not any(one.name.endswith(("fan", "girl")) for one in found)
        assert {one.name for one in found if one.kind == "hint"} <= set(hint)
        assert {one.name for one in found if one.kind == "seen"} <= set(CLASSES.names)


@given(VECTORS, PROBABILITIES, st.floats(0, 1), HINTS)
def test_sources_are_what_is_ranked_by(
    vector: np.ndarray, probabilities: np.ndarray | None, share: float, hint: list[str]
) -> None:
    seen = SUGGESTER.anchors(vector, probabilities, share)
    ranked = hinted(seen, SUGGESTER.evidence.hints(hint), COOCCURRENCE)
    summed = np.zeros(len(SPACE))
    for source in SUGGESTER.evidence.sources(vector, probabilities, share=share, hint=hint):
        np.add.at(summed, source.anchors.rows, source.anchors.weights)
    wanted = np.zeros(len(SPACE))
    wanted[ranked.rows] = ranked.weights
    np.testing.assert_allclose(summed, wanted, atol=1e-9)


@given(VECTORS)
def test_relevance_is_that_of_the_suggestion(vector: np.ndarray) -> None:
    found = SUGGESTER.suggest(vector)
    wanted = [one.relevance for one in found]
    assert SUGGESTER.relevance([one.tag for one in found], vector) == pytest.approx(wanted)


def test_sensitive_things_are_named_only_where_they_are_sure() -> None:
    """A class is not named after what it shows, nor after what goes with that."""
    kinds = TagKinds({stem(word): "alcohol" for word in ("golf", "golfday")})
    suggester = Suggester(SPACE, COOCCURRENCE, temperature=0.1, denied=[DENIED], classes=CLASSES, kinds=kinds)
    for sure, named in ((1.0, {"club"}), (0.3, set())):
        probabilities = np.array([sure, 0, 1 - sure, 0])
        sources = suggester.evidence.sources(np.ones(8), probabilities, share=1)
        seen = {name for source in sources if source.kind == "seen" for name in source.names}
        assert {"club"} & seen == named


def test_relevance_between_tags_is_that_of_the_ranking() -> None:
    matrix = COOCCURRENCE.between([4, 0], [7, 0, 4])
    ranking = Ranking(SPACE, COOCCURRENCE, 0.1)
    for row, anchor in zip(matrix, [4, 0], strict=True):
        np.testing.assert_allclose(row, ranking.relevance(anchors([anchor], [1]), [7, 0, 4]))
