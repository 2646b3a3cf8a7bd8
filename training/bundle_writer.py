"""Writes a bundle, as a whole or not at all."""

import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from pydantic import JsonValue
from safetensors.numpy import save

from models.bundle import Bundle
from models.bundle.files import CARD, DENIED, EMBEDDING, MANIFEST, TIMINGS, VOCABULARY
from models.bundle.manifest import FileRecord, Manifest, Settings, TrainingRecord
from models.calibration import Calibration
from models.checksum import file_sha256
from models.embedding import Embedding
from models.fisher import Vocabulary
from models.tags.cooccurrence import Cooccurrence
from models.tags.inflections import Inflections
from models.tags.space import TagSpace
from models.tags.trends import Trends

LIBRARIES = ["av", "faiss-cpu", "gensim", "numpy", "opencv-python-headless", "PyStemmer", "scikit-learn", "torch"]
"""Libraries whose version may change what a bundle answers; recorded when it is written."""


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
    trends: Trends | None = None,
    inflections: Inflections | None = None,
    training: TrainingRecord,
    calibration: Calibration | None = None,
    quality: Mapping[str, JsonValue],
    card: Callable[[Manifest], str],
    timings: Mapping[str, Any],
) -> Bundle:
    """Write a bundle as a whole or not at all: `path` must not exist, or be an empty folder.

    `card` is given the manifest as far as it is known (without the card's own entry in `files`).
    """
    partial = path.with_name(f".{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    # Not by save_file, whose files only their owner may read.
    (partial / VOCABULARY).write_bytes(save(vocabulary.tensors()))
    (partial / EMBEDDING).write_bytes(save(embedding.tensors()))
    shutil.copyfile(denied_tags, partial / DENIED)
    files = [partial / VOCABULARY, partial / EMBEDDING, partial / DENIED, *tagspace.save(partial)]
    files += [part.save(partial) for part in (cooccurrence, trends, inflections) if part is not None]
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
    partial.rename(path)
    return replace(bundle, path=path)


def library_versions() -> dict[str, str]:
    """Return the installed version of each library that a bundle may depend on."""
    return {name: installed_version(name) for name in LIBRARIES}


def _records(files: Iterable[Path]) -> dict[str, FileRecord]:
    return {
        file.name: FileRecord(sha256=file_sha256(file), bytes=file.stat().st_size)
        for file in sorted(files, key=lambda file: file.name)
    }
