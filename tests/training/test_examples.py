import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.fusion import fuse
from models.tags.space import TagSpace
from training.appearance import read_appearances
from training.artifacts import Artifacts
from training.clips import Clip
from training.config import Config
from training.examples import Examples, by_hashtag
from training.features import read_kept
from training.vocabulary import read_views


def examples(rows: list[tuple[str, str]]) -> Examples:
    """Examples of these groups and sources."""
    clips = [Clip(path=str(row), category="c", group=group, source=source) for row, (group, source) in enumerate(rows)]
    return Examples.of(clips, ["c"] * len(clips), np.zeros((2, len(clips), 1), np.float32))


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from(["", *"xyz"])), min_size=1, max_size=12))
def test_by_source_joins_all_that_is_linked(rows: list[tuple[str, str]]) -> None:
    found = examples(rows).by_source().groups
    # Which clips can be reached from each by steps between clips of the same group or source.
    linked = np.array([[one[0] == two[0] or (one[1] == two[1] != "") for two in rows] for one in rows])
    for _ in rows:
        linked = linked @ linked
    np.testing.assert_array_equal(found[:, None] == found, linked)


def test_parts_are_motion_and_appearance(trained: Config) -> None:
    artifacts = Artifacts.under(trained.work)
    found = by_hashtag(artifacts, TagSpace.load(artifacts.tag2vec))
    row = [one.clip.path for one in read_kept(artifacts.features)].index(found.clips[3].path)
    seen, fisher = read_appearances(artifacts.appearance), read_views(artifacts.vocabulary)
    expected = fuse(
        fisher[:, row].mean(axis=0), seen.features[row], seen.features.mean(axis=0), seen.features.std(axis=0)
    )
    np.testing.assert_allclose(found.vectors[3], expected, atol=1e-6)
    for part, motion in zip(found.parts[:2], fisher, strict=True):
        np.testing.assert_array_equal(part[3, : len(motion[row])], motion[row])
        assert not part[3, len(motion[row]) :].any()
    assert found.parts.shape[2] == fisher.shape[2] + seen.features.shape[1]
