from hypothesis import given
from hypothesis import strategies as st

from models.tags.diversity import WEIGHT, diverse, likeness, trigrams

TAGS = st.text(st.characters(categories=["L"]), min_size=1, max_size=8)


@given(TAGS, TAGS)
def test_likeness_is_symmetric_and_one_for_the_same(a: str, b: str) -> None:
    assert likeness(trigrams(a), trigrams(a)) == 1
    assert 0 <= likeness(trigrams(a), trigrams(b)) == likeness(trigrams(b), trigrams(a)) <= 1


def test_likeness_is_high_for_compounds_and_low_for_other_words() -> None:
    assert likeness(trigrams("gym"), trigrams("gymlife")) > 0.6
    assert likeness(trigrams("dogs"), trigrams("dog")) > 0.6
    assert likeness(trigrams("gym"), trigrams("fitness")) == 0


@given(st.lists(st.tuples(TAGS, st.floats(0, 1)), max_size=12), st.integers(1, 12))
def test_each_choice_is_the_best_that_is_left(items: list[tuple[str, float]], k: int) -> None:
    tags, relevance = [tag for tag, _ in items], [value for _, value in items]
    chosen = diverse(range(len(items)), tags, relevance, k)
    assert len(set(chosen)) == len(chosen) == min(k, len(items))
    for place, item in enumerate(chosen):

        def worth(one: int, before: list[int] = chosen[:place]) -> float:
            return relevance[one] - WEIGHT * max(
                (likeness(trigrams(tags[one]), trigrams(tags[other])) for other in before), default=0
            )

        assert all(worth(item) >= worth(other) - 1e-12 for other in set(range(len(items))) - set(chosen[:place]))
