import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save

from models.appearance import AppearanceSettings
from models.bundle import Bundle
from models.bundle.manifest import HashtagRecord, Settings, TrainingRecord
from models.checksum import file_sha256
from models.encoded_clip import EncodedLengths
from models.errors import BundleError
from models.fisher import Codebook, Vocabulary
from models.tags.cooccurrence import Cooccurrence
from models.tags.inflections import Inflections
from models.tags.languages import Languages
from models.tags.space import TagSpace
from models.tags.stemming import stem
from models.tags.trends import Trends
from models.trajectories.descriptor_layout import BLOCKS
from models.trajectories.settings import ADDED, TrajectorySettings
from tests.networks import (
    CLASSES,
    EMBEDDING,
    FEATURES,
    write_classes,
    write_image_half,
    write_kinds,
    write_network,
    write_tag_vectors,
)
from training.bundle_writer import library_versions, write_bundle
from training.corpus import DENIED_TAGS
from training.embedding import Ensemble, TrainedNetworks, frozen

SETTINGS = TrajectorySettings(stride=7)
APPEARANCE = AppearanceSettings(short_side=16, side=8)
SHOWN = {
    "classes": APPEARANCE,
    "features": APPEARANCE.model_copy(update={"probabilities": None}),
    "tag vectors": APPEARANCE.model_copy(update={"features": "image_embeds", "probabilities": None}),
}


def vocabulary(k: int = 2) -> Vocabulary:
    rng = np.random.default_rng(0)

    def array(*shape: int) -> Any:
        return rng.random(shape).astype(np.float32) + 0.5

    widths = {name: columns.stop - columns.start for name, columns in BLOCKS.items()}
    return Vocabulary(
        {name: Codebook(array(d), array(3, d), array(k), array(k, 3), array(k, 3)) for name, d in widths.items()}
    )


def make(path: Path, kind: str = "classes") -> Bundle:
    """Write a bundle whose image network has classes, features alone, or tag vectors."""
    with TemporaryDirectory() as folder:
        return make_of(path, Path(folder), kind)


def network_of(parts: Path, kind: str) -> dict[str, Any]:
    if kind == "tag vectors":
        return {
            "appearance": write_image_half(parts / "network.onnx", side=APPEARANCE.side),
            "tag_vectors": write_tag_vectors(parts / "tags.safetensors", {"golf": (0, 1, 0), "dances": (1, 0, 0)}),
        }
    classes = write_classes(parts / "classes.tsv", ["golf", "dance", "golf dance"]) if kind == "classes" else None
    return {"appearance": write_network(parts / "network.onnx", side=APPEARANCE.side), "classes": classes}


def make_of(path: Path, parts: Path, kind: str) -> Bundle:
    torch.manual_seed(0)
    words = vocabulary()
    features = 2 * (EMBEDDING if kind == "tag vectors" else FEATURES)
    projection = np.random.default_rng(0).normal(size=(4, words.dimensions + features)).astype(np.float32)
    networks = TrainedNetworks(projection, Ensemble(2, 4, 6, 5))
    return write_bundle(
        path,
        name="test",
        version="3",
        settings=Settings(trajectories=SETTINGS, appearance=SHOWN[kind], temperature=0.2),
        vocabulary=words,
        embedding=frozen(networks, np.zeros(features, np.float32), np.ones(features, np.float32)),
        tagspace=TagSpace.from_vectors(["golf", "danc"], [3, 2], ["golf", "dance"], np.eye(2, 5), ["danc"]),
        cooccurrence=Cooccurrence(np.array([0, 1, 1]), np.array([1], np.int32), np.array([0.5], np.float16)),
        trends=Trends(np.array([1, 8]), np.array([4, 5]), np.array([[1, 2], [1, 1]], np.int32)),
        languages=Languages.of(["en", "vi"], np.array([0.9, 0.1]), np.array([[1, 0], [0.2, 0.8]])),
        inflections=Inflections(np.zeros(1, np.int32), ["golfs"], np.ones((1, 5), np.float16)),
        denied_tags=DENIED_TAGS,
        **network_of(parts, kind),
        kinds=write_kinds(parts / "kinds.tsv", {"guns": "violence"}),
        training=TrainingRecord(
            data=[],
            counts={"clips_kept": 2},
            hashtags=[HashtagRecord(hashtag="dance", stem="danc", clips=2, groups=1)],
            settings={},
            libraries=library_versions(),
        ),
        quality={"accuracy": 0.5},
        card=lambda manifest: f"# {manifest.name}\n",
        timings={"features": 1.0},
    )


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make(tmp_path / "bundle")


