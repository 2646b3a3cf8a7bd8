"""One tiny training for all tests that only look at what comes of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.tiny import write_data
from training.config import Config, read_config
from training.run import run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A tiny training that ran to its end without a break; not to be changed."""
    config = read_config(write_data(tmp_path_factory.mktemp("trained")))
    run(config)
    return config


@pytest.fixture
def copy(trained: Config, tmp_path: Path) -> Callable[..., Config]:
    """Copy the tiny training's work, with some settings changed."""

    def copied(**changes: object) -> Config:
        shutil.copytree(trained.work, tmp_path / "work")
        return Config.model_validate(trained.model_dump() | {"work": tmp_path / "work"} | changes)

    return copied
