"""The whole report: every section that the bundle, a training and a survey allow."""

import logging
from pathlib import Path

from pydantic import ValidationError

import training.evaluation.folds
import training.report.learning_curve
from models.bundle import Bundle
from models.errors import Tag2VecError
from training.config import Config
from training.embedding import read_embedding
from training.evaluation.answers import read_answers
from training.evaluation.quality import Quality
from training.examples import by_hashtag, target_vectors
from training.out_of_fold import HeldOut
from training.report.by_class import ClassRelevance, by_class
from training.report.confusion import confusion
from training.report.example_frames import Example, example_frames
from training.report.learning_curve import learning_curve, measure_curve, read_curve
from training.report.neighbours_table import neighbours_table
from training.report.numbers import numbers
from training.report.page import Section, write_page
from training.report.reliability import reliability
from training.report.survey_answers import survey_answers
from training.report.tsne import View, tsne
from training.report.word_clouds import word_clouds
from training.run import run, stages
from training.stage import Stage, Work

log = logging.getLogger(__name__)


class ReportError(Tag2VecError):
    """There is nothing to report on."""


def write_report(
    out: Path, bundle: Bundle | None, config: Config | None, words: Path | None = None, survey: Path | None = None
) -> Path:
    """Write the page and its pictures into a folder; return the page's path.

    Parameters
    ----------
    out : Path
    bundle : Bundle or None
        None: the one that the training made.
    config : Config or None
        A training that the clips' own figures come from; it is brought up to date first.
    words : Path or None
        Word vectors to compare tags with.
    survey : Path or None
        The database of a survey.

    Raises
    ------
    Tag2VecError
        What is wrong with the bundle, the training, the word vectors or the survey.
    """
    trained = Bundle.open(run(config)) if config else None
    bundle = bundle or trained
    if bundle is None:
        raise ReportError("a report needs a bundle or a training.")
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
        "The figures and tables of “Learning to Hash-tag Videos with Tag2Vec” (Singh, Saini, Shah, Narayanan, "
        "ICVGIP 2016), made anew, and some more.",
        f"Model: {bundle.name} {bundle.version}, {bundle.sha256[:12]}; {len(space):,} tags.",
    ]
    if trained and trained.sha256 != bundle.sha256:
        about.append(f"Figures of clips are of the training {trained.sha256[:12]}, which made another bundle.")
    if not config:
        about.append("What needs clips is left out (figures 4 and 6, confusion, learning curve): give --config.")
    page = write_page(out, "Tag2Vec, figure by figure", about, sections)
    log.info("report: %d sections written", len(sections))
    return page


def quality_of(bundle: Bundle) -> Quality:
    """Return what the bundle says of its quality; raises ReportError where that is of another version."""
    try:
        return Quality.model_validate(bundle.manifest.quality)
    except ValidationError as error:
        lacking = ".".join(map(str, error.errors()[0]["loc"]))
        raise ReportError(
            f"the quality of the bundle in {bundle.path} was measured by another version of tag2vec (its {lacking}): "
            "train it anew, or name another bundle."
        ) from None


def clip_sections(config: Config) -> list[Section]:
    """Draw what needs a training's clips: figures 4 and 6, the confusion matrix and the learning curve."""
    work = Work(config.work)
    space = Bundle.open(work / "bundle").tagspace()
    examples = by_hashtag(work / "features", work / "vocabulary", space)
    apart = HeldOut.read(work / "held_out").embedded
    network = read_embedding(work / "embedding")
    views = [
        View("figure4_before", "Fisher vectors", examples.fisher),
        View("figure4_trained", "embedded, by the network trained on them", network.embed(examples.fisher)),
        View("figure4_unseen", "embedded, by networks that never saw their source", apart),
    ]
    answers = [
        Example(config.data.clips / clip.path, clip.hashtag, clip.judged[0].tags, clip.judged[0].relevant)
        for clip in read_answers(work / "evaluation")
    ]
    return [
        tsne(views, examples.labels, examples.classes),
        example_frames(answers, config.workers),
        confusion(apart, target_vectors(space, examples.classes), examples.labels, examples.classes),
        curve_section(config),
    ]


def curve_section(config: Config) -> Section:
    """Measure the learning curve, once for each state of a training, and draw it."""
    work = Work(config.work)
    by_name = {stage.name: stage for stage in stages(config, work)}
    rests_on = [by_name[name] for name in ("features", "vocabulary", "tag2vec")]
    folders = {stage.name: work / stage.name for stage in rests_on}
    measured = Stage(
        name="learning_curve",
        build=lambda out: measure_curve(out, settings=config.embedding, workers=config.workers, **folders),
        code=(training.report.learning_curve, training.evaluation.folds, *by_name["embedding"].code),
        settings=config.embedding.model_dump(),
        after=tuple(rests_on),
    )
    with work.locked():
        work.run(measured)
    return learning_curve(read_curve(work / measured.name))


def co_use_section(quality: Quality) -> Section:
    """Draw figure 7 from what posts say."""
    few = {row.hashtag for row in quality.hashtags if row.few_groups}
    rows = [
        ClassRelevance(row.hashtag, row.end_to_end, row.none, "*" if row.hashtag in few else "")
        for row in quality.co_use.hashtags
    ]
    text = [
        "Of 15 suggestions for a clip, those that posts kept apart use beside its hashtag (co-use), and the share of "
        "clips with none, as means over the clips of a hashtag; clips embedded by networks that never saw their "
        "source. The paper's people, in grey, judged other classes, and by eye.",
    ]
    notes = ["* of fewer than five sources: the figure says little."] if few else []
    return by_class("Figure 7: relevant tags by hashtag", text, "figure7_co_use", rows, notes)
