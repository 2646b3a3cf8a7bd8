from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.errors import BundleError
from models.tags.class_anchors import (
    LEAST,
    PRIOR_POWER,
    ClassAnchors,
    ImageClass,
    classes_from,
    classes_of,
    read_classes,
)
from models.tags.space import TagSpace

NAMES = ["dog", "pug", "pet", "goat", "farm"]
SPACE = TagSpace.from_vectors(NAMES, [1] * 5, NAMES, np.eye(5))
CLASSES = [
    ImageClass("pug", "dog", ("pug", "dogs", "pet")),
    ImageClass("hound", "dog", ("dog", "unheardof")),
    ImageClass("terrier", "dog", ("dog", "dogs", "pet")),
    ImageClass("sorrel", "goat", ("goat", "farm")),
    ImageClass("bolt", "none", ()),
    ImageClass("yak", "yak", ("unheardof",)),
]
ANCHORS = ClassAnchors(CLASSES, SPACE)
PROBABILITIES = arrays(np.float32, len(CLASSES), elements=st.floats(0, 1, width=32)).map(lambda p: p / max(p.sum(), 1))


def corrected(probabilities: np.ndarray) -> list[float]:
    sizes = Counter(one.kind for one in CLASSES)
    parts = [p / sizes[one.kind] ** PRIOR_POWER for p, one in zip(probabilities.tolist(), CLASSES, strict=True)]
    return [part * float(probabilities.sum()) / max(sum(parts), 1e-300) for part in parts]


@given(PROBABILITIES)
def test_equals_sums_over_classes(probabilities: np.ndarray) -> None:
    p = corrected(probabilities)
    expected = {  # by stem: weight, and probability that it names what is seen
        "pug": (p[0] * 6 / 11, p[0]),
        "dog": (p[0] * 3 / 11 + p[1] + p[2] * 2 / 3, p[0] * 3 / 11 + p[1] + p[2]),
        "pet": (p[0] * 2 / 11 + p[2] / 3, p[0] * 2 / 11 + p[2] / 3),
        "goat": (p[3] * 2 / 3, p[3]),
        "farm": (p[3] / 3, p[3] / 3),
    }
    found = ANCHORS.anchors(probabilities)
    for row, weight, naming in zip(found.rows.tolist(), found.weights, found.naming, strict=True):
        assert (weight, naming) == pytest.approx(expected.pop(SPACE.stems[row]), abs=1e-6)
    assert all(weight < LEAST + 1e-6 for weight, _ in expected.values())  # what is left is unlikely
    assert found.weights.sum() <= probabilities.sum() + 1e-6


@given(PROBABILITIES)
def test_certainty_is_that_of_the_likeliest_kind_with_tags(probabilities: np.ndarray) -> None:
    p = corrected(probabilities)
    assert ANCHORS.certainty(probabilities) == pytest.approx(min(max(p[0] + p[1] + p[2], p[3]), 1), abs=1e-6)


def test_one_of_many_classes_of_a_kind_counts_less() -> None:
    either = np.array([0.5, 0, 0, 0.5, 0, 0])
    found = ANCHORS.anchors(either)
    naming = {SPACE.stems[row]: value for row, value in zip(found.rows.tolist(), found.naming, strict=True)}
    assert naming["goat"] > naming["pug"] > 0.3
    assert naming["goat"] + naming["pug"] == pytest.approx(1)


def test_classes_without_tags_give_weight_to_nothing() -> None:
    nothing = np.array([0, 0, 0, 0, 0.5, 0.5])
    assert len(ANCHORS.anchors(nothing).rows) == 0
    assert ANCHORS.certainty(nothing) == 0
    none = ClassAnchors([ImageClass("bolt", "none", ())], SPACE)
    assert len(none.anchors([1.0]).rows) == 0
    assert none.certainty([1.0]) == 0
    assert len(ANCHORS.anchors(np.zeros(6)).rows) == 0


@pytest.mark.parametrize("wrong", [np.ones(5), np.ones((6, 1)), [0, 0, 0, 0, 0, -1], [np.nan] * 6])
def test_malformed_probabilities_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="6 classes"):
        ANCHORS.anchors(wrong)
    with pytest.raises(ValueError, match="6 classes"):
        ANCHORS.certainty(wrong)


def test_table_is_read(tmp_path: Path) -> None:
    (tmp_path / "classes.tsv").write_text(
        'class\tsynset\tname\tkind\ttags\n0\tn0\t"pug"\tdog\t#Pug dogs  pet\n1\tn1\tbolt\tnone\t\n2\tn2\tnut\tnone\n',
        encoding="utf-8",
    )
    assert read_classes(tmp_path / "classes.tsv") == [
        ImageClass('"pug"', "dog", ("pug", "dogs", "pet")),
        ImageClass("bolt", "none", ()),
        ImageClass("nut", "none", ()),
    ]
    assert classes_from(tmp_path / "classes.tsv", None) == read_classes(tmp_path / "classes.tsv")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        (b"\xff", "cannot be read"),
        (b"", "lacks the columns"),
        (b"class\tsynset\tname\tkind\n", "lacks the columns tags"),
        (b"class\tsynset\tname\tkind\ttags\n1\tn1\tpug\tdog\tpug\n", "line 2: class '1'"),
    ],
)
def test_damaged_tables_are_refused(tmp_path: Path, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / "classes.tsv").write_bytes(content)
    with pytest.raises(BundleError, match=says):
        classes_from(tmp_path / "classes.tsv", None)


def test_without_classes_nothing_is_anchored() -> None:
    assert classes_from(None, None) == []
    none = ClassAnchors([], SPACE)
    assert len(none) == 0
    assert len(none.anchors([]).rows) == 0
    assert none.certainty([]) == 0
    with pytest.raises(ValueError, match="0 classes"):
        none.anchors([1.0])


def test_tags_with_vectors_are_classes_of_the_kind_of_their_stem() -> None:
    classes = classes_of(["#Dog", "dogs", "goat", "Farm!", "unheardof", "2016"])
    assert [(one.kind, one.tags) for one in classes[:2]] == [("dog", ("dog",)), ("dog", ("dogs",))]
    assert classes[-1].tags == ()
    anchors = ClassAnchors(classes, SPACE)
    found = anchors.anchors([0.25, 0.25, 0.2, 0.1, 0.2, 0])
    weights = {SPACE.stems[row]: weight for row, weight in zip(found.rows.tolist(), found.weights, strict=True)}
    # Dog has the probability of both tags, each counted a little less, as classes of dogs are.
    dog, single = 0.5 / 2**PRIOR_POWER, 0.5
    expected = {"dog": dog, "goat": 0.2, "farm": 0.1}
    assert weights == pytest.approx({name: value / (dog + single) for name, value in expected.items()}, abs=1e-6)
    assert anchors.certainty([0.25, 0.25, 0.2, 0.1, 0.2, 0]) == pytest.approx(weights["dog"])
    np.testing.assert_array_equal(found.naming, found.weights)
