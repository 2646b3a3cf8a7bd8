"""The configuration of a training: one TOML file, checked before anything runs."""

import os
import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from models.appearance import AppearanceSettings
from models.bundle import SHIPPED
from models.bundle.files import APPEARANCE
from models.cpu_count import processors
from models.errors import Tag2VecError
from models.tags.class_anchors import ImageClass, classes_from
from models.trajectories.settings import TrajectorySettings
from training.clips import ClipSettings
from training.corpus import CorpusSettings
from training.embedding import EmbeddingSettings
from training.tables import IMAGENET_CLASSES
from training.tag2vec import Tag2VecSettings
from training.vocabulary import VocabularySettings


class ConfigError(Tag2VecError):
    """The configuration cannot be used; the message names file, key and reason."""


def _expanded(value: Any) -> Any:
    """Replace ``${NAME}`` by the environment variable, so that a committed file has no path of one machine."""

    def replace(match: re.Match[str]) -> str:
        name = match[1]
        if not (found := os.environ.get(name)):
            raise ValueError(f"the environment variable {name} is not set")
        return found

    return re.sub(r"\$\{(\w+)\}", replace, value) if isinstance(value, str) else value


ConfigPath = Annotated[Path, BeforeValidator(_expanded)]


def _known(value: Any) -> Any:
    if isinstance(value, dict) and (odd := value.keys() - {field.name for field in fields(TrajectorySettings)}):
        raise ValueError(f"there is no setting {', '.join(map(repr, sorted(odd)))}")
    return value


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BundleSettings(_Section):
    """Name and version of the bundle, and what its scores are fitted to in the end."""

    name: str
    version: str
    feedback: ConfigPath | None = None
    """Output of `tag2vec feedback export`. With it, scores are fitted to what people keep; without it, to what they use
    together in posts."""


class Data(_Section):
    """Where the data is. Relative paths start at the folder in which the command is run."""

    clips: ConfigPath
    """The folder of clips."""
    clip_list: ConfigPath
    """The table of `training.clips`."""
    posts: list[ConfigPath] = Field(min_length=1)
    """Files of posts, as in `training.posts`."""
    open_world: ConfigPath | None = None
    """A table of clips of anything with hashtags that people wrote for them, as in `training.evaluation.open_world`,
    which only measures with them."""


class AppearanceConfig(AppearanceSettings):
    """An image network, how pictures are shown to it, and what it can tell: `classes`, `tag_vectors` or neither."""

    network: ConfigPath = SHIPPED / APPEARANCE
    """ONNX; by default the network that ships."""
    classes: ConfigPath | None = None
    """The table of `models.tags.class_anchors`, with a line for each class of the network; by default that of ImageNet
    for the network that ships, and none for others."""
    tag_vectors: ConfigPath | None = None
    """The file of `models.tags.tag_vectors`, if the network is the image half of an image-text network."""

    @model_validator(mode="before")
    @classmethod
    def _default_classes(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if not value.keys() & {"network", "classes", "tag_vectors"}:
            return {"classes": IMAGENET_CLASSES, **value}
        # What was not named cannot be told apart from the default name.
        return value if value.get("classes") is not None else {"probabilities": None, **value}

    @model_validator(mode="after")
    def _one_way_to_tell(self) -> Self:
        if self.classes is not None and self.tag_vectors is not None:
            raise ValueError("a network has classes or tag_vectors, not both: leave one of them out")
        if self.classes is None and self.probabilities is not None:
            raise ValueError("probabilities mean nothing without classes: name the table of classes, too")
        if self.classes is not None and self.probabilities is None:
            raise ValueError("classes need probabilities: name the output of the network")
        return self

    @property
    def shown(self) -> AppearanceSettings:
        """How pictures are shown to the network: all that the bundle needs to know."""
        return AppearanceSettings(**self.model_dump(exclude={"network", "classes", "tag_vectors"}))

    def image_classes(self) -> list[ImageClass]:
        """Read what the network can tell; raises BundleError if the file cannot be used."""
        return classes_from(self.classes, self.tag_vectors)


class Config(_Section):
    """Everything that a training depends on."""

    bundle: BundleSettings
    data: Data
    work: ConfigPath = Path("work")
    """The folder for the output of the stages."""
    workers: int = Field(default_factory=processors, ge=1)
    """Processes; the result does not depend on them."""
    clips: ClipSettings = ClipSettings()
    corpus: CorpusSettings = CorpusSettings()
    tag2vec: Tag2VecSettings = Tag2VecSettings()
    trajectories: Annotated[TrajectorySettings, BeforeValidator(_known)] = TrajectorySettings()
    appearance: AppearanceConfig = AppearanceConfig()
    vocabulary: VocabularySettings = VocabularySettings()
    embedding: EmbeddingSettings = EmbeddingSettings()


def read_config(file: Path) -> Config:
    """Read and check a configuration.

    Raises
    ------
    ConfigError
        If it cannot be read, is not TOML, or has unknown keys or invalid values, all of which are named.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the configuration {file}: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not TOML: {error}.") from None
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, problem['loc'])) or 'file'}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors()
        ]
        raise ConfigError(f"{file}: {'; '.join(problems)}.") from None
