from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.clips import Clip, ClipListError, ClipSettings, choose, read_clips

HEADER = "path\tcategory\thashtag\tgroup\tbenchmark\tsource\n"


def listed(tmp_path: Path, text: str) -> Path:
    (file := tmp_path / "clips.tsv").write_text(text)
    return file


def test_read(tmp_path: Path) -> None:
    clips = read_clips(listed(tmp_path, HEADER + "a/1.mp4\ta\t\tg1\tjhmdb\tx\nb/1.mp4\tb\tgolf\tg2\t\tx\n"))
    assert clips == [
        Clip(path="a/1.mp4", category="a", group="g1", benchmark="jhmdb", source="x"),
        Clip(path="b/1.mp4", category="b", hashtag="golf", group="g2", source="x"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no clip"),
        (HEADER, "no clip"),
        ("path\tcategory\nx\ty\n", "line 2: group"),
        (HEADER + "x\ta\t\tg\t\ts\nx\tb\t\tg\t\ts\n", "lists x twice"),
        (HEADER + "x\ta\t\tg\t\ts\ny\n", "line 3: category"),
    ],
)
def test_a_list_that_will_not_do(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ClipListError, match=message):
        read_clips(listed(tmp_path, text))


def test_no_list(tmp_path: Path) -> None:
    with pytest.raises(ClipListError, match=r"cannot read .*clips\.tsv"):
        read_clips(tmp_path / "clips.tsv")


CLIPS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=30).map(
    lambda rows: [
        Clip(path=str(number), category="", hashtag=hashtag, group=hashtag + group)
        for number, (hashtag, group) in enumerate(rows)
    ]
)


@given(CLIPS, st.integers(1, 8), st.sets(st.sampled_from("abc"), min_size=1))
def test_choice_is_even_over_groups_and_keeps_the_order(clips: list[Clip], most: int, hashtags: set[str]) -> None:
    chosen = choose(clips, ClipSettings(hashtags=tuple(hashtags), per_hashtag=most))
    assert [clip for clip in clips if clip in chosen] == chosen
    for hashtag in "abc":
        there = [clip for clip in clips if clip.hashtag == hashtag]
        taken = [clip for clip in chosen if clip.hashtag == hashtag]
        assert len(taken) == (min(most, len(there)) if hashtag in hashtags else 0)
        counts, all_of = Counter(clip.group for clip in taken), Counter(clip.group for clip in there)
        for group in all_of if taken else ():
            # None has fewer than another unless it has no more to give.
            assert counts[group] in (all_of[group], max(counts.values()), max(counts.values()) - 1)
