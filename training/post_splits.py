"""Post splits: the posts in two halves; suggestions learnt from one are judged by the other.

Near-duplicates stay in one half, or a template would be judged by its own copies.
"""

from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

from training.artifacts import Artifacts
from training.cooccurrence import learn_cooccurrence
from training.corpus import SENTENCES, STEMS, read_sentences, read_stems
from training.relevance import CoUse, split_posts
from training.tag2vec import Tag2VecSettings, train_tag2vec
from training.workers import in_processes

SPLITS = ("0", "1")
"""Folders, one for each half."""


def learn_post_splits(
    out: Path, artifacts: Artifacts, *, settings: Tag2VecSettings, classes: Path | None, workers: int
) -> None:
    """Split the posts of the corpus; learn tag space and co-occurrence of each half, in its folder under `out`."""
    corpus = artifacts.corpus
    split_of = split_posts(read_sentences(corpus))
    for number, name in enumerate(SPLITS):
        (out / name).mkdir()
        own = [post for post, split in zip(read_sentences(corpus), split_of, strict=True) if split == number]
        (out / name / SENTENCES).write_text("".join(" ".join(post) + "\n" for post in own), encoding="utf-8")
        counts = Counter(stem for post in own for stem in post)
        with (out / name / STEMS).open("w", encoding="utf-8", newline="\n") as file:
            # Inflections as in all posts: they only decide how a tag is shown.
            known = [(counts[stem.name], stem) for stem in read_stems(corpus) if counts[stem.name]]
            for count, stem in sorted(known, key=lambda one: -one[0]):
                fields = [stem.name, count, *(field for pair in stem.inflections.items() for field in pair)]
                file.write("\t".join(map(str, fields)) + "\n")
    learn = partial(_learn, artifacts=artifacts, settings=settings, classes=classes)
    for _, outcome in in_processes(learn, [out / name for name in SPLITS], workers=workers):
        if isinstance(outcome, Exception):
            raise outcome


def _learn(folder: Path, *, artifacts: Artifacts, settings: Tag2VecSettings, classes: Path | None) -> None:
    # A stem with just enough posts in all has half of them here.
    enough = -(-settings.min_count // 2)
    half = replace(artifacts, corpus=folder, tag2vec=folder)
    train_tag2vec(folder, half, settings=settings.model_copy(update={"min_count": enough}), classes=classes)
    learn_cooccurrence(folder, half)


def read_co_use(folder: Path) -> CoUse:
    """Count the posts of a corpus."""
    return CoUse.from_sentences(read_sentences(folder))
