from functools import partial
from math import floor
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.calibration import familiarity
from models.errors import BundleError, NoDates, UnknownLanguage
from models.tags.anchors import Anchors
from models.tags.class_anchors import ClassAnchors, ImageClass
from models.tags.cooccurrence import Cooccurrence
from models.tags.deny_list import DenyList
from models.tags.inflections import Inflections
from models.tags.kinds import SENSITIVE, SURE, Kind, TagKinds
from models.tags.languages import Languages
from models.tags.platforms import PlatformName, platforms
from models.tags.ranking import Ranking
from models.tags.space import TagSpace
from models.tags.stemming import normalise, stem
from models.tags.suggest_options import Rank
from models.tags.suggestions import Suggester
from models.tags.trends import Trends

WORDS = [
    f"{word}{end}" for word in ["golf", "tennis", "dance", "dog", "cat"] for end in ("", "life", "fan", "day", "girl")
]
STEMS = [stem(word) for word in WORDS]
N = len(STEMS)
RNG = np.random.default_rng(0)
SPACE = TagSpace.from_vectors(STEMS, RNG.permutation(N) + 1, WORDS, RNG.normal(size=(N, 8)), ["golf", "tenni"])
COOCCURRENCE = Cooccurrence(
    np.arange(0, 5 * N + 1, 5),
    np.concatenate([np.sort(RNG.permutation(np.delete(np.arange(N), row))[:5]) for row in range(N)]).astype(np.int32),
    RNG.random(5 * N).astype(np.float16),
)
TRENDS = Trends(np.array([0, 7]), np.array([100, 100]), RNG.integers(0, 50, (N, 2)).astype(np.int32))
DENIED = DenyList(["*fan"])
CLASSES = ClassAnchors(
    [
        ImageClass("club", "golf", ("golf", "golfday", "dog")),
        ImageClass("racket", "tennis", ("tennis", "tennislife")),
        ImageClass("terrier", "dog", ("doglife", "dog")),
        ImageClass("bolt", "none", ()),
    ],
    SPACE,
)
SUGGESTER = Suggester(
    SPACE,
    COOCCURRENCE,
    temperature=0.1,
    trends=TRENDS,
    denied=[DenyList(["*girl"]), DENIED],
    classes=CLASSES,
)
RANKING = Ranking(SPACE, COOCCURRENCE, 0.1)

VECTORS = arrays(np.float32, 8, elements=st.floats(-1, 1, width=32))
PROBABILITIES = st.none() | arrays(np.float64, 4, elements=st.floats(0, 1)).map(lambda p: p / max(p.sum(), 1))
TYPED = st.lists(st.sampled_from([*WORDS, "#Golfing", "Golf", "TENNIS", "unheard of", ""]), max_size=12)
RANKS = st.sampled_from(get_args(Rank))


@given(VECTORS, PROBABILITIES, st.integers(1, 30), st.floats(0, 1), TYPED, TYPED, RANKS)
def test_options_are_respected(
    vector: np.ndarray,
    probabilities: np.ndarray | None,
    k: int,
    min_score: float,
    exclude: list[str],
    allow: list[str],
    rank: Rank,
) -> None:
    found = SUGGESTER.suggest(vector, probabilities, k=k, min_score=min_score, exclude=exclude, allow=allow, rank=rank)
    stems = [stem(one.tag) for one in found]
    assert [one.rank for one in found] == list(range(1, len(found) + 1))
    assert len(set(stems)) == len(found) <= k
    assert all(min_score <= one.score <= 1 and one.score == min(one.relevance, 1) for one in found)
    assert not set(stems) & {stem(normalise(tag)) for tag in exclude}
    assert not allow or set(stems) <= {stem(normalise(tag)) for tag in allow}
    assert not [one.tag for one in found if one.tag.endswith(("girl", "fan"))]
    anchors = SUGGESTER.anchors(vector, probabilities)
    centre = sum(weight * SPACE.vectors([row])[0] for row, weight in zip(anchors.rows, anchors.weights, strict=True))
    for one in found:
        assert one.tag in WORDS
        assert one.distance == pytest.approx(SPACE.distance(centre, stem(one.tag)), abs=1e-3)


def familiar(vector: np.ndarray) -> float:
    return SUGGESTER.recognition(vector, np.full(4, 0.25)).familiarity


