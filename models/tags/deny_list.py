"""The deny list: tags never to learn or suggest, such as promotion, platform names, slurs and profanity."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from models.errors import Tag2VecError
from models.tags.stemming import normalise, stem

# Splits a tag as typed into words: at anything but letters and digits, and before capitals in camel case.
_WORD_ENDS = re.compile(r"[\W_]+|(?<=[^\W\dA-Z_])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SYMBOLS = str.maketrans("@$!|", "asil")
# The digit one reads as i or as l.
_LEETSPEAK = (str.maketrans("0134578", "oieastb"), str.maketrans("0134578", "oleastb"))


class DenyList:
    """Patterns of denied tags, separated by white space or line breaks; ``#`` starts a comment.

    =========== ============================================================================================
    ``word``    the tag itself, or a word in a tag of several words (``hot word``, ``hot_word``, ``HotWord``);
                matches inflections, too
    ``=word``   the tag itself and its inflections, but not a word in a longer tag
    ``*part*``  a substring of the tag with its words joined; ``part*`` its beginning, ``*part`` its end
    ``!word``   harmless although it contains a denied part (``!cocktail``): these letters are not searched
    =========== ============================================================================================

    Leetspeak (``p0rn``) is read as letters unless most of the tag is digits.

    Parameters
    ----------
    lines : iterable of str
        The patterns.
    name : str
        Their source, for error messages.

    Raises
    ------
    Tag2VecError
        If a pattern is malformed; the message names its line.
    """

    def __init__(self, lines: Iterable[str], name: str = "deny list") -> None:
        self._words: set[str] = set()
        exact: set[str] = set()
        anywhere, starts, ends, harmless = [], [], [], []
        for number, line in enumerate(lines, 1):
            for pattern in line.partition("#")[0].split():
                text = normalise(pattern)
                if not text or "*" in pattern[1:-1]:
                    raise Tag2VecError(
                        f"{name}, line {number}: malformed pattern {pattern!r}; write word, =word, !word, part*, *part "
                        "or *part*"
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
                        exact.add(stem(text))
                    case _:
                        self._words.add(stem(text))
        self._exact = exact | self._words
        self._anywhere = re.compile(_one_of(set(anywhere)) if anywhere else r"(?!)")
        self._starts, self._ends = tuple(starts), tuple(ends)
        self._harmless = re.compile("|".join(map(re.escape, sorted(harmless, key=len, reverse=True))) or r"(?!)")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the patterns from a UTF-8 text file.

        Raises
        ------
        Tag2VecError
            If the file cannot be read or a pattern is malformed.
        """
        try:
            return cls(path.read_text(encoding="utf-8").splitlines(), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise Tag2VecError(f"{path}: cannot be read as a deny list: {error}") from error

    def denies(self, tag: str) -> bool:
        """Return whether a tag is denied.

        Parameters
        ----------
        tag : str
            As typed or normalised; as typed is better, since its words can then be told apart.
        """
        joined = normalise(tag)
        if self._denies(joined) or ((not tag.islower() or not tag.isalnum()) and self._denies_word(tag)):
            return True
        symbols = normalise(tag.translate(_SYMBOLS).lower()) if not tag.isalnum() else joined
        digits = sum(map(str.isdigit, symbols))
        # `r7` is a motorcycle and `a55` a phone: leetspeak has at least three characters, at most half of them digits.
        if symbols == joined and not (0 < 2 * digits <= len(symbols) and len(symbols) > 2):
            return False
        symbols = self._harmless.sub("", symbols)
        return any(self._denies(normalise(symbols.translate(table))) for table in _LEETSPEAK)

    def _denies_word(self, tag: str) -> bool:
        return any(stem(normalise(word)) in self._words for word in _WORD_ENDS.split(tag) if word)

    def _denies(self, joined: str) -> bool:
        return stem(joined) in self._exact or (
            self._has_part(joined) and self._has_part(self._harmless.sub("\n", joined))
        )

    def _has_part(self, text: str) -> bool:
        return bool(text.startswith(self._starts) or text.endswith(self._ends) or self._anywhere.search(text))


def _one_of(parts: set[str]) -> str:
    """Return a regular expression for any of several texts, as a trie: ten times as fast as alternatives one by one."""
    if "" in parts:
        return ""
    tails: dict[str, set[str]] = {}
    for part in parts:
        tails.setdefault(part[0], set()).add(part[1:])
    return f"(?:{'|'.join(re.escape(head) + _one_of(tails[head]) for head in sorted(tails))})"
