import shutil
from pathlib import Path

import numpy as np
import pytest

from models.appearance import AppearanceNetwork, AppearanceSettings
from models.bundle import Bundle
from models.encoder import ClipEncoder
from models.errors import BundleError
from tests.networks import CLASSES, FEATURES, write_network
from tests.training.one_folder import all_in
from training.appearance import (
    AppearanceError,
    Appearances,
    appearances_of,
    describe_appearances,
    read_appearances,
)
from training.artifacts import Artifacts
from training.clips import Clip
from training.config import Config
from training.features import TABLE, Features, read_kept
from training.json_file import write_json
from training.pictures import describe_pictures


def test_appearances_are_those_of_the_pipeline(trained: Config) -> None:
    found = read_appearances(trained.work / "appearance")
    kept = read_kept(trained.work / "features")
    assert found.features.shape == (len(kept), 2 * FEATURES)
    assert found.probabilities.shape == (len(kept), CLASSES)
    encoder = ClipEncoder(Bundle.open(trained.work / "bundle"))
    for row in (0, 7):
        seen = encoder.encode(trained.data.clips / kept[row].clip.path).appearance
        np.testing.assert_array_equal(found.features[row], seen.features)
        np.testing.assert_array_equal(found.probabilities[row], seen.probabilities)


def test_appearances_of_some_clips_in_their_order(trained: Config) -> None:
    artifacts = Artifacts.under(trained.work)
    whole, kept = read_appearances(artifacts.appearance), read_kept(artifacts.features)
    some = appearances_of(artifacts, [kept[row].clip for row in (5, 2)])
    np.testing.assert_array_equal(some.features, whole.features[[5, 2]])
    np.testing.assert_array_equal(some.probabilities, whole.probabilities[[5, 2]])


def test_standard_is_over_all_clips() -> None:
    features = np.random.default_rng(0).normal(3, 2, (40, 6)).astype(np.float32)
    mean, deviation = Appearances(features, features).standard()
    standardised = (features - mean) / deviation
    np.testing.assert_allclose(standardised.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(standardised.std(axis=0), 1, atol=1e-5)


def test_pictures_are_spread_over_the_clip(trained: Config) -> None:
    clip = trained.data.clips / "skating" / "0.mp4"
    network = trained.appearance.network

    def features(pictures: int) -> np.ndarray:
        return describe_pictures(clip, network=network, settings=AppearanceSettings(pictures=pictures)).features

    assert not np.array_equal(features(1), features(4))
    assert (features(1)[FEATURES:] == 0).all()  # one picture does not vary


def test_a_clip_that_is_none_is_named(trained: Config, tmp_path: Path) -> None:
    shutil.copy(trained.data.clips / "skating" / "0.mp4", tmp_path / "good.mp4")
    (tmp_path / "text.mp4").write_text("not a clip")
    rows = [
        Features(clip=Clip(path=name, category="c", group=name), status="kept") for name in ("good.mp4", "text.mp4")
    ]
    write_json(tmp_path / TABLE, [row.model_dump() for row in rows])
    with pytest.raises(AppearanceError, match=r"text\.mp4"):
        describe_appearances(
            tmp_path,
            all_in(tmp_path),
            root=tmp_path,
            network=trained.appearance.network,
            settings=AppearanceSettings(),
            workers=1,
        )


def test_another_network_is_told_before_any_clip(trained: Config, tmp_path: Path) -> None:
    network = write_network(tmp_path / "small.onnx", side=32)
    AppearanceNetwork(network, AppearanceSettings(side=32))
    with pytest.raises(BundleError, match=r"small\.onnx"):
        describe_appearances(
            tmp_path,
            Artifacts.under(trained.work),
            root=trained.data.clips,
            network=network,
            settings=AppearanceSettings(),
            workers=1,
        )