def test_vector_length_affects_only_familiarity() -> None:
    sure = SPACE.vector("golf")
    unsure = np.float32(0.1) * sure
    for vector in (sure, unsure):
        cosines = np.array([vector @ SPACE.vector(name) for name in SPACE.hashtags])
        assert familiar(vector) == pytest.approx(float(familiarity(cosines, 0.1)))
    assert familiar(unsure) < familiar(sure) - 0.1
    assert [one.tag for one in SUGGESTER.suggest(unsure)] == [one.tag for one in SUGGESTER.suggest(sure)]


@given(VECTORS, st.floats(0, 1), TYPED)
def test_min_score_removes_only_lower_scores(vector: np.ndarray, min_score: float, exclude: list[str]) -> None:
    everything = SUGGESTER.suggest(vector, k=N, exclude=exclude)
    left = SUGGESTER.suggest(vector, k=N, exclude=exclude, min_score=min_score)
    assert {one.tag for one in left} == {one.tag for one in everything if one.score >= min_score}


@pytest.mark.slow
@given(VECTORS)
def test_every_tag_that_is_not_denied_can_be_suggested(vector: np.ndarray) -> None:
    expected = {word for word in WORDS if not word.endswith(("girl", "fan"))}
    assert {one.tag for one in SUGGESTER.suggest(vector, k=N)} == expected
    allowed = SUGGESTER.suggest(vector, k=N, allow=[word.upper() for word in WORDS])
    assert {one.tag for one in allowed} == expected


@given(VECTORS)
def test_popular_and_trending_are_in_order(vector: np.ndarray) -> None:
    popular = [SPACE.row(stem(one.tag)) for one in SUGGESTER.suggest(vector, k=8, rank="popular")]
    assert SPACE.counts[popular].tolist() == sorted(SPACE.counts[popular].tolist(), reverse=True)
    trending = [SPACE.row(stem(one.tag)) for one in SUGGESTER.suggest(vector, k=8, rank="trending")]
    assert TRENDS.growth[trending].tolist() == sorted(TRENDS.growth[trending].tolist(), reverse=True)


def test_trending_needs_dates() -> None:
    with pytest.raises(NoDates, match="no dates"):
        Suggester(SPACE, COOCCURRENCE, temperature=0.1).suggest(np.ones(8), rank="trending")


def test_cooccurring_tags_come_before_near_ones() -> None:
    names = ["golf", "club", "near", "far"]
    space = TagSpace.from_vectors(
        names, [1] * 4, names, np.array([[1, 0, 0], [0, 1, 0], [0.6, 0, 0.8], [0, 0, -1]]), ["golf"]
    )
    together = Cooccurrence(np.array([0, 1, 2, 2, 2]), np.array([1, 0], np.int32), np.array([0.75, 0.75], np.float16))
    suggester = Suggester(space, together, temperature=0.1)
    found = suggester.suggest([1, 0, 0])
    assert [one.tag for one in found] == ["golf", "club", "near", "far"]
    assert found[1].relevance == pytest.approx(0.75, abs=0.02)
    # Halfway between two tags both are likely, and so are the companions of either.
    between = suggester.suggest(space.vector("golf") + space.vector("near"))
    assert [one.tag for one in between][:2] == ["golf", "club"]
    assert between[1].relevance < found[1].relevance


def test_compounds_of_one_word_are_spread_out() -> None:
    names = ["gym", "gymlife", "gymrat", "gymgirl", "weights"]
    space = TagSpace.from_vectors(names, [1] * 5, names, np.eye(5), ["gym"])
    relevance = np.array([0.5, 0.48, 0.46, 0.44], np.float16)
    together = Cooccurrence(np.array([0, 4, 4, 4, 4, 4]), np.array([1, 2, 3, 4], np.int32), relevance)
    found = [one.tag for one in Suggester(space, together, temperature=0.1).suggest(np.eye(5)[0], k=4)]
    assert found[:2] == ["gym", "weights"]


def test_custom_score() -> None:
    found = SUGGESTER.suggest(
        np.ones(8), k=N, min_score=0.3, score=lambda relevance, most: 0.5 * relevance * most + 0.25
    )
    most = max(one.relevance for one in SUGGESTER.suggest(np.ones(8)))
    assert found
    assert all(one.score == 0.5 * one.relevance * most + 0.25 >= 0.3 for one in found)


