"""Small image networks and the tables that go with them, for the tests of every package."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, save

from models.tensor_file import write_tensors

FEATURES, CLASSES = 4, 3


def write_network(
    path: Path,
    *,
    side: int | str = 224,
    softmax: bool = True,
    kind: int = TensorProto.FLOAT,
    name: str = "pixels",
    batch: int | str = 1,
) -> Path:
    """Write a network that describes pictures of `side` x `side` px by their mean colour, and return its path.

    Its features are a random linear map of the three means, without negative numbers, its probabilities the softmax of
    another one of the features. Sizes that are named are not fixed.
    """
    first, second = weights()
    element = helper.tensor_dtype_to_np_dtype(kind)
    nodes = [
        helper.make_node("ReduceMean", [name], ["colour"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["colour", "first"], ["mapped"]),
        helper.make_node("Relu", ["mapped"], ["features"]),
        helper.make_node("MatMul", ["features", "second"], ["logits"]),
        helper.make_node("Softmax" if softmax else "Identity", ["logits"], ["probabilities"]),
    ]
    graph = helper.make_graph(
        nodes,
        "mean colour",
        [helper.make_tensor_value_info(name, kind, [batch, 3, side, side])],
        [
            helper.make_tensor_value_info("features", kind, [batch, FEATURES]),
            helper.make_tensor_value_info("probabilities", kind, [batch, CLASSES]),
        ],
        [
            numpy_helper.from_array(first.astype(element), "first"),
            numpy_helper.from_array(second.astype(element), "second"),
        ],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def weights() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The two linear maps of `write_network`, (3, FEATURES) and (FEATURES, CLASSES)."""
    random = np.random.default_rng(0)
    return random.normal(size=(3, FEATURES)), random.normal(size=(FEATURES, CLASSES))


EMBEDDING = 5
"""Numbers of what `write_image_half` and `write_tag_vectors` put pictures and tags into."""


def write_image_half(path: Path, *, side: int = 224, length: float = 7.0) -> Path:
    """Write the image half of an image-text network, which sees nothing but the mean colour; return its path.

    Its only output, `image_embeds`, is turned into another space and scaled, as those of real ones are.
    """
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["pixels"], ["colour"], axes=[2, 3], keepdims=0),
            helper.make_node("MatMul", ["colour", "turn"], ["image_embeds"]),
        ],
        "image half",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 3, side, side])],
        [helper.make_tensor_value_info("image_embeds", TensorProto.FLOAT, ["batch", EMBEDDING])],
        [numpy_helper.from_array((length * _turn()).astype(np.float32), "turn")],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def write_tag_vectors(path: Path, colours: Mapping[str, tuple[int, int, int]], logit_scale: float = 10) -> Path:
    """Write what the text half of `write_image_half` says of tags: each is a colour, of -1 to 1; return the path."""
    vectors = np.array(list(colours.values())) @ _turn()
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scale = np.array(logit_scale, np.float32)
    return write_tensors(path, {"tags": as_text(colours), "vectors": vectors.astype(np.float16), "logit_scale": scale})


def as_text(tags: Iterable[str]) -> NDArray[np.uint8]:
    """Tags as `models.tags.tag_vectors` stores them."""
    return np.frombuffer("\n".join(tags).encode(), np.uint8)


def _turn() -> NDArray[np.float64]:
    """A map into more dimensions that keeps all angles, (3, EMBEDDING)."""
    square, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(EMBEDDING, EMBEDDING)))
    return square[:3]


def write_classes(path: Path, tags: Iterable[str]) -> Path:
    """Write a table of classes, each with the tags that it stands for (separated by spaces), and return its path."""
    rows = [f"{number}\tn{number:08}\tclass {number}\tthing\t{text}" for number, text in enumerate(tags)]
    path.write_text("\n".join(["class\tsynset\tname\tkind\ttags", *rows, ""]), encoding="utf-8")
    return path


def write_kinds(path: Path, kinds: Mapping[str, str]) -> Path:
    """Write the kinds of some tags and return the path."""
    path.write_text("".join(f"{tag}\t{kind}\n" for tag, kind in kinds.items()), encoding="utf-8")
    return path
