import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import UnknownTag
from models.tags.segmentation import segment
from models.tags.space import TagSpace
from models.tags.stemming import stem

COUNTS = {"beach": 900, "skiing": 300, "volleyball": 80, "volley": 20, "ball": 400, "life": 700, "축구": 40}
SPACE = TagSpace.from_vectors([stem(word) for word in COUNTS], list(COUNTS.values()), list(COUNTS), np.eye(len(COUNTS)))


@pytest.mark.parametrize(
    ("tag", "parts"),
    [
        ("#BeachVolleyball", ["beach", "volleyball"]),
        ("volleyball", ["volleyball"]),
        ("balls", ["ball"]),
        ("beachlife2016", ["beach", "life"]),
        ("2016beach", ["beach"]),
        ("skiingbeaches", ["ski", "beach"]),
        ("축구축구", ["축구", "축구"]),
    ],
)
def test_tags_are_split_into_likely_words(tag: str, parts: list[str]) -> None:
    assert segment(SPACE, tag) == [stem(part) for part in parts]


@pytest.mark.parametrize("tag", ["", "2016", "❤️", "beachq", "qbeach", "qwertz"])
def test_tags_without_known_parts(tag: str) -> None:
    with pytest.raises(UnknownTag):
        segment(SPACE, tag)


@given(st.lists(st.sampled_from(list(COUNTS)), min_size=1, max_size=5))
def test_split_is_the_most_likely_one(words: list[str]) -> None:
    parts = segment(SPACE, "".join(words))
    assert set(parts) <= set(SPACE.stems)

    def likelihood(names: list[str]) -> float:
        total = SPACE.counts.sum()
        return float(np.prod([SPACE.counts[SPACE.row(name)] / total for name in names]))

    assert likelihood(parts) >= likelihood([stem(word) for word in words]) * (1 - 1e-9)
