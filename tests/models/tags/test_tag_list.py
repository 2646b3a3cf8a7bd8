import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tags.tag_list import name, split


@pytest.mark.parametrize(
    ("typed", "tags"),
    [
        (["yoga,gym"], ["yoga", "gym"]),
        (["yoga", "gym, dance"], ["yoga", "gym", "dance"]),
        (["#yoga #gym#dance"], ["yoga", "gym", "dance"]),
        (["yoga;gym\ndance\uff0c축구\u3001été\u060cكرة"], ["yoga", "gym", "dance", "축구", "été", "كرة"]),
        (["breast stroke"], ["breast stroke"]),
        ([",yoga,,"], ["yoga"]),
        (["", ",", "# #"], ["", ",", "# #"]),
        ([], []),
    ],
)
def test_split(typed: list[str], tags: list[str]) -> None:
    assert split(typed) == tags


@given(st.lists(st.text()))
def test_split_tags_are_not_split_again(typed: list[str]) -> None:
    tags = split(typed)
    assert split(tags) == tags
    assert len(tags) >= len(typed)


def test_named_in_a_sentence() -> None:
    assert name(["#Yoga", "yoga", "Été", "!"]) == "#yoga, #été, '!'"
    assert name(map(str, range(13)), most=2) == "'0', '1' and 11 more"
