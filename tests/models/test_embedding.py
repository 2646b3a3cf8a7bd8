from dataclasses import replace

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load, save

from models.embedding import ROWS, Embedding


def network(rank: int = 4, dimensions: int = 9, hidden: int = 6, out: int = 5, members: int = 3) -> Embedding:
    random = np.random.default_rng(0)

    def weights(*shape: int) -> NDArray[np.float32]:
        return random.normal(size=shape).astype(np.float32)

    return Embedding(
        random.integers(-127, 128, (rank, dimensions), np.int8),
        (np.abs(weights(rank)) / 127).astype(np.float32),
        weights(members, rank, hidden),
        weights(members, 1, hidden),
        weights(members, hidden, out),
        weights(members, 1, out),
    )


def test_equals_the_formula() -> None:
    net = network()
    array = {name: value.astype(np.float64) for name, value in net.tensors().items()}
    array["projection"] *= array["scale"][:, None]
    fisher = np.random.default_rng(0).normal(size=9).astype(np.float32)
    points = []
    for member in range(3):
        hidden_weight, hidden_bias, output_weight, output_bias = (
            array[name][member] for name in ("hidden_weight", "hidden_bias", "output_weight", "output_bias")
        )
        hidden = np.tanh(array["projection"] @ fisher @ hidden_weight + hidden_bias)
        output = (hidden @ output_weight + output_bias)[0]
        points.append(output / np.linalg.norm(output))
    np.testing.assert_allclose(net.embed(fisher), np.mean(points, axis=0), atol=1e-5)


@settings(deadline=None)
@given(st.integers(1, 2 * ROWS + 3), st.integers(1, 12), st.integers(1, 7), st.integers(1, 6), st.integers(1, 3))
def test_equals_torch(rank: int, dimensions: int, hidden: int, out: int, members: int) -> None:
    net = network(rank, dimensions, hidden, out, members)
    fisher = np.random.default_rng(1).normal(size=(4, dimensions)).astype(np.float32)
    weights = {name: torch.from_numpy(array) for name, array in net.tensors().items()}
    projected = torch.from_numpy(fisher) @ (weights["projection"].float() * weights["scale"][:, None]).T
    layer = torch.tanh(
        torch.baddbmm(weights["hidden_bias"], projected.expand(members, -1, -1), weights["hidden_weight"])
    )
    points = torch.nn.functional.normalize(
        torch.baddbmm(weights["output_bias"], layer, weights["output_weight"]), dim=-1
    )
    np.testing.assert_allclose(net.embed(fisher), points.mean(dim=0).numpy(), atol=2e-5)


def test_tensors_round_trip() -> None:
    net = network()
    again = Embedding.from_tensors(load(save(net.tensors())))
    for name, array in net.tensors().items():
        np.testing.assert_array_equal(again.tensors()[name], array)
        assert again.tensors()[name].dtype == array.dtype


def test_batch_equals_single_vectors() -> None:
    net = network()
    fisher = np.random.default_rng(0).normal(size=(7, 9)).astype(np.float32)
    np.testing.assert_allclose(net.embed(fisher), [net.embed(row) for row in fisher], atol=1e-6)


def test_length_measures_agreement_of_the_networks() -> None:
    fisher = np.random.default_rng(0).normal(size=(7, 9)).astype(np.float32)
    net = network()
    np.testing.assert_array_less(np.linalg.norm(net.embed(fisher), axis=1), 0.99)
    alike = {name: np.repeat(array[:1], 3, axis=0) for name, array in net.tensors().items() if array.ndim == 3}
    np.testing.assert_allclose(np.linalg.norm(replace(net, **alike).embed(fisher), axis=1), 1, atol=1e-6)
