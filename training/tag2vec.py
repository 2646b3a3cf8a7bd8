"""Tag2Vec: a vector for every stem, by skip-gram over the tags of posts."""

import logging
from collections.abc import Container, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec
from pydantic import BaseModel, ConfigDict, Field

from models.tags.class_anchors import read_classes
from models.tags.space import TagSpace
from training.artifacts import Artifacts
from training.corpus import SENTENCES, read_stems
from training.named_tags import with_named
from training.posts import PostsError

log = logging.getLogger(__name__)


class Tag2VecSettings(BaseModel):
    """How the vectors are learnt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimensions: int = Field(default=100, ge=1)
    """Of the vectors."""
    min_count: int = Field(default=10, ge=1)
    """Stems with fewer posts have no vector: it would be mostly noise."""
    epochs: int = Field(default=10, ge=1)
    """Passes over the posts."""
    negative: int = Field(default=5, ge=1)
    """Negative samples for each stem of a post."""
    sample: float = Field(default=1e-3, ge=0)
    """Frequency, as a share of all tags, above which a stem is subsampled; 0: never."""
    seed: int = 1
    workers: int = Field(default=1, ge=1)
    """Threads. With more than one, results vary from run to run."""


class _Progress(CallbackAny2Vec):  # type: ignore[misc]
    def __init__(self, epochs: int) -> None:
        self._done, self._epochs = 0, epochs

    def on_epoch_end(self, model: Any) -> None:
        self._done += 1
        log.info("tag2vec: epoch %d of %d", self._done, self._epochs)


def train_tag2vec(out: Path, artifacts: Artifacts, *, settings: Tag2VecSettings, classes: Path | None = None) -> None:
    """Learn a vector for every stem that is frequent enough, and write them as a `TagSpace` without hashtags.

    Parameters
    ----------
    out : Path
        Folder for the files of `TagSpace.save`.
    artifacts : Artifacts
        `corpus` is read.
    settings : Tag2VecSettings
        With one worker, the same settings and corpus give the same bytes on the same machine.
    classes : Path, optional
        Table of the image network's classes, whose tags get a vector even if few posts use them.

    Raises
    ------
    PostsError
        If no stem is frequent enough, or no post has two that are.

    Notes
    -----
    Skip-gram with negative sampling (Mikolov et al., 2013). The order of a post's tags carries no meaning, so the
    window covers the whole post. The vector of a stem is the sum of its input and output vectors (Pennington et al.,
    2014): tags that occur with the same tags are then near each other, and near the tags that they occur with.
    """
    stems = {entry.name: entry for entry in read_stems(artifacts.corpus, settings.min_count)}
    if not stems:
        raise PostsError(f"no stem occurs in {settings.min_count} or more posts; lower min_count or add posts")
    model = Word2Vec(
        vector_size=settings.dimensions,
        sg=1,
        hs=0,
        shrink_windows=False,
        min_count=settings.min_count,
        negative=settings.negative,
        sample=settings.sample,
        seed=settings.seed,
        workers=settings.workers,
    )
    model.build_vocab_from_freq({name: entry.count for name, entry in stems.items()})
    with TemporaryDirectory(dir=out) as temporary:
        file = Path(temporary) / SENTENCES
        tags: list[int] = []
        with file.open("w", encoding="utf-8", newline="\n") as sentences:
            for known in _frequent(artifacts.corpus, stems):
                sentences.write(" ".join(known) + "\n")
                tags.append(len(known))
        if not tags:
            raise PostsError(
                f"no post has two stems that occur in {settings.min_count} or more posts; lower min_count or add posts"
            )
        model.window = max(tags)
        model.train(
            corpus_file=str(file),
            total_examples=len(tags),
            total_words=sum(tags),
            epochs=settings.epochs,
            callbacks=[_Progress(settings.epochs)],
        )
    names = model.wv.index_to_key
    space = TagSpace.from_vectors(
        *with_named(
            names,
            [stems[name].count for name in names],
            [next(iter(stems[name].inflections)) for name in names],
            np.asarray(model.wv.vectors) + np.asarray(model.syn1neg),
            read_classes(classes) if classes else [],
        )
    )
    space.save(out)
    log.info("tag2vec: %d stems", len(space))


def _frequent(corpus: Path, stems: Container[str]) -> Iterator[list[str]]:
    """Yield the stems that get a vector, of each post with two or more: of all tags a small fraction."""
    with (corpus / SENTENCES).open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            known = [name for name in line.rstrip("\n").split(" ") if name in stems]
            if len(known) > 1:
                yield known
