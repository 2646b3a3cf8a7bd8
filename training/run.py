"""The stages of a training, in order, and their running one by one or all at once."""

from dataclasses import asdict
from pathlib import Path

import models.bundle
import models.bundle.manifest
import models.calibration
import models.embedding
import models.fisher
import models.tags.cooccurrence
import models.tags.deny_list
import models.tags.diversity
import models.tags.inflections
import models.tags.ranking
import models.tags.space
import models.tags.stemming
import models.tags.suggestions
import models.tags.trends
import models.trajectories.mirroring
import training.bundle
import training.bundle_writer
import training.calibration
import training.cooccurrence
import training.corpus
import training.embedding
import training.evaluation.evaluate
import training.evaluation.folds
import training.evaluation.out_of_distribution
import training.evaluation.paper
import training.examples
import training.features
import training.inflections
import training.model_card
import training.near_duplicates
import training.out_of_fold
import training.post_splits
import training.posts
import training.relevance
import training.tag2vec
import training.trends
import training.vocabulary
from training.clips import read_clips
from training.config import Config
from training.stage import Stage, StageError, Work

STAGES = (
    "corpus",
    "tag2vec",
    "cooccurrence",
    "trends",
    "inflections",
    "features",
    "vocabulary",
    "embedding",
    "halves",
    "held_out",
    "strangers",
    "evaluation",
    "bundle",
)


def run(config: Config, only: str | None = None) -> Path:
    """Run one stage, or all that are not finished, and return the folder of the last.

    Raises
    ------
    Tag2VecError
        What is wrong with the data, the configuration or the order of stages. What was finished stays.
    """
    if only is not None and only not in STAGES:
        raise StageError(f"there is no stage {only!r}; the stages are {', '.join(STAGES)}.")
    work = Work(config.work)
    last = only or STAGES[-1]
    with work.locked():
        for stage in stages(config, work):
            if only in (None, stage.name):
                work.run(stage)
            if stage.name == last:
                break
    return work / last


