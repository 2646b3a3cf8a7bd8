"""Opens a bundle: verifies it as a whole, and reads its parts on demand."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from models.bundle.files import APPEARANCE, CLASSES, DENIED, KINDS, MANIFEST, TAG_VECTORS, TAGS, VOCABULARY
from models.bundle.manifest import Manifest, read_manifest
from models.bundle.verification import verify_complete, verify_file, verify_shapes, verify_stemmer
from models.encoded_clip import EncodedLengths
from models.errors import BundleError
from models.tensor_file import read_tensors
from models.trajectories.settings import TrajectorySettings

if TYPE_CHECKING:
    from models.appearance import AppearanceNetwork
    from models.embedding import Embedding
    from models.fisher import Vocabulary
    from models.tags.space import TagSpace
    from models.tags.suggestions import Suggester
    from models.tags.trends import Trends

SHIPPED = Path(__file__).parents[1] / "shipped"
"""The bundle that comes with the project."""


@dataclass(frozen=True)
class Bundle:
    """A verified bundle, whose parts are read on demand.

    Attributes
    ----------
    path : Path
        Its folder.
    manifest : Manifest
    sha256 : str
        Of `manifest.json`, which pins every other file: bundles with the same hash are the same model.
    lengths : EncodedLengths
        Of the arrays of a clip that is encoded with it.
    """

    path: Path
    manifest: Manifest
    sha256: str
    lengths: EncodedLengths

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read and verify the bundle in the folder `path`.

        Raises
        ------
        BundleError
            If a file is missing, altered or of the wrong shape, the bundle needs another version of this package, or
            the installed stemmer may give other stems than the one used in training.
        """
        manifest, digest = read_manifest(path / MANIFEST)
        for name, record in manifest.files.items():
            verify_file(path / name, record)
        verify_complete(path / MANIFEST, manifest)
        verify_stemmer(path, manifest)
        return cls(path, manifest, digest, verify_shapes(path, manifest))

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
        """Stems of the hashtags that the embedding was trained on."""
        return [record.stem for record in self.manifest.training.hashtags]

    def vocabulary(self) -> "Vocabulary":
        """Read PCA and Gaussian mixtures."""
        from models.fisher import Vocabulary

        return Vocabulary.from_tensors(read_tensors(self.path / VOCABULARY))

    def appearance_network(self) -> "AppearanceNetwork":
        """Read the image network; imports ONNX Runtime.

        Raises
        ------
        BundleError
            If ONNX Runtime cannot run it, or its outputs do not have the lengths that the bundle has room for.
        """
        from models.appearance import AppearanceNetwork
        from models.tags.tag_vectors import TagVectors

        file = self._listed(TAG_VECTORS)
        network = AppearanceNetwork(
            self.path / APPEARANCE, self.manifest.settings.appearance, TagVectors.read(file) if file else None
        )
        expected = self.lengths.features, self.lengths.probabilities
        if network.lengths != expected:
            raise BundleError(
                f"{self.path / APPEARANCE}: expected {expected[0]} features and {expected[1]} classes, "
                f"found {network.lengths[0]} and {network.lengths[1]}. Train the bundle again."
            )
        return network

    def embedding(self) -> "Embedding":
        """Read the networks."""
        from models.embedding import Embedding

        return Embedding.load(self.path)

    def tagspace(self) -> "TagSpace":
        """Read the tags and their index; imports FAISS."""
        from models.tags.space import TagSpace

        return TagSpace.load(self.path, self.hashtags)

    @property
    def tags_sha256(self) -> str:
        """SHA-256 of the tags: what counts them in order fits no other bundle."""
        return self.manifest.files[TAGS].sha256

    def trends(self, file: Path | None = None) -> "Trends | None":
        """Read the trends of the bundle, or those of a file that was counted for it; None without either.

        Raises
        ------
        BundleError
            If the file cannot be used, or was counted for other tags.
        """
        from models.tags.trends import TRENDS_FILE, Trends

        if file is not None:
            return Trends.read(file, self.tags_sha256)
        return Trends.load(self.path) if self._listed(TRENDS_FILE) else None

    def suggester(
        self, deny_file: Path | None = None, kinds_file: Path | None = None, trends_file: Path | None = None
    ) -> "Suggester":
        """Read the parts that suggest hashtags; imports FAISS.

        Parameters
        ----------
        deny_file : Path, optional
            More tags never to suggest, besides those of the bundle, as in `models.tags.deny_list`.
        kinds_file : Path, optional
            More tags to hold back, or other kinds for those of the bundle, as in `models.tags.kinds`.
        trends_file : Path, optional
            Newer trends than those of the bundle, written by `tag2vec trends`.

        Raises
        ------
        Tag2VecError
            If one of these files cannot be read or is invalid.
        """
        from models.tags.class_anchors import ClassAnchors, classes_from
        from models.tags.cooccurrence import Cooccurrence
        from models.tags.deny_list import DenyList
        from models.tags.inflections import INFLECTIONS_FILE, Inflections
        from models.tags.kinds import TagKinds
        from models.tags.languages import LANGUAGES_FILE, Languages
        from models.tags.suggestions import Suggester
        from models.tags.tag_map import MAP_FILE, TagMap

        deny_files = [self.path / DENIED, *([deny_file] if deny_file else [])]
        space = self.tagspace()
        return Suggester(
            space,
            Cooccurrence.load(self.path),
            temperature=self.manifest.settings.temperature,
            denied=[DenyList.read(file) for file in deny_files],
            trends=self.trends(trends_file),
            inflections=Inflections.load(self.path) if self._listed(INFLECTIONS_FILE) else None,
            languages=Languages.load(self.path) if self._listed(LANGUAGES_FILE) else None,
            classes=ClassAnchors(classes_from(self._listed(CLASSES), self._listed(TAG_VECTORS)), space),
            kinds=TagKinds.read(self.path / KINDS, *([kinds_file] if kinds_file else [])),
            tag_map=TagMap.load(self.path) if self._listed(MAP_FILE) else None,
        )

    def _listed(self, name: str) -> Path | None:
        """Return the path of a file that not every bundle has; None if this one does not."""
        return self.path / name if name in self.manifest.files else None
