import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tags.string_table import StringTable

# Two words with the same CRC-32.
COLLIDING = ("plumless", "buckeroo")


@given(st.lists(st.text(max_size=12) | st.sampled_from(COLLIDING), unique=True, max_size=40), st.text(max_size=3))
def test_behaves_like_a_list(texts: list[str], other: str) -> None:
    table = StringTable(iter(texts))
    assert list(table) == [table[row] for row in range(len(table))] == table[:] == texts
    assert table[::-2] == texts[::-2]
    assert [table.row(text) for text in texts] == [table.index(text) for text in texts] == list(range(len(texts)))
    assert (other in table) == (other in texts)
    if texts:
        assert table[-1] == texts[-1]
    with pytest.raises(IndexError):
        table[len(texts)]


@given(st.lists(st.text(max_size=3), min_size=1, unique=True), st.data())
def test_duplicates_are_refused(texts: list[str], data: st.DataObject) -> None:
    twice = data.draw(st.sampled_from(texts))
    with pytest.raises(ValueError, match="occurs twice"):
        StringTable([*texts, *COLLIDING, twice])


def test_hash_collisions() -> None:
    table = StringTable(["golf", *COLLIDING])
    assert [table.row(text) for text in COLLIDING] == [1, 2]
    assert "Plumless" not in table


@pytest.mark.parametrize(("text", "bounds"), [("unheard", ()), ("golf", (1,)), ("yoga", (0, 1)), (7, ())])
def test_index_of_a_missing_string(text: object, bounds: tuple[int, ...]) -> None:
    table = StringTable(["golf", "yoga"])
    with pytest.raises(ValueError, match="not in the table"):
        table.index(text, *bounds)


def test_lone_surrogates_are_kept() -> None:
    table = StringTable(["\ud800", "a"])
    assert table[0] == "\ud800"
    assert table.row("\udc00") is None
