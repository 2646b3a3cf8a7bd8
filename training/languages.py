"""Finds the language of each post from its tags, and from these the languages that use each tag.

Posts rarely say in which language they are, and joined words without accents (``dulichhue``, ``goodvibesonly``) mislead
detectors that know the letters of ordinary text. So each tag is cut into words of each language, the likeliest way
(Norvig, "Natural Language Corpus Data", in "Beautiful Data", 2009), with the word frequencies of `wordfreq`; where a
script belongs to one language, the script tells. The tags of a post tell its language together, and the tags of all
posts of a language what that language uses: naive Bayes with expectation maximisation (Nigam et al., "Text
Classification from Labeled and Unlabeled Documents using EM", Machine Learning 2000), which starts from the words.
"""

import logging
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from wordfreq import get_frequency_dict

from models.tags.languages import ENGLISH, Languages
from models.tags.space import TagSpace
from models.tags.stemming import normalise, stem
from training.artifacts import Artifacts
from training.cooccurrence import incidence
from training.corpus import CorpusSettings
from training.posts import read_posts

log = logging.getLogger(__name__)

Floats = NDArray[np.float32]

LATIN = (ENGLISH, "vi", "es", "pt", "id", "it", "fr", "de", "nl", "tr", "pl")
"""Languages of the Latin script, told apart by their words."""
SCRIPTS = {
    "CYRILLIC": ("ru",),
    "ARABIC": ("ar",),
    "DEVANAGARI": ("hi",),
    "THAI": ("th",),
    "HANGUL": ("ko",),
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "CJK": ("ja", "zh"),
}
"""Scripts that identify a language, and the most common languages written in them. Other scripts say nothing."""
CODES = (*LATIN, *dict.fromkeys(code for codes in SCRIPTS.values() for code in codes))

LEAST_POSTS = 3
"""Minimum number of posts for a tag to count."""
FURTHEST = 5.0
"""Maximum evidence of a tag against a language, in nats."""
UNKNOWN_LETTER = -11.5
"""Log-probability of a letter that is in no word."""
NO_WORDS, WORDS = -4.5, -2.5
"""Mean log-probability per letter below which a tag is not a word of any language, and above which it certainly is."""
_PLAIN = str.maketrans("đıł", "dil")
"""Letters without a decomposition, and what they become when written without accents."""
LEAST_FREQUENCY = 3e-7
"""Of a word: rarer ones are names and words of other languages, too."""
LONGEST_WORD, LONGEST_TAG = 20, 40
TAGS = 4
"""Tags that count fully; more in one post are not independent of each other."""
PRIOR = 0.6
"""Share of English to start from."""
ROUNDS = 2
"""With more, a language turns into a topic: Indonesian into anime, Italian into the European Championship."""
WORD_POSTS = 5.0
"""Posts that the words of a tag count for while languages of posts are sought."""
WORD_SHARE = 0.5
"""What the words of a tag count for in the end, beside its posts: ``hotel`` is English though Vietnamese posts use it
most, and ``playa`` is not."""
LEAST_SHARE = 0.003
"""Share of the posts that a language needs to be offered: of fewer, too little is known about what it uses."""


def learn_languages(out: Path, artifacts: Artifacts, *, posts: Sequence[Path], settings: CorpusSettings) -> None:
    """Find which languages use the stems that have a vector, and write it.

    Posts of sources that the corpus leaves out are read, too: what they are about may mislead, their language does not.

    Parameters
    ----------
    out : Path
        Folder for the file of `Languages.save`.
    artifacts : Artifacts
        `tag2vec` is read.
    posts, settings
        Those that the corpus was made from.
    """

    def read() -> Iterator[list[str]]:
        for post in islice((post for path in posts for post in read_posts(path)), 0, None, settings.every):
            yield list(dict.fromkeys(filter(None, map(normalise, post.tags))))

    counts = Counter(tag for tags in read() for tag in tags)
    tags = [tag for tag, count in counts.items() if count >= LEAST_POSTS]
    del counts
    matrix = incidence(read(), tags)
    words = np.stack([evidence(tag) for tag in tags]) if tags else np.zeros((0, len(CODES)), np.float32)
    shares, usual = shares_of_languages(matrix, words)[1:]
    used = np.asarray(matrix.sum(axis=0)).ravel()
    space = TagSpace.load(artifacts.tag2vec)
    languages = of_stems(space.stems, tags, used, shares, usual)
    languages.save(out)
    log.info(
        "languages: %d posts, %s",
        matrix.shape[0],
        ", ".join(f"{code} {share:.1%}" for code, share in zip(languages.codes, languages.usual, strict=True)),
    )


def evidence(tag: str) -> Floats:
    """Return the log-likelihood of each of `CODES` for a normalised tag, float32: 0 for the likeliest, never positive.

    All zeros if neither script nor words tell anything.
    """
    found = np.full(len(CODES), -FURTHEST, np.float32)
    written = scripts(tag)
    script = next((name for name in ("HIRAGANA", "KATAKANA") if written[name]), "") or written.most_common(1)[0][0]
    if script in SCRIPTS:
        found[[CODES.index(code) for code in SCRIPTS[script]]] = 0
        return found
    if script != "LATIN":
        return np.zeros(len(CODES), np.float32)
    tag = tag[:LONGEST_TAG]
    likelihoods = _cut(tag)
    best = likelihoods.max()
    found[: len(LATIN)] = np.maximum(likelihoods - best, -FURTHEST)
    sure = float(np.clip((best / len(tag) - NO_WORDS) / (WORDS - NO_WORDS), 0, 1))
    return np.float32(sure) * found


