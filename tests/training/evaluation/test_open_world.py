from collections.abc import Callable
from pathlib import Path

import pytest

from training.artifacts import Artifacts
from training.clips import ClipListError
from training.config import Config
from training.evaluation.open_world import (
    OpenWorldAnswer,
    OpenWorldClip,
    OpenWorldQuality,
    read_open_world,
    read_open_world_clips,
)
from training.evaluation.quality import read_quality
from training.run import run

HEADER = "path\tcategory\tgroup\tsource\ttruth\n"


def answer(truth: str, tags: str, *, confident: bool = False, source: str = "s") -> OpenWorldAnswer:
    clip = OpenWorldClip(path="p", category="c", group="g", source=source, truth=truth.split())
    return OpenWorldAnswer(clip=clip, tags=tags.split(), confident=confident)


def test_inflections_of_a_persons_hashtags_are_right() -> None:
    assert answer("Dogs #running", "dog cat runs").right == [True, False, True]


def test_only_the_first_five_count() -> None:
    quality = OpenWorldQuality.of(
        [
            answer("dog puppy cute", "dog cute x y z puppy", confident=True),
            answer("cat", "a b c d e cat", confident=True, source="t"),
            answer("food", "food", source="t"),
            answer("sea", ""),
        ]
    )
    assert (quality.clips, quality.sources) == (4, 2)
    assert quality.any_right == 0.5
    assert quality.right == 0.75
    assert quality.confident == 0.5
    assert quality.any_right_confident == 0.5
    assert OpenWorldQuality.of([answer("sea", "")]).any_right_confident is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER, "lists no clip"),
        (HEADER + "a\tb\tc\td\te\nx\ty\tz\n", "line 3: source"),
        ("path\tcategory\na\tb\n", "line 2: group"),
    ],
)
def test_a_table_that_will_not_do(tmp_path: Path, text: str, message: str) -> None:
    (table := tmp_path / "open.tsv").write_text(text)
    with pytest.raises(ClipListError, match=message):
        read_open_world_clips(table)
    with pytest.raises(ClipListError, match=r"cannot read .*absent\.tsv"):
        read_open_world_clips(tmp_path / "absent.tsv")


def test_the_whole_bundle_answers(trained: Config) -> None:
    answers = read_open_world(trained.work / "open_world")
    ice, wall, text = answers
    assert [one.clip.path for one in answers] == ["ice.mp4", "still.mp4", "text.mp4"]
    assert ice.clip.truth == ["Skates", "unheardof"]
    assert "skating" in ice.tags[:5]
    assert len(ice.scores) == len(ice.tags) > 5
    assert wall.tags  # by its pictures alone
    assert text.failure
    assert not text.tags
    assert not text.confident
    quality = read_quality(Artifacts.under(trained.work)).open_world
    assert quality is not None
    assert quality == OpenWorldQuality.of(answers)
    assert quality.any_right == pytest.approx(1 / 3, abs=1e-3)
    card = (trained.work / "bundle" / "MODEL_CARD.md").read_text()
    assert "3 clips of anything, from 1 sources" in card


def test_nothing_is_answered_without_such_clips(copy: Callable[..., Config], trained: Config) -> None:
    config = copy(data=trained.data.model_copy(update={"open_world": None}))
    run(config, "open_world")
    assert read_open_world(config.work / "open_world") == []
    assert read_quality(Artifacts.under(config.work)).open_world is None
