"""Tag2Vec: skip-gram over the tags of posts gives every stem a vector."""

import logging
from collections.abc import Container, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np
from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec
from pydantic import BaseModel, ConfigDict, Field

from models.tags.space import TagSpace
from training.corpus import SENTENCES, read_stems
from training.posts import PostsError

log = logging.getLogger(__name__)


class Tag2VecSettings(BaseModel):
    """How the vectors are learnt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimensions: int = Field(default=100, ge=1)
    """Of the vectors."""
    min_count: int = Field(default=10, ge=1)
    """Stems of fewer posts have no vector: what is rare drowns in noise."""
    epochs: int = Field(default=10, ge=1)
    """Passes over the posts."""
    negative: int = Field(default=5, ge=1)
    """Stems drawn as noise for each stem of a post."""
    sample: float = Field(default=1e-3, ge=0)
    """Share of all tags above which a stem is passed over now and then; 0: never."""
    seed: int = 1
    workers: int = Field(default=1, ge=1)
    """Threads. With more than one, results differ from run to run."""


class _Progress(CallbackAny2Vec):  # type: ignore[misc]
    def __init__(self, epochs: int) -> None:
        self._done, self._epochs = 0, epochs

    def on_epoch_end(self, model: Any) -> None:
        self._done += 1
        log.info("tag2vec: epoch %d of %d", self._done, self._epochs)


def train_tag2vec(corpus: Path, out: Path, settings: Tag2VecSettings) -> None:
    """Learn a vector for every stem that is frequent enough, and write them as a `TagSpace` without hashtags.

    Parameters
    ----------
    corpus : Path
        Folder that `training.corpus.build_corpus` wrote.
    out : Path
        Folder for the files of `TagSpace.save`.
    settings : Tag2VecSettings
        How to learn. With one worker, the same settings and corpus give the same bytes on the same machine.

    Raises
    ------
    PostsError
        If no stem is frequent enough, or no post has two that are.

    Notes
    -----
    Skip-gram with negative sampling (Mikolov et al., 2013). The order of a post's tags means nothing, so the window
    covers the whole post. The vector of a stem is the sum of its two, that of a tag and that of a tag's
    company (Pennington et al., 2014): tags are then near that keep the same company, and near their company too.
    """
    stems = {entry.name: entry for entry in read_stems(corpus, settings.min_count)}
    if not stems:
        raise PostsError(f"no stem occurs in {settings.min_count} posts or more; lower min_count or add posts")
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
    with NamedTemporaryFile("w", encoding="utf-8", newline="\n", dir=out, suffix=".partial") as sentences:
        tags: list[int] = []
        for known in _frequent(corpus, stems):
            sentences.write(" ".join(known) + "\n")
            tags.append(len(known))
        sentences.flush()
        if not tags:
            raise PostsError(
                f"no post has two stems of {settings.min_count} posts or more; lower min_count or add posts"
            )
        model.window = max(tags)
        model.train(
            corpus_file=sentences.name,
            total_examples=len(tags),
            total_words=sum(tags),
            epochs=settings.epochs,
            callbacks=[_Progress(settings.epochs)],
        )
    names = model.wv.index_to_key
    space = TagSpace.from_vectors(
        names,
        [stems[name].count for name in names],
        [next(iter(stems[name].inflections)) for name in names],
        np.asarray(model.wv.vectors) + np.asarray(model.syn1neg),
    )
    space.save(out)
    log.info("tag2vec: %d stems", len(space))


def _frequent(corpus: Path, stems: Container[str]) -> Iterator[list[str]]:
    """Give the stems that have a vector, of each post that has two: at the paper's size a fraction of the tags."""
    with (corpus / SENTENCES).open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            known = [name for name in line.rstrip("\n").split(" ") if name in stems]
            if len(known) > 1:
                yield known
