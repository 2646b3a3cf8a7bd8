from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.embedding import BITS, EMBEDDING_FILE, PROJECTION_FILE, ROWS, Embedding
from models.errors import BundleError
from models.fusion import fuse

Array = NDArray[np.float32]


def network(
    rank: int = 4, dimensions: int = 9, hidden: int = 6, out: int = 5, members: int = 3, features: int = 3
) -> Embedding:
    random = np.random.default_rng(0)

    def weights(*shape: int) -> NDArray[np.float32]:
        return random.normal(size=shape).astype(np.float32)

    return Embedding(
        2 * random.integers(0, 2**BITS, (rank, dimensions + features), np.int8) - np.int8(2**BITS - 1),
        (np.abs(weights(rank)) / 2**BITS).astype(np.float32),
        weights(members, rank, hidden),
        weights(members, 1, hidden),
        weights(members, hidden, out),
        weights(members, 1, out),
        weights(features),
        np.abs(weights(features)),
    )


def clips(*shape: int, dimensions: int = 9, features: int = 3, seed: int = 0) -> tuple[Array, Array]:
    """Fisher vectors, (*shape, dimensions), and features of appearance, (*shape, features)."""
    random = np.random.default_rng(seed)
    fisher, seen = (random.normal(size=(*shape, length)).astype(np.float32) for length in (dimensions, features))
    return fisher, seen


def fused(net: Embedding, fisher: Array, features: Array) -> Array:
    return fuse(fisher, features, net.appearance_mean, net.appearance_deviation)


def test_equals_the_formula() -> None:
    net = network()
    array = {name: value.astype(np.float64) for name, value in vars(net).items()}
    array["projection"] *= array["scale"][:, None]
    fisher, features = clips()
    vector = fused(net, fisher, features)
    assert net.dimensions == len(fisher)
    points = []
    for member in range(3):
        hidden_weight, hidden_bias, output_weight, output_bias = (
            array[name][member] for name in ("hidden_weight", "hidden_bias", "output_weight", "output_bias")
        )
        hidden = np.tanh(array["projection"] @ vector @ hidden_weight + hidden_bias)
        output = (hidden @ output_weight + output_bias)[0]
        points.append(output / np.linalg.norm(output))
    np.testing.assert_allclose(net.embed(fisher, features), np.mean(points, axis=0), atol=1e-5)


@settings(deadline=None)
@given(st.integers(1, 2 * ROWS + 3), st.integers(1, 12), st.integers(1, 7), st.integers(1, 6), st.integers(1, 3))
def test_equals_torch(rank: int, dimensions: int, hidden: int, out: int, members: int) -> None:
    net = network(rank, dimensions, hidden, out, members)
    fisher, features = clips(4, dimensions=dimensions)
    weights = {name: torch.from_numpy(array) for name, array in vars(net).items()}
    projected = (
        torch.from_numpy(fused(net, fisher, features)) @ (weights["projection"].float() * weights["scale"][:, None]).T
    )
    layer = torch.tanh(
        torch.baddbmm(weights["hidden_bias"], projected.expand(members, -1, -1), weights["hidden_weight"])
    )
    points = torch.nn.functional.normalize(
        torch.baddbmm(weights["output_bias"], layer, weights["output_weight"]), dim=-1
    )
    np.testing.assert_allclose(net.embed(fisher, features), points.mean(dim=0).numpy(), atol=2e-5)


@pytest.mark.parametrize("rank", [1, 4, 6])
def test_what_is_saved_is_loaded(tmp_path: Path, rank: int) -> None:
    net = network(rank)
    assert [path.name for path in net.save(tmp_path)] == [PROJECTION_FILE, EMBEDDING_FILE]
    again = Embedding.load(tmp_path)
    for name, array in vars(net).items():
        # Half precision has 11 bits.
        np.testing.assert_allclose(vars(again)[name], array, rtol=2**-11 if name.endswith("weight") else 0, strict=True)
    files = [(tmp_path / name).read_bytes() for name in (PROJECTION_FILE, EMBEDDING_FILE)]
    again.save(tmp_path)
    assert [(tmp_path / name).read_bytes() for name in (PROJECTION_FILE, EMBEDDING_FILE)] == files


def test_networks_trained_anew_leave_the_projection_as_it_is(tmp_path: Path) -> None:
    first, second = (tmp_path / name for name in ("first", "second"))
    for folder, net in ((first, network()), (second, replace(network(), hidden_weight=network().hidden_weight + 1))):
        folder.mkdir()
        net.save(folder)
    assert (first / PROJECTION_FILE).read_bytes() == (second / PROJECTION_FILE).read_bytes()
    assert (first / EMBEDDING_FILE).read_bytes() != (second / EMBEDDING_FILE).read_bytes()


def test_a_number_takes_few_bits(tmp_path: Path) -> None:
    sizes = [path.stat().st_size for path in network(64, 5_000, 60).save(tmp_path)]
    numbers = 64 * 5_003, 3 * (64 * 60 + 60 * 5)
    for size, count, bits in zip(sizes, numbers, (BITS, 16), strict=True):
        assert size == pytest.approx(count * bits / 8, rel=0.1)


@pytest.mark.parametrize("name", [PROJECTION_FILE, EMBEDDING_FILE])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    network().save(tmp_path)
    (tmp_path / name).write_bytes(b"nothing of the kind")
    with pytest.raises(BundleError, match=name):
        Embedding.load(tmp_path)


def test_batch_equals_single_vectors() -> None:
    net = network()
    fisher, features = clips(7)
    expected = [net.embed(*row) for row in zip(fisher, features, strict=True)]
    np.testing.assert_allclose(net.embed(fisher, features), expected, atol=1e-6)


def test_length_measures_agreement_of_the_networks() -> None:
    several, net = clips(7), network()
    np.testing.assert_array_less(np.linalg.norm(net.embed(*several), axis=1), 0.99)
    alike = {name: np.repeat(array[:1], 3, axis=0) for name, array in vars(net).items() if array.ndim == 3}
    np.testing.assert_allclose(np.linalg.norm(replace(net, **alike).embed(*several), axis=1), 1, atol=1e-6)


def test_either_part_alone_moves_a_clip() -> None:
    net, (fisher, features) = network(), clips(2)
    both = net.embed(fisher[0], features[0])
    assert not np.allclose(net.embed(fisher[1], features[0]), both, atol=1e-3)
    assert not np.allclose(net.embed(fisher[0], features[1]), both, atol=1e-3)
    assert np.isfinite(net.embed(np.zeros_like(fisher), features)).all()  # nothing moves
