"""Reviewed tables that come with the package and go into every bundle, unless a configuration names others."""

from pathlib import Path

IMAGENET_CLASSES = Path(__file__).with_name("imagenet_classes.tsv")
"""What the classes of ImageNet mean as hashtags; see `models.tags.class_anchors`."""

TAG_KINDS = Path(__file__).with_name("tag_kinds.tsv")
"""Tags that are held back or suggested only with care; see `models.tags.kinds`."""
