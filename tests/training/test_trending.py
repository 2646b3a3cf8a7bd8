"""From dated posts to trending hashtags: everything but the clip."""

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from models.tags.cooccurrence import Cooccurrence
from models.tags.space import TagSpace
from models.tags.suggestions import Suggester
from models.tags.trends import Trends
from tests.training.one_folder import all_in
from training.cooccurrence import learn_cooccurrence
from training.corpus import CorpusSettings, build_corpus
from training.tag2vec import Tag2VecSettings, train_tag2vec
from training.trends import learn_trends

SPORT = ["golf", "tennis", "soccer", "running", "baseball", "boxing", "yoga", "skiing"]
FOOD = ["pizza", "burger", "cooking", "salad", "bread", "cheese", "soup", "rice"]


def write_posts(path: Path) -> None:
    """Ten weeks of sport and food; in the last week, skiing appears and yoga vanishes."""
    rng = np.random.default_rng(0)
    with path.open("w") as lines:
        for number in range(1500):
            ago = int(rng.integers(0, 70))
            fading = {"skiing"} if ago >= 7 else {"yoga"}
            topic = [word for word in (SPORT, FOOD)[number % 2] if word not in fading or rng.random() < 0.1]
            tags = [*rng.choice(topic, 4, replace=False), f"own{number}x"]
            day = date(2016, 12, 18) - timedelta(ago)
            lines.write(json.dumps({"tags": tags, "date": f"{day}T12:00:00Z"}) + "\n")


def test_rising_tags_are_trending(tmp_path: Path) -> None:
    write_posts(tmp_path / "posts.jsonl")
    build_corpus(tmp_path, posts=[tmp_path / "posts.jsonl"], settings=CorpusSettings())
    train_tag2vec(tmp_path, all_in(tmp_path), settings=Tag2VecSettings(dimensions=20, epochs=20, sample=0))
    learn_cooccurrence(tmp_path, all_in(tmp_path))
    learn_trends(tmp_path, all_in(tmp_path))
    space = TagSpace.load(tmp_path, ["tenni"])
    suggester = Suggester(space, Cooccurrence.load(tmp_path), trends=Trends.load(tmp_path), temperature=0.1)
    similar = [one.tag for one in suggester.suggest(space.vector("tenni"), k=8)]
    assert set(similar) == set(SPORT)
    trending = [one.tag for one in suggester.suggest(space.vector("tenni"), k=3, rank="trending")]
    assert trending[0] == "skiing"
    growth = {name: suggester.trends.growth[space.row(name)] for name in ("ski", "yoga", "tenni")}  # type: ignore[union-attr]
    assert growth["ski"] > 2 > growth["tenni"] > 0.5 > growth["yoga"]
