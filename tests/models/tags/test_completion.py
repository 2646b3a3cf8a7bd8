import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.tags.completion import Completed, Completion
from models.tags.cooccurrence import Cooccurrence
from models.tags.deny_list import DenyList
from models.tags.space import TagSpace
from models.tags.stemming import stem
from models.tags.suggestions import Suggester

TAGS = ["beach", "beautiful", "bear", "beaches2016", "2cellos", "été", "축구", "축구선수", "porn", "bea", "zebra"]
RNG = np.random.default_rng(0)
SPACE = TagSpace.from_vectors(
    [stem(tag) + "_" * (tag == "beaches2016") for tag in TAGS], RNG.permutation(len(TAGS)) + 1, TAGS,
    RNG.normal(size=(len(TAGS), 4)),
)  # fmt: skip
ALONE = Cooccurrence(np.zeros(len(TAGS) + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float16))
COMPLETION = Completion(Suggester(SPACE, ALONE, temperature=0.1, denied=[DenyList(["porn"])]))


@given(st.sampled_from(TAGS), st.integers(0, 12), st.integers(1, 12))
def test_most_used_of_those_that_begin_so(tag: str, length: int, k: int) -> None:
    prefix = tag[:length]
    posts = dict(zip(TAGS, SPACE.counts.tolist(), strict=True))
    expected = sorted((one for one in TAGS if one.startswith(prefix) and one != "porn"), key=lambda one: -posts[one])
    assert COMPLETION.complete(prefix, k) == [Completed(one, posts[one]) for one in expected[:k]]
    assert COMPLETION.complete(f"#{prefix.upper()}", k) == COMPLETION.complete(prefix, k)


def test_what_begins_no_tag() -> None:
    assert COMPLETION.complete("q", 10) == []
    assert COMPLETION.complete("x" * 101, 10) == []
    assert [one.tag for one in COMPLETION.complete("2", 10)] == ["2cellos"]