def change(bundle: Bundle, name: str, content: bytes) -> None:
    """Change a file and its entry in the manifest, as one would who made a wrong bundle."""
    (bundle.path / name).write_bytes(content)
    edit(
        bundle,
        lambda manifest: manifest["files"][name].update(sha256=file_sha256(bundle.path / name), bytes=len(content)),
    )


def edit(bundle: Bundle, how: Any) -> None:
    file = bundle.path / "manifest.json"
    manifest = json.loads(file.read_text())
    how(manifest)
    file.write_text(json.dumps(manifest))


def test_what_is_written_is_read(bundle: Bundle) -> None:
    again = Bundle.open(bundle.path)
    assert again == bundle
    assert (again.name, again.version, again.settings, again.hashtags) == ("test", "3", SETTINGS, ["danc"])
    assert again.sha256 == file_sha256(bundle.path / "manifest.json")
    assert sorted(path.name for path in bundle.path.iterdir()) == [
        "MODEL_CARD.md",
        "appearance.onnx",
        "classes.tsv",
        "cooccurrence.safetensors",
        "denied_tags.txt",
        "embedding.safetensors",
        "inflections.safetensors",
        "languages.safetensors",
        "manifest.json",
        "projection.safetensors",
        "tag_kinds.tsv",
        "tags.json",
        "tagspace.faiss",
        "timings.json",
        "trends.safetensors",
        "vocabulary.safetensors",
    ]
    assert "timings.json" not in again.manifest.files
    for name, tensor in vocabulary().tensors().items():
        np.testing.assert_array_equal(again.vocabulary().tensors()[name], tensor)
    assert again.tagspace().hashtags == ["danc"]
    assert again.lengths == EncodedLengths(vocabulary().dimensions, 2 * FEATURES, CLASSES)
    fisher, features = np.ones(again.lengths.fisher, np.float32), np.ones(again.lengths.features, np.float32)
    assert again.embedding().embed(fisher, features).shape == (5,)
    assert again.appearance_network().settings == APPEARANCE


def test_bundle_from_before_a_setting_was_added(bundle: Bundle) -> None:
    for name in ADDED:
        edit(bundle, lambda manifest, name=name: manifest["settings"]["trajectories"].pop(name))
    assert Bundle.open(bundle.path).settings == SETTINGS
    edit(bundle, lambda manifest: manifest["settings"]["trajectories"].update(through_bgr=True))
    assert Bundle.open(bundle.path).settings.through_bgr


def test_the_same_parts_make_the_same_bundle(bundle: Bundle, tmp_path: Path) -> None:
    assert make(tmp_path / "other").sha256 == bundle.sha256


def test_every_user_may_read_it(bundle: Bundle) -> None:
    # A service runs as another user than the one that trained; safetensors' own writer forbids that.
    assert all(file.stat().st_mode & 0o044 == 0o044 for file in bundle.path.iterdir())


def test_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_broken(file: Path, _: Any) -> Path:
        file.write_bytes(b"broken")
        return file

    monkeypatch.setattr("training.bundle_writer.write_tensors", write_broken)
    with pytest.raises(BundleError, match="not a safetensors file"):
        make(tmp_path / "bundle")
    assert not list(tmp_path.iterdir())
    monkeypatch.undo()
    make(tmp_path / "bundle")
    with pytest.raises(OSError, match="not empty"):
        make(tmp_path / "bundle")
    Bundle.open(tmp_path / "bundle")


@pytest.mark.parametrize(
    "name",
    [
        "vocabulary.safetensors",
        "projection.safetensors",
        "embedding.safetensors",
        "tags.json",
        "tagspace.faiss",
        "MODEL_CARD.md",
    ],
)
def test_damage_is_named(bundle: Bundle, name: str) -> None:
    file = bundle.path / name
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    with pytest.raises(BundleError, match=f"{name} has {len(whole) - 1} bytes"):
        Bundle.open(bundle.path)
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(BundleError, match=f"{name} was altered"):
        Bundle.open(bundle.path)
    file.unlink()
    with pytest.raises(BundleError, match=f"{name} is missing"):
        Bundle.open(bundle.path)


