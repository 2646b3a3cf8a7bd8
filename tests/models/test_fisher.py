"""Fisher vectors against those of scikit-image, and their independence of batches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.feature import fisher_vector as skimage_fisher_vector
from sklearn.mixture import GaussianMixture

from models.fisher import Codebook, FisherEncoder, Vocabulary, fisher_vectors
from models.trajectories.descriptor_layout import BLOCKS
from models.trajectories.mirroring import mirrored

GAUSSIANS = 4


@pytest.fixture(scope="module")
def descriptors() -> np.ndarray:
    rng = np.random.default_rng(1)
    centres = rng.random((6, 426))
    chosen = centres[rng.integers(0, 6, 3000)]
    return (chosen + 0.2 * rng.standard_normal((3000, 426))).astype(np.float32)


@pytest.fixture(scope="module")
def mixtures(descriptors: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray, GaussianMixture]]:
    """Mean, principal axes and a mixture fitted by scikit-learn, for each block."""
    fitted = {}
    for name, block in BLOCKS.items():
        x = descriptors[:, block]
        mean = x.mean(axis=0)
        axes = np.linalg.svd(x - mean, full_matrices=False)[2][: x.shape[1] // 2]
        mixture = GaussianMixture(GAUSSIANS, covariance_type="diag", random_state=0).fit((x - mean) @ axes.T)
        fitted[name] = mean, axes, mixture
    return fitted


@pytest.fixture(scope="module")
def vocabulary(mixtures: dict[str, tuple[np.ndarray, np.ndarray, GaussianMixture]]) -> Vocabulary:
    return Vocabulary(
        {
            name: Codebook(
                *(
                    np.asarray(array, np.float32)
                    for array in (mean, axes, mixture.weights_, mixture.means_, mixture.covariances_)
                )
            )
            for name, (mean, axes, mixture) in mixtures.items()
        }
    )


@pytest.mark.slow
def test_equals_scikit_image(
    descriptors: np.ndarray,
    mixtures: dict[str, tuple[np.ndarray, np.ndarray, GaussianMixture]],
    vocabulary: Vocabulary,
) -> None:
    # Shifted, since the gradients vanish on the descriptors that the mixtures were fitted to.
    descriptors = descriptors[:500] + np.float32(0.1)
    expected = []
    for name, (mean, axes, mixture) in mixtures.items():
        reduced = (descriptors[:, BLOCKS[name]] - mean) @ axes.T
        raw = skimage_fisher_vector(reduced, mixture)[GAUSSIANS:]  # type: ignore[no-untyped-call]  # without the weights
        raw[len(raw) // 2 :] *= -1  # scikit-image has the opposite sign for variances
        powered = np.sign(raw) * np.sqrt(np.abs(raw))
        expected.append(powered / np.linalg.norm(powered))
    np.testing.assert_allclose(fisher_vectors(descriptors, vocabulary)[0], np.concatenate(expected), atol=1e-4)


def test_each_block_has_unit_length(descriptors: np.ndarray, vocabulary: Vocabulary) -> None:
    views = fisher_vectors(descriptors, vocabulary)
    assert views.shape == (2, vocabulary.dimensions)
    lengths = [codebook.dimensions for codebook in vocabulary.codebooks.values()]
    for part in np.split(views, np.cumsum(lengths)[:-1], axis=1):
        np.testing.assert_allclose(np.linalg.norm(part, axis=1), 1, atol=1e-5)


def test_second_view_is_of_mirrored_descriptors(descriptors: np.ndarray, vocabulary: Vocabulary) -> None:
    # Shifted, since the gradients of the fitted descriptors are rounding errors, which the square root amplifies.
    descriptors = descriptors[:500] + np.float32(0.1)
    plain, turned = fisher_vectors(descriptors, vocabulary)
    again, back = fisher_vectors(mirrored(descriptors), vocabulary)
    np.testing.assert_allclose(again, turned, atol=1e-3)
    np.testing.assert_allclose(back, plain, atol=1e-3)
    assert np.abs(plain - turned).max() > 0.01


def test_mirror_images_have_the_same_vector(descriptors: np.ndarray, vocabulary: Vocabulary) -> None:
    descriptors, vectors = descriptors[:500] + np.float32(0.1), []
    for seen in (descriptors, mirrored(descriptors)):
        encoder = FisherEncoder(vocabulary)
        encoder.add(seen)
        vectors.append(encoder.vector())
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-3)
    np.testing.assert_allclose(vectors[0], fisher_vectors(descriptors, vocabulary).mean(axis=0), atol=1e-7)


def test_no_descriptors_give_zeros(vocabulary: Vocabulary) -> None:
    views = fisher_vectors(np.empty((0, 426), np.float32), vocabulary)
    assert views.shape == (2, vocabulary.dimensions)
    assert not views.any()


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 3000), max_size=6))
def test_result_does_not_depend_on_batches(cuts: list[int], descriptors: np.ndarray, vocabulary: Vocabulary) -> None:
    encoder = FisherEncoder(vocabulary)
    for batch in np.split(descriptors, sorted(cuts)):
        encoder.add(batch)
    assert encoder.views().tobytes() == fisher_vectors(descriptors, vocabulary).tobytes()


def test_tensors_round_trip(vocabulary: Vocabulary, descriptors: np.ndarray) -> None:
    again = Vocabulary.from_tensors(vocabulary.tensors())
    np.testing.assert_array_equal(fisher_vectors(descriptors, again), fisher_vectors(descriptors, vocabulary))


def test_missing_tensor_is_named(vocabulary: Vocabulary) -> None:
    tensors = vocabulary.tensors()
    del tensors["hof.means"]
    with pytest.raises(KeyError, match=r"hof\.means"):
        Vocabulary.from_tensors(tensors)
