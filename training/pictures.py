"""Describes the pictures of a clip as the pipeline does, in a worker process. Stages that only read do not need it."""

from functools import cache
from pathlib import Path

from models.appearance import Appearance, AppearanceNetwork, AppearanceSettings
from models.video.decoding import Video
from models.video.pictures import PictureSampler


def describe_pictures(clip: Path, *, network: Path, settings: AppearanceSettings) -> Appearance:
    """Describe pictures spread over a clip."""
    sampler = PictureSampler(settings.pictures, short_side=settings.short_side, side=settings.side)
    with Video(clip, sampler=sampler) as video:
        for _ in video:
            pass
    return _opened(network, settings).describe(sampler.pictures())


@cache
def _opened(network: Path, settings: AppearanceSettings) -> AppearanceNetwork:
    return AppearanceNetwork(network, settings)
