"""A bundle: one folder with everything that was learnt and that inference needs.

::

    manifest.json           what it is, what from, how good, and the SHA-256 of every other file
    vocabulary.safetensors  PCA and Gaussian mixture of each descriptor block
    embedding.safetensors   the network from Fisher vectors to the tag space
    tags.json               stems, counts, display forms
    tagspace.faiss          tag vectors and their search index
    cooccurrence.safetensors  which tags go with which
    inflections.safetensors  what stands beside each inflection of a stem
    denied_tags.txt         tags that are never suggested
    trends.safetensors      tags by week, where the posts carry dates
    MODEL_CARD.md           data, licences, quality and limits, for people
    timings.json            how long training took; outside the hashes, so that like training gives like bundles

Nothing in it is pickled, so that opening a bundle cannot run code.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import JsonValue
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save

from models.errors import BundleError
from models.manifest import FileRecord, Manifest, Settings, TrainingRecord, read_manifest
from models.trajectories.settings import TrajectorySettings

if TYPE_CHECKING:
    from models.calibration import Calibration
    from models.cooccurrence import Cooccurrence
    from models.embedding import Embedding
    from models.fisher import Vocabulary
    from models.inflections import Inflections
    from models.suggestions import Suggester
    from models.tagspace import TagSpace
    from models.trends import Trends

SHIPPED = Path(__file__).parent / "bundle"
"""The bundle that comes with the project."""

MANIFEST = "manifest.json"
CARD = "MODEL_CARD.md"
VOCABULARY = "vocabulary.safetensors"
EMBEDDING = "embedding.safetensors"
TIMINGS = "timings.json"
DENIED = "denied_tags.txt"
# The last two are named in models.tagspace, too, which imports FAISS.
REQUIRED = (VOCABULARY, EMBEDDING, CARD, DENIED, "tags.json", "tagspace.faiss", "cooccurrence.safetensors")

LIBRARIES = ["av", "faiss-cpu", "gensim", "numpy", "opencv-python-headless", "PyStemmer", "scikit-learn", "torch"]
"""Libraries whose version may change what a bundle answers; recorded when it is written."""


@dataclass(frozen=True)
class Bundle:
    """A verified bundle; its parts are read when they are asked for.

    Attributes
    ----------
    path : Path
        Its folder.
    manifest : Manifest
    sha256 : str
        Of `manifest.json`, which pins every other file: equal hashes are equal models.
    """

    path: Path
    manifest: Manifest
    sha256: str

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read and verify the bundle in the folder `path`.

        Raises
        ------
        BundleError
            A file is missing, altered or of the wrong shape, the format is unknown, or the installed stemmer
            cuts words differently from the one that the tags were learnt with.
        """
        manifest, digest = read_manifest(path / MANIFEST)
        for name, record in manifest.files.items():
            _verify_file(path / name, record)
        for name in REQUIRED:
            if name not in manifest.files:
                raise BundleError(
                    f"{path / MANIFEST} lists no {name}: the bundle is not whole. Train or fetch it anew."
                )
        _verify_stemmer(path, manifest)
        _verify_shapes(path)
        return cls(path, manifest, digest)

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.manifest.name

    @property
    def version(self) -> str:
        """Version of the model."""
        return self.manifest.version

    @property
    def settings(self) -> TrajectorySettings:
        """Settings of the trajectories that the vocabulary was learnt from."""
        return self.manifest.settings.trajectories

    @cached_property
    def hashtags(self) -> list[str]:
        """Stems of the hashtags that clips were trained towards."""
        return [record.stem for record in self.manifest.training.hashtags]

    def vocabulary(self) -> "Vocabulary":
        """Read PCA and Gaussian mixtures."""
        from models.fisher import Vocabulary

        return Vocabulary.from_tensors(load_file(self.path / VOCABULARY))

    def embedding(self) -> "Embedding":
        """Read the network; imports torch."""
        from models.embedding import Embedding

        return Embedding.from_tensors(load_file(self.path / EMBEDDING))

    def tagspace(self) -> "TagSpace":
        """Read the tags and their index; imports FAISS."""
        from models.tagspace import TagSpace

        return TagSpace.load(self.path, self.hashtags)

    def suggester(self, deny_file: Path | None = None) -> "Suggester":
        """Read what suggests hashtags; imports FAISS.

        Parameters
        ----------
        deny_file : Path, optional
            More tags that are never suggested, in the form of `models.denylist`, beside those of the bundle.

        Raises
        ------
        Tag2VecError
            If `deny_file` cannot be read, or a line of it is no pattern.
        """
        from models.cooccurrence import Cooccurrence
        from models.denylist import DenyList
        from models.inflections import INFLECTIONS_FILE, Inflections
        from models.suggestions import Suggester
        from models.trends import TRENDS_FILE, Trends

        files = self.manifest.files
        deny_files = [self.path / DENIED, *([deny_file] if deny_file else [])]
        return Suggester(
            self.tagspace(),
            Cooccurrence.load(self.path),
            denied=[DenyList.read(file) for file in deny_files],
            trends=Trends.load(self.path) if TRENDS_FILE in files else None,
            inflections=Inflections.load(self.path) if INFLECTIONS_FILE in files else None,
        )