def test_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="holds no manifest"):
        Bundle.open(tmp_path)
    with pytest.raises(BundleError, match="no such folder"):
        Bundle.open(tmp_path / "absent")
    (tmp_path / "manifest.json").mkdir()
    with pytest.raises(BundleError, match="cannot read"):
        Bundle.open(tmp_path)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (lambda manifest: manifest.update(format=3), "is of format 3; this version of tag2vec reads format 4"),
        (lambda manifest: manifest.pop("format"), "format None"),
        (lambda manifest: manifest.update(requires="tag2vec>=7,<8"), "needs tag2vec>=7,<8, but tag2vec"),
        (lambda manifest: manifest.update(requires="tag2vec"), "requires: String should match"),
        (lambda manifest: manifest["settings"].pop("temperature"), "temperature: Field required"),
        (lambda manifest: manifest.pop("name"), "name: Field required"),
        (lambda manifest: manifest.update(surprise=1), "surprise: Extra"),
        (lambda manifest: manifest["files"].pop("projection.safetensors"), "lists no projection.safetensors"),
        (lambda manifest: manifest["files"].pop("embedding.safetensors"), "lists no embedding.safetensors"),
        (lambda manifest: manifest["files"].pop("tags.json"), "lists no tags.json"),
        (lambda manifest: manifest["files"].update({"../x": {"sha256": "0" * 64, "bytes": 1}}), r"files\.\.\./x"),
        (lambda manifest: manifest["settings"]["trajectories"].update(novelty=1), "novelty"),
        (lambda manifest: manifest["settings"]["trajectories"].pop("stride"), "stride"),
        (lambda manifest: manifest["settings"].pop("appearance"), "appearance: Field required"),
        (lambda manifest: manifest["settings"]["appearance"].pop("mean"), "adds: mean"),
        (lambda manifest: manifest["settings"]["appearance"].update(side=512), "must not exceed short_side"),
        (lambda manifest: manifest["files"].pop("appearance.onnx"), "lists no appearance.onnx"),
        (lambda manifest: manifest["files"].pop("classes.tsv"), "lists no classes.tsv"),
        (lambda manifest: manifest["files"].pop("tag_kinds.tsv"), "lists no tag_kinds.tsv"),
        (lambda manifest: manifest["training"]["libraries"].update(PyStemmer="2.2.0"), "Snowball 2.2.0"),
        (lambda manifest: manifest["training"]["libraries"].pop("PyStemmer"), "Snowball unknown"),
    ],
)
def test_a_manifest_that_will_not_do(bundle: Bundle, how: Any, message: str) -> None:
    edit(bundle, how)
    with pytest.raises(BundleError, match=message):
        Bundle.open(bundle.path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"null"])
def test_a_manifest_that_is_none(bundle: Bundle, content: bytes) -> None:
    (bundle.path / "manifest.json").write_bytes(content)
    with pytest.raises(BundleError, match=r"manifest\.json"):
        Bundle.open(bundle.path)


@pytest.mark.parametrize(
    ("name", "array", "shape"),
    [
        ("vocabulary.safetensors", "hog.mean", (95,)),
        ("vocabulary.safetensors", "hog.variances", (2, 4)),
        ("vocabulary.safetensors", "mbhy.weights", None),
        ("vocabulary.safetensors", "hog.means", (3, 3)),
        ("vocabulary.safetensors", "extra", (1,)),
        ("projection.safetensors", "projection", (1, 7)),
        ("projection.safetensors", "projection", None),
        ("projection.safetensors", "scale", (5,)),
        ("projection.safetensors", "scale", (4, 1)),
        ("projection.safetensors", "appearance_mean", (7,)),
        ("projection.safetensors", "appearance_deviation", (7,)),
        ("projection.safetensors", "appearance_deviation", None),
        ("embedding.safetensors", "hidden_weight", (2, 4, 5)),
        ("embedding.safetensors", "output_bias", (2, 5)),
    ],
)
def test_wrong_shapes_are_named(bundle: Bundle, name: str, array: str, shape: tuple[int, ...] | None) -> None:
    tensors = load_file(bundle.path / name)
    if shape is None:
        del tensors[array]
    else:
        tensors[array] = np.ones(shape, np.float32)
    change(bundle, name, save(tensors))
    with pytest.raises(BundleError, match=f"{name}: array "):
        Bundle.open(bundle.path)


def test_what_is_no_safetensors_file(bundle: Bundle) -> None:
    change(bundle, "embedding.safetensors", b"\x80\x04N.")
    with pytest.raises(BundleError, match="not a safetensors file"):
        Bundle.open(bundle.path)


def test_a_network_of_other_lengths_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    for content in (b"", b"class\tsynset\tname\tkind\ttags\n"):
        change(bundle, "classes.tsv", content)
        with pytest.raises(
            BundleError, match=rf"expected {2 * FEATURES} features and 0 classes, found {2 * FEATURES} and"
        ):
            Bundle.open(bundle.path).appearance_network()


