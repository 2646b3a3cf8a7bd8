"""The visual vocabulary: PCA and a Gaussian mixture of each descriptor block, then every clip's Fisher vectors.

A clip has two: as it is, and seen in a mirror.
"""

import logging
import warnings
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from safetensors.numpy import load_file, save
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from models.bundle.files import VOCABULARY
from models.fisher import Codebook, Vocabulary, fisher_vectors
from models.trajectories.layout import BLOCKS
from training.features import FeaturesError, read_descriptors, read_kept
from training.progress import track
from training.workers import in_processes

log = logging.getLogger(__name__)

Array = NDArray[np.float32]

FISHER = "fisher.npy"

VARIANCE_FLOOR = 1e-3
"""Added to each variance, as a share of the mean variance of the projected descriptors."""


class VocabularySettings(BaseModel):
    """How the vocabulary is learnt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    components: int = Field(default=64, ge=1)
    """Gaussians of each block (K)."""
    sample: int = Field(default=64_000, ge=1)
    """Descriptors that it is learnt from, about equally many of each clip."""
    iterations: int = Field(default=25, ge=1)
    """Most steps of expectation maximisation; more fit the sample better and the clips no better."""
    seed: int = 0


def learn_vocabulary(
    out: Path,
    *,
    features: Path,
    cache: Path,
    settings: VocabularySettings,
    workers: int,
    without: Collection[str] = (),
) -> None:
    """Write the vocabulary and both Fisher vectors of all kept clips, float32 (2, clips, dimensions), in their order.

    Nothing is learnt from the clips whose paths are in `without`; they are only encoded.
    """
    kept = read_kept(features)
    files = [cache / row.descriptors for row in kept]
    sample_file = out / "sample.npy"
    learnt_from = [file for file, row in zip(files, kept, strict=True) if row.clip.path not in without]
    sample = draw_sample(learnt_from, settings)
    if len(sample) < settings.components:
        raise FeaturesError(
            f"{len(sample)} descriptors are too few for {settings.components} Gaussians: use more clips or fewer."
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
    (out / VOCABULARY).write_bytes(save(vocabulary.tensors()))

    views = np.lib.format.open_memmap(out / FISHER, "w+", np.float32, (2, len(files), vocabulary.dimensions))
    encode = partial(encode_clip, vocabulary=out / VOCABULARY)
    rows = {file: row for row, file in enumerate(files)}
    for file, vectors in track(in_processes(encode, files, workers=workers), "Fisher vectors", len(files)):
        if isinstance(vectors, Exception):
            raise vectors
        views[:, rows[file]] = vectors
    views.flush()


def draw_sample(files: Sequence[Path], settings: VocabularySettings) -> NDArray[np.float16]:
    """Draw descriptors, float16 (sample, 426), about equally many from each clip."""
    share = -(-settings.sample // len(files))
    parts = []
    for number, file in enumerate(track(files, "sample", len(files))):
        descriptors = read_descriptors(file)
        chosen = np.random.default_rng((settings.seed, number)).permutation(len(descriptors))[:share]
        parts.append(descriptors[np.sort(chosen)])
    return np.concatenate(parts)


def fit_codebook(block: str, *, sample: Path, settings: VocabularySettings) -> Codebook:
    """Fit PCA to half the dimensions and a mixture of diagonal Gaussians to one block of a sample on disk."""
    x = np.load(sample, mmap_mode="r")[:, BLOCKS[block]].astype(np.float32)
    pca = PCA(x.shape[1] // 2, svd_solver="covariance_eigh").fit(x)
    projected = pca.transform(x)
    mixture = GaussianMixture(
        settings.components,
        covariance_type="diag",
        init_params="k-means++",
        max_iter=settings.iterations,
        random_state=settings.seed,
        # Of a Gaussian that shrinks onto equal descriptors (no motion, say) every other would be infinitely far.
        reg_covar=VARIANCE_FLOOR * float(projected.var(axis=0).mean()),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # stopping early is meant
        mixture.fit(projected)
    arrays = (pca.mean_, pca.components_, mixture.weights_, mixture.means_, mixture.covariances_)
    return Codebook(*(np.ascontiguousarray(array, np.float32) for array in arrays))


def encode_clip(file: Path, *, vocabulary: Path) -> Array:
    """Return both Fisher vectors of one clip's descriptors on disk, float32 (2, dimensions)."""
    return fisher_vectors(read_descriptors(file), Vocabulary.from_tensors(load_file(vocabulary)))


def read_views(folder: Path) -> Array:
    """Return the Fisher vectors of the kept clips as they are and seen in a mirror, float32 (2, clips, dimensions).

    They are mapped from disk; their mean over the first axis is what is embedded.
    """
    views: Array = np.load(folder / FISHER, mmap_mode="r")
    return views


def read_vocabulary(folder: Path) -> Vocabulary:
    """Return the vocabulary that was learnt."""
    return Vocabulary.from_tensors(load_file(folder / VOCABULARY))
