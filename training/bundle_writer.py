"""Writes a bundle, whole or not at all."""

import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from models.atomic_write import atomic_write
from models.bundle import Bundle
from models.bundle.files import (
    APPEARANCE,
    CARD,
    CLASSES,
    DENIED,
    KINDS,
    MANIFEST,
    TAG_VECTORS,
    TIMINGS,
    VOCABULARY,
)
from models.bundle.manifest import FileRecord, Manifest, Settings, TrainingRecord
from models.calibration import Calibration
from models.checksum import file_sha256
from models.embedding import Embedding
from models.fisher import Vocabulary
from models.tags.cooccurrence import Cooccurrence
from models.tags.inflections import Inflections
from models.tags.languages import Languages
from models.tags.space import TagSpace
from models.tags.tag_map import TagMap
from models.tags.trends import Trends
from models.tensor_file import write_tensors

LIBRARIES = [
    "av",
    "faiss-cpu",
    "gensim",
    "numpy",
    "onnxruntime",
    "opencv-python-headless",
    "openTSNE",
    "PyStemmer",
    "scikit-learn",
    "torch",
]
"""Libraries whose versions may change the answers of a bundle; its manifest records them."""


def write_bundle(
    path: Path,
    *,
    name: str,
    version: str,
    settings: Settings,
    vocabulary: Vocabulary,
    embedding: Embedding,
    tagspace: TagSpace,
    cooccurrence: Cooccurrence,
    denied_tags: Path,
    appearance: Path,
    classes: Path | None = None,
    tag_vectors: Path | None = None,
    kinds: Path,
    trends: Trends | None = None,
    inflections: Inflections | None = None,
    tag_map: TagMap | None = None,
    languages: Languages | None = None,
    training: TrainingRecord,
    calibration: Calibration | None = None,
    quality: Mapping[str, JsonValue],
    card: Callable[[Manifest], str],
    timings: Mapping[str, Any],
) -> Bundle:
    """Write a bundle, whole or not at all, and return it opened.

    Parameters
    ----------
    path : Path
        Must not exist, or be an empty folder.
    denied_tags, appearance, kinds : Path
        Files that go into the bundle as they are: tags never to suggest, the network that sees pictures, and the tags
        that are held back.
    classes, tag_vectors : Path, optional
        So does one of these, or neither: what classes of that network mean as hashtags, or vectors of hashtags that
        its features are compared with.
    calibration : Calibration, optional
        Without it, scores are the ranking's own and every answer is trusted.
    card : callable
        Returns the model card, from the manifest without the card's own entry in `files`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as partial:
        partial.mkdir()
        files = [
            write_tensors(partial / VOCABULARY, vocabulary.tensors()),
            *embedding.save(partial),
            shutil.copyfile(denied_tags, partial / DENIED),
            shutil.copyfile(appearance, partial / APPEARANCE),
            *([shutil.copyfile(classes, partial / CLASSES)] if classes else []),
            *([shutil.copyfile(tag_vectors, partial / TAG_VECTORS)] if tag_vectors else []),
            shutil.copyfile(kinds, partial / KINDS),
            *tagspace.save(partial),
            *(
                part.save(partial)
                for part in (cooccurrence, trends, inflections, tag_map, languages)
                if part is not None
            ),
        ]
        manifest = Manifest(
            name=name,
            version=version,
            settings=settings,
            training=training,
            calibration=calibration,
            quality=dict(quality),
            files=_records(files),
        )
        (partial / CARD).write_text(card(manifest), encoding="utf-8")
        manifest = manifest.model_copy(update={"files": _records([*files, partial / CARD])})
        (partial / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        (partial / TIMINGS).write_text(json.dumps(timings, indent=2) + "\n", encoding="utf-8")
        bundle = Bundle.open(partial)
    return replace(bundle, path=path)


def library_versions() -> dict[str, str]:
    """Return the installed version of each library that a bundle may depend on."""
    return {name: installed_version(name) for name in LIBRARIES}


def _records(files: Iterable[Path]) -> dict[str, FileRecord]:
    return {
        file.name: FileRecord(sha256=file_sha256(file), bytes=file.stat().st_size)
        for file in sorted(files, key=lambda file: file.name)
    }
