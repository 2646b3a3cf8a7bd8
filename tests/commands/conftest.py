"""A whole bundle that was never trained, and the command line in this process."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from commands.main import main
from models.appearance import AppearanceSettings
from models.bundle.manifest import HashtagRecord, Settings, TrainingRecord
from models.fisher import Codebook, Vocabulary
from models.tags.cooccurrence import Cooccurrence
from models.tags.space import TagSpace
from models.trajectories.descriptor_layout import BLOCKS
from models.trajectories.settings import TrajectorySettings
from tests.clips import write
from tests.networks import FEATURES, write_classes, write_kinds, write_network
from training.bundle_writer import library_versions, write_bundle
from training.corpus import DENIED_TAGS
from training.embedding import Ensemble, TrainedNetworks, frozen

TAGS = {"golf": "golf", "tenni": "tennis", "danc": "dancing", "été": "été", "축구": "축구", "dog": "dogs"}


class Ended(NamedTuple):
    """How a run of the command line ended, and what it wrote."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `tag2vec` with arguments, in this process."""

    def ran(*arguments: object) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, *capsys.readouterr())

    return ran


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of random numbers, whole in every part."""
    rng = np.random.default_rng(0)
    codebooks = {}
    for block, columns in BLOCKS.items():
        wide, narrow, k = columns.stop - columns.start, 4, 2
        codebooks[block] = Codebook(
            mean=rng.normal(size=wide).astype(np.float32),
            components=np.linalg.qr(rng.normal(size=(wide, narrow)))[0].T.astype(np.float32),
            weights=np.full(k, 1 / k, np.float32),
            means=rng.normal(size=(k, narrow)).astype(np.float32),
            variances=np.ones((k, narrow), np.float32),
        )
    vocabulary = Vocabulary(codebooks)
    torch.manual_seed(0)
    projection = np.random.default_rng(0).normal(size=(8, vocabulary.dimensions + 2 * FEATURES)).astype(np.float32)
    embedding = frozen(
        TrainedNetworks(projection, Ensemble(2, 8, 60, 100)),
        np.zeros(2 * FEATURES, np.float32),
        np.ones(2 * FEATURES, np.float32),
    )
    space = TagSpace.from_vectors(
        list(TAGS), range(len(TAGS), 0, -1), list(TAGS.values()), rng.normal(size=(len(TAGS), 100)), ["golf", "tenni"]
    )
    hashtags = [HashtagRecord(hashtag=TAGS[stem], stem=stem, clips=1, groups=1) for stem in space.hashtags]
    training = TrainingRecord(data=[], counts={}, hashtags=hashtags, settings={}, libraries=library_versions())
    folder = tmp_path_factory.mktemp("commands")
    path = folder / "bundle"
    written = write_bundle(
        path,
        name="random",
        version="0",
        settings=Settings(trajectories=TrajectorySettings(), appearance=AppearanceSettings(), temperature=0.1),
        vocabulary=vocabulary,
        embedding=embedding,
        tagspace=space,
        cooccurrence=Cooccurrence.empty(len(space)),
        denied_tags=DENIED_TAGS,
        appearance=write_network(folder / "network.onnx"),
        classes=write_classes(folder / "classes.tsv", ["golf", "tennis", "dogs"]),
        kinds=write_kinds(folder / "kinds.tsv", {"guns": "violence"}),
        training=training,
        quality={},
        card=lambda _: "never trained",
        timings={},
    )
    return written.path


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good clip of one second."""
    return write(tmp_path_factory.mktemp("clips") / "good.mp4")
