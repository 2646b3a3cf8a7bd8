"""The whole report: every section that a bundle, a training and a survey allow."""

import logging
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from models.bundle import Bundle
from models.embedding import Embedding
from models.errors import Tag2VecError
from training.appearance import appearances_of
from training.artifacts import Artifacts
from training.config import Config
from training.evaluation.answers import read_answers
from training.evaluation.open_world import read_open_world
from training.evaluation.quality import Quality
from training.examples import by_hashtag, target_vectors
from training.features import rows_of
from training.out_of_fold import OutOfFold
from training.report.by_class import ClassRelevance, by_class
from training.report.confusion import confusion
from training.report.example_frames import Example, example_frames
from training.report.learning_curve import learning_curve, measure_curve, read_curve
from training.report.neighbours_table import neighbours_table
from training.report.numbers import numbers
from training.report.open_world_frames import open_world_frames
from training.report.page import Section, write_page
from training.report.reliability import reliability
from training.report.survey_answers import survey_answers
from training.report.tsne import View, tsne
from training.report.word_clouds import word_clouds
from training.run import run, stages
from training.stage import Stage, Work
from training.vocabulary import read_views

log = logging.getLogger(__name__)


class ReportError(Tag2VecError):
    """The report lacks what it needs."""


def write_report(
    out: Path, bundle: Bundle | None, config: Config | None, words: Path | None = None, survey: Path | None = None
) -> Path:
    """Write the page and its pictures into a folder; return the page's path.

    Parameters
    ----------
    out : Path
    bundle : Bundle or None
        None: that of the training.
    config : Config or None
        The training for the figures of clips; it is brought up to date first.
    words : Path or None
        Word vectors to compare with the tags.
    survey : Path or None
        The database of a survey.

    Raises
    ------
    Tag2VecError
        If the bundle, the training, the word vectors or the survey cannot be used.
    """
    trained = Bundle.open(run(config)) if config else None
    bundle = bundle or trained
    if bundle is None:
        raise ReportError("a report needs a bundle or a training: give --bundle or --config.")
    space, quality = bundle.tagspace(), quality_of(bundle)
    clips = clip_sections(config) if config else []
    sections = [
        numbers(quality),
        word_clouds(space),
        neighbours_table(space, words),
        *clips[:2],
        co_use_section(quality),
        *([survey_answers(survey)] if survey else []),
        reliability(quality.score),
        *clips[2:],
    ]
    about = [
        "The figures and tables of “Learning to Hash-tag Videos with Tag2Vec” (Singh, Saini, Shah and Narayanan, "
        "ICVGIP 2016), regenerated, and some more.",
        f"Model: {bundle.name} {bundle.version}, {bundle.sha256[:12]}; {len(space):,} tags.",
    ]
    if trained and trained.sha256 != bundle.sha256:
        about.append(f"The figures of clips come from the training of another bundle, {trained.sha256[:12]}.")
    if not config:
        about.append("Figures that need clips are left out (4 and 6, confusion matrix, learning curve): give --config.")
    page = write_page(out, "Tag2Vec, figure by figure", about, sections)
    log.info("report: %d sections written", len(sections))
    return page


def quality_of(bundle: Bundle) -> Quality:
    """Return the quality of a bundle; raises ReportError if another version of the evaluation measured it."""
    try:
        return Quality.model_validate(bundle.manifest.quality)
    except ValidationError as error:
        lacking = ".".join(map(str, error.errors()[0]["loc"]))
        raise ReportError(
            f"the quality of the bundle in {bundle.path} was measured by another version of tag2vec (see {lacking}): "
            "train it anew, or name another bundle."
        ) from None


def clip_sections(config: Config) -> list[Section]:
    """Draw the figures that need clips: 4 and 6, the confusion matrix, the learning curve and open-world clips."""
    artifacts = Artifacts.under(config.work)
    space = Bundle.open(artifacts.bundle).tagspace()
    examples = by_hashtag(artifacts, space)
    unseen = OutOfFold.read(artifacts.out_of_fold).embedded
    networks = Embedding.load(artifacts.embedding)
    fisher, features = read_views(artifacts.vocabulary), appearances_of(artifacts, examples.clips).features
    embedded = networks.embed(fisher[:, rows_of(artifacts.features, examples.clips)].mean(axis=0), features)
    views = [
        View("figure4_before", "motion and appearance", examples.vectors),
        View("figure4_trained", "embedded by the networks trained on them", embedded),
        View("figure4_unseen", "embedded by networks that did not see their source", unseen),
    ]
    answers = [
        Example(config.data.clips / clip.path, clip.hashtag, clip.judged[0].tags, clip.judged[0].relevant)
        for clip in read_answers(artifacts.evaluation)
    ]
    return [
        tsne(views, examples.labels, examples.classes),
        example_frames(answers, config.workers),
        confusion(unseen, target_vectors(space, examples.classes), examples.labels, examples.classes),
        curve_section(config),
        *open_world_section(config),
    ]


def open_world_section(config: Config) -> list[Section]:
    """Draw open-world clips, if there are any."""
    answers, table = read_open_world(Artifacts.under(config.work).open_world), config.data.open_world
    if not answers or table is None:
        return []
    return [open_world_frames(answers, table.with_suffix(""), config.workers)]


def curve_section(config: Config) -> Section:
    """Measure the learning curve, unless that is up to date, and draw it."""
    work = Work(config.work)
    by_name = {stage.name: stage for stage in stages(config, work)}
    inputs = [by_name[name] for name in ("features", "appearance", "vocabulary", "tag2vec")]
    measured = Stage(
        name="learning_curve",
        build=partial(
            measure_curve,
            artifacts=Artifacts.under(config.work),
            settings=config.embedding,
            workers=config.workers,
        ),
        settings=config.embedding.model_dump(),
        after=tuple(inputs),
    )
    with work.locked():
        work.run(measured)
    return learning_curve(read_curve(work / measured.name))


def co_use_section(quality: Quality) -> Section:
    """Draw figure 7 as judged by posts."""
    few = {row.hashtag for row in quality.hashtags if row.few_groups}
    rows = [
        ClassRelevance(row.hashtag, row.end_to_end, row.none, "*" if row.hashtag in few else "")
        for row in quality.co_use.hashtags
    ]
    text = [
        "How many of 15 suggestions for a clip unseen posts use together with its hashtag (co-use), and the share of "
        "clips with none, as means over the clips of a hashtag. Clips are embedded by networks that did not see their "
        "source. The raters of the paper, in grey, judged other classes, and by eye.",
    ]
    notes = ["* fewer than five sources: too few for a reliable figure."] if few else []
    return by_class("Figure 7: relevant tags by hashtag", text, "figure7_co_use", rows, notes)
