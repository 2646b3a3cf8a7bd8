from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import BundleError
from models.tags.languages import LANGUAGES_FILE, LEVELS, USED, Languages, primary_subtag

CODES = ["en", "vi", "pt"]
USUAL = np.array([0.9, 0.08, 0.005])


@given(st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=1, max_size=9))
def test_a_language_uses_a_tag_about_as_often_as_any_other(shares: list[tuple[float, ...]]) -> None:
    given_shares = np.array(shares)
    languages = Languages.of(CODES, USUAL, given_shares)
    for column, code in enumerate(CODES):
        # What is stored of a share is its square root, to half a level.
        roots, least = np.sqrt(given_shares[:, column]), np.sqrt(USED * USUAL[column])
        used = languages.used(code)
        assert used[roots >= least].all()
        assert not used[roots < least - 1.5 / LEVELS].any()


def test_tags_that_go_with_everything_belong_to_every_language() -> None:
    languages = Languages.of(CODES, USUAL, np.array([USUAL, [0.1, 0.85, 0.0], [1.0, 0.0, 0.0]]))
    assert [languages.used(code).tolist() for code in CODES] == [
        [True, False, True],
        [True, True, False],
        [True, False, False],
    ]
    assert languages.mainly("vi").tolist() == [False, True, False]
    assert len(languages) == 3


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    # The columns of a larger array are not contiguous.
    saved = Languages.of(CODES, USUAL, np.random.default_rng(0).random((5, 7))[:, [6, 0, 3]])
    saved.save(tmp_path)
    loaded = Languages.load(tmp_path)
    assert loaded.codes == CODES
    np.testing.assert_array_equal(loaded.shares, saved.shares)
    np.testing.assert_array_equal(loaded.usual, USUAL.astype(np.float32))
    Languages.of([], np.zeros(0), np.zeros((4, 0))).save(tmp_path)
    assert Languages.load(tmp_path).codes == []
    (tmp_path / LANGUAGES_FILE).write_bytes(b"nothing of the kind")
    with pytest.raises(BundleError, match=LANGUAGES_FILE):
        Languages.load(tmp_path)


@pytest.mark.parametrize(
    ("codes", "usual", "shares"),
    [
        (["en", "en"], [0.5, 0.5], [[1, 1]]),
        (["english"], [0.5], [[1]]),
        (["en"], [0.5, 0.5], [[1]]),
        (["en"], [0.0], [[1]]),
        (["en"], [0.5], [[1, 2]]),
        (["en"], [0.5], [1]),
    ],
)
def test_what_are_no_shares_is_refused(codes: list[str], usual: list[float], shares: list[object]) -> None:
    with pytest.raises(BundleError, match=LANGUAGES_FILE):
        Languages(codes, np.array(usual), np.array(shares, np.uint8))


@pytest.mark.parametrize("locale", ["en", "EN", "en-US", "en_gb", "en-Latn-US"])
def test_the_language_of_a_locale(locale: str) -> None:
    assert primary_subtag(locale) == "en"
