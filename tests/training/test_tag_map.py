import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import trustworthiness

from models.tags.space import TagSpace, unit
from models.tags.tag_map import MAP_FILE, SIDE, TagMap
from training.config import Config
from training.tag_map import draw

TOPICS, TAGS = 8, 50


def topics() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Vectors around some directions, and which."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(TOPICS, 30))
    topic = rng.permutation(np.repeat(np.arange(TOPICS), TAGS))
    return unit(centres[topic] + 0.4 * rng.normal(size=(len(topic), 30))), topic


def test_what_is_near_in_the_tag_space_is_near_on_the_map() -> None:
    vectors, topic = topics()
    counts = np.arange(1, len(vectors) + 1)
    ordinary = np.arange(len(vectors)) % 2 == 0
    drawn = draw(vectors, counts, ordinary)
    assert trustworthiness(vectors, drawn.places.astype(np.float64), n_neighbors=10) > 0.9
    extent = np.ptp(drawn.places.astype(np.int64), axis=0)
    assert extent.max() == SIDE
    # Regions are topics, and each is named by ordinary tags of it, used more than most.
    for number, names in enumerate(drawn.names):
        members = np.flatnonzero(drawn.region == number)
        assert np.bincount(topic[members]).max() > 0.9 * len(members)
        assert set(names.tolist()) <= set(members.tolist())
        assert ordinary[names].all()
        assert counts[names].mean() > counts[members].mean()


def test_the_same_tags_give_the_same_map() -> None:
    vectors, _ = topics()
    once, again = (draw(vectors, np.ones(len(vectors), np.int64), np.ones(len(vectors), bool)) for _ in range(2))
    assert (once.places == again.places).all()
    assert (once.names == again.names).all()


def test_a_region_without_an_ordinary_tag_has_no_name() -> None:
    vectors = unit(np.random.default_rng(0).normal(size=(12, 5)))
    drawn = draw(vectors, np.ones(12, np.int64), np.zeros(12, bool))
    assert (drawn.names == -1).all()


def test_training_draws_a_map_of_all_tags(trained: Config) -> None:
    space = TagSpace.load(trained.work / "bundle")
    drawn = TagMap.load(trained.work / "bundle")
    assert (trained.work / "map" / MAP_FILE).stat().st_size < 2**20
    assert len(drawn) == len(space)
    assert len(np.unique(drawn.places, axis=0)) == len(space)