@pytest.mark.parametrize("k", [0, -1])
def test_k_must_be_positive(k: int) -> None:
    with pytest.raises(ValueError, match="k must be at least 1"):
        SUGGESTER.suggest(np.ones(8), k=k)


@pytest.mark.parametrize("vector", [np.ones(7), np.full(8, np.nan)])
def test_malformed_vectors_are_refused(vector: np.ndarray) -> None:
    with pytest.raises(ValueError, match="tag space"):
        SUGGESTER.suggest(vector)


@given(VECTORS, PROBABILITIES, st.floats(0, 1))
def test_anchors_are_a_mixture_of_vector_and_classes(
    vector: np.ndarray, probabilities: np.ndarray | None, share: float
) -> None:
    found, own = SUGGESTER.anchors(vector, probabilities, share), RANKING.anchors(vector)
    expected = own if probabilities is None else own.mixed(CLASSES.anchors(probabilities), share)
    for name, values in vars(expected).items():
        np.testing.assert_array_equal(getattr(found, name), values)
    assert RANKING.anchors(vector).weights.sum() == pytest.approx(1)
    assert 0 <= found.weights.sum() <= 1 + 1e-9


@given(PROBABILITIES.filter(lambda p: p is not None))
def test_certainty_is_that_of_the_classes(probabilities: np.ndarray) -> None:
    assert SUGGESTER.recognition(np.ones(8), probabilities).certainty == CLASSES.certainty(probabilities)


@given(VECTORS, st.floats(0, 1))
def test_a_network_without_classes_leaves_it_to_the_vector(vector: np.ndarray, share: float) -> None:
    without = Suggester(SPACE, COOCCURRENCE, temperature=0.1, classes=ClassAnchors([], SPACE))
    assert without.suggest(vector, [], share=share) == without.suggest(vector)
    assert without.classes.certainty([]) == 0


def test_probabilities_need_classes() -> None:
    suggester = Suggester(SPACE, COOCCURRENCE, temperature=0.1)
    assert suggester.suggest(np.ones(8))
    with pytest.raises(ValueError, match="without classes"):
        suggester.suggest(np.ones(8), np.ones(4) / 4)


@given(VECTORS, st.integers(0, 2), st.floats(0.9, 1))
def test_what_names_the_thing_seen_comes_first(vector: np.ndarray, seen: int, sure: float) -> None:
    probabilities = np.full(4, (1 - sure) / 3)
    probabilities[seen] = sure
    first = SUGGESTER.suggest(vector, probabilities, share=1)[0]
    assert first.tag == ("golf", "tennis", "doglife")[seen]
    assert first.relevance >= sure - 0.01


@given(VECTORS, PROBABILITIES, st.floats(0, 1))
def test_relevance_is_no_less_than_the_weight_of_a_name(
    vector: np.ndarray, probabilities: np.ndarray | None, share: float
) -> None:
    anchors = SUGGESTER.anchors(vector, probabilities, share)
    ranked = list(RANKING.rank(anchors, N))
    relevance = {one.row: one.relevance for one in ranked}
    assert sorted(relevance) == list(range(N))
    assert [one.relevance for one in ranked] == sorted(relevance.values(), reverse=True)
    stems, expected = COOCCURRENCE.expected(anchors.rows, anchors.weights)
    names = dict(zip(anchors.rows.tolist(), anchors.naming.tolist(), strict=True))
    for row, value in zip(stems.tolist(), expected.tolist(), strict=True):
        assert relevance[row] == max(value, names.get(row, 0.0))


def test_a_name_that_no_post_uses_comes_before_what_goes_with_it() -> None:
    names = ["koala", "zoo", "cute", "panda"]
    space = TagSpace.from_vectors(names, [0, 9, 9, 9], names, np.eye(4), ["panda"])
    together = Cooccurrence(
        np.array([0, 0, 2, 4, 4]), np.array([2, 3, 1, 3], np.int32), np.array([0.9, 0.8, 0.9, 0.8], np.float16)
    )
    classes = ClassAnchors([ImageClass("koala", "koala", ("koala", "zoo", "cute"))], space)
    suggester = Suggester(space, together, temperature=0.1, classes=classes)
    found = suggester.suggest(space.vector("panda"), [1.0], share=0.9)
    assert found[0].tag == "koala"
    assert found[0].relevance == pytest.approx(0.9)


