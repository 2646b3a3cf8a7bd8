"""The last stage: puts everything that was learnt into a bundle with a manifest and a model card."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import JsonValue

from models.bundle import Bundle
from models.bundle.manifest import DataRecord, HashtagRecord, Manifest, Settings, TrainingRecord
from models.checksum import file_sha256
from models.embedding import Embedding
from models.tags.cooccurrence import Cooccurrence
from models.tags.inflections import Inflections
from models.tags.languages import Languages
from models.tags.space import TagSpace
from models.tags.tag_map import MAP_FILE, TagMap
from models.tags.trends import TRENDS_FILE, Trends
from training.artifacts import Artifacts
from training.bundle_writer import library_versions, write_bundle
from training.config import Config
from training.corpus import DENIED_TAGS, SUMMARY
from training.evaluation.evaluate import read_calibration
from training.evaluation.quality import read_quality
from training.examples import by_hashtag, stem_of
from training.features import read_table
from training.feedback import fitted_to, read_feedback
from training.json_file import digest
from training.model_card import model_card
from training.tables import TAG_KINDS
from training.vocabulary import read_vocabulary

log = logging.getLogger(__name__)


def assemble(out: Path, artifacts: Artifacts, *, config: Config, timings: Callable[[], Mapping[str, float]]) -> None:
    """Write the bundle into an empty folder, with the seconds of each stage so far, which `timings` returns."""
    quality = read_quality(artifacts).model_dump()
    bundle = write_learnt(out, artifacts, config=config, quality=quality, card=model_card, timings=timings())
    size = sum(file.stat().st_size for file in out.iterdir())
    log.info("bundle: %s %s, %.1f MB, sha256 %s", bundle.name, bundle.version, size / 1e6, bundle.sha256)


def write_learnt(
    out: Path,
    artifacts: Artifacts,
    *,
    config: Config,
    quality: Mapping[str, JsonValue],
    card: Callable[[Manifest], str],
    timings: Mapping[str, float],
) -> Bundle:
    """Write a bundle of all that was learnt, into an empty folder; see `training.bundle_writer.write_bundle`."""
    space = TagSpace.load(artifacts.tag2vec)
    examples = by_hashtag(artifacts, space)
    hashtags = [
        HashtagRecord(
            hashtag=hashtag,
            stem=stem_of(hashtag),
            clips=int((examples.labels == label).sum()),
            groups=examples.groups_of(label),
        )
        for label, hashtag in enumerate(examples.classes)
    ]
    table = read_table(artifacts.features)
    clips = [file_sha256(config.data.clips / row.clip.path) for row in table if row.status == "kept"]
    posts = json.loads((artifacts.corpus / SUMMARY).read_text(encoding="utf-8"))
    counts = {f"clips_{status}": count for status, count in sorted(Counter(row.status for row in table).items())}
    counts |= {"trajectories": sum(row.trajectories for row in table)}
    counts |= {
        "posts": posts["posts"],
        "posts_kept": posts["kept"],
        "posts_left_out": posts["left_out"],
        "tags": len(space),
    }
    calibration = read_calibration(artifacts.evaluation)
    if config.bundle.feedback is not None:
        feedback = read_feedback(config.bundle.feedback)
        calibration = fitted_to(feedback, calibration)
        counts |= {"feedback": len(feedback.kept), "feedback_kept": int(feedback.kept.sum())}
    learnt = config.model_dump(mode="json", include={"clips", "corpus", "tag2vec", "vocabulary", "embedding"})
    return write_bundle(
        out,
        name=config.bundle.name,
        version=config.bundle.version,
        settings=Settings(
            trajectories=config.trajectories,
            appearance=config.appearance.shown,
            temperature=config.embedding.temperature,
        ),
        vocabulary=read_vocabulary(artifacts.vocabulary),
        embedding=Embedding.load(artifacts.embedding),
        tagspace=TagSpace.load(artifacts.tag2vec, [record.stem for record in hashtags]),
        cooccurrence=Cooccurrence.load(artifacts.cooccurrence),
        trends=Trends.load(artifacts.trends) if (artifacts.trends / TRENDS_FILE).exists() else None,
        inflections=Inflections.load(artifacts.inflections),
        tag_map=TagMap.load(artifacts.map) if (artifacts.map / MAP_FILE).exists() else None,
        languages=Languages.load(artifacts.languages),
        denied_tags=DENIED_TAGS,
        appearance=config.appearance.network,
        classes=config.appearance.classes,
        tag_vectors=config.appearance.tag_vectors,
        kinds=TAG_KINDS,
        training=TrainingRecord(
            data=[
                DataRecord(name=config.data.clip_list.name, sha256=file_sha256(config.data.clip_list)),
                DataRecord(name=config.data.clips.name, sha256=digest(sorted(clips))),
                *(DataRecord(name=file.name, sha256=file_sha256(file)) for file in config.data.posts),
            ],
            counts=counts,
            hashtags=hashtags,
            settings=learnt,
            libraries=library_versions(),
        ),
        calibration=calibration,
        quality=quality,
        card=card,
        timings=timings,
    )
