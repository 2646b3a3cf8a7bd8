"""The reviewed tables that go into every bundle."""

from models.tags.class_anchors import read_classes
from models.tags.deny_list import DenyList
from models.tags.kinds import TagKinds
from models.tags.stemming import normalise, stem
from training.corpus import DENIED_TAGS
from training.tables import IMAGENET_CLASSES, TAG_KINDS

CLASSES = read_classes(IMAGENET_CLASSES)
KINDS = TagKinds.read(TAG_KINDS)


def test_every_class_of_imagenet_is_considered() -> None:
    assert len(CLASSES) == 1000
    assert all(one.kind for one in CLASSES)
    assert sum(bool(one.tags) for one in CLASSES) > 800


def test_tags_of_classes_are_normalised_and_different() -> None:
    for one in CLASSES:
        assert list(one.tags) == [normalise(tag) for tag in one.tags]
        assert len({stem(tag) for tag in one.tags}) == len(one.tags)


def test_tags_of_classes_are_not_denied() -> None:
    denied = DenyList.read(DENIED_TAGS)
    assert [tag for one in CLASSES for tag in one.tags if denied.denies(tag)] == []


def test_kinds_are_written_once() -> None:
    lines = [
        line.split("\t") for line in TAG_KINDS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    ]
    assert len({stem(normalise(tag)) for tag, _ in lines}) == len(lines) == len(KINDS.items())
    assert all(tag == normalise(tag) for tag, _ in lines)
