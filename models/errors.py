"""The exceptions that the pipeline raises deliberately.

::

    Tag2VecError
    ├── ClipError               the clip cannot be used; `code` says why
    │   ├── EmptyClip           empty_clip
    │   ├── NotAVideo           not_a_video
    │   ├── UnsupportedContainer  unsupported_container
    │   ├── UnsupportedCodec    unsupported_codec
    │   ├── NoVideoStream       no_video_stream
    │   ├── ClipTooLarge        clip_too_large
    │   ├── ClipTooLong         clip_too_long
    │   ├── NoSuchPart          no_such_part
    │   └── TruncatedClip       truncated
    ├── UnknownTag              the tag space does not contain this tag
    ├── NoDates                 trending is unavailable: the posts have no dates
    ├── UnknownLanguage         no tags are known to be of this language
    └── BundleError             the model bundle is missing, damaged or of an unsupported version

Messages say what is wrong, where, and what to do about it; they may be shown to users.
"""

from typing import ClassVar


class Tag2VecError(Exception):
    """Base class of this project's exceptions; the message may be shown to users."""


class ClipError(Tag2VecError):
    """The clip cannot be used; `code` is one of the fixed set above."""

    code: ClassVar[str]


class EmptyClip(ClipError):
    """The file has no bytes."""

    code = "empty_clip"


class NotAVideo(ClipError):
    """The file is not a video container."""

    code = "not_a_video"


class UnsupportedContainer(ClipError):
    """The file is a media container that is none of `models.video.container.CONTAINERS`."""

    code = "unsupported_container"


class UnsupportedCodec(ClipError):
    """The container is supported, but there is no decoder for its video stream, or it is encrypted."""

    code = "unsupported_codec"


class NoVideoStream(ClipError):
    """The container has no video stream (audio only, for example) or one without frames."""

    code = "no_video_stream"


class ClipTooLarge(ClipError):
    """The file has more bytes, or its frames more pixels, than the limits allow."""

    code = "clip_too_large"


class ClipTooLong(ClipError):
    """The clip has more seconds or more frames than the limits allow."""

    code = "clip_too_long"


class NoSuchPart(ClipError):
    """The clip ends before the requested part begins."""

    code = "no_such_part"


class TruncatedClip(ClipError):
    """The file ends or is corrupt before the end of its video."""

    code = "truncated"


class UnknownTag(Tag2VecError):
    """The tag space does not contain this tag."""


class NoDates(Tag2VecError):
    """Trending is unavailable: the posts that the tags were learnt from have no dates."""


class UnknownLanguage(Tag2VecError):
    """The model does not know this language; the message lists those that it knows."""


class BundleError(Tag2VecError):
    """The model bundle is missing, damaged or of an unsupported format version."""