def shares_of_languages(posts: csr_matrix, words: Floats) -> tuple[Floats, Floats, Floats]:
    """Find the languages of posts, by expectation maximisation.

    Parameters
    ----------
    posts : csr_matrix of float32, (posts, tags)
        1 where a post has a tag.
    words : float32 (tags, languages)
        From `evidence`.

    Returns
    -------
    of_posts : float32 (posts, languages)
        Probability of each language.
    of_tags : float32 (tags, languages)
        Share of each language in the posts of a tag.
    usual : float32 (languages,)
        Share of each language in all posts.
    """
    languages = words.shape[1]
    usual = np.full(languages, (1 - PRIOR) / max(languages - 1, 1), np.float32)
    usual[0] = PRIOR
    lengths = np.maximum(np.asarray(posts.sum(axis=1)), 1)
    counts = np.asarray(posts.sum(axis=0)).reshape(-1, 1)
    said, of_tags = words, words
    for _ in range(ROUNDS):
        told = (posts @ said) * np.minimum(1, TAGS / lengths)
        for _ in range(10):
            of_posts = _softmax(told + np.log(usual))
            usual = of_posts.mean(axis=0) + np.float32(1e-4)
            usual /= usual.sum()
        own = _softmax(words + np.log(usual))
        together = posts.T @ of_posts
        of_tags = (together + WORD_POSTS * own) / (counts + WORD_POSTS)
        said = np.log(of_tags) - np.log(usual)
        said = np.maximum(said - said.max(axis=1, keepdims=True), -FURTHEST)
    of_tags = (1 - WORD_SHARE) * of_tags + WORD_SHARE * own
    return of_posts.astype(np.float32), of_tags.astype(np.float32), usual.astype(np.float32)


def of_stems(stems: Sequence[str], tags: Sequence[str], used: Floats, shares: Floats, usual: Floats) -> Languages:
    """Return the languages of stems from those of the tags that share them, of languages that enough posts are in.

    Parameters
    ----------
    stems : sequence of str
        Those of the tag space, in its order. A stem none of whose tags is known has the shares of all posts.
    tags, used : sequence of str, float (tags,)
        Normalised tags, and the posts of each.
    shares, usual : float32 (tags, languages), (languages,)
        From `shares_of_languages`.
    """
    row = {name: number for number, name in enumerate(stems)}
    places = np.array([row.get(stem(tag), -1) for tag in tags], np.int64)
    known = places >= 0
    total = np.zeros((len(stems), len(usual)))
    weight = np.zeros((len(stems), 1))
    np.add.at(total, places[known], used[known, None] * shares[known])
    np.add.at(weight, places[known], used[known, None])
    of_stem = np.where(weight > 0, total / np.maximum(weight, 1), usual)
    latin = np.array([scripts(name)["LATIN"] > 0 for name in stems], np.bool_)
    of_stem[np.ix_(~latin, np.arange(len(CODES)) < len(LATIN))] = 0
    offered = [place for place in np.argsort(-usual, kind="stable") if usual[place] >= LEAST_SHARE]
    return Languages.of([CODES[place] for place in offered], usual[offered], of_stem[:, offered])


def _softmax(logits: Floats) -> Floats:
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = weights / weights.sum(axis=1, keepdims=True)
    return shares


def scripts(tag: str) -> Counter[str]:
    """Count the letters of a tag by script, as Unicode names it."""
    return Counter(_script(letter) for letter in tag if letter.isalpha())


@cache
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


@cache
def _words() -> dict[str, Floats]:
    """Return the log-frequency of words in each of `LATIN`, as they are written and without accents."""
    frequencies: dict[str, Floats] = {}
    for column, code in enumerate(LATIN):
        for word, frequency in get_frequency_dict(code, "best").items():
            if frequency >= LEAST_FREQUENCY and word.isalpha() and len(word) <= LONGEST_WORD:
                for written in {word, _without_accents(word)}:
                    frequencies.setdefault(written, np.zeros(len(LATIN), np.float32))[column] += frequency
    with np.errstate(divide="ignore"):
        return {word: np.log(of_language) for word, of_language in frequencies.items()}


def _without_accents(word: str) -> str:
    plain = word.translate(_PLAIN)
    return "".join(letter for letter in unicodedata.normalize("NFD", plain) if not unicodedata.combining(letter))


def _cut(tag: str) -> Floats:
    """Return the log-probability of the likeliest way to cut a tag into words of each of `LATIN`."""
    words = _words()
    best = [np.zeros(len(LATIN), np.float32)]
    for end in range(1, len(tag) + 1):
        ways = best[-1] + np.float32(UNKNOWN_LETTER)
        for start in range(max(0, end - LONGEST_WORD), end):
            if (word := words.get(tag[start:end])) is not None:
                ways = np.maximum(ways, best[start] + word)
        best.append(ways)
    return best[-1]
