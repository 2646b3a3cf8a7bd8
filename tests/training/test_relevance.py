import math
import os
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tags.stemming import normalise, stem
from training.posts import read_posts
from training.relevance import CoUse, split_posts

STEMS = ["golf", "tenni", "danc", "yoga", "dog", "été"]
POSTS = st.lists(st.lists(st.sampled_from(STEMS), min_size=1, max_size=5), min_size=1, max_size=40)


def npmi(posts: list[list[str]], a: str, b: str) -> float:
    """By the definition: ln(p(a, b) / (p(a) p(b))) / -ln p(a, b)."""
    both = sum(a in post and b in post for post in posts) / len(posts)
    if both in (0, 1):
        return both - 1
    first, second = (sum(name in post for post in posts) / len(posts) for name in (a, b))
    return math.log(both / (first * second)) / -math.log(both)


@given(POSTS)
def test_relevance_is_as_defined(posts: list[list[str]]) -> None:
    use = CoUse.from_sentences(posts)
    for hashtag in STEMS:
        expected = {hashtag}
        for name in use.stems:
            together = sum(hashtag in post and name in post for post in posts)
            assert use.together(hashtag)[list(use.stems).index(name)] == together
            if hashtag in use and name != hashtag:
                assert use.npmi(hashtag)[list(use.stems).index(name)] == pytest.approx(npmi(posts, hashtag, name))
            if together >= 2 and npmi(posts, hashtag, name) > 0.1 + 1e-9:
                expected.add(name)
        if all(abs(npmi(posts, hashtag, name) - 0.1) > 1e-9 for name in use.stems):
            assert use.relevants(hashtag) == expected
            assert [use.relevant(hashtag, name) for name in STEMS] == [name in expected for name in STEMS]
            assert use.hits(hashtag, [*STEMS, *STEMS, "unheard of"]) == len(expected)
        assert use.count(hashtag) == sum(hashtag in post for post in posts)


def test_ranked_by_count_and_information() -> None:
    posts = [["golf", "club", "love"]] * 5 + [["golf", "rare"]] + [["love", f"x{n}"] for n in range(30)]
    use = CoUse.from_sentences(posts)
    assert use.ranked("golf", 2) == ["golf", "club"]
    assert use.ranked("unheard of", 5) == []
    assert use.most_popular(2) == ["love", "golf"]


@given(st.lists(st.lists(st.sampled_from(STEMS), max_size=4), max_size=60), st.integers(0, 3))
def test_posts_with_the_same_tags_are_in_one_half(posts: list[list[str]], seed: int) -> None:
    assigned = split_posts(posts, seed)
    assert assigned.shape == (len(posts),)
    assert set(assigned) <= {0, 1}
    found: dict[frozenset[str], int] = {}
    assert all(found.setdefault(frozenset(p), half) == half for p, half in zip(posts, assigned, strict=True))


def test_near_duplicates_are_in_one_half() -> None:
    rng = np.random.default_rng(0)
    templates = [[f"t{template}_{n}" for n in range(20)] for template in range(300)]
    posts = [[*rng.permutation(template)[:19], f"own{copy}"] for template in templates for copy in range(3)]
    assigned = split_posts(posts).reshape(300, 3)
    # They share nine tags of ten, so that one in a thousand is missed.
    assert (assigned.min(axis=1) == assigned.max(axis=1)).mean() > 0.98
    assert 0.4 < assigned[:, 0].mean() < 0.6


@pytest.mark.skipif("TAG2VEC_DATA" not in os.environ, reason="TAG2VEC_DATA is not set")
def test_real_posts() -> None:
    real = islice(read_posts(Path(os.environ["TAG2VEC_DATA"]) / "posts.jsonl.gz"), 0, 100_000, 5)
    posts = [list({stem(normalise(tag)) for tag in post.tags} - {""}) for post in real]
    assigned = split_posts(posts)
    assert 0.4 < assigned.mean() < 0.6
    learnt = CoUse.from_sentences(post for post, half in zip(posts, assigned, strict=True) if half == 0)
    kept_apart = CoUse.from_sentences(post for post, half in zip(posts, assigned, strict=True) if half == 1)
    # What goes with beaches in one half goes with them in the other; what is merely popular does not.
    assert kept_apart.hits("beach", learnt.ranked("beach", 15)) >= 8
    assert kept_apart.hits("dog", learnt.ranked("beach", 15)) <= 3