def test_inflections_fit_the_centre_of_the_anchors() -> None:
    space = TagSpace.from_vectors(["danc", "club", "show"], [9, 5, 5], ["dance", "club", "show"], np.eye(3))
    company = np.array([[0, 1, 0], [0, 0, 1]], np.float16)
    inflections = Inflections(np.array([0, 0], np.int32), ["dance", "dancing"], company)
    classes = ClassAnchors([ImageClass("stage", "stage", ("show", "dance"))], space)
    suggester = Suggester(space, Cooccurrence.empty(3), temperature=0.1, inflections=inflections, classes=classes)
    clip = space.vector("club")
    for share, shown in ((0.1, "dance"), (0.9, "dancing")):
        assert shown in {one.tag for one in suggester.suggest(clip, [1.0], share=share)}


KINDS: dict[str, Kind] = {
    "golf": "politics",
    "golflif": "brand",
    "tenni": "person",  # trained
    "tennislif": "obscure",
    "tennisday": "sex",
    "dancelif": "violence",
    "danceday": "violence",
    "doglif": "alcohol",
    "dog": "label",
}
HELD = TagKinds(KINDS)
HOLDING = Suggester(SPACE, COOCCURRENCE, temperature=0.1, trends=TRENDS, classes=CLASSES, kinds=HELD)


@given(VECTORS, PROBABILITIES, st.floats(0, 1), TYPED, RANKS)
def test_kinds_of_tags_are_held_back(
    vector: np.ndarray, probabilities: np.ndarray | None, share: float, allow: list[str], rank: Rank
) -> None:
    found = {stem(one.tag) for one in HOLDING.suggest(vector, probabilities, share=share, k=N, allow=allow, rank=rank)}
    anchors = HOLDING.anchors(vector, probabilities, share)
    weights = {kind: weight_of(anchors, kind) for kind in SENSITIVE}
    asked = {stem(normalise(tag)) for tag in allow}
    assert found == {
        name
        for name in STEMS
        if (not asked or name in asked)
        and not HELD.never(name)
        and (not HELD.sensitive(name) or weights[KINDS[name]] >= SURE)
        and (not HELD.held_back(name) or name in asked or name == "tenni")
    }


def weight_of(anchors: Anchors, kind: Kind) -> float:
    names = [SPACE.stems[row] for row in anchors.rows.tolist()]
    return float(anchors.weights[[KINDS.get(name) == kind for name in names]].sum())


def test_sensitive_tags_need_a_clip_that_is_surely_of_their_kind() -> None:
    beer, farm = (ImageClass(name, name, (name,)) for name in ("doglife", "catday"))
    classes = ClassAnchors([beer, farm], SPACE)
    suggester = Suggester(SPACE, COOCCURRENCE, temperature=0.1, classes=classes, kinds=HELD)
    sure, unsure = (np.array([weight, 1 - weight]) for weight in (SURE + 0.01, SURE - 0.01))
    for probabilities, suggested in ((sure, True), (unsure, False)):
        for allow in ((), ("doglife",)):
            found = suggester.suggest(np.ones(8), probabilities, share=1, k=N, allow=allow)
            assert ("doglife" in {one.tag for one in found}) == suggested


IN_LANGUAGES = RNG.dirichlet([0.3, 0.2, 0.2], N)
LANGUAGES = Languages.of(["en", "vi", "es"], np.array([0.6, 0.2, 0.2]), IN_LANGUAGES)
SPEAKING = Suggester(
    SPACE,
    COOCCURRENCE,
    temperature=0.1,
    trends=TRENDS,
    classes=CLASSES,
    kinds=TagKinds({"golf": "foreign", "cat": "foreign", "dog": "person"}),
    languages=LANGUAGES,
)


