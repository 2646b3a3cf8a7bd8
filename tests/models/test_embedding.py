import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from models.embedding import Embedding


def network(rank: int = 4, dimensions: int = 9, hidden: int = 6, out: int = 5) -> Embedding:
    torch.manual_seed(0)
    return Embedding(torch.randn(rank, dimensions), hidden, out).eval()


def test_is_the_formula() -> None:
    net = Embedding.from_tensors(network().tensors())
    array = {name: value.astype(np.float64) for name, value in net.tensors().items()}
    array["projection"] *= array["scale"][:, None]
    fisher = np.random.default_rng(0).normal(size=9).astype(np.float32)
    hidden = np.tanh(array["hidden.weight"] @ (array["projection"] @ fisher) + array["hidden.bias"])
    expected = array["output.weight"] @ hidden + array["output.bias"]
    np.testing.assert_allclose(net.embed(fisher), expected / np.linalg.norm(expected), atol=1e-5)


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(1, 12), st.integers(1, 7), st.integers(1, 6))
def test_goes_through_a_file(rank: int, dimensions: int, hidden: int, out: int) -> None:
    net = network(rank, dimensions, hidden, out)
    again = Embedding.from_tensors(load(save(net.tensors())))
    # Of each row of the projection the largest number has 7 bits, and so many have the others.
    steps = net.projection.abs().amax(dim=1, keepdim=True) / 127
    assert ((again.projection - net.projection).abs() <= 0.501 * steps).all()
    kept = {name: tensor for name, tensor in net.state_dict().items() if name != "projection"}
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in kept.items())
    torch.testing.assert_close(Embedding.from_tensors(again.tensors()).projection, again.projection)
    assert not any(parameter.requires_grad for parameter in again.parameters())
    assert not again.training
    assert all(tensor.dtype == torch.float32 for tensor in again.state_dict().values())


def test_one_at_a_time_or_all_at_once() -> None:
    net = network()
    fisher = torch.randn(7, 9)
    with torch.inference_mode():
        together = net(fisher).numpy()
    np.testing.assert_allclose(together, [net.embed(row.numpy()) for row in fisher], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)


def test_the_projection_takes_a_quarter_of_the_bytes() -> None:
    tensors = network().tensors()
    assert {name: array.dtype for name, array in tensors.items()} == {
        "projection": np.dtype(np.int8),
        "scale": np.dtype(np.float32),
        "hidden.weight": np.dtype(np.float32),
        "hidden.bias": np.dtype(np.float32),
        "output.weight": np.dtype(np.float32),
        "output.bias": np.dtype(np.float32),
    }
