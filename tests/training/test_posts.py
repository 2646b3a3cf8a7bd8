import csv
import gzip
import io
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.posts import Post, PostsError, read_posts

POSTS = [["Golf", "été"], [], ["축구", "F1", "a_b"]]

FILES = {
    "posts.jsonl": "".join(json.dumps({"id": "x", "tags": tags}) + "\n\n" for tags in POSTS),
    "posts.csv": 'id,Hashtags\n1,"Golf, été"\n\n2,\n3,"축구 F1,a_b"\n',
    "posts.txt": "Golf été\n\n \n축구\tF1  a_b\r\n",
}


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("name", FILES)
def test_each_kind_is_read(tmp_path: Path, name: str, bom: str, suffix: str) -> None:
    path = tmp_path / (name + suffix)
    content = (bom + FILES[name]).encode()
    path.write_bytes(gzip.compress(content) if suffix else content)
    # A line of text without tags is no post, for there is nothing else on it.
    assert list(read_posts(path)) == [Post(tags) for tags in POSTS if tags or not name.endswith(".txt")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "a.jsonl",
            '{"tags": ["golf"], "date": "2016-12-18"}\n{"tags": ["yoga"], "date": null, "source": null}\n'
            '{"tags": ["dog"], "source": "vine"}\n',
        ),
        ("a.csv", "Date,tags,source\n2016-12-18T23:59:59+01:00,golf,\n ,yoga,\n,dog,vine\n"),
    ],
)
def test_dates_and_sources_are_read_where_there_are_any(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert list(read_posts(path)) == [Post(["golf"], date(2016, 12, 18)), Post(["yoga"]), Post(["dog"], source="vine")]


@given(st.lists(st.lists(st.text())))
def test_jsonl_gives_back_the_tags_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, posts: list[list[str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "posts.jsonl"
    path.write_text("".join(json.dumps({"tags": tags}) + "\n" for tags in posts), encoding="utf-8")
    assert [post.tags for post in read_posts(path)] == posts


@given(st.lists(st.lists(st.text(st.characters(categories=["L", "N", "Pc"]), min_size=1), min_size=1)))
def test_csv_and_text_give_back_the_tags(tmp_path_factory: pytest.TempPathFactory, posts: list[list[str]]) -> None:
    text = tmp_path_factory.getbasetemp() / "posts.txt"
    text.write_text("".join(" ".join(tags) + "\n" for tags in posts), encoding="utf-8", newline="\n")
    assert [post.tags for post in read_posts(text)] == posts
    table = io.StringIO()
    csv.writer(table).writerows([["tags", "caption"], *([",".join(tags), 'a "b",\nc'] for tags in posts)])
    path = tmp_path_factory.getbasetemp() / "posts.csv"
    path.write_text(table.getvalue(), encoding="utf-8", newline="")
    assert [post.tags for post in read_posts(path)] == posts


@pytest.mark.parametrize(
    ("name", "content", "where"),
    [
        ("a.jsonl", '{"tags": []}\n{"tags": [}\n', "line 2"),
        ("a.jsonl", '{"tags": []}\n\n["golf"]\n', "line 3"),
        ("a.jsonl", '{"hashtags": []}\n', "line 1"),
        ("a.jsonl", '{"tags": "golf tennis"}\n', "line 1"),
        ("a.jsonl", '{"tags": ["golf", 3]}\n', "line 1"),
        ("a.jsonl", '{"tags": null}\n', "line 1"),
        ("a.jsonl", "[" * 100_000 + "\n", "line 1"),
        ("a.jsonl", '{"tags": [], "date": "18.12.2016"}\n', "line 1"),
        ("a.jsonl", '{"tags": [], "date": 20161218}\n', "line 1"),
        ("a.jsonl", '{"tags": [], "source": 7}\n', "line 1"),
        ("a.csv", "tags,date\ngolf,2016-12-18\ngolf,2016-13-18\n", "line 3"),
        ("a.csv", "", "line 1"),
        ("a.csv", "id,caption\n1,golf\n", "line 1"),
        ("a.csv", "id,tags\n1,golf\n2\n", "line 3"),
        ("a.csv", "id,tags\n1,golf tennis,yoga\n", "line 2"),
        ("a.csv", 'id,tags\n1,"golf\n', "line 2"),
        ("a.txt", b"golf\nt\xe9\n", "line 2"),
        ("a.txt.gz", b"golf tennis\n", "line 0"),
        ("a.jsonl.gz", gzip.compress(b'{"tags": []}\n' * 9, mtime=0)[:-4], "line 9"),
        ("a.parquet", "", "jsonl"),
        ("posts", "", "jsonl"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path, name: str, content: str | bytes, where: str) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(PostsError) as error:
        list(read_posts(path))
    assert str(path) in str(error.value)
    assert where in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PostsError, match=r"missing\.txt: cannot be read"):
        list(read_posts(tmp_path / "missing.txt"))
