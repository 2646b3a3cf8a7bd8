"""What the guide to training says about other image networks: its configurations and its Python, as they stand."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from models.tags.tag_vectors import TagVectors
from tests.docs.documents import ROOT, blocks
from training.config import AppearanceConfig

GUIDE = ROOT / "docs" / "training.md"


def test_configurations_of_networks_are_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    shown = [AppearanceConfig(**tomllib.loads(block)["appearance"]) for block in blocks(GUIDE, "toml")]
    classifier, half = shown
    assert len(classifier.image_classes()) == 1000
    # What OpenAI published for CLIP, of values of 0 to 1.
    assert half.shown.mean == pytest.approx(255 * np.array([0.48145466, 0.4578275, 0.40821073]), abs=0.01)
    assert half.shown.deviation == pytest.approx(255 * np.array([0.26862954, 0.26130258, 0.27577711]), abs=0.01)


def test_tag_vectors_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = blocks(GUIDE, "python")
    tags = [f"tag{number}" for number in range(300)]
    folder = tmp_path / "work" / "default" / "tag2vec"
    folder.mkdir(parents=True)
    (folder / "tags.json").write_text(json.dumps({"stems": tags, "counts": [1] * 300, "displays": tags}))

    def encode(texts: list[str]) -> np.ndarray:
        assert len(texts) <= 256
        return np.array([np.random.default_rng(list(text.encode())).normal(size=16) for text in texts])

    exec(code, {"encode": encode})
    found = TagVectors.read(tmp_path / "clip_tags.safetensors")
    assert (found.tags, found.logit_scale) == (tags, 100)
    expected = encode(["a photo of tag299"])[0]
    np.testing.assert_allclose(found.vectors[299], expected / np.linalg.norm(expected), atol=1e-3)
