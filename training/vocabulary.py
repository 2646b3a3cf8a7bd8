"""The visual vocabulary: PCA and a Gaussian mixture of each descriptor block, then the Fisher vectors of all clips.

A clip has two: of the clip as it is, and mirrored.
"""

import logging
import warnings
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from models.bundle.files import VOCABULARY
from models.fisher import Codebook, Vocabulary, fisher_vectors
from models.tensor_file import read_tensors, write_tensors
from models.trajectories.descriptor_layout import BLOCKS
from training.artifacts import Artifacts
from training.descriptors import read_descriptors
from training.features import FeaturesError, read_kept
from training.progress import track
from training.workers import in_processes

log = logging.getLogger(__name__)

Array = NDArray[np.float32]

FISHER = "fisher.npy"

VARIANCE_FLOOR = 1e-3
"""Added to each variance, as a fraction of the mean variance of the projected descriptors."""


class VocabularySettings(BaseModel):
    """How the vocabulary is learnt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    components: int = Field(default=64, ge=1)
    """Gaussians of each block (K)."""
    sample: int = Field(default=64_000, ge=1)
    """Descriptors that it is learnt from, about as many from each clip."""
    iterations: int = Field(default=25, ge=1)
    """Steps of expectation maximisation, at most; more fit the sample better, but not the clips."""
    seed: int = 0


def learn_vocabulary(
    out: Path, artifacts: Artifacts, *, settings: VocabularySettings, workers: int, without: Collection[str] = ()
) -> None:
    """Write the vocabulary, and the Fisher vectors of all kept clips, float32 (2, clips, dimensions), in their order.

    Clips whose paths are in `without` are encoded, but not learnt from.

    Raises
    ------
    FeaturesError
        If there are fewer descriptors than Gaussians.
    """
    kept = read_kept(artifacts.features)
    files = [artifacts.descriptors / row.descriptors for row in kept]
    sample_file = out / "sample.npy"
    learnt_from = [file for file, row in zip(files, kept, strict=True) if row.clip.path not in without]
    sample = draw_sample(learnt_from, settings)
    if len(sample) < settings.components:
        raise FeaturesError(
            f"{len(sample)} descriptors are too few for {settings.components} Gaussians: add clips or lower components."
        )
    np.save(sample_file, sample)
    codebooks: dict[str, Codebook] = {}
    fit = partial(fit_codebook, sample=sample_file, settings=settings)
    for block, outcome in track(in_processes(fit, list(BLOCKS), workers=workers), "mixtures", len(BLOCKS)):
        if isinstance(outcome, Exception):
            raise outcome
        codebooks[block] = outcome
    sample_file.unlink()
    vocabulary = Vocabulary({block: codebooks[block] for block in BLOCKS})
    write_tensors(out / VOCABULARY, vocabulary.tensors())

    views = np.lib.format.open_memmap(out / FISHER, "w+", np.float32, (2, len(files), vocabulary.dimensions))
    encode = partial(encode_clip, vocabulary=out / VOCABULARY)
    rows = {file: row for row, file in enumerate(files)}
    for file, vectors in track(in_processes(encode, files, workers=workers), "Fisher vectors", len(files)):
        if isinstance(vectors, Exception):
            raise vectors
        views[:, rows[file]] = vectors
    views.flush()


def draw_sample(files: Sequence[Path], settings: VocabularySettings) -> NDArray[np.float16]:
    """Draw descriptors, float16 (sample, 426), about as many from each clip."""
    share = -(-settings.sample // len(files))
    parts = []
    for number, file in enumerate(track(files, "sample", len(files))):
        descriptors = read_descriptors(file)
        chosen = np.random.default_rng((settings.seed, number)).permutation(len(descriptors))[:share]
        parts.append(descriptors[np.sort(chosen)])
    return np.concatenate(parts)


def fit_codebook(block: str, *, sample: Path, settings: VocabularySettings) -> Codebook:
    """Fit PCA to half the dimensions, and a mixture of diagonal Gaussians, to a block of a sample on disk."""
    x = np.load(sample, mmap_mode="r")[:, BLOCKS[block]].astype(np.float32)
    pca = PCA(x.shape[1] // 2, svd_solver="covariance_eigh").fit(x)
    projected = pca.transform(x)
    mixture = GaussianMixture(
        settings.components,
        covariance_type="diag",
        init_params="k-means++",
        max_iter=settings.iterations,
        random_state=settings.seed,
        # A Gaussian must not collapse onto equal descriptors (those of no motion, say).
        reg_covar=VARIANCE_FLOOR * float(projected.var(axis=0).mean()),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # stopping early is intended
        mixture.fit(projected)
    arrays = (pca.mean_, pca.components_, mixture.weights_, mixture.means_, mixture.covariances_)
    return Codebook(*(np.ascontiguousarray(array, np.float32) for array in arrays))


def encode_clip(file: Path, *, vocabulary: Path) -> Array:
    """Return the Fisher vectors of a clip's descriptors on disk, float32 (2, dimensions)."""
    return fisher_vectors(read_descriptors(file), Vocabulary.from_tensors(read_tensors(vocabulary)))


def read_views(folder: Path) -> Array:
    """Return the Fisher vectors of the kept clips as they are and mirrored, float32 (2, clips, dimensions).

    They are memory-mapped; their mean over the first axis is what is embedded.
    """
    views: Array = np.load(folder / FISHER, mmap_mode="r")
    return views


def read_vocabulary(folder: Path) -> Vocabulary:
    """Return the vocabulary."""
    return Vocabulary.from_tensors(read_tensors(folder / VOCABULARY))
