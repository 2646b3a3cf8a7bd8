"""A tiny training, shared by all tests that only look at its output."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from tests.training.tiny import write_data
from training.config import Config, read_config
from training.run import run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whichever test comes first waits for the tiny training, minutes on a busy machine."""
    for item in items:
        if "trained" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """As in the stages; several threads of OpenMP wait for each other, minutes on a busy machine."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A tiny training, run to the end without interruption; not to be changed."""
    config = read_config(write_data(tmp_path_factory.mktemp("trained")))
    run(config)
    return config


@pytest.fixture
def copy(trained: Config, tmp_path: Path) -> Callable[..., Config]:
    """Copy the work folder of the tiny training, with some settings changed."""

    def copied(**changes: object) -> Config:
        shutil.copytree(trained.work, tmp_path / "work")
        return Config.model_validate(trained.model_dump() | {"work": tmp_path / "work"} | changes)

    return copied
