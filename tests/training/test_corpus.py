import json
import os
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.tags.deny_list import DenyList
from models.tags.stemming import normalise, stem
from training.corpus import DENIED_TAGS, SENTENCES, STEMS, SUMMARY, CorpusSettings, Stem, build_corpus, read_stems
from training.posts import PostsError, read_posts

Corpus = tuple[list[list[str]], dict[str, Stem], dict[str, int]]


def build(folder: Path, posts: Sequence[Sequence[str]], denied: str = "", **options: Any) -> Corpus:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "posts.jsonl").write_text("".join(json.dumps({"tags": list(tags)}) + "\n" for tags in posts))
    (folder / "denied.txt").write_text(denied, encoding="utf-8")
    build_corpus(
        folder,
        posts=[folder / "posts.jsonl"],
        settings=CorpusSettings(**options),
        denied_tags=folder / "denied.txt",
    )
    return read(folder)


def read(folder: Path) -> Corpus:
    sentences = [line.split(" ") for line in (folder / SENTENCES).read_text(encoding="utf-8").split("\n")[:-1]]
    return sentences, {entry.name: entry for entry in read_stems(folder)}, json.loads((folder / SUMMARY).read_text())


def test_posts_become_sentences_of_stems(tmp_path: Path) -> None:
    sentences, stems, summary = build(
        tmp_path,
        [
            ["#Dancing", "Breast Stroke", "dance", "2016", "축구", "FYP"],
            ["dance", "축구"],
            ["Dances", "golf", "golf"],
            ["dance", "dancing"],
            ["❤️"],
            [],
            ["golf", "fyp"],
        ],
        denied="fyp",
    )
    assert sentences == [["danc", "breaststrok", "축구"], ["danc", "축구"], ["danc", "golf"]]
    assert stems == {
        "danc": Stem("danc", 3, {"dance": 1, "dances": 1, "dancing": 1}),
        "축구": Stem("축구", 2, {"축구": 2}),
        "breaststrok": Stem("breaststrok", 1, {"breaststroke": 1}),
        "golf": Stem("golf", 1, {"golf": 1}),
    }
    assert summary == {
        "posts": 7,
        "kept": 3,
        "left_out": 0,
        "without_tags": 2,
        "one_tag": 2,
        "repeated": 0,
        "shortened": 0,
        "tags": 14,
        "tags_denied": 2,
        "tags_kept": 7,
        "stems": 4,
        "dated": 0,
    }


def test_posts_of_some_sources_are_left_out(tmp_path: Path) -> None:
    lines = [
        {"tags": ["horse", "pony"], "source": "vine"},
        {"tags": ["horse", "glassnegative"], "source": "archive"},
        {"tags": ["horse", "riding"]},
    ]
    posts = tmp_path / "posts.jsonl"
    posts.write_text("".join(json.dumps(line) + "\n" for line in lines))
    build_corpus(tmp_path, posts=[posts], settings=CorpusSettings(without_sources=("archive",)))
    sentences, stems, summary = read(tmp_path)
    assert sentences == [["hors", "poni"], ["hors", "ride"]]
    assert "glassneg" not in stems
    assert (summary["posts"], summary["kept"], summary["left_out"]) == (3, 2, 1)


def test_repeats_of_the_same_tags_are_capped(tmp_path: Path) -> None:
    template = [["golf", "dance", "yoga"], ["Yoga", "golfs", "dancing"], ["dance", "golf", "yoga", "golf"]]
    sentences, stems, summary = build(tmp_path, [*template, ["golf", "dance"]], max_repeats=2)
    assert len(sentences) == 3
    assert stems["yoga"].count == 2
    assert summary["repeated"] == 1


def test_long_posts_are_shortened(tmp_path: Path) -> None:
    sentences, stems, summary = build(tmp_path, [[f"tag{i}a" for i in range(9)], ["tag8a", "golf"]], max_tags=3)
    assert sentences[0] == ["tag0a", "tag1a", "tag2a"]
    assert stems["tag8a"].count == 1
    assert summary["shortened"] == 1


TAGS = st.sampled_from(["dance", "Dancing", "dances", "golf", "#golfs", "été", "fyp", "축구", "2016", "", "yoga"])


@settings(max_examples=50)
@given(st.lists(st.lists(TAGS, max_size=8), min_size=1), st.integers(1, 3), st.integers(2, 4))
def test_counts_are_those_of_the_sentences(
    tmp_path_factory: pytest.TempPathFactory, posts: list[list[str]], max_repeats: int, max_tags: int
) -> None:
    folder = tmp_path_factory.getbasetemp() / "property"
    try:
        sentences, stems, summary = build(folder, posts, "fyp", max_repeats=max_repeats, max_tags=max_tags)
    except PostsError:
        assert all(len({stem(normalise(tag)) for tag in tags} - {"", "fyp"}) < 2 for tags in posts)
        return
    assert all(2 <= len(tags) == len(set(tags)) <= max_tags for tags in sentences)
    counts = Counter(tag for tags in sentences for tag in tags)
    assert {name: entry.count for name, entry in stems.items()} == counts
    assert "fyp" not in stems
    for entry in stems.values():
        assert sum(entry.inflections.values()) == entry.count
        assert {stem(tag) for tag in entry.inflections} == {entry.name}
        assert {normalise(tag) for tags in posts for tag in tags} >= set(entry.inflections)
        assert list(entry.inflections.values()) == sorted(entry.inflections.values(), reverse=True)
    assert [entry.count for entry in stems.values()] == sorted(counts.values(), reverse=True)
    gone = summary["without_tags"] + summary["one_tag"] + summary["repeated"]
    assert len(sentences) == summary["kept"] == len(posts) - gone
    assert summary["tags_kept"] == counts.total()


def test_frequent_stems_can_be_read_alone(tmp_path: Path) -> None:
    build(tmp_path, [["golf", "dance"], ["golf", "yoga"], ["golf", "dance", "walk"]])
    assert [entry.name for entry in read_stems(tmp_path, 2)] == ["golf", "danc"]


def test_nothing_to_learn_from_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PostsError, match="none of the 2 posts"):
        build(tmp_path, [["golf"], ["dance", "dancing"]])


@pytest.mark.parametrize("options", [{"max_tags": 1}, {"max_repeats": 0}, {"unheard_of": 1}])
def test_invalid_settings_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        CorpusSettings.model_validate(options)


@pytest.mark.skipif("TAG2VEC_DATA" not in os.environ, reason="TAG2VEC_DATA is not set")
def test_real_posts(tmp_path: Path) -> None:
    real = read_posts(Path(os.environ["TAG2VEC_DATA"]) / "posts.jsonl.gz")
    posts = [post.tags for post in islice(real, 0, 80_000, 20)]
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        sentences, stems, summary = build(folder, posts, DENIED_TAGS.read_text(encoding="utf-8"))
    for name in (SENTENCES, STEMS, SUMMARY):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
    assert summary["posts"] == len(posts) == 4000
    assert summary["kept"] > 2000
    assert {"love", "beach", "dog"} <= set(stems)
    denied = DenyList.read(DENIED_TAGS)
    assert [tag for entry in stems.values() for tag in entry.inflections if denied.denies(tag)] == []
    assert not {tag for tags in sentences for tag in tags} & {"fyp", "instagram", "sexi", "tiktok"}