def test_a_network_of_features_alone(tmp_path: Path) -> None:
    bundle = make(tmp_path / "bundle", "features")
    assert not (bundle.path / "classes.tsv").exists()
    assert bundle.lengths == EncodedLengths(vocabulary().dimensions, 2 * FEATURES, 0)
    assert bundle.appearance_network().lengths == (2 * FEATURES, 0)
    suggester = bundle.suggester()
    assert suggester.suggest([1, 2, 3, 4, 5], [], share=0.7) == suggester.suggest([1, 2, 3, 4, 5])
    assert suggester.classes.certainty([]) == 0


def test_an_image_text_network(tmp_path: Path) -> None:
    bundle = make(tmp_path / "bundle", "tag vectors")
    assert "tag_vectors.safetensors" in bundle.manifest.files
    assert bundle.lengths == EncodedLengths(vocabulary().dimensions, 2 * EMBEDDING, 2)
    network, suggester = bundle.appearance_network(), bundle.suggester()
    for number, (colour, tag) in enumerate([((0, 255, 0), "golf"), ((255, 0, 0), "danc")]):
        found = network.describe([np.broadcast_to(np.array(colour, np.uint8), (8, 8, 3))])
        assert found.probabilities.argmax() == number
        assert stem(suggester.suggest(np.ones(5), found.probabilities, share=1)[0].tag) == tag
        assert suggester.classes.certainty(found.probabilities) == pytest.approx(
            float(found.probabilities[number]), abs=1e-6
        )


@pytest.mark.parametrize(
    ("vectors", "says"),
    [
        (None, "array 'vectors': expected"),
        (np.eye(2, 4, dtype=np.float16), r"array 'vectors': expected \(2, 5\), found \(2, 4\)"),
        (np.zeros(5, np.float16), "array 'vectors': expected"),
    ],
)
def test_tag_vectors_of_another_size_are_refused(tmp_path: Path, vectors: Any, says: str) -> None:
    bundle = make(tmp_path / "bundle", "tag vectors")
    tensors = load_file(bundle.path / "tag_vectors.safetensors")
    tensors |= {"vectors": vectors}
    change(bundle, "tag_vectors.safetensors", save({name: each for name, each in tensors.items() if each is not None}))
    with pytest.raises(BundleError, match=rf"tag_vectors\.safetensors: {says}"):
        Bundle.open(bundle.path)


def test_tag_vectors_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    bundle = make(tmp_path / "bundle", "tag vectors")
    tensors = load_file(bundle.path / "tag_vectors.safetensors") | {"logit_scale": np.zeros(1)}
    change(bundle, "tag_vectors.safetensors", save(tensors))
    opened = Bundle.open(bundle.path)
    for part in (opened.appearance_network, opened.suggester):
        with pytest.raises(BundleError, match=r"tag_vectors\.safetensors: logit_scale"):
            part()


def test_a_network_tells_in_one_way(tmp_path: Path) -> None:
    both, neither = make(tmp_path / "both", "tag vectors"), make(tmp_path / "neither", "classes")
    edit(both, lambda manifest: manifest["settings"]["appearance"].update(probabilities="probabilities"))
    with pytest.raises(BundleError, match=r"lists no classes\.tsv"):
        Bundle.open(both.path)
    edit(neither, lambda manifest: manifest["settings"]["appearance"].update(probabilities=None))
    with pytest.raises(BundleError, match="belongs to a network with class probabilities"):
        Bundle.open(neither.path)


def test_a_file_that_is_no_network_is_told(bundle: Bundle) -> None:
    change(bundle, "appearance.onnx", b"hello")
    opened = Bundle.open(bundle.path)
    with pytest.raises(BundleError, match=r"appearance\.onnx: not a network"):
        opened.appearance_network()


@pytest.mark.slow
def test_opening_imports_nothing_heavy(bundle: Bundle) -> None:
    code = "import sys; from pathlib import Path; from models.bundle import Bundle; Bundle.open(Path(sys.argv[1]))"
    code += "; print({'torch', 'faiss', 'sklearn', 'gensim', 'av', 'cv2', 'onnxruntime'} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code, bundle.path], check=True, capture_output=True, text=True)
    assert printed.stdout.strip() == "set()"


def test_a_bundle_may_be_moved(bundle: Bundle, tmp_path: Path) -> None:
    shutil.move(bundle.path, tmp_path / "elsewhere")
    assert Bundle.open(tmp_path / "elsewhere").sha256 == bundle.sha256
