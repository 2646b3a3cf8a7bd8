"""The stages of a training, and running them, one or all."""

from dataclasses import asdict
from functools import partial
from pathlib import Path

from training.appearance import describe_appearances
from training.artifacts import STAGES, Artifacts
from training.bundle import assemble
from training.bundle_writer import library_versions
from training.clips import read_clips
from training.config import Config
from training.cooccurrence import learn_cooccurrence
from training.corpus import DENIED_TAGS, build_corpus
from training.embedding import learn_embedding
from training.evaluation.evaluate import evaluate
from training.evaluation.folds import shortage
from training.evaluation.open_world import read_open_world_clips
from training.evaluation.out_of_distribution import compare_familiarity
from training.examples import ExamplesError
from training.features import extract_features
from training.inflections import learn_inflections
from training.languages import learn_languages
from training.open_world import answer_open_world
from training.out_of_fold import embed_out_of_fold
from training.post_splits import learn_post_splits
from training.stage import Stage, StageError, Work
from training.tables import TAG_KINDS
from training.tag2vec import train_tag2vec
from training.tag_map import learn_map
from training.trends import learn_trends
from training.vocabulary import learn_vocabulary
from training.workers import Execute, in_processes


def run(config: Config, only: str | None = None, *, execute: Execute | None = None) -> Path:
    """Run one stage, or all that are not up to date, and return the folder of the last.

    `execute` describes the clips elsewhere (stage `features`), without changing the result.

    Raises
    ------
    Tag2VecError
        If the data, the configuration or the order of stages is wrong. Finished stages stay.
    """
    if only is not None and only not in STAGES:
        raise StageError(f"there is no stage {only!r}; the stages are {', '.join(STAGES)}.")
    if only is None:
        _require_enough_clips(config)  # before minutes of work
    work = Work(config.work)
    last = only or STAGES[-1]
    with work.locked():
        for stage in stages(config, work, execute):
            if only in (None, stage.name):
                work.run(stage)
            if stage.name == last:
                break
    return work / last


def _require_enough_clips(config: Config) -> None:
    """Raise ExamplesError if the list cannot suffice, even if every clip is readable and every hashtag has a vector."""
    file = config.data.clip_list
    clips = [clip for clip in read_clips(file, config.clips) if clip.hashtag]
    if len({clip.hashtag for clip in clips}) < 2:
        raise ExamplesError(f"{file}: training needs clips of at least two hashtags. Add clips of others.")
    if lacking := shortage([clip.hashtag for clip in clips], [clip.group for clip in clips]):
        raise ExamplesError(f"{file}: too few clips with a hashtag to learn from and to judge: {lacking}")