def write_bundle(
    path: Path,
    *,
    name: str,
    version: str,
    settings: TrajectorySettings,
    vocabulary: "Vocabulary",
    embedding: "Embedding",
    tagspace: "TagSpace",
    cooccurrence: "Cooccurrence",
    denied_tags: Path,
    trends: "Trends | None" = None,
    inflections: "Inflections | None" = None,
    training: TrainingRecord,
    calibration: "Calibration | None" = None,
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
        settings=Settings(trajectories=settings),
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


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _records(files: Iterable[Path]) -> dict[str, FileRecord]:
    return {
        file.name: FileRecord(sha256=file_sha256(file), bytes=file.stat().st_size)
        for file in sorted(files, key=lambda file: file.name)
    }


def _verify_file(file: Path, record: FileRecord) -> None:
    if not file.is_file():
        raise BundleError(f"{file} is missing, but the bundle's manifest lists it. Fetch the bundle anew.")
    size = file.stat().st_size
    if size != record.bytes:
        raise BundleError(f"{file} has {size} bytes; its manifest says {record.bytes}. Fetch the bundle anew.")
    try:
        digest = file_sha256(file)
    except OSError as error:
        raise BundleError(f"cannot read {file}: {error.strerror}.") from error
    if digest != record.sha256:
        raise BundleError(f"{file} was altered: its SHA-256 is not the manifest's. Fetch the bundle anew.")


def _verify_stemmer(path: Path, manifest: Manifest) -> None:
    # Snowball 3 cuts some English words elsewhere than 2 did: queries would miss the stems that were learnt.
    trained = manifest.training.libraries.get("PyStemmer", "")  # whose version is Snowball's own
    installed = installed_version("PyStemmer")
    if trained.partition(".")[0] != installed.partition(".")[0]:
        raise BundleError(
            f"the tags of {path} were stemmed by Snowball {trained or 'unknown'}, but {installed} is "
            "installed and may stem otherwise. Install the same major version, or train the bundle anew."
        )


def _shapes(file: Path) -> dict[str, tuple[int, ...]]:
    try:
        with safe_open(file, "numpy") as tensors:
            return {name: tuple(tensors.get_slice(name).get_shape()) for name in tensors.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise BundleError(f"{file} is not a safetensors file ({error}). Train the bundle anew.") from None


def _verify_shapes(path: Path) -> None:
    """Compare the headers alone; no array is read."""
    from models.trajectories import BLOCKS

    found = _shapes(path / VOCABULARY)
    expected: dict[str, tuple[int, ...]] = {}
    dimensions = 0
    for block, columns in BLOCKS.items():
        k, d_out = (*found.get(f"{block}.means", ()), 0, 0)[:2]
        d_in = columns.stop - columns.start
        dimensions += 2 * k * d_out
        expected |= {
            f"{block}.mean": (d_in,),
            f"{block}.components": (d_out, d_in),
            f"{block}.weights": (k,),
            f"{block}.means": (k, d_out),
            f"{block}.variances": (k, d_out),
        }
    _compare(path / VOCABULARY, found, expected)
    found = _shapes(path / EMBEDDING)
    rank = (*found.get("projection", ()), 0)[0]
    members, hidden, out = (*found.get("output_weight", ()), 0, 0, 0)[:3]
    _compare(
        path / EMBEDDING,
        found,
        {
            "projection": (rank, dimensions),
            "scale": (rank,),
            "hidden_weight": (members, rank, hidden),
            "hidden_bias": (members, 1, hidden),
            "output_weight": (members, hidden, out),
            "output_bias": (members, 1, out),
        },
    )


def _compare(file: Path, found: Mapping[str, tuple[int, ...]], expected: Mapping[str, tuple[int, ...]]) -> None:
    for name in sorted(expected.keys() | found.keys()):
        have, want = found.get(name), expected.get(name)
        if have != want:
            raise BundleError(
                f"{file}: array {name!r}: expected {want or 'none'}, found {have or 'none'}. Train the bundle anew."
            )
