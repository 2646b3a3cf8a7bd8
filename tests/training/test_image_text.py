"""An image-text network in a training, end to end: clips of one colour each, and tags that are colours."""

from pathlib import Path

import numpy as np
import pytest

from models.bundle import Bundle
from models.pipeline import Pipeline
from tests.clips import drifting, write_coloured
from tests.networks import write_image_half, write_tag_vectors
from training.appearance import read_appearances
from training.config import Config, read_config
from training.features import read_kept
from training.run import run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

CLIPS = {"red": (255, 40, 40), "green": (40, 255, 40)}
"""Hashtags of clips that are trained on, which all move in the same way."""
BLUE = (40, 40, 255)
"""What no clip was trained on."""
TAGS = {"red": (1, -1, -1), "Greens": (-1, 1, -1), "blue": (-1, -1, 1), "unheardof": (1, 1, 1)}


def moving(path: Path, colour: tuple[int, int, int], seed: int) -> Path:
    return write_coloured(path, drifting(22, (96, 80), seed=seed), colour)


def write_data(folder: Path) -> Path:
    """Write clips, posts and a configuration; return the latter."""
    (folder / "clips").mkdir()
    lines = ["path\tcategory\thashtag\tgroup"]
    for hashtag, colour in CLIPS.items():
        for number in range(6):
            path = moving(folder / "clips" / f"{hashtag}{number}.mp4", colour, number)
            lines.append(f"{path.name}\t{hashtag}\t{hashtag}\t{hashtag}_{number}")
    (folder / "clips.tsv").write_text("\n".join(lines) + "\n")
    random = np.random.default_rng(0)
    topics = ["red rose wine heart cherry", "green leaf grass forest frog", "blue sky sea ocean whale"]
    posts = [" ".join(random.permutation(topics[number % 3].split())[:3]) for number in range(450)]
    (folder / "posts.txt").write_text("\n".join(posts) + "\n")
    write_image_half(folder / "half.onnx")
    write_tag_vectors(folder / "tags.safetensors", TAGS)
    (folder / "config.toml").write_text(
        f"""
        work = "{folder / "work"}"
        workers = 1
        bundle = {{name = "colours", version = "0"}}
        tag2vec = {{min_count = 5, epochs = 3}}
        trajectories = {{layers = 2}}
        vocabulary = {{components = 1, sample = 2000}}
        embedding = {{members = 2, hidden = 20, iterations = 40, batch = 16}}
        [appearance]
        network = "{folder / "half.onnx"}"
        tag_vectors = "{folder / "tags.safetensors"}"
        features = "image_embeds"
        mean = [60, 60.5, 61]
        deviation = [64, 65, 66]
        pictures = 2
        [data]
        clips = "{folder / "clips"}"
        clip_list = "{folder / "clips.tsv"}"
        posts = ["{folder / "posts.txt"}"]
        """
    )
    return folder / "config.toml"


@pytest.fixture(scope="module")
def coloured(tmp_path_factory: pytest.TempPathFactory) -> Config:
    config = read_config(write_data(tmp_path_factory.mktemp("coloured")))
    run(config)
    return config


def test_clips_are_answered_with_their_colour(coloured: Config, tmp_path: Path) -> None:
    pipeline = Pipeline(Bundle.open(coloured.work / "bundle"))
    for tag, colour in [*CLIPS.items(), ("blue", BLUE)]:
        answer = pipeline(moving(tmp_path / f"{tag}.mp4", colour, seed=99))
        assert answer.hashtags[0].tag == tag


def test_tags_are_told_as_by_the_pipeline(coloured: Config) -> None:
    found = read_appearances(coloured.work / "appearance")
    kept = read_kept(coloured.work / "features")
    bundle = Bundle.open(coloured.work / "bundle")
    encoder = Pipeline(bundle).encoder
    assert found.probabilities.shape == (12, len(TAGS)) == (12, bundle.lengths.probabilities)
    for row in (0, 7):
        seen = encoder.encode(coloured.data.clips / kept[row].clip.path).appearance
        np.testing.assert_array_equal(found.features[row], seen.features)
        np.testing.assert_array_equal(found.probabilities[row], seen.probabilities)
    for row, one in enumerate(kept):
        assert found.probabilities[row].argmax() == list(CLIPS).index(one.clip.hashtag)


def test_the_bundle_holds_the_vectors_and_its_card_says_so(coloured: Config) -> None:
    folder = coloured.work / "bundle"
    assert coloured.appearance.tag_vectors is not None
    assert (folder / "tag_vectors.safetensors").read_bytes() == coloured.appearance.tag_vectors.read_bytes()
    assert not (folder / "classes.tsv").exists()
    assert "half of an image-text network" in (folder / "MODEL_CARD.md").read_text()
