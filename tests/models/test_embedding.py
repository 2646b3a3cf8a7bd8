import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from models.embedding import Embedding, Ensemble


def network(rank: int = 4, dimensions: int = 9, hidden: int = 6, out: int = 5, members: int = 3) -> Embedding:
    torch.manual_seed(0)
    return Embedding(torch.randn(rank, dimensions), Ensemble(members, rank, hidden, out)).eval()


def test_is_the_formula() -> None:
    net = Embedding.from_tensors(network().tensors())
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
@given(st.integers(1, 5), st.integers(1, 12), st.integers(1, 7), st.integers(1, 6), st.integers(1, 3))
def test_goes_through_a_file(rank: int, dimensions: int, hidden: int, out: int, members: int) -> None:
    net = network(rank, dimensions, hidden, out, members)
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


def test_the_length_says_how_much_the_networks_agree() -> None:
    fisher = torch.randn(7, 9)
    net = network()
    with torch.inference_mode():
        np.testing.assert_array_less(net(fisher).norm(dim=-1), 0.99)
        for weights in net.ensemble.parameters():
            weights.copy_(weights[:1].expand_as(weights).clone())
        np.testing.assert_allclose(net(fisher).norm(dim=-1), 1, atol=1e-6)


def test_the_projection_takes_a_quarter_of_the_bytes() -> None:
    tensors = network().tensors()
    assert {name: array.dtype for name, array in tensors.items()} == {
        "projection": np.dtype(np.int8),
        "scale": np.dtype(np.float32),
        "hidden_weight": np.dtype(np.float32),
        "hidden_bias": np.dtype(np.float32),
        "output_weight": np.dtype(np.float32),
        "output_bias": np.dtype(np.float32),
    }
