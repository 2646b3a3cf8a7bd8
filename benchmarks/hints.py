"""What one hint gains and costs: relevant hashtags of the first five and of 15, by co-use.

A right hint is the clip's own hashtag, a wrong one that of another category, drawn at random, which is not relevant to
the clip's own. The hint itself does not count, with the hint or without. Clips are embedded by networks that saw none
of their group, towards the tags of one half of the posts; the other half judges (`training.relevance`). Means over
hashtags.

    TAG2VEC_DATA=... python -m benchmarks.hints --config training/default.toml
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from models.calibration import FIRST, Calibration
from models.tags.space import TagSpace
from training.appearance import appearances_of
from training.artifacts import Artifacts
from training.config import read_config
from training.evaluation.co_use import SUGGESTED, PostSplit
from training.evaluation.evaluate import read_calibration
from training.examples import by_hashtag, stem_of
from training.out_of_fold import OutOfFold

Floats = NDArray[np.float64]


def gain(split: PostSplit, label: int, hint: str, clip: tuple[Floats, Floats], calibration: Calibration) -> Floats:
    """Return how many more of the first five and of 15 are relevant with a hint, float64 (2,)."""
    suggester = split.suggester
    share = calibration.share(suggester.recognition(*clip))
    tag = suggester.space.display(hint)
    counts = []
    for options in ({"hint": [tag]}, {"exclude": [tag]}):
        found = suggester.suggest(*clip, share=share, k=SUGGESTED, **options)  # type: ignore[arg-type]
        relevant = split.relevant(label, [stem_of(one.tag) for one in found])
        counts.append([sum(relevant[:FIRST]), sum(relevant)])
    with_hint, without = np.array(counts, np.float64)
    gained: Floats = with_hint - without
    return gained


def main(
    config: Annotated[Path, typer.Option(help="Configuration of a finished training.")],
    every: Annotated[int, typer.Option(min=1, help="Measure every n-th clip only.")] = 1,
) -> None:
    """Measure right and wrong hints."""
    settings = read_config(config)
    artifacts = Artifacts.under(settings.work)
    calibration = read_calibration(artifacts.evaluation)
    examples = by_hashtag(artifacts, TagSpace.load(artifacts.tag2vec))
    embedded = OutOfFold.read(artifacts.out_of_fold).post_splits
    probabilities = appearances_of(artifacts, examples.clips).probabilities
    classes, temperature = settings.appearance.image_classes(), settings.embedding.temperature
    rng = np.random.default_rng(0)
    gains: dict[str, list[Floats]] = {"right": [], "wrong": []}
    labels = []
    for number, vectors in enumerate(embedded):
        split = PostSplit(artifacts.post_splits, number, examples.classes, temperature, classes)
        for row in range(0, len(examples.labels), every):
            label = int(examples.labels[row])
            own = split.stems[label]
            others = [name for name in split.stems if not split.judge.relevant(own, name)]
            clip = (vectors[row], probabilities[row])
            for which, hint in (("right", own), ("wrong", str(rng.choice(others)))):
                gains[which].append(gain(split, label, hint, clip, calibration))
            labels.append(label)
    table = Table("hint", "answers", "of the first five", f"of {SUGGESTED}")
    for which, found in gains.items():
        all_gains, of_clip = np.array(found), np.array(labels)
        means = np.mean([all_gains[of_clip == label].mean(axis=0) for label in np.unique(of_clip)], axis=0)
        table.add_row(which, str(len(found)), *(f"{mean:+.2f}" for mean in means))
    Console(width=100).print(table)


if __name__ == "__main__":
    typer.run(main)
