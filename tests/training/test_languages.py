from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from models.tags.languages import Languages
from models.tags.space import TagSpace
from tests.training.one_folder import all_in
from tests.training.test_corpus import build
from training.corpus import CorpusSettings
from training.languages import CODES, LATIN, evidence, learn_languages, of_stems, shares_of_languages

pytestmark = pytest.mark.slow
"""Word lists of eleven languages are read."""

ENGLISH = ["good vibes only", "day in my life", "Beach", "sunset lover", "happy friday"]
VIETNAMESE = ["du lich hue", "khách sạn", "xu huong", "an ngon", "hoc tieng anh"]


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("goodvibesonly", "en"),
        ("dayinmylife", "en"),
        ("dulichhue", "vi"),
        ("khachsanhue", "vi"),
        ("destrozatuexamen", "es"),
        ("nazionaleitaliana", "it"),
        ("actualité", "fr"),
        ("fürdich", "de"),
        ("медитация", "ru"),
        ("맛집", "ko"),
        ("ゲーム実況", "ja"),
    ],
)
def test_words_and_scripts_tell_the_language(tag: str, code: str) -> None:
    found = evidence(tag)
    assert CODES[int(found.argmax())] == code
    assert np.partition(found, -2)[-2] < -1


@pytest.mark.parametrize("tag", ["fyp", "தமிழ்", "xqzkw"])
def test_what_is_no_word_tells_nothing(tag: str) -> None:
    assert (evidence(tag) > -1.5).all()


@given(st.text(st.characters(categories=["Ll", "Lo"]), min_size=1, max_size=50))
def test_evidence_of_anything(tag: str) -> None:
    found = evidence(tag)
    assert found.shape == (len(CODES),)
    assert found.max() == 0
    assert np.isfinite(found).all()


def test_tags_without_words_go_with_the_posts_that_use_them() -> None:
    # Tags 0 and 1 are English and Vietnamese by their words, 2 and 3 are no words; 3 is used by everybody.
    words = np.zeros((4, 2), np.float32)
    words[0, 1] = words[1, 0] = -5
    posts = csr_matrix(np.array([[1, 0, 0, 1]] * 30 + [[0, 1, 1, 1]] * 10, np.float32))
    of_posts, of_tags, usual = shares_of_languages(posts, words)
    assert (of_posts.argmax(axis=1) == [0] * 30 + [1] * 10).all()
    np.testing.assert_allclose(of_posts.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(usual, [0.75, 0.25], atol=0.05)
    lift = of_tags / usual
    assert lift[2, 1] > 1.5
    np.testing.assert_allclose(lift[3], 1, atol=0.15)


def test_stems_have_the_languages_of_their_tags() -> None:
    usual = np.zeros(len(CODES), np.float32)
    usual[[0, 1, 2]] = 0.9, 0.099, 0.001
    shares = np.zeros((3, len(CODES)), np.float32)
    shares[0, 0], shares[1, 1], shares[2, 0] = 1, 1, 1
    languages = of_stems(["danc", "rare", "बहर"], ["dance", "dancing", "बहर"], np.array([30, 10, 9]), shares, usual)
    assert languages.codes == ["en", "vi"]  # Spanish has too few posts
    of_stem = (languages.shares / 255) ** 2
    np.testing.assert_allclose(of_stem, np.array([[0.75, 0.25], [0.9, 0.099], [0, 0]]), atol=0.005)
    assert CODES[1] in LATIN


def test_languages_are_learnt_from_posts(tmp_path: Path) -> None:
    posts = [[*np.roll(ENGLISH, turn)[:3].tolist(), "fyp"] for turn in range(60)]
    posts += [[*np.roll(VIETNAMESE, turn)[:3].tolist(), "fyp"] for turn in range(30)]
    build(tmp_path, posts)
    stems = ["beach", "dulichhu", "khachsan", "fyp"]
    TagSpace.from_vectors(["beach", "dulichhu", "xuhuong", "fyp"], [9, 9, 9, 9], stems, np.eye(4)).save(tmp_path)
    learn_languages(tmp_path, all_in(tmp_path), posts=[tmp_path / "posts.jsonl"], settings=CorpusSettings())
    languages = Languages.load(tmp_path)
    assert languages.codes[:2] == ["en", "vi"]
    assert languages.used("en").tolist() == [True, False, False, True]
    assert languages.used("vi").tolist() == [False, True, True, True]
