"""Whether a person would find one of their hashtags among those suggested, by the posts with a clip's own hashtag.

Clips come with one hashtag; a person would write several. Each post with that hashtag is taken for what one person
would write.
"""

from collections.abc import Iterable
from pathlib import Path

from training.corpus import read_sentences


class PersonsPosts:
    """The posts with some hashtags.

    Parameters
    ----------
    corpus : Path
        From `training.corpus`.
    stems : iterable of str
        Of the hashtags.
    """

    def __init__(self, corpus: Path, stems: Iterable[str]) -> None:
        self._posts: dict[str, list[frozenset[str]]] = {stem: [] for stem in stems}
        for sentence in read_sentences(corpus):
            post = frozenset(sentence)
            for stem in self._posts.keys() & post:
                self._posts[stem].append(post)

    def share(self, stem: str, suggested: Iterable[str]) -> float:
        """Return the share of the posts with a hashtag that have one of the suggested stems; 0 if there are none."""
        wanted, posts = frozenset(suggested), self._posts[stem]
        return sum(not wanted.isdisjoint(post) for post in posts) / len(posts) if posts else 0.0
