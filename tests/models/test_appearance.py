"""The image network: what it makes of pictures, and that running it leaves no trace."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import onnx
import pytest
import skimage.data
from numpy.typing import NDArray
from onnx import TensorProto
from pydantic import ValidationError

from models.appearance import AppearanceNetwork, AppearanceSettings
from models.bundle import SHIPPED
from models.errors import BundleError
from models.tags.tag_vectors import TagVectors
from models.video.pictures import PictureSampler
from tests.networks import (
    CLASSES,
    EMBEDDING,
    FEATURES,
    weights,
    write_image_half,
    write_network,
    write_tag_vectors,
)

SETTINGS = AppearanceSettings(short_side=16, side=8, mean=100, deviation=50)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_network(tmp_path / "network.onnx", side=8)


def pictures(count: int) -> list[NDArray[np.uint8]]:
    return list(np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), np.uint8))


def described(pictures: Sequence[NDArray[Any]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The formula, in double precision."""
    first, second = weights()
    colours = np.array([(picture.astype(float).mean(axis=(0, 1)) - 100) / 50 for picture in pictures])
    features = np.maximum(colours @ first, 0)
    powers = np.exp(features @ second)
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    return np.concatenate([features.mean(axis=0), features.std(axis=0)]), probabilities.mean(axis=0)


@pytest.mark.parametrize("count", [1, 2, 8])
def test_equals_the_formula(file: Path, count: int) -> None:
    network = AppearanceNetwork(file, SETTINGS)
    found = network.describe(pictures(count))
    features, probabilities = described(pictures(count))
    np.testing.assert_allclose(found.features, features, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.probabilities, probabilities, rtol=1e-5)
    assert found.features.dtype == found.probabilities.dtype == np.float32
    assert network.lengths == (2 * FEATURES, CLASSES) == (len(found.features), len(found.probabilities))
    assert count > 1 or not found.features[FEATURES:].any()


def test_the_same_pictures_give_the_same_bits(file: Path) -> None:
    one, two = (AppearanceNetwork(file, SETTINGS).describe(pictures(8)) for _ in range(2))
    assert one.features.tobytes() == two.features.tobytes()
    assert one.probabilities.tobytes() == two.probabilities.tobytes()


@pytest.mark.parametrize(
    ("made", "settings", "message"),
    [
        ({"side": 9}, {}, r"its input pixels is tensor\(float\) \(1, 3, 9, 9\), but .*Set `side`"),
        ({"kind": TensorProto.DOUBLE}, {}, r"its input pixels is tensor\(double\)"),
        ({"batch": 4}, {}, r"\(4, 3, 8, 8\), but pictures come one by one"),
        ({"softmax": False}, {}, "output probabilities holds what is not a probability: .* a softmax after them"),
        ({}, {"deviation": 1e-37}, "output features is not finite"),
        ({}, {"features": "embedding"}, "has no output embedding, only features, probabilities"),
        ({}, {"probabilities": "classes"}, "has no output classes, only features, probabilities"),
    ],
)
def test_a_network_that_does_not_fit(
    tmp_path: Path, made: dict[str, Any], settings: dict[str, str], message: str
) -> None:
    file = write_network(tmp_path / "network.onnx", **{"side": 8, **made})
    with pytest.raises(BundleError, match=message):
        AppearanceNetwork(file, SETTINGS.model_copy(update=settings))


def test_sizes_need_not_be_fixed(file: Path, tmp_path: Path) -> None:
    free = write_network(tmp_path / "free.onnx", batch="batch", side="side")
    fixed, found = (AppearanceNetwork(each, SETTINGS).describe(pictures(3)) for each in (file, free))
    np.testing.assert_array_equal(found.features, fixed.features)
    np.testing.assert_array_equal(found.probabilities, fixed.probabilities)


def test_each_channel_has_a_mean_and_a_deviation(file: Path) -> None:
    mean, deviation = (90.0, 100.0, 110.0), (30.0, 50.0, 70.0)
    settings = SETTINGS.model_copy(update={"mean": mean, "deviation": deviation})
    shown = pictures(2)
    # The same by hand: pictures that come out alike with one number for all channels.
    alike = [(picture.astype(float) - mean) / deviation * 50 + 100 for picture in shown]
    features, probabilities = described(alike)
    found = AppearanceNetwork(file, settings).describe(shown)
    np.testing.assert_allclose(found.features, features, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.probabilities, probabilities, rtol=1e-4)
    single = SETTINGS.model_copy(update={"mean": (100.0,) * 3, "deviation": (50.0,) * 3})
    one, three = (AppearanceNetwork(file, each).describe(shown) for each in (SETTINGS, single))
    assert one.features.tobytes() == three.features.tobytes()