def stages(config: Config, work: Work) -> list[Stage]:
    """Return the stages of a configuration, each after those whose output it reads."""
    data = config.data
    clips = read_clips(data.clip_list, config.clips)
    cache = work / "descriptors"
    trajectories = asdict(config.trajectories)
    learnt = {"features": work / "features", "vocabulary": work / "vocabulary", "tag2vec": work / "tag2vec"}

    corpus = Stage(
        name="corpus",
        build=lambda out: training.corpus.build_corpus(data.posts, out, config.corpus),
        code=(training.corpus, training.posts, models.tags.stemming, models.tags.deny_list),
        settings=config.corpus.model_dump(),
        files=(*data.posts, training.corpus.DENIED_TAGS),
    )
    tag2vec = Stage(
        name="tag2vec",
        build=lambda out: training.tag2vec.train_tag2vec(work / "corpus", out, config.tag2vec),
        code=(training.tag2vec, models.tags.space),
        settings=config.tag2vec.model_dump(),
        after=(corpus,),
    )
    cooccurrence = Stage(
        name="cooccurrence",
        build=lambda out: training.cooccurrence.learn_cooccurrence(
            out, corpus=work / "corpus", tag2vec=work / "tag2vec"
        ),
        code=(training.cooccurrence, training.near_duplicates, models.tags.cooccurrence),
        after=(corpus, tag2vec),
    )
    trends = Stage(
        name="trends",
        build=lambda out: training.trends.learn_trends(out, corpus=work / "corpus", tag2vec=work / "tag2vec"),
        code=(training.trends, training.cooccurrence, models.tags.trends),
        after=(corpus, tag2vec),
    )
    inflections = Stage(
        name="inflections",
        build=lambda out: training.inflections.learn_inflections(
            out, posts=data.posts, settings=config.corpus, corpus=work / "corpus", tag2vec=work / "tag2vec"
        ),
        code=(training.inflections, training.posts, models.tags.inflections, models.tags.stemming),
        settings=config.corpus.model_dump(),
        files=tuple(data.posts),
        after=(corpus, tag2vec),
    )
    features = Stage(
        name="features",
        build=lambda out: training.features.extract_features(
            out, clips=clips, root=data.clips, cache=cache, settings=config.trajectories, workers=config.workers
        ),
        code=(training.features, *training.features.CODE),
        settings={"trajectories": trajectories, "clips": [clip.model_dump() for clip in clips]},
        files=tuple(data.clips / clip.path for clip in clips),
    )
    vocabulary = Stage(
        name="vocabulary",
        build=lambda out: training.vocabulary.learn_vocabulary(
            out, features=work / "features", cache=cache, settings=config.vocabulary, workers=config.workers
        ),
        code=(training.vocabulary, models.fisher, models.trajectories.mirroring),
        settings=config.vocabulary.model_dump(),
        after=(features,),
    )
    embedding = Stage(
        name="embedding",
        build=lambda out: training.embedding.learn_embedding(out, settings=config.embedding, **learnt),
        code=(training.embedding, training.examples, models.embedding, models.tags.space, models.tags.stemming),
        settings=config.embedding.model_dump(),
        after=(features, vocabulary, tag2vec),
    )
    halves = Stage(
        name="halves",
        build=lambda out: training.post_splits.learn_halves(
            out, corpus=work / "corpus", settings=config.tag2vec, workers=config.workers
        ),
        code=(training.post_splits, training.relevance, *cooccurrence.code, *tag2vec.code),
        settings=config.tag2vec.model_dump(),
        after=(corpus,),
    )
    held_out = Stage(
        name="held_out",
        build=lambda out: training.out_of_fold.embed_held_out(
            out, halves=work / "halves", settings=config.embedding, workers=config.workers, **learnt
        ),
        code=(training.out_of_fold, training.evaluation.folds, training.evaluation.paper, *embedding.code),
        settings=config.embedding.model_dump(),
        after=(features, vocabulary, tag2vec, halves),
    )
    strangers = Stage(
        name="strangers",
        build=lambda out: training.evaluation.out_of_distribution.meet_strangers(
            out,
            features=work / "features",
            cache=cache,
            tag2vec=work / "tag2vec",
            vocabulary=config.vocabulary,
            settings=config.embedding,
            workers=config.workers,
        ),
        code=(
            training.evaluation.out_of_distribution,
            training.evaluation.folds,
            training.out_of_fold,
            models.calibration,
            *vocabulary.code,
            *embedding.code,
        ),
        settings={"vocabulary": vocabulary.settings, "embedding": embedding.settings},
        after=(features, tag2vec),
    )
    evaluation = Stage(
        name="evaluation",
        build=lambda out: training.evaluation.evaluate.evaluate(
            out,
            halves=work / "halves",
            held_out=work / "held_out",
            strangers=work / "strangers",
            seed=config.embedding.seed,
            **learnt,
        ),
        code=(
            training.evaluation,
            training.calibration,
            training.relevance,
            training.examples,
            models.calibration,
            models.tags.cooccurrence,
            models.tags.diversity,
            models.tags.ranking,
            models.tags.suggestions,
            models.tags.space,
        ),
        settings=config.embedding.model_dump(),
        after=(features, vocabulary, tag2vec, halves, held_out, strangers),
    )
    bundle = Stage(
        name="bundle",
        build=lambda out: training.bundle.assemble(out, config=config, work=work),
        code=(training.bundle, training.bundle_writer, training.model_card, models.bundle, models.bundle.manifest),
        settings=config.model_dump(mode="json", exclude={"data", "work", "workers"})
        | {"libraries": training.bundle_writer.library_versions()},
        files=(data.clip_list,),
        after=(corpus, tag2vec, cooccurrence, trends, inflections, features, vocabulary, embedding, evaluation),
    )
    return [
        corpus,
        tag2vec,
        cooccurrence,
        trends,
        inflections,
        features,
        vocabulary,
        embedding,
        halves,
        held_out,
        strangers,
        evaluation,
        bundle,
    ]
