from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from sklearn.decomposition import PCA

from models.fisher import fisher_vectors
from models.trajectories.descriptor_layout import BLOCKS
from training.artifacts import Artifacts
from training.config import Config
from training.descriptors import read_descriptors
from training.features import FeaturesError, read_kept
from training.vocabulary import (
    VocabularySettings,
    draw_sample,
    fit_codebook,
    learn_vocabulary,
    read_views,
    read_vocabulary,
)


def test_two_fisher_vectors_for_each_kept_clip(trained: Config) -> None:
    vocabulary, views = read_vocabulary(trained.work / "vocabulary"), read_views(trained.work / "vocabulary")
    kept = read_kept(trained.work / "features")
    assert views.shape == (2, len(kept), vocabulary.dimensions) == (2, 12, 2 * 213)
    for row in (0, 7):
        descriptors = read_descriptors(trained.work / "descriptors" / kept[row].descriptors)
        np.testing.assert_allclose(views[:, row], fisher_vectors(descriptors, vocabulary), atol=1e-6)


def test_too_few_descriptors(trained: Config, tmp_path: Path) -> None:
    with pytest.raises(FeaturesError, match="too few for 50 Gaussians"):
        learn_vocabulary(
            tmp_path,
            Artifacts.under(trained.work),
            settings=VocabularySettings(components=50, sample=20),
            workers=1,
        )


def test_the_sample_is_even_over_long_and_short_clips(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    files = []
    for number, length in enumerate((1000, 100, 5)):
        descriptors = rng.random((length, 426)).astype(np.float16)
        descriptors[:, 0] = number
        save_file({"descriptors": descriptors}, tmp_path / f"{number}.safetensors")
        files.append(tmp_path / f"{number}.safetensors")
    sample = draw_sample(files, VocabularySettings(sample=150))
    assert np.bincount(sample[:, 0].astype(int)).tolist() == [50, 50, 5]
    assert len(np.unique(sample, axis=0)) == len(sample)
    np.testing.assert_array_equal(sample, draw_sample(files, VocabularySettings(sample=150)))
    assert not np.array_equal(sample, draw_sample(files, VocabularySettings(sample=150, seed=1)))


def test_a_codebook_finds_planted_clusters(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    columns = BLOCKS["hog"]
    sample = np.zeros((3000, 426), np.float16)
    centres = rng.normal(0, 0.2, (3, 96))
    which = rng.choice(3, len(sample), p=[0.5, 0.3, 0.2])
    sample[:, columns] = centres[which] + rng.normal(0, 0.05, (len(sample), 96))
    np.save(tmp_path / "sample.npy", sample)
    book = fit_codebook("hog", sample=tmp_path / "sample.npy", settings=VocabularySettings(components=3))
    assert book.components.shape == (48, 96)
    np.testing.assert_allclose(book.components @ book.components.T, np.eye(48), atol=1e-5)
    order = np.argsort(-book.weights)
    np.testing.assert_allclose(book.weights[order], np.bincount(which) / len(which), atol=1e-3)
    recovered = book.means[order] @ book.components + book.mean
    np.testing.assert_allclose(recovered, centres, atol=0.05)
    np.testing.assert_allclose(np.median(book.variances), 0.05**2, rtol=0.2)
    assert all(array.dtype == np.float32 for array in (book.mean, book.means, book.variances, book.weights))


def test_projection_is_that_of_principal_components(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    sample = (rng.random((500, 426)) * rng.random(426)).astype(np.float16)
    np.save(tmp_path / "sample.npy", sample)
    book = fit_codebook("trajectory", sample=tmp_path / "sample.npy", settings=VocabularySettings(components=1))
    block = sample[:, BLOCKS["trajectory"]].astype(np.float64)
    projected = (block - book.mean) @ book.components.T
    expected = PCA(15).fit(block)
    np.testing.assert_allclose(projected.var(axis=0, ddof=1), expected.explained_variance_, rtol=1e-3)
    np.testing.assert_allclose(book.variances[0], projected.var(axis=0), rtol=0.05)
