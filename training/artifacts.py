"""Where the stages of a training leave their files."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Artifacts:
    """The folder of each stage's files, in the order of the stages, and that of `descriptors`.

    The stage `features` keeps the descriptors of clips between runs. For other folders than those of the training (a
    vocabulary learnt anew, half of the corpus), take a copy by `dataclasses.replace`.
    """

    corpus: Path
    tag2vec: Path
    cooccurrence: Path
    trends: Path
    inflections: Path
    map: Path
    languages: Path
    features: Path
    appearance: Path
    vocabulary: Path
    embedding: Path
    post_splits: Path
    out_of_fold: Path
    out_of_distribution: Path
    evaluation: Path
    open_world: Path
    bundle: Path
    descriptors: Path

    @classmethod
    def under(cls, work: Path) -> Self:
        """Return the folders in a work folder, each named after its stage."""
        return cls(**{field.name: work / field.name for field in fields(cls)})


STAGES = tuple(field.name for field in fields(Artifacts) if field.name != "descriptors")
"""Names of the stages of a training, in order."""
