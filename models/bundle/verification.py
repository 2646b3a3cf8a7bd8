"""Verifies a bundle: files against the manifest, the shapes of arrays, and the stemmer that is installed."""

from collections.abc import Mapping
from importlib.metadata import version as installed_version
from pathlib import Path

from safetensors import SafetensorError, safe_open

from models.bundle.files import CLASSES, REQUIRED, TAG_VECTORS, VOCABULARY
from models.bundle.manifest import FileRecord, Manifest
from models.checksum import file_sha256
from models.embedding import BITS, EMBEDDING_FILE, PROJECTION_FILE
from models.encoded_clip import EncodedLengths
from models.errors import BundleError
from models.trajectories.descriptor_layout import BLOCKS


def verify_file(file: Path, record: FileRecord) -> None:
    """Raise BundleError unless a file has the size and the hash that the manifest gives."""
    if not file.is_file():
        raise BundleError(f"{file} is missing, but the manifest lists it. Download the bundle again.")
    size = file.stat().st_size
    if size != record.bytes:
        raise BundleError(f"{file} has {size} bytes, but {record.bytes} in the manifest. Download the bundle again.")
    try:
        digest = file_sha256(file)
    except OSError as error:
        raise BundleError(f"cannot read {file}: {error.strerror}.") from error
    if digest != record.sha256:
        raise BundleError(
            f"{file} was altered: its SHA-256 differs from that in the manifest. Download the bundle again."
        )


def verify_complete(file: Path, manifest: Manifest) -> None:
    """Raise BundleError unless a manifest, read from `file`, lists all files that are needed, and what fits them."""
    probabilities = manifest.settings.appearance.probabilities
    for name in (*REQUIRED, *([CLASSES] if probabilities is not None else [])):
        if name not in manifest.files:
            raise BundleError(f"{file} lists no {name}: the bundle is incomplete. Download it again.")
    if (CLASSES if probabilities is None else TAG_VECTORS) in manifest.files:
        raise BundleError(
            f"{file}: {CLASSES} belongs to a network with class probabilities, {TAG_VECTORS} to one without; "
            f"here its output is {probabilities!r}. Train the bundle again."
        )


def verify_stemmer(path: Path, manifest: Manifest) -> None:
    """Raise BundleError if the installed stemmer may give other stems than the one used in training."""
    # Snowball 3 stems some English words differently from 2: queries would miss the learnt stems.
    trained = manifest.training.libraries.get("PyStemmer", "")  # has the version of Snowball
    installed = installed_version("PyStemmer")
    if trained.partition(".")[0] != installed.partition(".")[0]:
        raise BundleError(
            f"the tags of {path} were stemmed by Snowball {trained or 'unknown'}, but {installed} is "
            "installed and may give other stems. Install the same major version, or train the bundle again."
        )


def _shapes(file: Path) -> dict[str, tuple[int, ...]]:
    try:
        with safe_open(file, "numpy") as tensors:
            return {name: tuple(tensors.get_slice(name).get_shape()) for name in tensors.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise BundleError(f"{file} is not a safetensors file ({error}). Train the bundle again.") from None


def verify_shapes(path: Path, manifest: Manifest) -> EncodedLengths:
    """Return the lengths of an encoded clip's arrays; raises BundleError unless the shapes of all arrays match.

    Reads only the headers of files, and the number of classes.
    """
    found = _shapes(path / VOCABULARY)
    expected: dict[str, tuple[int, ...]] = {}
    dimensions = 0
    for block, columns in BLOCKS.items():
        k, d_out = (*found.get(f"{block}.means", ()), 0, 0)[:2]
        d_in = columns.stop - columns.start
        dimensions += 2 * k * d_out
        expected |= {
            f"{block}.mean": (d_in,),
            f"{block}.components": (d_out, d_in),
            f"{block}.weights": (k,),
            f"{block}.means": (k, d_out),
            f"{block}.variances": (k, d_out),
        }
    _compare(path / VOCABULARY, found, expected)
    found = _shapes(path / PROJECTION_FILE)
    rank = (*found.get("scale", ()), 0)[0]
    features = (*found.get("appearance_mean", ()), 0)[0]
    _compare(
        path / PROJECTION_FILE,
        found,
        {
            "appearance_mean": (features,),
            "appearance_deviation": (features,),
            "projection": (-(-rank * BITS // 8), dimensions + features),
            "scale": (rank,),
        },
    )
    found = _shapes(path / EMBEDDING_FILE)
    members, hidden, out = (*found.get("output_weight", ()), 0, 0, 0)[:3]
    _compare(
        path / EMBEDDING_FILE,
        found,
        {
            "hidden_weight": (members, rank, hidden),
            "hidden_bias": (members, 1, hidden),
            "output_weight": (members, hidden, out),
            "output_bias": (members, 1, out),
        },
    )
    classes = 0
    if CLASSES in manifest.files:
        with (path / CLASSES).open("rb") as lines:
            classes = max(0, sum(1 for _ in lines) - 1)  # without the header
    elif TAG_VECTORS in manifest.files:
        found = _shapes(path / TAG_VECTORS)
        classes = (*found.get("vectors", ()), 0)[0]
        # Features are the mean and the deviation of what these are compared with.
        _compare(path / TAG_VECTORS, {"vectors": found.get("vectors", ())}, {"vectors": (classes, features // 2)})
    return EncodedLengths(dimensions, features, classes)


def _compare(file: Path, found: Mapping[str, tuple[int, ...]], expected: Mapping[str, tuple[int, ...]]) -> None:
    for name in sorted(expected.keys() | found.keys()):
        have, want = found.get(name), expected.get(name)
        if have != want:
            raise BundleError(
                f"{file}: array {name!r}: expected {want or 'none'}, found {have or 'none'}. Train the bundle again."
            )