def test_a_network_may_have_features_alone(file: Path) -> None:
    network = AppearanceNetwork(file, SETTINGS.model_copy(update={"probabilities": None}))
    found = network.describe(pictures(3))
    assert network.lengths == (2 * FEATURES, 0)
    assert found.probabilities.shape == (0,)
    np.testing.assert_array_equal(found.features, AppearanceNetwork(file, SETTINGS).describe(pictures(3)).features)


COLOURS = {"red": (1, -1, -1), "green": (-1, 1, -1), "blue": (-1, -1, 1), "yellow": (1, 1, -1)}
IMAGE_HALF = SETTINGS.model_copy(update={"features": "image_embeds", "probabilities": None})


def painted(*colours: tuple[int, int, int]) -> list[NDArray[np.uint8]]:
    return [np.broadcast_to(np.array(colour, np.uint8), (8, 8, 3)) for colour in colours]


def test_an_image_text_network_tells_tags(tmp_path: Path) -> None:
    file = write_image_half(tmp_path / "half.onnx", side=8)
    vectors = TagVectors.read(write_tag_vectors(tmp_path / "tags.safetensors", COLOURS))
    network = AppearanceNetwork(file, IMAGE_HALF, vectors)
    assert network.lengths == (2 * EMBEDDING, len(COLOURS))
    for number, colour in enumerate([(200, 20, 20), (20, 200, 20), (20, 20, 200), (200, 200, 20)]):
        found = network.describe(painted(colour, colour))
        assert found.probabilities.argmax() == number
        assert found.probabilities[number] > 0.9
        np.testing.assert_allclose(found.features[EMBEDDING:], 0, atol=1e-5)


def test_tags_are_told_by_the_mean_of_unit_embeddings(tmp_path: Path) -> None:
    file = write_image_half(tmp_path / "half.onnx", side=8)
    vectors = TagVectors.read(write_tag_vectors(tmp_path / "tags.safetensors", COLOURS))
    shown = painted((255, 90, 90), (90, 110, 90), (100, 100, 180))  # of other lengths, as seen from the mean
    seen = np.array([picture[0, 0].astype(float) - 100 for picture in shown])
    seen /= np.linalg.norm(seen, axis=1, keepdims=True)
    mean = seen.mean(axis=0) / np.linalg.norm(seen.mean(axis=0))
    tags = np.array(list(COLOURS.values())) / np.sqrt(3)
    powers = np.exp(10 * tags @ mean)
    found = AppearanceNetwork(file, IMAGE_HALF, vectors).describe(shown)
    np.testing.assert_allclose(found.probabilities, powers / powers.sum(), rtol=0.02)


def test_vectors_of_another_network_are_refused(file: Path, tmp_path: Path) -> None:
    vectors = TagVectors.read(write_tag_vectors(tmp_path / "tags.safetensors", COLOURS))
    with pytest.raises(BundleError, match="output features has 4 numbers, but the vectors of tags have 5"):
        AppearanceNetwork(file, SETTINGS.model_copy(update={"probabilities": None}), vectors)


def test_a_network_that_also_takes_text_is_refused(tmp_path: Path) -> None:
    model = onnx.load(write_image_half(tmp_path / "half.onnx", side=8))
    model.graph.input.append(onnx.helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", 77]))
    onnx.save(model, tmp_path / "whole.onnx")
    with pytest.raises(BundleError, match="takes pixels, input_ids, not pictures alone"):
        AppearanceNetwork(tmp_path / "whole.onnx", IMAGE_HALF)


def test_an_output_of_patches_is_refused(tmp_path: Path) -> None:
    model = onnx.load(write_image_half(tmp_path / "half.onnx", side=8))
    model.graph.node[1].output[0] = "flat"
    model.graph.node.append(onnx.helper.make_node("Unsqueeze", ["flat", "axis"], ["image_embeds"]))
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([1]), "axis"))
    model.graph.output[0].type.tensor_type.shape.Clear()
    onnx.save(model, tmp_path / "patches.onnx")
    with pytest.raises(BundleError, match=r"output image_embeds is float32 \(1, 1, 5\), not float32 \(1, n\)"):
        AppearanceNetwork(tmp_path / "patches.onnx", IMAGE_HALF)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\x08"])
def test_a_file_that_is_no_network(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "network.onnx").write_bytes(content)
    with pytest.raises(BundleError, match=r"network\.onnx: not a network"):
        AppearanceNetwork(tmp_path / "network.onnx", SETTINGS)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"absent\.onnx: not a network"):
        AppearanceNetwork(tmp_path / "absent.onnx", SETTINGS)


