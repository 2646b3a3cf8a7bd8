"""Two halves of the posts; what is suggested by what one teaches is judged by the other.

Near-duplicates stay in one half, or a template would be judged by its copies.
"""

from collections import Counter
from functools import partial
from pathlib import Path

from models.tags.space import TagSpace
from training.cooccurrence import count_cooccurrence
from training.corpus import SENTENCES, STEMS, read_sentences, read_stems
from training.relevance import CoUse, halves
from training.tag2vec import Tag2VecSettings, train_tag2vec
from training.workers import in_processes

HALVES = ("0", "1")
"""Folders; what is learnt in one is judged by the posts of the other."""


def learn_halves(out: Path, *, corpus: Path, settings: Tag2VecSettings, workers: int) -> None:
    """Split the posts of a corpus; learn tag space and co-occurrence of each half, in its folder under `out`."""
    half_of = halves(read_sentences(corpus))
    for number, name in enumerate(HALVES):
        (out / name).mkdir()
        own = [post for post, half in zip(read_sentences(corpus), half_of, strict=True) if half == number]
        (out / name / SENTENCES).write_text("".join(" ".join(post) + "\n" for post in own), encoding="utf-8")
        counts = Counter(stem for post in own for stem in post)
        with (out / name / STEMS).open("w", encoding="utf-8", newline="\n") as file:
            # Inflections as in all posts: they decide how a tag is shown, and nothing else.
            known = [(counts[stem.name], stem) for stem in read_stems(corpus) if counts[stem.name]]
            for count, stem in sorted(known, key=lambda one: -one[0]):
                fields = [stem.name, count, *(field for pair in stem.inflections.items() for field in pair)]
                file.write("\t".join(map(str, fields)) + "\n")
    learn = partial(_learn, out, settings)
    for _, outcome in in_processes(learn, HALVES, workers=workers):
        if isinstance(outcome, Exception):
            raise outcome


def _learn(out: Path, settings: Tag2VecSettings, half: str) -> None:
    # What has just enough posts in all has half of them here.
    enough = -(-settings.min_count // 2)
    train_tag2vec(out / half, out / half, settings.model_copy(update={"min_count": enough}))
    count_cooccurrence(out / half, TagSpace.load(out / half).stems).save(out / half)


def read_co_use(folder: Path) -> CoUse:
    """Count the posts of a corpus."""
    return CoUse.from_sentences(read_sentences(folder))