def stages(config: Config, work: Work, execute: Execute | None = None) -> list[Stage]:
    """Return the stages of a configuration, in the order of `STAGES`, each after those whose output it reads."""
    data, workers = config.data, config.workers
    classes, tag_vectors = _if_given(config.appearance.classes), _if_given(config.appearance.tag_vectors)
    clips = read_clips(data.clip_list, config.clips)
    artifacts = Artifacts.under(work.folder)

    corpus = Stage(
        name="corpus",
        build=partial(build_corpus, posts=data.posts, settings=config.corpus),
        settings=config.corpus.model_dump(),
        files=(*data.posts, DENIED_TAGS),
    )
    tag2vec = Stage(
        name="tag2vec",
        build=partial(train_tag2vec, artifacts=artifacts, settings=config.tag2vec, classes=config.appearance.classes),
        settings=config.tag2vec.model_dump(),
        files=classes,
        after=(corpus,),
    )
    cooccurrence = Stage(
        name="cooccurrence",
        build=partial(learn_cooccurrence, artifacts=artifacts),
        after=(corpus, tag2vec),
    )
    trends = Stage(
        name="trends",
        build=partial(learn_trends, artifacts=artifacts),
        after=(corpus, tag2vec),
    )
    inflections = Stage(
        name="inflections",
        build=partial(learn_inflections, artifacts=artifacts, posts=data.posts, settings=config.corpus),
        settings=config.corpus.model_dump(),
        files=tuple(data.posts),
        after=(corpus, tag2vec),
    )
    tag_map = Stage(
        name="map",
        build=partial(learn_map, artifacts=artifacts),
        files=(DENIED_TAGS, TAG_KINDS),
        after=(tag2vec,),
    )
    languages = Stage(
        name="languages",
        build=partial(learn_languages, artifacts=artifacts, posts=data.posts, settings=config.corpus),
        settings=config.corpus.model_dump(include={"every"}),
        files=tuple(data.posts),
        after=(tag2vec,),
    )
    features = Stage(
        name="features",
        build=partial(
            extract_features,
            artifacts=artifacts,
            clips=clips,
            root=data.clips,
            settings=config.trajectories,
            execute=execute or partial(in_processes, workers=workers),
        ),
        settings={"trajectories": asdict(config.trajectories), "clips": [clip.model_dump() for clip in clips]},
        files=tuple(data.clips / clip.path for clip in clips),
    )
    appearance = Stage(
        name="appearance",
        build=partial(
            describe_appearances,
            artifacts=artifacts,
            root=data.clips,
            network=config.appearance.network,
            settings=config.appearance.shown,
            tag_vectors=config.appearance.tag_vectors,
            workers=workers,
        ),
        settings=config.appearance.shown.model_dump(),
        files=(config.appearance.network, *tag_vectors),
        after=(features,),
    )
    vocabulary = Stage(
        name="vocabulary",
        build=partial(learn_vocabulary, artifacts=artifacts, settings=config.vocabulary, workers=workers),
        settings=config.vocabulary.model_dump(),
        after=(features,),
    )
    embedding = Stage(
        name="embedding",
        build=partial(learn_embedding, artifacts=artifacts, settings=config.embedding),
        settings=config.embedding.model_dump(),
        after=(features, appearance, vocabulary, tag2vec),
    )
    post_splits = Stage(
        name="post_splits",
        build=partial(
            learn_post_splits,
            artifacts=artifacts,
            settings=config.tag2vec,
            classes=config.appearance.classes,
            workers=workers,
        ),
        settings=config.tag2vec.model_dump(),
        files=classes,
        after=(corpus,),
    )
    out_of_fold = Stage(
        name="out_of_fold",
        build=partial(embed_out_of_fold, artifacts=artifacts, settings=config.embedding, workers=workers),
        settings=config.embedding.model_dump(),
        after=(features, appearance, vocabulary, tag2vec, post_splits),
    )
    out_of_distribution = Stage(
        name="out_of_distribution",
        build=partial(
            compare_familiarity,
            artifacts=artifacts,
            vocabulary=config.vocabulary,
            embedding=config.embedding,
            workers=workers,
        ),
        settings={"vocabulary": config.vocabulary.model_dump(), "embedding": config.embedding.model_dump()},
        after=(features, appearance, tag2vec),
    )
    evaluation = Stage(
        name="evaluation",
        build=partial(evaluate, artifacts=artifacts, settings=config.embedding, appearance=config.appearance),
        settings=config.embedding.model_dump(),
        files=(*classes, *tag_vectors, TAG_KINDS),
        after=(
            corpus,
            features,
            appearance,
            vocabulary,
            tag2vec,
            cooccurrence,
            post_splits,
            out_of_fold,
            out_of_distribution,
        ),
    )
    # What a bundle is made of and pinned by, but for the quality.
    pinned = config.model_dump(mode="json", exclude={"data", "work", "workers", "appearance"})
    pinned |= {"appearance": config.appearance.shown.model_dump(), "libraries": library_versions()}
    feedback = _if_given(config.bundle.feedback)
    copied = (*feedback, config.appearance.network, *classes, *tag_vectors, DENIED_TAGS, TAG_KINDS)
    learnt = (
        corpus,
        tag2vec,
        cooccurrence,
        trends,
        inflections,
        tag_map,
        languages,
        features,
        appearance,
        vocabulary,
        embedding,
    )
    open_world = Stage(
        name="open_world",
        build=partial(answer_open_world, artifacts=artifacts, config=config),
        settings=pinned,
        files=(*copied, *_open_world_files(data.open_world)),
        after=(*learnt, evaluation),
    )
    bundle = Stage(
        name="bundle",
        build=partial(assemble, artifacts=artifacts, config=config, timings=work.timings),
        settings=pinned,
        files=(*copied, data.clip_list),
        after=(*learnt, evaluation, open_world),
    )
    return [
        *learnt,
        post_splits,
        out_of_fold,
        out_of_distribution,
        evaluation,
        open_world,
        bundle,
    ]


def _if_given(file: Path | None) -> tuple[Path, ...]:
    return () if file is None else (file,)


def _open_world_files(table: Path | None) -> list[Path]:
    """Return the table of open-world clips and the clips; none without a table."""
    if table is None:
        return []
    return [table, *(table.with_suffix("") / clip.path for clip in read_open_world_clips(table))]
