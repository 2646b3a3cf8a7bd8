"""Networks and classes together, on the clips of a tiny training."""

import numpy as np
import pytest

from models.calibration import Calibration
from models.tags.space import TagSpace
from training.appearance import appearances_of
from training.artifacts import Artifacts
from training.config import Config
from training.evaluation.answers import read_answers
from training.evaluation.evaluate import read_calibration
from training.evaluation.mixture import Case, answered, evidence, unseen_cases
from training.evaluation.persons_posts import PersonsPosts
from training.examples import by_hashtag, stem_of
from training.out_of_fold import OutOfFold


@pytest.fixture(scope="module")
def cases(trained: Config) -> list[Case]:
    artifacts = Artifacts.under(trained.work)
    examples = by_hashtag(artifacts, TagSpace.load(artifacts.tag2vec))
    return unseen_cases(
        artifacts,
        examples.classes,
        examples.labels,
        OutOfFold.read(artifacts.out_of_fold),
        appearances_of(artifacts, examples.clips).probabilities,
        temperature=trained.embedding.temperature,
        classes=trained.appearance.image_classes(),
    )


def test_every_clip_is_there_twice(cases: list[Case]) -> None:
    assert [case.clip for case in cases if not case.left_out] == list(range(12))
    assert sorted(case.clip for case in cases if case.left_out) == list(range(12))
    for case in cases:
        assert (case.stem in case.suggester.space.hashtags) != case.left_out
        assert len(case.suggester.space.hashtags) == 2 - case.left_out


def test_evidence_is_what_each_gives_to_the_own_hashtag(cases: list[Case]) -> None:
    found = evidence(cases)
    assert found.left_out.tolist() == [case.left_out for case in cases]
    assert found.networks[~found.left_out].mean() > 0.6
    assert (found.classes == 0).all()  # the classes mean ice and summer
    for row in (0, 20):
        case = cases[row]
        anchors = case.suggester.anchors(case.vector)
        own = dict(zip(anchors.rows.tolist(), anchors.naming.tolist(), strict=True))
        assert found.networks[row] == pytest.approx(own.get(case.suggester.space.row(case.stem), 0))
        assert found.certainty[row] == pytest.approx(case.suggester.classes.certainty(case.probabilities))


def test_answers_are_those_of_the_mixture(cases: list[Case], trained: Config) -> None:
    calibration = read_calibration(trained.work / "evaluation")
    posts = PersonsPosts(trained.work / "corpus", {case.stem for case in cases})
    found = answered(cases, calibration, posts)
    for row in (3, 15):
        case = cases[row]
        clip = case.suggester.recognition(case.vector, case.probabilities)
        share = calibration.share(clip)
        stems = [stem_of(one.tag) for one in case.suggester.suggest(case.vector, case.probabilities, share=share, k=5)]
        assert found.rank[row] == (stems.index(case.stem) + 1 if case.stem in stems else 0)
        assert found.right[row] == posts.share(case.stem, stems)
        assert found.right[row] == 1 or not found.rank[row]
        assert (found.familiarity[row], found.certainty[row]) == (clip.familiarity, clip.certainty)
    confident = [bool(likely >= calibration.confident_from) for likely in found.any_right(calibration)[:12]]
    assert [answer.confident for answer in read_answers(trained.work / "evaluation")] == confident


def test_the_calibration_keeps_to_its_bounds(trained: Config) -> None:
    found: Calibration = read_calibration(trained.work / "evaluation")
    assert found.share_familiarity <= 0 <= found.share_certainty
    assert np.isfinite(list(found.model_dump().values())).all()
