"""Tags that are never learnt and never suggested: promotion, platform names, slurs, hate, porn, swearing, atrocity."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from models.errors import Tag2VecError
from models.tags.stemming import normalise, stem

# The words of a tag as it was typed: split at whatever is no letter or digit, and where case turns up.
_WORD_ENDS = re.compile(r"[\W_]+|(?<=[^\W\dA-Z_])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SYMBOLS = str.maketrans("@$!|", "asil")
# Both readings of the figure one: an i and an l.
_LEETSPEAK = (str.maketrans("0134578", "oieastb"), str.maketrans("0134578", "oleastb"))


class DenyList:
    """Patterns of denied tags, one or several a line; what follows a ``#`` is skipped.

    =========== ============================================================================================
    ``word``    the tag, or a word of a tag written as several (``hot word``, ``hot_word``, ``HotWord``), by
                stem: its inflections too
    ``=word``   the tag as a whole, by stem, but not a word of it
    ``*part*``  a part anywhere in the tag once its words are joined; ``part*`` its beginning, ``*part`` its end
    ``!word``   harmless although it holds a denied part (``!cocktail``): that part of a tag is not looked at
    =========== ============================================================================================

    Letters written as figures (``p0rn``) are read as letters where they are not more than the letters.

    Parameters
    ----------
    lines : iterable of str
        The patterns.
    name : str
        Where they come from, for the messages of errors.

    Raises
    ------
    Tag2VecError
        If a line is no pattern; says which.
    """

    def __init__(self, lines: Iterable[str], name: str = "deny list") -> None:
        self._words: set[str] = set()
        wholes: set[str] = set()
        anywhere, starts, ends, harmless = [], [], [], []
        for number, line in enumerate(lines, 1):
            for pattern in line.partition("#")[0].split():
                text = normalise(pattern)
                if not text or "*" in pattern[1:-1]:
                    raise Tag2VecError(
                        f"{name}, line {number}: {pattern!r} is no pattern; write a word, =word, !word, "
                        "or a part with * before or after it"
                    )
                match pattern[0], pattern[-1]:
                    case "*", "*":
                        anywhere.append(text)
                    case "*", _:
                        ends.append(text)
                    case _, "*":
                        starts.append(text)
                    case "!", _:
                        harmless.append(text)
                    case "=", _:
                        wholes.add(stem(text))
                    case _:
                        self._words.add(stem(text))
        self._wholes = wholes | self._words
        self._anywhere = re.compile(_one_of(set(anywhere)) if anywhere else r"(?!)")
        self._starts, self._ends = tuple(starts), tuple(ends)
        self._harmless = re.compile("|".join(map(re.escape, sorted(harmless, key=len, reverse=True))) or r"(?!)")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the patterns from a text file in UTF-8.

        Raises
        ------
        Tag2VecError
            If the file cannot be read, or a line of it is no pattern.
        """
        try:
            return cls(path.read_text(encoding="utf-8").splitlines(), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise Tag2VecError(f"{path}: the deny list cannot be read: {error}") from error

    def denies(self, tag: str) -> bool:
        """Tell whether a tag is denied.

        Parameters
        ----------
        tag : str
            As typed, or normalised; as typed is better, for its words can still be told apart.
        """
        joined = normalise(tag)
        if self._denies(joined) or ((not tag.islower() or not tag.isalnum()) and self._denies_word(tag)):
            return True
        symbols = normalise(tag.translate(_SYMBOLS).lower()) if not tag.isalnum() else joined
        figures = sum(map(str.isdigit, symbols))
        # `r7` is a motorcycle and `a55` a telephone: leetspeak has more letters, and three of both at least.
        if symbols == joined and not (0 < 2 * figures <= len(symbols) and len(symbols) > 2):
            return False
        symbols = self._harmless.sub("", symbols)
        return any(self._denies(normalise(symbols.translate(table))) for table in _LEETSPEAK)

    def _denies_word(self, tag: str) -> bool:
        return any(stem(normalise(word)) in self._words for word in _WORD_ENDS.split(tag) if word)

    def _denies(self, joined: str) -> bool:
        return stem(joined) in self._wholes or (
            self._holds_part(joined) and self._holds_part(self._harmless.sub("\n", joined))
        )

    def _holds_part(self, text: str) -> bool:
        return bool(text.startswith(self._starts) or text.endswith(self._ends) or self._anywhere.search(text))


def _one_of(parts: set[str]) -> str:
    """Write a regular expression for any of several texts that shares beginnings: ten times as fast as one by one."""
    if "" in parts:
        return ""
    tails: dict[str, set[str]] = {}
    for part in parts:
        tails.setdefault(part[0], set()).add(part[1:])
    return f"(?:{'|'.join(re.escape(head) + _one_of(tails[head]) for head in sorted(tails))})"