@given(VECTORS, PROBABILITIES, st.sampled_from(LANGUAGES.codes), TYPED, RANKS)
def test_only_tags_of_the_language(
    vector: np.ndarray, probabilities: np.ndarray | None, language: str, allow: list[str], rank: Rank
) -> None:
    options: dict[str, Any] = {"k": N, "allow": allow, "rank": rank}
    found = {stem(one.tag) for one in SPEAKING.suggest(vector, probabilities, language=language, **options)}
    used = {STEMS[row] for row in np.flatnonzero(LANGUAGES.used(language))}
    mainly = {STEMS[row] for row in np.flatnonzero(LANGUAGES.mainly(language))}
    anyhow = {stem(one.tag) for one in SPEAKING.suggest(vector, probabilities, **options)}
    own_words = {"cat"} & mainly if language != "en" and not allow else set()
    assert found == used & (anyhow | own_words)


def test_unknown_languages_are_named() -> None:
    with pytest.raises(UnknownLanguage, match=r"'fr'. Known languages: en, vi, es."):
        SPEAKING.suggest(np.ones(8), language="fr")
    with pytest.raises(UnknownLanguage, match="This model knows of none"):
        SUGGESTER.suggest(np.ones(8), language="en")
    with pytest.raises(BundleError, match="languages"):
        Suggester(SPACE, COOCCURRENCE, temperature=0.1, languages=Languages.of([], np.zeros(0), np.zeros((3, 0))))
    other = next(
        STEMS[row] for row in np.flatnonzero(~LANGUAGES.used("vi")) if STEMS[row] not in ("golf", "cat", "dog")
    )
    assert SPEAKING.warnings(np.ones(8), allow=[other], language="vi", none_left=True) == [
        f"None of the tags in allow can be suggested (not used in the language vi: #{other})."
    ]


@given(VECTORS, PROBABILITIES, TYPED, RANKS)
def test_hints_are_not_suggested_again(
    vector: np.ndarray, probabilities: np.ndarray | None, hint: list[str], rank: Rank
) -> None:
    found = HOLDING.suggest(vector, probabilities, k=N, hint=hint, rank=rank)
    without = HOLDING.suggest(vector, probabilities, k=N, rank=rank)
    hints = {stem(normalise(tag)) for tag in hint}
    assert {stem(one.tag) for one in found} == {stem(one.tag) for one in without} - hints


def test_hints_without_effect() -> None:
    vector = np.ones(8)
    # Denied (a list, a kind), unknown, or no tag at all.
    hints = ["dogfan", "golf", "unheard of", ""]
    found, without = (HELD_AND_DENIED.suggest(vector, k=N, hint=hint) for hint in (hints, ()))
    assert found == without
    assert HELD_AND_DENIED.warnings(vector, hint=hints) == [
        "The model does not know these tags, so they have no effect: #unheardof, ''."
    ]


HELD_AND_DENIED = Suggester(SPACE, COOCCURRENCE, temperature=0.1, denied=[DENIED], kinds=HELD)


@given(VECTORS)
def test_held_back_tags_are_suggested_to_those_who_ask(vector: np.ndarray) -> None:
    assert [one.tag for one in HOLDING.suggest(vector, allow=["#TennisLife"])] == ["tennislife"]
    assert HOLDING.suggest(vector, allow=["golf", "tennis day"]) == []


def told(suggester: Suggester, vector: np.ndarray, **options: Any) -> list[str]:
    """The warnings that go with the suggestions."""
    found = suggester.suggest(vector, **options)
    for name in ("k", "rank"):
        options.pop(name, None)
    return suggester.warnings(vector, **options, none_left=not found)


def test_warnings_say_why_no_allowed_tag_is_left() -> None:
    kinds = TagKinds({"golf": "violence", "cat": "person", "tenni": "politics"})
    suggester = Suggester(SPACE, COOCCURRENCE, temperature=0.1, denied=[DENIED], kinds=kinds)
    warnings = partial(told, suggester, SPACE.vector("dog"))
    assert warnings(exclude=["Dog", "#cats"], allow=["dance"]) == []
    unknown = ["The model does not know these tags, so they have no effect: #unheardof, #noword."]
    assert warnings(exclude=["unheard of"], allow=["dance", "noword"]) == unknown
    assert warnings(allow=["unheard of", "noword"]) == [*unknown, "None of the tags in allow can be suggested."]
    assert warnings(exclude=["dogs"], allow=["golf", "tennis", "dogfan", "dog"]) == [
        "None of the tags in allow can be suggested (excluded: #dog; never suggested: #dogfan, #tennis; "
        "suggested only for clips that surely show it: #golf)."
    ]
    (best,) = suggester.suggest(SPACE.vector("dog"), allow=["cat"])
    (sentence,) = warnings(allow=["cat", "cats", "golf"], min_score=0.999)
    assert f"below min_score 0.999; the best has {floor(best.score * 1e4) / 1e4:g}: #cat, #cats" in sentence
    assert "suggested only for clips that surely show it: #golf" in sentence


