import csv
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import training
from models.errors import Tag2VecError
from models.tags.deny_list import DenyList
from models.tags.stemming import normalise

SHIPPED = Path(training.__path__[0]) / "denied_tags.txt"


def words(text: str) -> list[str]:
    return text.split()


HASHTAGS = words("""
    athletics baseball basketball bike billiards boxing cat dance diving dog drink drums fencing golf guitar guns
    gym hair horse jump piano running skateboarding skiing soccer squats tennis volleyball walk wave workout yoga
""")

LOOKALIKES = words("""
    cocktail cocktails cockpit peacock cockerspaniel hancock hitchcock assassin assassinscreed class classic glass
    grass bass brass passion massage compass grape grapes drape skyscraper therapist analysis analytics canal essex
    sussex sextet middlesex bisexual scunthorpe shiitake yamashita titan title constitution cucumber document cumbia
    circumstance accumulate shoes shoelace phoenix raccoon cocoon tycoon spicy spices snigger pakistan vineyard
    divine grapevine ravine irvine tigers instant instinct tokyo stockholm mobydick dickens button hoedown pussycat
    shitzu princestreet antiviral retardant sparrow bareback followthrough yellow イエロー nazionale pornchai harshita
    program kilogram salem jerusalem spammusubi discotheque likeminded overview
    interviews skills killarney jewelry jewish islam muslim nazionale butterfly submarine
    r7 a55 F1 mp3 iPad insta360 ps4 leotards
""")

DENIED = words("""
    fyp FYPシ #fypage foryou ForYouPage viral ViralVideo xuhuong xuhuongtiktok2025 thịnhhành follow4follow followme
    like4like l4l trending tiktok booktok instagram Instagood dogsofinstagram youtube vine funnyvines twitter 맞팔
    spamforspam lfl 20likes likeme followher 100kviews MillionViews potd sale coupon onlineshop tweegram qanon
    wwg1wga noislam booba booty booktube
    좋아요반사 рекомендации porn p0rn P0RN foodporn sex s3x fuck fuckyou sh1t $hit b1tch ass hot_ass HotAss @ss nigga
    n1gg4 wh0re sexy kkk whitepower xxx nude nudes boobs pornstar 추천 a s1ut
""")


@pytest.fixture(scope="module")
def shipped() -> DenyList:
    return DenyList.read(SHIPPED)


@pytest.mark.parametrize("tag", [*DENIED, "hot ass", "viral video", "big boobs"])
def test_denied_tags(shipped: DenyList, tag: str) -> None:
    assert shipped.denies(tag)


@pytest.mark.parametrize("tag", [*HASHTAGS, *LOOKALIKES, "follow the leader", "follow your dreams"])
def test_harmless_lookalikes_are_allowed(shipped: DenyList, tag: str) -> None:
    assert not shipped.denies(tag)


@pytest.mark.skipif("TAG2VEC_DATA" not in os.environ, reason="TAG2VEC_DATA is not set")
def test_no_hashtag_of_the_training_clips_is_denied(shipped: DenyList) -> None:
    with (Path(os.environ["TAG2VEC_DATA"]) / "clips.tsv").open(encoding="utf-8") as lines:
        hashtags = {row["hashtag"] for row in csv.DictReader(lines, delimiter="\t")} - {""}
    assert hashtags
    assert not {tag for tag in hashtags if shipped.denies(tag)}


@pytest.mark.parametrize(
    ("pattern", "denied", "stays"),
    [
        (
            "dance",
            ["dance", "Dancing", "dances", "hot dance", "hotDance", "HOTDance", "hot_dance_2"],
            ["abundance", "hotdance"],
        ),
        ("=dance", ["dance", "dancing"], ["hot dance", "hotDance", "dancefloor"]),
        ("*dance*", ["dance", "abundance", "dancefloor"], ["dancing"]),
        ("dance*", ["dance", "dancefloor"], ["abundance"]),
        ("*dance", ["dance", "abundance"], ["dancefloor"]),
        ("*dance* !abundance", ["dance", "abundancedance"], ["abundance", "inabundance"]),
        ("axe # dance", ["axe", "4xe"], ["dance"]),
        ("축구", ["축구", "#축구"], ["축구장"]),
    ],
)
def test_patterns(pattern: str, denied: list[str], stays: list[str]) -> None:
    deny_list = DenyList([pattern])
    assert [tag for tag in denied if not deny_list.denies(tag)] == []
    assert [tag for tag in stays if deny_list.denies(tag)] == []


@given(st.text(max_size=30))
def test_any_text_can_be_denied_or_not(tag: str) -> None:
    assert not DenyList(["# nothing", ""]).denies(tag)
    assert DenyList([f"={normalise(tag)}"] if normalise(tag) else []).denies(tag) == bool(normalise(tag))


@pytest.mark.parametrize("line", ["fyp fo*you", "*", "!", "=", "2016"])
def test_malformed_pattern_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "denied.txt"
    path.write_text(f"viral\n\n{line}\n", encoding="utf-8")
    with pytest.raises(Tag2VecError, match=r"denied\.txt, line 3"):
        DenyList.read(path)


def test_unreadable_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(Tag2VecError, match=r"missing\.txt"):
        DenyList.read(tmp_path / "missing.txt")
    (tmp_path / "latin.txt").write_bytes(b"\xe9t\xe9")
    with pytest.raises(Tag2VecError, match=r"latin\.txt"):
        DenyList.read(tmp_path / "latin.txt")


def test_no_shipped_pattern_is_redundant(shipped: DenyList) -> None:
    patterns = [p for line in SHIPPED.read_text(encoding="utf-8").splitlines() for p in line.partition("#")[0].split()]
    assert len(patterns) == len(set(patterns))
    parts = DenyList(p for p in patterns if set(p) & set("!*"))
    assert {p for p in patterns if not set(p) & set("!*") and parts.denies(p)} == set()
