"""What of a clip cannot be decoded: how much, and whether enough is left."""

from fractions import Fraction
from typing import Final

from models.errors import TruncatedClip

MOST: Final = Fraction(1, 3)
"""Share of a clip's frames from which on it is refused."""
_ONE_A_PACKET: Final = {"libdav1d", "av1", "hevc", "vp9"}
"""FFmpeg's decoders of codecs whose every packet shows a frame: what is missing was dropped in silence."""


class Losses:
    """Counts a clip's frames, and those that cannot be decoded.

    Parameters
    ----------
    expected : int
        Packets of frames that are shown.
    codec : str
        FFmpeg's name of the decoder.

    Attributes
    ----------
    decoded : int
        Frames that were decoded.
    skipped : int
        Frames that were not needed, so that the decoder was told to leave them out if it can.
    passed : int
        Frames that were not needed, nor their packets decoded: between the pieces of a long clip. All that is known of
        them is that their packets are complete.
    """

    def __init__(self, expected: int, codec: str) -> None:
        self.decoded = self.skipped = self.passed = 0
        self._expected = expected
        self._complete = codec in _ONE_A_PACKET
        self._failed = self._leading = 0
        self._resumed = True

    def lose(self) -> None:
        """Count a frame that cannot be decoded, or only in part.

        Raises
        ------
        TruncatedClip
            If too many cannot.
        """
        self._failed += 1
        self._resumed = False
        if self._failed >= MOST * self._tried:
            raise self._refused()

    def resume(self) -> None:
        """Take notice of a packet that was decoded."""
        self._resumed = True

    def begin(self, leading: int) -> None:
        """Take notice of the first frame, before which `leading` others should have been shown."""
        self._leading = leading

    @property
    def _tried(self) -> int:
        return self._expected - self.passed

    @property
    def found(self) -> int:
        """Frames of the clip, used or not: those that could be decoded, or left out."""
        return self._expected - self.lost if self.passed else self.decoded + self.skipped

    @property
    def lost(self) -> int:
        """Frames that could not be decoded."""
        missing = max(0, self._tried - self.decoded - self.skipped)
        return max(self._failed, missing if self._complete else min(self._leading, missing))

    def check(self) -> None:
        """Check, after the last frame, that enough could be decoded.

        Raises
        ------
        TruncatedClip
            If a third of the frames is lost, or the end.
        """
        if self.lost >= MOST * max(1, self._tried):
            raise self._refused()
        if not self._resumed:
            raise self._refused(", the last ones among them")

    def warnings(self) -> list[str]:
        """Return a sentence for the user if frames are lost."""
        lost = self.lost
        if not lost:
            return []
        are = "is" if lost == 1 else "are"
        frames = f"the clip's {self._tried:,} frames" + (" that were analysed" if self.passed else "")
        return [
            f"{lost:,} of {frames} cannot be decoded and {are} left out: it is damaged, or was cut between key frames."
        ]

    def _refused(self, which: str = "") -> TruncatedClip:
        return TruncatedClip(
            f"The clip is damaged: {self.lost:,} of {self._tried:,} frames cannot be decoded{which}. Export it again, "
            "and send the new file."
        )
