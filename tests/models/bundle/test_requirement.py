from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from models.bundle import requirement
from models.bundle.manifest import REQUIRES
from models.bundle.requirement import verify_package
from models.errors import BundleError

versions = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts)))


def fits(requires: str, installed: str) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requirement, "installed_version", lambda name: installed)
        try:
            verify_package(Path("manifest.json"), requires)
        except BundleError:
            return False
        return True


@given(versions, versions, versions)
def test_versions_compare_as_pip_compares_them(least: str, below: str, installed: str) -> None:
    requires = f"tag2vec>={least},<{below}"
    assert fits(requires, installed) == Requirement(requires).specifier.contains(installed)


@pytest.mark.parametrize(
    ("installed", "fit"),
    [("1.0.0", True), ("1.9.2rc1", True), ("1.2.dev3+local", True), ("0.9", False), ("2.0", False)],
)
def test_versions_that_read_this_format(installed: str, fit: bool) -> None:
    assert fits(REQUIRES, installed) == fit


def test_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirement, "installed_version", lambda name: "1.4.0")
    with pytest.raises(
        BundleError, match=r"x\.json needs tag2vec>=2\.0,<3, but tag2vec 1\.4\.0 is installed\. Install"
    ):
        verify_package(Path("x.json"), "tag2vec>=2.0,<3")
