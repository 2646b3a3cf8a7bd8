"""The manifest of a bundle: its identity, its sources, its quality and the hashes of its files."""

import hashlib
import json
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, ValidationInfo, field_validator

from models.appearance import AppearanceSettings
from models.bundle.requirement import PATTERN, verify_package
from models.calibration import Calibration
from models.errors import BundleError
from models.trajectories.settings import TrajectorySettings

FORMAT: Final = 5
"""Raised whenever this code would misread bundles of the format before."""

REQUIRES: Final = "tag2vec>=1.0,<2"
"""The versions of the package that read this format."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^\w+(\.\w+)+$")]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileRecord(_Record):
    """The size and the hash that a file of the bundle must have."""

    sha256: Sha256
    bytes: int


class DataRecord(_Record):
    """A data set that a bundle was learnt from, named without its location."""

    name: str
    sha256: Sha256


class HashtagRecord(_Record):
    """A hashtag that the embedding was trained on."""

    hashtag: str
    stem: str
    clips: int
    groups: int


class Settings(_Record):
    """Settings that inference shares with training."""

    trajectories: TrajectorySettings
    appearance: AppearanceSettings
    temperature: float = Field(gt=0)
    """Of the softmax over the cosines between a point of the tag space and tags: in the loss, ranking and calibration.
    """

    @field_validator("trajectories", "appearance", mode="before")
    @classmethod
    def _complete(cls, value: Any, which: ValidationInfo) -> Any:
        # A default that has changed since must not enter an old bundle, nor may a setting of a newer one be lost.
        known = {"trajectories": {field.name for field in fields(TrajectorySettings)}}
        known["appearance"] = set(AppearanceSettings.model_fields)
        if isinstance(value, dict) and (odd := value.keys() ^ known[str(which.field_name)]):
            raise ValueError(f"settings that this version of tag2vec lacks or adds: {', '.join(sorted(odd))}")
        return value


class TrainingRecord(_Record):
    """What a bundle was learnt from, and how."""

    data: list[DataRecord]
    counts: dict[str, int]
    hashtags: list[HashtagRecord]
    settings: dict[str, JsonValue]
    libraries: dict[str, str]


class Manifest(_Record):
    """`manifest.json`, which pins every other file of the bundle."""

    format: Literal[5] = 5
    requires: Annotated[str, Field(pattern=PATTERN)] = REQUIRES
    name: str
    version: str
    settings: Settings
    training: TrainingRecord
    calibration: Calibration | None = None
    """None: scores are the ranking's own, and every answer is trusted."""
    quality: dict[str, JsonValue]
    files: dict[FileName, FileRecord]


def read_manifest(file: Path) -> tuple[Manifest, str]:
    """Return a manifest and the SHA-256 of its file; raises BundleError if it cannot be used."""
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        what = f"it holds no {file.name}" if file.parent.is_dir() else "there is no such folder"
        raise BundleError(f"no model bundle in {file.parent}: {what}. Name the folder of a bundle.") from None
    except OSError as error:
        raise BundleError(f"cannot read {file}: {error.strerror}.") from error
    try:
        content = json.loads(raw)
    except ValueError as error:
        raise BundleError(f"{file} is not JSON ({error}). Download the bundle again.") from None
    form = content.get("format") if isinstance(content, dict) else None
    if form != FORMAT:
        raise BundleError(
            f"{file} is of format {form!r}; this version of tag2vec reads format {FORMAT}. "
            "Use a bundle made for it, or another version of tag2vec."
        )
    try:
        manifest = Manifest.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BundleError(f"{file}: {where}: {first['msg']}. Download the bundle again.") from None
    verify_package(file, manifest.requires)
    return manifest, hashlib.sha256(raw).hexdigest()
