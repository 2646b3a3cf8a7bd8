"""Answers to unseen clips in the bundle's own tag space, by networks and the classes of pictures together.

There are two kinds: clips by networks that saw clips of their hashtag from other groups, and clips by networks that saw
none of their hashtag, as of most things that people send.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from models.calibration import FIRST, Calibration
from models.tags.anchors import Anchors
from models.tags.class_anchors import ClassAnchors, ImageClass
from models.tags.cooccurrence import Cooccurrence
from models.tags.kinds import TagKinds
from models.tags.space import TagSpace
from models.tags.suggestions import Suggester
from training.artifacts import Artifacts
from training.calibration import Answered, Evidence
from training.evaluation.folds import Rows
from training.evaluation.persons_posts import PersonsPosts
from training.examples import stem_of
from training.out_of_fold import OutOfFold
from training.tables import TAG_KINDS

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Case:
    """A clip, embedded by networks that know the hashtags of a suggester's space.

    Attributes
    ----------
    clip : int
        Its row.
    stem : str
        Of its own hashtag.
    vector : float32 (out,)
    probabilities : float32 (classes,)
    suggester : Suggester
    left_out : bool
        Whether the networks saw no clip of its hashtag.
    """

    clip: int
    stem: str
    vector: Array
    probabilities: Array
    suggester: Suggester
    left_out: bool


def unseen_cases(
    artifacts: Artifacts,
    hashtags: Sequence[str],
    labels: Rows,
    unseen: OutOfFold,
    probabilities: Array,
    *,
    temperature: float,
    classes: Sequence[ImageClass],
) -> list[Case]:
    """Return the clips of both kinds, with suggesters as the bundle will have.

    Parameters
    ----------
    artifacts : Artifacts
        `tag2vec` and `cooccurrence` are read.
    hashtags : sequence of str
        Those that clips were trained on.
    labels : int64 (n,)
        Index in `hashtags`.
    unseen : OutOfFold
    probabilities : float32 (n, classes)
    temperature : float
        Of the embedding's softmax.
    classes : sequence of ImageClass
        What the image network can tell.
    """
    stems = [stem_of(hashtag) for hashtag in hashtags]
    whole, cooccurrence = TagSpace.load(artifacts.tag2vec, stems), Cooccurrence.load(artifacts.cooccurrence)
    suggester = partial(
        Suggester,
        cooccurrence=cooccurrence,
        temperature=temperature,
        classes=ClassAnchors(classes, whole),
        kinds=TagKinds.read(TAG_KINDS),
    )

    def of(rows: Rows, embedded: Array, knowing: Suggester, left_out: bool) -> Iterator[Case]:
        for row in rows.tolist():
            yield Case(row, stems[labels[row]], embedded[row], probabilities[row], knowing, left_out)

    cases = list(of(np.arange(len(labels)), unseen.embedded, suggester(whole), False))
    trained_without = unseen.left_out.any(axis=1)  # not where nothing else would have been left to learn
    for label, name in enumerate(stems):
        rows = np.flatnonzero((labels == label) & trained_without)
        if len(rows):
            others = suggester(TagSpace.load(artifacts.tag2vec, [other for other in stems if other != name]))
            cases += of(rows, unseen.left_out, others, True)
    return cases


def evidence(cases: Sequence[Case]) -> Evidence:
    """Return how likely networks, and classes, find that each clip is of its own hashtag."""
    rows = []
    for case in cases:
        suggester = case.suggester
        own, clip = suggester.space.row(case.stem), suggester.recognition(case.vector, case.probabilities)
        given = (suggester.anchors(case.vector), suggester.classes.anchors(case.probabilities))
        rows.append((*(_naming(anchors, own) for anchors in given), clip.familiarity, clip.certainty))
    networks, classes, familiarity, certainty = np.array(rows, np.float64).T
    return Evidence(networks, classes, familiarity, certainty, np.array([case.left_out for case in cases]))


def answered(cases: Sequence[Case], calibration: Calibration, posts: PersonsPosts) -> Answered:
    """Return how the first five suggestions for each clip fare."""
    rows = []
    for case in cases:
        clip = case.suggester.recognition(case.vector, case.probabilities)
        found = case.suggester.suggest(case.vector, case.probabilities, share=calibration.share(clip), k=FIRST)
        stems = [stem_of(one.tag) for one in found]
        own = stems.index(case.stem) + 1 if case.stem in stems else 0
        most = max((one.relevance for one in found), default=0.0)
        rows.append((most, clip.familiarity, clip.certainty, own, posts.share(case.stem, stems)))
    most_relevant, familiarity, certainty, rank, right = np.array(rows, np.float64).T
    return Answered(
        most_relevant=most_relevant,
        familiarity=familiarity,
        certainty=certainty,
        rank=rank.astype(np.int64),
        right=right,
        clip=np.array([case.clip for case in cases], np.int64),
        left_out=np.array([case.left_out for case in cases]),
    )


def _naming(anchors: Anchors, row: int) -> float:
    return float(anchors.naming[anchors.rows == row].sum())
