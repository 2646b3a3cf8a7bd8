from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.test_corpus import build
from training.cooccurrence import COMPANIONS, LEAST, USE, count_cooccurrence, going_together
from training.corpus import SENTENCES, read_sentences
from training.near_duplicates import near_duplicates

STEMS = ["golf", "tenni", "danc", "yoga", "dog"]


def write(folder: Path, posts: list[list[str]]) -> Path:
    (folder / SENTENCES).write_text("".join(" ".join(post) + "\n" for post in posts), encoding="utf-8")
    return folder


@settings(max_examples=40)
@given(st.lists(st.lists(st.sampled_from([*STEMS, "rare"]), min_size=2, max_size=5, unique=True), min_size=1))
def test_counts_are_those_of_a_plain_loop(tmp_path_factory: pytest.TempPathFactory, posts: list[list[str]]) -> None:
    found = count_cooccurrence(write(tmp_path_factory.getbasetemp(), posts), STEMS)
    cluster = near_duplicates(posts)
    size = np.bincount(cluster)
    count: dict[str, float] = defaultdict(float)
    met: dict[tuple[str, str], float] = defaultdict(float)
    for post, number in zip(posts, cluster, strict=True):
        for name in post:
            count[name] += 1 / size[number]
            for other in post:
                met[name, other] += 1 / size[number]
    for row, name in enumerate(STEMS):
        expected = {}
        for other in STEMS:
            if other != name and met[name, other]:
                both, others = np.array([met[name, other]]), np.array([count[other]])
                together = going_together(both, count[name], others, len(size))[0]
                value = together * (met[name, other] / count[name]) ** USE
                if value >= LEAST:
                    expected[other] = value
        companions, relevance = found.row(row)
        assert {STEMS[companion] for companion in companions} == set(expected)
        assert relevance.tolist() == pytest.approx([expected[STEMS[one]] for one in companions], rel=2e-3)
        assert (np.diff(relevance) <= 0).all()


def test_a_template_has_one_vote(tmp_path: Path) -> None:
    words = [f"w{number}" for number in range(3000)]
    opinions = [["golf", "club", *words[5 * number : 5 * number + 5]] for number in range(30)]
    template = [["golf", "spam", "buy", "now", "cheap", "best", "price", words[-number - 1]] for number in range(300)]
    others = [words[5 * number : 5 * number + 5] for number in range(40, 500)]
    found = count_cooccurrence(write(tmp_path, [*opinions, *template, *others]), ["golf", "club", "spam"])
    companions, relevance = found.row(0)
    assert companions[0] == 1
    assert relevance[0] > 0.5
    assert 2 not in companions or relevance[companions.tolist().index(2)] < 0.3


def test_tags_go_together_by_more_common_posts_than_chance() -> None:
    met = np.arange(1.0, 20)
    more = going_together(met, 50.0, np.full(19, 100.0), 100_000)
    assert (np.diff(more) > 0).all()
    assert 0 < more[0] < more[-1] < 1
    rare, common = going_together(np.array([5.0, 5.0]), 50.0, np.array([100.0, 20_000.0]), 100_000)
    assert rare > common


def test_only_the_best_companions_are_kept(tmp_path: Path) -> None:
    posts = [["golf", f"c{number}", f"d{number}"] for number in range(100) for _ in range(1 + number // 10)]
    names = ["golf", *(f"c{number}" for number in range(100))]
    companions, _ = count_cooccurrence(write(tmp_path, posts), names).row(0)
    assert len(companions) <= COMPANIONS
    assert len(set(companions.tolist())) == len(companions)


def test_sentences_are_read_as_they_were_written(tmp_path: Path) -> None:
    sentences, _, _ = build(tmp_path, [["golf", "été"], ["dance", "축구", "Yoga"]])
    assert list(read_sentences(tmp_path)) == sentences