def test_warnings_say_that_no_score_is_high_enough() -> None:
    warnings = partial(told, SUGGESTER, SPACE.vector("dog"), score=lambda relevance, _: relevance / 2)
    best, second = (one.relevance / 2 for one in SUGGESTER.suggest(SPACE.vector("dog"), k=2, diversity=0))
    shown = floor(best * 1e4) / 1e4
    assert warnings(min_score=shown) == []
    assert warnings(min_score=0.9) == [f"No hashtag reaches min_score 0.9; the best has {shown:g}."]
    assert warnings(min_score=0.9, rank="popular", k=3) == warnings(min_score=0.9)
    assert warnings(min_score=0.9, exclude=["dogs"], platform="x") == [
        f"No hashtag left by exclude and platform reaches min_score 0.9; the best has {floor(second * 1e4) / 1e4:g}."
    ]


def test_warnings_say_what_leaves_no_hashtag() -> None:
    kinds = TagKinds({stem(word): "politics" for word in WORDS[2:]})
    suggester = Suggester(SPACE, COOCCURRENCE, temperature=0.1, kinds=kinds)
    (sentence,) = told(suggester, SPACE.vector("golf"), exclude=WORDS[:2])
    assert sentence == (
        f"None of the hashtags nearest to the clip can be suggested (excluded: 2 of them; never suggested: {N - 2} of "
        "them)."
    )


ODD = ["golf", "golf_course", "2016", "breast stroke", "a.b", "축구", "x" * 51, "y" * 65, "日本-語"]
ODD_SPACE = TagSpace.from_vectors(ODD, range(1, len(ODD) + 1), ODD, RNG.normal(size=(len(ODD), 8)), ["golf"])
NOTHING = Cooccurrence(np.zeros(len(ODD) + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float16))
ODD_SUGGESTER = Suggester(ODD_SPACE, NOTHING, temperature=0.1)


@given(VECTORS, st.sampled_from(get_args(PlatformName)), st.integers(1, 80), st.sampled_from(["similar", "popular"]))
def test_a_platform_gets_what_it_takes(vector: np.ndarray, name: PlatformName, k: int, rank: Rank) -> None:
    rule = platforms()[name]
    for suggester, all_of in ((SUGGESTER, WORDS), (ODD_SUGGESTER, ODD)):
        found = suggester.suggest(vector, k=k, platform=name, rank=rank)
        assert [one.tag for one in found if not rule.takes(one.tag)] == []
        takes = [tag for tag in all_of if rule.takes(tag) and not tag.endswith(("girl", "fan"))]
        assert len(found) == min(len(takes), rule.at_most(k))


def test_tags_of_allow_that_a_platform_refuses() -> None:
    long = "x" * 51
    assert ODD_SUGGESTER.suggest(np.ones(8), allow=[long], platform="threads") == []
    (sentence,) = ODD_SUGGESTER.warnings(np.ones(8), allow=[long], platform="threads", none_left=True)
    assert sentence == f"None of the tags in allow can be suggested (not a hashtag on Threads: #{long})."


@given(VECTORS)
def test_popular_puts_no_tag_first_that_does_not_fit(vector: np.ndarray) -> None:
    relevant = [one.tag for one in SUGGESTER.suggest(vector, k=3)]
    everything = SUGGESTER.suggest(vector, k=N, allow=WORDS)
    unfitting = max((one for one in everything[3:]), key=lambda one: int(SPACE.counts[SPACE.row(stem(one.tag))]))
    found = SUGGESTER.suggest(vector, k=1, rank="popular", allow=[relevant[0], unfitting.tag])
    assert found[0].tag == relevant[0] or unfitting.relevance >= sorted(one.relevance for one in everything)[-3]
