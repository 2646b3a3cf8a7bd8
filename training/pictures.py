"""Describes the pictures of a clip as the pipeline does, in a worker process. Stages that only read do not need it."""

from functools import cache
from pathlib import Path

from models.appearance import Appearance, AppearanceNetwork, AppearanceSettings
from models.tags.tag_vectors import TagVectors
from models.video.decoding import Video
from models.video.pictures import PictureSampler


def describe_pictures(
    clip: Path, *, network: Path, settings: AppearanceSettings, tag_vectors: Path | None = None
) -> Appearance:
    """Describe pictures spread over a clip."""
    sampler = PictureSampler(settings.pictures, short_side=settings.short_side, side=settings.side)
    with Video(clip, sampler=sampler) as video:
        for _ in video:
            pass
    return opened(network, settings, tag_vectors).describe(sampler.pictures())


@cache
def opened(network: Path, settings: AppearanceSettings, tag_vectors: Path | None) -> AppearanceNetwork:
    """Return a network, and the vectors of tags that it goes with, once for each process."""
    return AppearanceNetwork(network, settings, TagVectors.read(tag_vectors) if tag_vectors else None)
