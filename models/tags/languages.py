"""Languages of the posts that use each tag."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from models.errors import BundleError
from models.tensor_file import read_tensors, write_tensors

LANGUAGES_FILE = "languages.safetensors"

ENGLISH: Final = "en"
"""The language of the tag space: tags of the kind `foreign` (`models.tags.kinds`) are words of others."""

LEVELS: Final = 255
"""The square root of a share is stored as a whole number of this many parts: languages of few posts need small ones."""

USED: Final = 2 / 3
"""A language uses a tag if its share of the tag's posts is at least this fraction of its share of all posts. Tags
common to all languages, such as ``fyp``, have about the shares of all posts and so belong to each."""


def primary_subtag(locale: str) -> str:
    """Return the language of a locale (RFC 5646, section 2.2.1), which devices write as ``en-US`` or ``en_US``."""
    return locale.replace("_", "-").partition("-")[0].lower()


class Languages:
    """The shares of languages in the posts of each stem.

    Parameters
    ----------
    codes : sequence of str
        ISO 639-1 codes, unique, the most used language first.
    usual : float (languages,)
        Share of each in all posts, above 0; what is missing to 1 is of other languages.
    shares : uint8 (stems, languages)
        The square root of the share of each in the posts of each stem, in parts of `LEVELS`.

    Raises
    ------
    BundleError
        If the arrays are inconsistent.
    """

    def __init__(self, codes: Sequence[str], usual: NDArray[np.floating], shares: NDArray[np.uint8]) -> None:
        self.codes, self.usual, self.shares = list(codes), usual.astype(np.float32), shares
        consistent = (
            len(set(self.codes)) == len(self.codes)
            and all(len(code) == 2 and code.isascii() and code.islower() for code in self.codes)
            and self.usual.shape == (len(self.codes),)
            and ((self.usual > 0) & (self.usual <= 1)).all()
            and shares.dtype == np.uint8
            and shares.ndim == 2
            and shares.shape[1] == len(self.codes)
        )
        if not consistent:
            raise BundleError(
                f"{LANGUAGES_FILE}: its arrays do not hold shares of languages. Fetch or train the bundle anew."
            )

    @classmethod
    def of(cls, codes: Sequence[str], usual: NDArray[np.floating], shares: NDArray[np.floating]) -> Self:
        """Build from shares as they are, float (stems, languages), each 0 to 1."""
        # Contiguous: a file of safetensors would hold the columns of another array in the order of its memory.
        return cls(codes, usual, np.ascontiguousarray(np.rint(LEVELS * np.sqrt(shares)), np.uint8))

    def __len__(self) -> int:
        return len(self.shares)

    def used(self, code: str) -> NDArray[np.bool_]:
        """Return which stems a language uses, bool (stems,); raises ValueError if it is not one of `codes`."""
        column = self.codes.index(code)
        # A share that lies between two levels counts as reached.
        least = np.floor(LEVELS * np.sqrt(USED * self.usual[column]))
        used: NDArray[np.bool_] = self.shares[:, column] >= least
        return used

    def mainly(self, code: str) -> NDArray[np.bool_]:
        """Return which stems a language uses more than any other does, compared with all posts, bool (stems,)."""
        lift = self.shares.astype(np.float32) ** 2 / self.usual
        mainly: NDArray[np.bool_] = lift.argmax(axis=1) == self.codes.index(code)
        return mainly

    def save(self, folder: Path) -> Path:
        """Write `LANGUAGES_FILE` to an existing folder; return its path."""
        codes = np.frombuffer("\n".join(self.codes).encode(), np.uint8)
        return write_tensors(folder / LANGUAGES_FILE, {"codes": codes, "usual": self.usual, "shares": self.shares})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; raises BundleError if it is missing or damaged."""
        tensors = read_tensors(folder / LANGUAGES_FILE, "codes", "usual", "shares")
        codes = tensors["codes"].tobytes().decode("ascii", "replace")
        return cls(codes.split("\n") if codes else [], tensors["usual"], tensors["shares"])
