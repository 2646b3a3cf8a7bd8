from hypothesis import given
from hypothesis import strategies as st

from models.tags.diversity import DEFAULT, diversify, similarity, trigrams

TAGS = st.text(st.characters(categories=["L"]), min_size=1, max_size=8)


@given(TAGS, TAGS)
def test_similarity_is_symmetric_and_one_for_equal_tags(a: str, b: str) -> None:
    assert similarity(trigrams(a), trigrams(a)) == 1
    assert 0 <= similarity(trigrams(a), trigrams(b)) == similarity(trigrams(b), trigrams(a)) <= 1


def test_compounds_are_similar_and_other_words_are_not() -> None:
    assert similarity(trigrams("gym"), trigrams("gymlife")) > 0.6
    assert similarity(trigrams("dogs"), trigrams("dog")) > 0.6
    assert similarity(trigrams("gym"), trigrams("fitness")) == 0


@given(st.lists(st.tuples(TAGS, st.floats(0, 1)), max_size=12), st.integers(1, 12), st.floats(0, 1) | st.just(DEFAULT))
def test_each_choice_has_the_highest_marginal_relevance(items: list[tuple[str, float]], k: int, weight: float) -> None:
    tags, relevance = [tag for tag, _ in items], [value for _, value in items]
    chosen = diversify(range(len(items)), tags, relevance, k, weight)
    assert len(set(chosen)) == len(chosen) == min(k, len(items))
    for place, item in enumerate(chosen):

        def marginal_relevance(one: int, before: list[int] = chosen[:place]) -> float:
            return relevance[one] - weight * max(
                (similarity(trigrams(tags[one]), trigrams(tags[other])) for other in before), default=0
            )

        others = set(range(len(items))) - set(chosen[:place])
        assert all(marginal_relevance(item) >= marginal_relevance(other) - 1e-12 for other in others)


def test_more_diversity_puts_off_what_is_spelt_alike() -> None:
    tags, relevance = ["gym", "gymlife", "gymtime", "yoga"], [0.9, 0.8, 0.7, 0.4]
    assert diversify(tags, tags, relevance, 4, 0) == tags
    assert diversify(tags, tags, relevance, 4) == tags
    assert diversify(tags, tags, relevance, 4, 1)[:2] == ["gym", "yoga"]
