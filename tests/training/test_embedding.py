from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.calibration import familiarity
from models.embedding import Embedding
from models.fusion import fuse
from training.embedding import EmbeddingSettings, TrainedNetworks, frozen, principal_directions, train_embedding

SETTINGS = EmbeddingSettings(rank=8, members=2, hidden=20, iterations=60, batch=32)


def clusters(rng: np.random.Generator, clips: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fisher-like vectors about two centres, their labels, and two unit targets."""
    labels = np.arange(clips) % 2
    centres = rng.normal(size=(2, 50))
    fisher = (centres[labels] + rng.normal(0, 0.3, (clips, 50))).astype(np.float32)
    targets = np.linalg.qr(rng.normal(size=(10, 2)))[0].T.astype(np.float32)
    return fisher, labels.astype(np.int64), targets


def train(fisher: np.ndarray, labels: np.ndarray, targets: np.ndarray, settings: EmbeddingSettings) -> TrainedNetworks:
    """Train on clips that look the same in a mirror, and whose pictures show nothing."""
    return train_embedding(np.stack([fisher, fisher, 0 * fisher]), labels, targets, settings)


def tensors(networks: TrainedNetworks) -> dict[str, np.ndarray]:
    return vars(frozen(networks, np.zeros(0, np.float32), np.zeros(0, np.float32)))


@given(st.integers(1, 12), st.integers(2, 12), st.integers(0, 5))
def test_directions_are_the_right_singular_vectors(rank: int, clips: int, seed: int) -> None:
    fisher = np.random.default_rng(seed).normal(size=(clips, 30)).astype(np.float32)
    directions = principal_directions(fisher, rank)
    _, _, expected = np.linalg.svd(fisher.astype(np.float64), full_matrices=False)
    count = min(rank, clips)
    assert directions.shape == (count, 30)
    np.testing.assert_allclose(directions @ directions.T, np.eye(count), atol=1e-4)
    # The same span, whatever the signs.
    span = directions.T.astype(np.float64) @ directions
    np.testing.assert_allclose(span @ expected[:count].T, expected[:count].T, atol=1e-2)


def test_directions_of_linearly_dependent_clips() -> None:
    fisher = np.random.default_rng(0).normal(size=(5, 30)).astype(np.float32)
    assert principal_directions(np.concatenate([fisher, fisher]), 10).shape == (5, 30)


def test_clips_land_by_their_hashtag() -> None:
    rng = np.random.default_rng(0)
    fisher, labels, targets = clusters(rng, 60)
    network = train(fisher[:40], labels[:40], targets, SETTINGS)
    embedded = network.embed(fisher[40:])
    assert (np.linalg.norm(embedded, axis=1) <= 1 + 1e-6).all()
    cosines = embedded @ targets.T
    assert (cosines.argmax(axis=1) == labels[40:]).all()


def test_closeness_moves_clips_towards_their_tag() -> None:
    fisher, labels, targets = clusters(np.random.default_rng(0), 60)

    def cosine(closeness: float) -> float:
        settings = SETTINGS.model_copy(update={"closeness": closeness})
        network = train(fisher[:40], labels[:40], targets, settings)
        embedded = network.embed(fisher[40:])
        return float((embedded * targets[labels[40:]]).sum(axis=1).mean())

    # Without, it is enough to be nearer to the own tag than to the others, and far from all.
    assert cosine(0) < 0.5
    assert cosine(3) > 0.75


def test_training_is_repeatable_and_leaves_torch_alone() -> None:
    data = clusters(np.random.default_rng(0))
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    one = tensors(train(*data, SETTINGS))
    assert torch.equal(torch.random.get_rng_state(), before)
    two = tensors(train(*data, SETTINGS))
    other = tensors(train(*data, SETTINGS.model_copy(update={"seed": 1})))
    for name, array in one.items():
        np.testing.assert_array_equal(array, two[name])
    assert not np.array_equal(one["hidden_weight"], other["hidden_weight"])


def test_a_rare_hashtag_is_learnt() -> None:
    rng = np.random.default_rng(0)
    fisher, labels, targets = clusters(rng, 400)
    rare = np.flatnonzero(labels == 1)[:4]
    seen = np.concatenate([np.flatnonzero(labels == 0), rare])
    network = train(fisher[seen], labels[seen], targets, SETTINGS)
    unseen = np.setdiff1d(np.flatnonzero(labels == 1), rare)
    assert (network.embed(fisher[unseen]) @ targets.T).argmax(axis=1).mean() > 0.9


def test_background_classes_become_less_familiar() -> None:
    rng = np.random.default_rng(0)
    fisher, labels, targets = clusters(rng, 60)
    # Between the two, and to one side of both.
    centre = fisher.mean(axis=0) + rng.normal(0, 0.5, 50).astype(np.float32)
    others = (centre + rng.normal(0, 0.3, (40, 50))).astype(np.float32)
    told = train(
        np.concatenate([fisher[:40], others[:20]]),
        np.concatenate([labels[:40], np.full(20, len(targets))]),
        targets,
        SETTINGS,
    )
    untold = train(fisher[:40], labels[:40], targets, SETTINGS)

    def familiar(network: TrainedNetworks, clips: np.ndarray) -> float:
        return float(familiarity(network.embed(clips) @ targets.T, SETTINGS.temperature).mean())

    assert ((told.embed(fisher[40:]) @ targets.T).argmax(axis=1) == labels[40:]).all()
    assert familiar(told, fisher[40:]) > familiar(told, others[20:]) + 0.3
    assert familiar(told, others[20:]) < familiar(untold, others[20:]) - 0.1


def test_a_clip_known_only_mirrored_is_recognised() -> None:
    rng = np.random.default_rng(0)
    fisher, labels, targets = clusters(rng, 60)
    turned = np.roll(fisher, 7, axis=1)  # as far from the clip as from any other
    network = train_embedding(np.stack([fisher, turned, 0 * fisher])[:, :40], labels[:40], targets, SETTINGS)
    alone = train(fisher[:40], labels[:40], targets, SETTINGS)

    def right(net: TrainedNetworks) -> float:
        return float(((net.embed(turned[40:]) @ targets.T).argmax(axis=1) == labels[40:]).mean())

    assert right(network) > 0.9
    assert right(network) > right(alone)


def test_either_part_will_do() -> None:
    rng = np.random.default_rng(0)
    motion, labels, targets = clusters(rng, 60)
    appearance = np.roll(motion, 25, axis=1)
    motion[:, 25:] = appearance[:, :25] = 0
    parts = np.stack([motion, motion, appearance])
    both, one = (
        train_embedding(parts[:, :40], labels[:40], targets, SETTINGS.model_copy(update={"hidden_part": share}))
        for share in (0.4, 0)
    )

    def nearness(net: TrainedNetworks, clips: np.ndarray) -> float:
        return float((net.embed(clips[40:]) * targets[labels[40:]]).sum(axis=1).mean())

    for part in (motion, appearance):
        assert nearness(both, part) > nearness(one, part)
    seen = both.embed((motion + appearance)[40:])
    assert ((seen @ targets.T).argmax(axis=1) == labels[40:]).mean() > 0.9


def test_frozen_networks_take_motion_and_appearance() -> None:
    rng = np.random.default_rng(0)
    fisher, labels, targets = clusters(rng, 60)
    features = rng.normal(3, 2, (60, 8)).astype(np.float32)
    standard = features.mean(axis=0), features.std(axis=0)
    fused = fuse(fisher, features, *standard)
    networks = train(fused, labels, targets, SETTINGS)
    embedding = frozen(networks, *standard)
    assert embedding.dimensions == fisher.shape[1]
    # Up to the few bits of the projection, and the few digits of the weights.
    rounded = replace(networks, projection=embedding.projection * embedding.scale[:, None])
    np.testing.assert_allclose(embedding.embed(fisher, features), rounded.embed(fused), atol=2e-2)


def test_frozen_networks_are_stored_without_loss(tmp_path: Path) -> None:
    networks = train(*clusters(np.random.default_rng(0)), SETTINGS)
    embedding = frozen(networks, np.zeros(0, np.float32), np.zeros(0, np.float32))
    embedding.save(tmp_path)
    for name, array in vars(Embedding.load(tmp_path)).items():
        np.testing.assert_array_equal(array, vars(embedding)[name], strict=True)


def test_rounding_moves_clips_little() -> None:
    # The fewer numbers a vector has, the less the errors of each cancel out; real ones have tens of thousands.
    fisher, labels, targets = clusters(np.random.default_rng(0), 60)
    networks = train(fisher[:40], labels[:40], targets, SETTINGS)
    none, nothing = np.zeros(0, np.float32), np.zeros((20, 0), np.float32)
    embedded = frozen(networks, none, none).embed(fisher[40:], nothing)
    assert np.linalg.norm(embedded - networks.embed(fisher[40:]), axis=1).max() < 0.2
    assert ((embedded @ targets.T).argmax(axis=1) == labels[40:]).all()
