import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tags.stemming import EXCEPTIONS, MAX_LENGTH, normalise, stem

# Characters that Hypothesis alone would rarely combine.
TRICKY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("aZé1_# ’\u0301\u0327\u0e33\u0e49\u200d\ufe0f\u20e3\u1160\u11a8가ßİſΣ\u0345ﷺ①𝓯"),
    )
)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("#Beautiful", "beautiful"),
        ("breast stroke", "breaststroke"),
        ("ball_is_life", "ballislife"),
        ("rocko's", "rockos"),
        ("Été", "été"),
        ("e\u0301te\u0301", "été"),
        ("축구⚽", "축구"),
        ("サッカー", "サッカー"),
        ("น้ำ", unicodedata.normalize("NFKC", "น้ำ")),
        ("हिन्दी", "हिन्दी"),
        ("தமிழ்", "தமிழ்"),
        ("ﬁtness", "fitness"),
        ("ＧＯＬＦ", "golf"),
        ("𝓯𝔂𝓹", "fyp"),
        ("b̶i̶k̶e̶", "bike"),
        ("İstanbul", "istanbul"),
        ("ΟΔΟΣ ΑΒ", "οδοσαβ"),
        ("sk8er", "sk8er"),
        ("F1", "f1"),
        ("❤️", ""),
        ("2️⃣0️⃣", ""),
        ("2016", ""),
        ("٢٠٢٢", ""),
        ("#", ""),
        ("", ""),
        ("\u3164", ""),
        ("\u0e49", ""),
        ("a" * MAX_LENGTH, "a" * MAX_LENGTH),
        ("a" * (MAX_LENGTH + 1), ""),
        ("é" * (MAX_LENGTH + 1), ""),
        ("a" + "\u0301\u0327" * 100_000, ""),
    ],
)
def test_normalise(typed: str, normal: str) -> None:
    assert normalise(typed) == normal


@given(TRICKY)
def test_normalise_is_idempotent_and_drops_other_characters(typed: str) -> None:
    normal = normalise(typed)
    assert normalise(normal) == normal
    assert normal == normal.lower() == unicodedata.normalize("NFKC", normal)
    assert len(normal) <= MAX_LENGTH
    kinds = [unicodedata.category(character)[0] for character in normal]
    assert set(kinds) <= set("LMN")
    assert not normal or "L" in kinds
    # A mark follows a letter or another mark.
    assert all(before != "N" for before, kind in zip(["N", *kinds], kinds, strict=False) if kind == "M")


@given(st.text(st.characters(categories=["L"], exclude_characters="\u115f\u1160\u3164\uffa0"), min_size=1, max_size=20))
def test_letters_of_every_script_are_kept(word: str) -> None:
    word = unicodedata.normalize("NFKC", word)
    letters = {c for c in word.lower() if unicodedata.category(c)[0] == "L"}
    assert letters <= set(normalise(word)) or "Σ" in word


@given(TRICKY, st.sampled_from(["#", "_", " ", "❤️", "!", "\u200d", "\u3164"]))
def test_characters_around_a_tag_do_not_matter(typed: str, special: str) -> None:
    normal = normalise(typed)
    assert normalise(special + normal + special) == normal


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["dance", "dances", "dancing", "danced"], "danc"),
        (["skateboard", "skateboards", "skateboarding"], "skateboard"),
        (["générations", "génération"], "génération"),
        (["축구"], "축구"),
        (["танцы"], "танцы"),
        (["축구fans"], "축구fans"),
    ],
)
def test_only_latin_tags_are_stemmed(tags: list[str], expected: str) -> None:
    assert {stem(tag) for tag in tags} == {expected}


@given(TRICKY)
def test_every_tag_has_a_stem_no_longer_than_itself(typed: str) -> None:
    normal = normalise(typed)
    assert bool(stem(normal)) == bool(normal)
    assert len(stem(normal)) <= len(normal)


@pytest.mark.parametrize(
    ("words", "others"),
    [
        (["anime", "animes"], ["animal", "animals", "animation", "animated"]),
        (["animation", "animations", "animated"], ["animal", "anime"]),
        (["celebrity", "celebrities"], ["celebrate", "celebration"]),
        (["conservation"], ["conservative"]),
        (["training", "trainings", "trained"], ["train", "trains"]),
        (["fencing"], ["fence"]),
        (["boxing"], ["box", "boxes"]),
        (["fishing"], ["fish"]),
        (["blues"], ["blue"]),
        (["windows"], ["window"]),
        (["customer", "customers"], ["custom", "customs"]),
        (["productivity"], ["product", "products"]),
        (["wedding", "weddings"], ["wed"]),
        (["building", "buildings"], ["build"]),
        (["living"], ["live", "lives"]),
        (["typing"], ["type"]),
        (["cowboys"], ["cowboy"]),
        (["eagles"], ["eagle"]),
        (["rockets"], ["rocket"]),
    ],
)
def test_words_with_a_stem_of_their_own(words: list[str], others: list[str]) -> None:
    (own,) = {stem(word) for word in words}
    assert own not in {stem(other) for other in others}


def test_stems_of_exceptions_are_their_own_stems() -> None:
    for word, own in EXCEPTIONS.items():
        assert stem(word) == stem(own) == own == normalise(own)
