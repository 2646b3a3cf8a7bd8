"""Open-world clips: frames with the first five suggestions, successes and failures."""

from collections.abc import Sequence
from pathlib import Path

from models.calibration import FIRST
from training.evaluation.open_world import OpenWorldAnswer, OpenWorldQuality
from training.report.example_frames import NOTE, Example, choose, draw, parted
from training.report.page import Picture, Section, Table


def open_world_frames(answers: Sequence[OpenWorldAnswer], clips: Path, workers: int) -> Section:
    """Draw clips of a folder that were answered well, and that were not, of each category one at most."""
    of = {clips / answer.clip.path: answer for answer in answers}
    best, worst = choose(
        Example(clip, answer.clip.category, answer.tags[:FIRST], answer.right[:FIRST]) for clip, answer in of.items()
    )
    quality = OpenWorldQuality.of(answers)
    rows = [
        [
            example.hashtag,
            " ".join(of[example.clip].clip.truth),
            *parted(example),
            "yes" if of[example.clip].confident else "no",
        ]
        for example in [*best, *worst]
    ]
    return Section(
        title="Open world",
        text=[
            "Clips of anything, with hashtags that a person wrote for each; nothing was learnt from them. Of the first "
            f"{FIRST} suggestions, those in green are among the person's. Shown are the clips with the most of these, "
            f"and with the fewest, one of each category. Over all {quality.clips} clips there are {quality.right:.2f} "
            f"on average, and at least one for {100 * quality.any_right:.1f} % of the clips.",
        ],
        pictures=[Picture("open_world", draw(best, worst, workers), "Frames of open-world clips with their hashtags")],
        tables=[Table(["clip of", "a person's hashtags", "suggested too", "suggested besides", "confident"], rows)],
        notes=[NOTE],
    )
