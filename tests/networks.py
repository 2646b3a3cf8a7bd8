"""A small image network and the tables that go with it, for the tests of every package."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, save

FEATURES, CLASSES = 4, 3


def write_network(
    path: Path, *, side: int = 224, softmax: bool = True, kind: int = TensorProto.FLOAT, name: str = "pixels"
) -> Path:
    """Write a network that describes pictures of `side` x `side` px by their mean colour, and return its path.

    Its features are a random linear map of the three means, without negative numbers, its probabilities the softmax of
    another one of the features.
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
        [helper.make_tensor_value_info(name, kind, [1, 3, side, side])],
        [
            helper.make_tensor_value_info("features", kind, [1, FEATURES]),
            helper.make_tensor_value_info("probabilities", kind, [1, CLASSES]),
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


def write_classes(path: Path, tags: Iterable[str]) -> Path:
    """Write a table of classes, each with the tags that it stands for (separated by spaces), and return its path."""
    rows = [f"{number}\tn{number:08}\tclass {number}\tthing\t{text}" for number, text in enumerate(tags)]
    path.write_text("\n".join(["class\tsynset\tname\tkind\ttags", *rows, ""]), encoding="utf-8")
    return path


def write_kinds(path: Path, kinds: Mapping[str, str]) -> Path:
    """Write the kinds of some tags and return the path."""
    path.write_text("".join(f"{tag}\t{kind}\n" for tag, kind in kinds.items()), encoding="utf-8")
    return path
