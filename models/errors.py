"""Every error that the pipeline raises on purpose.

::

    Tag2VecError
    ├── ClipError               something is wrong with the clip; `code` says what
    │   ├── NotAVideo           not_a_video
    │   ├── UnsupportedContainer  unsupported_container
    │   ├── UnsupportedCodec    unsupported_codec
    │   ├── NoVideoStream       no_video_stream
    │   ├── ClipTooLarge        clip_too_large
    │   ├── ClipTooLong         clip_too_long
    │   ├── TruncatedClip       truncated
    │   └── NoMotion            no_motion
    ├── UnknownTag              the tag space has never seen this tag
    ├── NoDates                 what is trending was asked for, but the posts have no dates
    └── BundleError             the model bundle is missing, damaged or of another version

Messages say what is wrong, where, and what to do about it, in words that may be shown to a user.
"""

from typing import ClassVar


class Tag2VecError(Exception):
    """Base of every error of this project; its text may be shown to a user."""


class ClipError(Tag2VecError):
    """Something is wrong with a clip. `code` is one of a closed list and never changes."""

    code: ClassVar[str]


class NotAVideo(ClipError):
    """The bytes are not those of a video container."""

    code = "not_a_video"


class UnsupportedContainer(ClipError):
    """A media container, but none of mp4, mov, webm, mkv and avi."""

    code = "unsupported_container"


class UnsupportedCodec(ClipError):
    """The container is fine, but its video stream cannot be decoded here."""

    code = "unsupported_codec"


class NoVideoStream(ClipError):
    """The container holds no video stream (audio only, say), or one without a single frame."""

    code = "no_video_stream"


class ClipTooLarge(ClipError):
    """More bytes, or more pixels a frame, than the limits allow."""

    code = "clip_too_large"


class ClipTooLong(ClipError):
    """More seconds or more frames than the limits allow."""

    code = "clip_too_long"


class TruncatedClip(ClipError):
    """The file ends, or breaks, before the video that it announces does."""

    code = "truncated"


class NoMotion(ClipError):
    """Nothing in the clip moves in a way that can be tracked, so there is nothing to go by."""

    code = "no_motion"


class UnknownTag(Tag2VecError):
    """The tag space has never seen this tag."""


class NoDates(Tag2VecError):
    """What is trending cannot be told: the posts that the tags were learnt from carry no dates."""


class BundleError(Tag2VecError):
    """The model bundle is missing, damaged or of another format version."""
