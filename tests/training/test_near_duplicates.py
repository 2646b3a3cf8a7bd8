from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.near_duplicates import near_duplicates

POSTS = st.lists(st.lists(st.sampled_from(["golf", "tenni", "danc", "yoga", "été", "축구"]), max_size=5), max_size=40)


def jaccard(a: Sequence[str], b: Sequence[str]) -> float:
    return len({*a} & {*b}) / len({*a} | {*b})


@given(POSTS)
def test_the_same_tags_in_any_order_are_one_cluster(posts: list[list[str]]) -> None:
    cluster = near_duplicates([*posts, *(post[::-1] for post in posts)])
    assert cluster.shape == (2 * len(posts),)
    assert (cluster[: len(posts)] == cluster[len(posts) :]).all()
    assert set(cluster) == set(range(cluster.max(initial=-1) + 1))
    for a, one in zip(posts, cluster, strict=False):
        for b, other in zip(posts, cluster, strict=False):
            if a and b and set(a) == set(b):
                assert one == other


def test_posts_meet_as_often_as_banding_predicts() -> None:
    rng = np.random.default_rng(0)
    pairs = []
    for number in range(2000):
        shared = int(rng.integers(0, 20))
        common = [f"c{number}_{tag}" for tag in range(shared)]
        pairs.append([[*common, *(f"{side}{number}_{tag}" for tag in range(20 - shared))] for side in "ab"])
    cluster = near_duplicates([post for pair in pairs for post in pair]).reshape(-1, 2)
    met = cluster[:, 0] == cluster[:, 1]
    likeness = np.array([jaccard(*pair) for pair in pairs])
    # Banding lets a pair of likeness s meet with probability 1 - (1 - s^6)^8.
    for low, high in ((0.0, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 1.0)):
        within = (likeness >= low) & (likeness < high)
        expected = 1 - (1 - likeness[within] ** 6) ** 8
        assert abs(met[within].mean() - expected.mean()) < 0.08
