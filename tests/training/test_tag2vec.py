import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from models.tags.space import INDEX_FILE, TAGS_FILE, TagSpace
from models.tags.stemming import normalise, stem
from tests.training.one_folder import all_in
from tests.training.test_corpus import build
from training.corpus import read_stems
from training.posts import PostsError, read_posts
from training.tag2vec import Tag2VecSettings, train_tag2vec

TOPICS = {
    "sport": ["golf", "tennis", "soccer", "running", "Runs", "baseball", "boxing", "yoga"],
    "food": ["pizza", "burger", "Cooking", "cooks", "cooked", "salad", "été", "축구"],
}


def topical_posts(seed: int = 0) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    topics = list(TOPICS.values())
    return [list(rng.choice(topics[rng.integers(2)], size=4, replace=False)) for _ in range(600)]


def test_tags_used_together_are_near(tmp_path: Path) -> None:
    _, stems, _ = build(tmp_path, topical_posts())
    out = tmp_path / "out"
    out.mkdir()
    train_tag2vec(out, all_in(tmp_path), settings=Tag2VecSettings(dimensions=20, min_count=10, epochs=20, sample=0))
    space = TagSpace.load(out, ["golf"])
    assert dict(zip(space.stems, space.counts.tolist(), strict=True)) == {e.name: e.count for e in stems.values()}
    assert space.dimensions == 20
    assert all(space.display(name) == next(iter(stems[name].inflections)) for name in space.stems)
    for tags in TOPICS.values():
        names = {stem(normalise(tag)) for tag in tags}
        for name in names:
            neighbours = space.neighbours(space.display(name), len(names) - 1)
            assert {n.stem for n in neighbours} == names - {name}


def test_rare_stems_have_no_vector(tmp_path: Path) -> None:
    build(tmp_path, [["golf", "tennis"], ["golf", "tennis", "rare"], ["golf", "tennis", "yoga"]])
    train_tag2vec(tmp_path, all_in(tmp_path), settings=Tag2VecSettings(min_count=2, epochs=1))
    assert sorted(TagSpace.load(tmp_path).stems) == ["golf", "tenni"]
    with pytest.raises(PostsError, match="4 or more posts"):
        train_tag2vec(tmp_path, all_in(tmp_path), settings=Tag2VecSettings(min_count=4))


def test_posts_without_two_frequent_stems(tmp_path: Path) -> None:
    build(tmp_path, [["golf", "tennis"], ["golf", "yoga"], ["golf", "dance"]])
    with pytest.raises(PostsError, match="two stems that occur in 2 or more posts"):
        train_tag2vec(tmp_path, all_in(tmp_path), settings=Tag2VecSettings(min_count=2))


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    posts = tmp_path / "posts.txt"
    posts.write_text("".join(" ".join(tags) + "\n" for tags in topical_posts()), encoding="utf-8")
    program = (
        "import sys; from pathlib import Path; from tests.training.one_folder import all_in;"
        "from training.corpus import *; from training.tag2vec import *;"
        "posts, out = map(Path, sys.argv[1:]);"
        "build_corpus(out, posts=[posts], settings=CorpusSettings());"
        "train_tag2vec(out, all_in(out), settings=Tag2VecSettings(epochs=2, min_count=5))"
    )
    contents = []
    for seed in ("1", "2"):
        out = tmp_path / seed
        out.mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", program, posts, out], env=environment, check=True)
        contents.append({path.name: path.read_bytes() for path in out.iterdir()})
    assert contents[0].keys() >= {TAGS_FILE, INDEX_FILE}
    assert contents[0] == contents[1]


@pytest.mark.skipif("TAG2VEC_DATA" not in os.environ, reason="TAG2VEC_DATA is not set")
def test_real_posts(tmp_path: Path) -> None:
    posts = islice(read_posts(Path(os.environ["TAG2VEC_DATA"]) / "posts.jsonl.gz"), 0, 40_000, 5)
    build(tmp_path, [post.tags for post in posts])
    train_tag2vec(tmp_path, all_in(tmp_path), settings=Tag2VecSettings(epochs=5))
    space = TagSpace.load(tmp_path)
    assert space.dimensions == 100
    assert set(space.stems) == {entry.name for entry in read_stems(tmp_path, 10)}
    near = {n.stem for n in space.neighbours("beach", 15)}
    assert len(near & {"sea", "sand", "ocean", "wave", "summer", "sun", "beachlif", "island", "surf", "water"}) >= 3
