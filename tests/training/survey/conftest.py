"""A survey that needs no clip: what the preparation would have stored."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from models.appearance import Appearance
from models.bundle import SHIPPED, Bundle
from models.encoded_clip import EncodedClip
from models.tags.suggestions import Suggestion
from models.video.info import VideoInfo
from training.survey.database import Database

TAGS = ["golf", "tennis", "dancing", "été", "축구"]
INFO = VideoInfo(duration_s=1.0, fps=30.0, width=160, height=120, analysed_s=1.0, frames_used=30)


def encoded(value: float = 1.0) -> EncodedClip:
    seen = Appearance(np.full(4, value, np.float32), np.full(3, value / 9, np.float32))
    return EncodedClip(np.full(8, value, np.float32), seen, INFO, 5, {"decode": 1.0}, ["short"])


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Three clips with five suggestions each, and two raters."""
    with Database(tmp_path / "survey.sqlite", create=True) as opened:
        opened.use(Bundle.open(SHIPPED))
        for number in opened.register({digest: f"{digest}.mp4" for digest in "abc"}):
            opened.prepared(number, encoded(number), copied=False)
            suggestions = [Suggestion(tag, 0.5, 1.0, rank) for rank, tag in enumerate(TAGS, start=1)]
            opened.suggest(number, suggestions)
        opened.add_rater("ann")
        opened.add_rater("bob")
        yield opened
