import numpy as np
import pytest

from models.tags.class_anchors import ImageClass
from models.tags.space import TagSpace
from training.named_tags import with_named

SPACE = (["anim", "wildlif", "ski"], [9, 8, 7], ["animals", "wildlife", "ski"], 3 * np.eye(3, dtype=np.float32))


def test_unknown_tags_are_put_between_those_of_their_classes() -> None:
    classes = [
        ImageClass("koala", "koala", ("koala", "animals", "wildlife")),
        ImageClass("ski", "ski", ("ski", "skis")),
        ImageClass("lizard", "lizard", ("lizards", "animals")),
        ImageClass("iguana", "lizard", ("lizard", "reptiles", "wildlife", "animal", "ski")),
    ]
    stems, counts, displays, vectors = with_named(*SPACE, classes)
    assert stems == ["anim", "wildlif", "ski", "koala", "lizard", "reptil"]
    assert counts == [9, 8, 7, 0, 0, 0]
    assert displays == ["animals", "wildlife", "ski", "koala", "lizards", "reptiles"]
    np.testing.assert_array_equal(vectors[:3], SPACE[3])
    means = np.array([[1, 1, 0], [2, 1, 1], [1, 1, 1]])
    np.testing.assert_allclose(vectors[3:], means / np.linalg.norm(means, axis=1, keepdims=True), atol=1e-6)
    space = TagSpace.from_vectors(stems, counts, displays, vectors)
    assert space.distance(space.vector("koala"), "anim") == pytest.approx(np.sqrt(2 - np.sqrt(2)), abs=1e-3)


def test_tags_with_nothing_known_beside_them_are_left_out() -> None:
    classes = [ImageClass("yak", "yak", ("yak", "ox")), ImageClass("bolt", "none", ())]
    stems, counts, displays, vectors = with_named(*SPACE, classes)
    assert (stems, counts, displays) == SPACE[:3]
    np.testing.assert_array_equal(vectors, SPACE[3])
