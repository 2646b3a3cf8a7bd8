from pathlib import Path

import pytest

from models.appearance import AppearanceSettings
from training.config import Config, ConfigError, read_config

GOOD = """
[bundle]
name = "x"
version = "1"
[data]
clips = "${TAG2VEC_TEST_DATA}/clips"
clip_list = "clips.tsv"
posts = ["${TAG2VEC_TEST_DATA}/a.jsonl", "b.csv"]
"""
COMMITTED = Path(__file__).parents[2] / "training"


def config(tmp_path: Path, text: str) -> Path:
    (file := tmp_path / "some.toml").write_text(text)
    return file


def test_variables_stand_for_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAG2VEC_TEST_DATA", "/there")
    read = read_config(config(tmp_path, GOOD))
    assert read.data.clips == Path("/there/clips")
    assert read.data.clip_list == Path("clips.tsv")
    assert read.data.posts == [Path("/there/a.jsonl"), Path("b.csv")]
    assert read.work == Path("work")


def test_the_network_that_ships_and_its_classes_are_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAG2VEC_TEST_DATA", "/there")
    read = read_config(config(tmp_path, GOOD))
    assert read.appearance.network.is_file()
    assert read.appearance.shown == AppearanceSettings()
    assert len(read.appearance.image_classes()) == 1000
    other = '[appearance]\nnetwork = "${TAG2VEC_TEST_DATA}/x.onnx"\nside = 260\nshort_side = 292'
    read = read_config(config(tmp_path, GOOD + other))
    assert read.appearance.network == Path("/there/x.onnx")
    assert read.appearance.shown == AppearanceSettings(side=260, short_side=292, probabilities=None)
    assert read.appearance.image_classes() == []
    assert Config.model_validate(read.model_dump()) == read
    read = read_config(config(tmp_path, GOOD + other + '\nclasses = "training/imagenet_classes.tsv"'))
    assert read.appearance.shown == AppearanceSettings(side=260, short_side=292)


def test_an_image_text_network_has_numbers_for_each_channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAG2VEC_TEST_DATA", "/there")
    clip = """[appearance]
        network = "clip.onnx"
        tag_vectors = "${TAG2VEC_TEST_DATA}/tags.safetensors"
        features = "image_embeds"
        short_side = 224
        mean = [122.7709383, 116.7460125, 104.09373615]
        deviation = [68.5005327, 66.6321579, 70.32316305]"""
    shown = read_config(config(tmp_path, GOOD + clip)).appearance.shown
    assert shown.mean == (122.7709383, 116.7460125, 104.09373615)
    assert shown.probabilities is None
    assert AppearanceSettings.model_validate_json(shown.model_dump_json()) == shown


@pytest.mark.parametrize("name", ["default.toml", "small.toml"])
def test_committed_configurations_are_good_and_name_no_machine(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAG2VEC_DATA", "/there")
    read = read_config(COMMITTED / name)
    open_world = [read.data.open_world] if read.data.open_world else []
    for path in (read.data.clips, read.data.clip_list, *read.data.posts, *open_world):
        assert path.is_relative_to("/there")
    assert not read.work.is_absolute()


@pytest.mark.parametrize(
    ("addition", "named"),
    [
        ("[vocabulary]\ncomponent = 3", ["vocabulary.component", "Extra inputs"]),
        ("[vocabulary]\ncomponents = 0", ["vocabulary.components", "greater than or equal to 1"]),
        ("[trajectories]\nstrid = 3", ["trajectories", "strid"]),
        ("[trajectories]\nstride = 'x'", ["trajectories.stride", "integer"]),
        ("[embedding]\niterations = 1001", ["embedding.iterations", "1000"]),
        ("[appearance]\nsid = 3", ["appearance.sid", "Extra inputs"]),
        ("[appearance]\nside = 300", ["appearance", "short_side"]),
        ("[appearance]\nmean = [1, 2]", ["appearance.mean"]),
        ("[appearance]\ndeviation = [1, 0, 1]", ["appearance.deviation", "greater than 0"]),
        ("[appearance]\nclasses = 'a'\ntag_vectors = 'b'", ["appearance", "not both"]),
        ("[appearance]\nnetwork = 'a'\nprobabilities = 'b'", ["appearance", "name the table of classes"]),
        ("[nonsense]", ["nonsense"]),
        ("[tag2vec", ["not TOML"]),
        ("[tag2vec]\nepochs = 0\n[corpus]\nmax_tags = 1", ["tag2vec.epochs", "corpus.max_tags"]),
    ],
)
def test_errors_name_file_and_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, addition: str, named: list[str]
) -> None:
    monkeypatch.setenv("TAG2VEC_TEST_DATA", "/there")
    with pytest.raises(ConfigError) as caught:
        read_config(config(tmp_path, GOOD + addition))
    for part in ["some.toml", *named]:
        assert part in str(caught.value)


def test_a_variable_that_is_not_set_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TAG2VEC_TEST_DATA", raising=False)
    with pytest.raises(ConfigError, match=r"data\.clips: the environment variable TAG2VEC_TEST_DATA is not set"):
        read_config(config(tmp_path, GOOD))


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the configuration .*absent\.toml"):
        read_config(tmp_path / "absent.toml")