@pytest.mark.parametrize(
    "settings",
    [{"side": 300}, {"pictures": 0}, {"deviation": 0}, {"deviation": [1, 1, 0]}, {"mean": [1, 2]}, {"colour": "grey"}],
)
def test_settings_that_make_no_sense(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AppearanceSettings(**settings)


LEFT_BEHIND = """
import json, os, sys
from pathlib import Path

import numpy as np

opened = []

def watch(event, arguments):
    if event.startswith("socket."):
        opened.append(event)
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        opened.append(str(arguments[0]))

sys.addaudithook(watch)

from models.appearance import AppearanceNetwork, AppearanceSettings

network = AppearanceNetwork(Path(sys.argv[1]), AppearanceSettings(short_side=16, side=8))
network.describe([np.zeros((8, 8, 3), np.uint8)] * 3)
descriptors = [Path("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
print(json.dumps({
    "opened": opened,
    "threads": len(os.listdir("/proc/self/task")),
    "sockets": [str(one) for one in descriptors if one.is_socket() and int(one.name) > 2],
}))
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc")
def test_running_it_leaves_no_file_thread_or_socket(file: Path, tmp_path: Path) -> None:
    """ONNX Runtime's wheel for Linux otherwise writes a device id, starts a thread and looks up a host."""
    home = tmp_path / "home"
    home.mkdir()
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")}
    ended = subprocess.run(
        [sys.executable, "-B", "-c", LEFT_BEHIND, file],
        env={**kept, **threads, "HOME": str(home), "XDG_CACHE_HOME": str(home), "TMPDIR": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(ended.stdout) == {"opened": [], "threads": 1, "sockets": []}
    assert not list(home.rglob("*"))


def test_a_child_uses_the_runtime_that_its_parent_imported(file: Path) -> None:
    """As workers do, which are forked from a process that has imported it; the result is the same to the bit."""
    code = """
import multiprocessing, os, sys
from pathlib import Path

import numpy as np

from models.appearance import AppearanceNetwork, AppearanceSettings, onnx_runtime

def describe(pipe):
    network = AppearanceNetwork(Path(sys.argv[1]), AppearanceSettings(short_side=16, side=8))
    pipe.send_bytes(network.describe([np.full((8, 8, 3), 200, np.uint8)]).features.tobytes())
    os._exit(0)

onnx_runtime()
found = []
for _ in range(2):
    reader, writer = multiprocessing.Pipe(False)
    child = multiprocessing.get_context("fork").Process(target=describe, args=(writer,))
    child.start()
    found.append(reader.recv_bytes())
    child.join()
    assert child.exitcode == 0
assert found[0] == found[1]
print(found[0].hex())
"""
    ended = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True, check=True)
    own = AppearanceNetwork(file, AppearanceSettings(short_side=16, side=8))
    assert ended.stdout.strip() == own.describe([np.full((8, 8, 3), 200, np.uint8)]).features.tobytes().hex()


SHIPPED_NETWORK = SHIPPED / "appearance.onnx"

PRIVATE = """
import os, sys
from pathlib import Path

import numpy as np

from models.appearance import AppearanceNetwork, AppearanceSettings, onnx_runtime

def private():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty")) // 1024

onnx_runtime()
child = os.fork()
if not child:
    before = private()
    settings = AppearanceSettings()
    network = AppearanceNetwork(Path(sys.argv[1]), settings)
    network.describe([np.full((settings.side, settings.side, 3), 90, np.uint8)] * settings.pictures)
    print(private() - before, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").is_file(), reason="memory is counted in /proc")
def test_the_shipped_network_takes_little_memory_of_a_worker() -> None:
    """MiB that a worker does not share with the process that it is forked from."""
    ended = subprocess.run([sys.executable, "-c", PRIVATE, SHIPPED_NETWORK], capture_output=True, text=True, check=True)
    assert 18 < int(ended.stdout) < 110  # 63 to 83 in some runs: threads free memory at other times


def test_the_shipped_network_is_what_it_says() -> None:
    model = onnx.load(SHIPPED_NETWORK)
    onnx.checker.check_model(model, full_check=True)
    assert "Apache-2.0" in model.doc_string
    assert not any(node.doc_string or node.metadata_props for node in model.graph.node)
    weights = {tensor.data_type: tensor for tensor in model.graph.initializer if math.prod(tensor.dims) > 2000}
    assert set(weights) == {TensorProto.FLOAT16}
    network = AppearanceNetwork(SHIPPED_NETWORK, AppearanceSettings())
    assert network.lengths == (2 * 1280, 1000)


@pytest.mark.parametrize(("name", "classes"), [("chelsea", range(281, 286)), ("coffee", [504, 967, 968])])
def test_the_shipped_network_sees(name: str, classes: Sequence[int]) -> None:
    """A cat and a cup, on photographs that scikit-image comes with."""
    sampler = PictureSampler(1, short_side=256, side=224)
    sampler.add(av.VideoFrame.from_ndarray(getattr(skimage.data, name)(), format="rgb24"))
    found = AppearanceNetwork(SHIPPED_NETWORK, AppearanceSettings()).describe(sampler.pictures())
    assert found.probabilities[list(classes)].sum() > 0.5
