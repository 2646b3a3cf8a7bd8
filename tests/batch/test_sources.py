"""Folders and listings of every kind."""

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch.sources import SourceError, read_source
from batch.storage import Place, StorageError


def test_folders_are_listed_deeply_sorted_and_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b.mp4", "a/z.mp4", "a/.thumbs/1.jpg", ".DS_Store", "a.mp4", "ä #1?.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    for name in (str(tmp_path), tmp_path.as_uri()):
        source = read_source(name)
        assert source.paths == sorted(["a.mp4", "a/z.mp4", "b.mp4", "ä #1?.mp4"])
        assert [(source.root / path).read().decode() for path in source.paths] == source.paths


def test_a_hidden_listing_in_a_folder_names_paths_as_the_folder_does(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("a/old.mp4", "a/new.mp4"):
        (tmp_path / name).touch()
    (tmp_path / ".new.csv").write_text("path\na/new.mp4\n")
    folder, listing = read_source(str(tmp_path)), read_source(str(tmp_path / ".new.csv"))
    assert folder.paths == ["a/new.mp4", "a/old.mp4"]
    assert (listing.paths, str(listing.root)) == (["a/new.mp4"], str(folder.root))


def test_nothing_in_a_folder_vanishes(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.mp4").touch()
    (tmp_path / "c").mkdir()
    links = {"gone": "absent.mp4", "itself": "itself", "linked": "sub", "sub/circle": "..", "c/sub": "../sub"}
    for link, target in links.items():
        (tmp_path / link).symlink_to(target)
    os.mkfifo(tmp_path / "pipe")
    for name in (str(tmp_path), tmp_path.as_uri()):
        source = read_source(name)
        assert source.paths == ["a.mp4", "c/sub/b.mp4", "gone", "itself", "linked/b.mp4", "pipe", "sub/b.mp4"]
        for path in ("gone", "itself", "pipe"):
            with pytest.raises(OSError, match=path):
                (source.root / path).stream()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.mp4")).touch()
    with pytest.raises(SourceError, match=r"a file whose name is not UTF-8, b'\\xff.mp4': rename it"):
        read_source(str(tmp_path))


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".CSV"])
def test_listings_keep_their_order(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"list{suffix}"
    paths = ["0012", "a, b.mp4", "/elsewhere/c.mp4", "s3://bucket/d.mp4"]
    table = pa.table({"id": [1, 2, 3, 4], "path": paths})
    match suffix.lower():
        case ".parquet":
            pq.write_table(table, file)
        case ".csv" | ".tsv" as kind:
            comma = "," if kind == ".csv" else "\t"
            lines = [f'{number}{comma}"{path}"' for number, path in enumerate(paths)]
            file.write_text("\n".join([f"id{comma}path", *lines, ""]))
        case _:
            file.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    assert read_source(str(file)).paths == paths
    assert str(read_source(file.as_uri()).root / "0012") == f"{tmp_path.as_uri()}/0012"


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("list.csv", "file\na.mp4\n", "path"),
        ("list.csv", "path\na.mp4\na.mp4\n", "lists a.mp4 twice"),
        ("list.csv", "path,id\n,7\n", "row 1 has no path"),
        ("list.csv", "path\n", "there are no clips"),
        ("list.jsonl", '{"path": 7}\n', "text column .path.; its type is int64"),
        ("list.jsonl", "{", "cannot be read as a listing"),
        ("list.parquet", "no table", "cannot be read as a listing"),
        ("clip.mp4", "", "use tag2vec suggest"),
    ],
)
def test_listings_that_cannot_be_used(tmp_path: Path, name: str, content: str, complaint: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(SourceError, match=complaint):
        read_source(str(tmp_path / name))


def test_sources_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        read_source(str(tmp_path / "nothing"))
    with pytest.raises(SourceError, match="there are no clips"):
        read_source(str(tmp_path))
    with pytest.raises(StorageError, match="cannot be opened"):
        read_source("gopher://old/clips")


def test_places_keep_the_options_of_their_address() -> None:
    place = Place("s3://bucket/a/b?endpoint_override=127.0.0.1:9&scheme=http")
    assert str(place / "c#1.mp4") == "s3://bucket/a/b/c#1.mp4?endpoint_override=127.0.0.1:9&scheme=http"
    assert str(place.parent) == "s3://bucket/a?endpoint_override=127.0.0.1:9&scheme=http"
    assert str(place / "/x") == "/x"


def test_a_place_contains_what_is_below_it_in_the_same_store() -> None:
    store, other = "?endpoint_override=127.0.0.1:9&scheme=http", "?endpoint_override=127.0.0.1:8&scheme=http"
    place = Place(f"s3://bucket/a{store}")
    assert place.contains(place)
    assert place.contains(Place(f"s3://bucket/a/b/c{store}"))
    assert Place(f"s3://bucket{store}").contains(place)
    for elsewhere in (f"s3://bucket/ab{store}", f"s3://bucket{store}", f"s3://bucket/a/b{other}", "/bucket/a/b"):
        assert not place.contains(Place(elsewhere))
    assert Place("/").contains(Place("file:///a"))
