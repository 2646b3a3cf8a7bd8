import gzip
import json
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.made_up_posts import MadeUpPosts
from models.tags.stemming import normalise, stem
from training.posts import read_posts

POSTS = 5_000


@pytest.fixture(scope="module")
def made_up() -> MadeUpPosts:
    return MadeUpPosts(POSTS)


def test_the_same_seed_gives_the_same_posts(made_up: MadeUpPosts, tmp_path: Path) -> None:
    written = made_up.write(tmp_path / "posts.jsonl.gz")
    posts = [post.tags for post in read_posts(tmp_path / "posts.jsonl.gz")]
    assert posts == list(MadeUpPosts(POSTS)) == list(made_up)
    assert posts[:50] != list(islice(MadeUpPosts(POSTS, seed=1), 50))
    assert written == {
        "posts": len(posts),
        "tags": sum(map(len, posts)),
        "distinct": len({normalise(tag) for tags in posts for tag in tags}),
    }
    with gzip.open(tmp_path / "posts.jsonl.gz", "rt", encoding="utf-8") as lines:
        assert [json.loads(line)["tags"] for line in lines] == posts


def test_most_distinct_tags_are_written_once(made_up: MadeUpPosts) -> None:
    counts = Counter(normalise(tag) for tags in made_up for tag in tags)
    assert "" not in counts
    assert len(counts) / counts.total() == pytest.approx(0.7, abs=0.05)
    assert sum(count == 1 for count in counts.values()) > 0.9 * len(counts)


def test_planted_stems_are_written_in_several_inflections(made_up: MadeUpPosts) -> None:
    topics = made_up.words.topic_of()
    assert len(topics) == 400 * made_up.words.topics
    written = {normalise(tag) for tags in made_up for tag in tags}
    inflections = Counter(stem(tag) for tag in written if stem(tag) in topics)
    assert len(inflections) > 0.5 * len(topics)
    assert sum(count > 1 for count in inflections.values()) > 0.3 * len(inflections)
