"""`tag2vec trends`: counts which hashtags are trending in newer posts, without training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from commands.output import write
from commands.suggest import BundleOption
from commands.train import log_to_stderr


def trends(
    posts: Annotated[
        list[Path], typer.Argument(metavar="POSTS...", help="Files of posts with dates, as training reads them.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write.")],
    bundle: BundleOption = None,
) -> None:
    """Count the hashtags of recent posts by week, for `--rank trending` with an already trained bundle.

    Prints the date of the newest post. Set TAG2VEC_TRENDS_FILE to the file; it works only with this bundle.
    """
    import json
    import tempfile
    from datetime import UTC, datetime, timedelta

    from models.atomic_write import atomic_write
    from models.bundle import SHIPPED, Bundle
    from models.errors import NoDates
    from training.corpus import SUMMARY, CorpusSettings, build_corpus, read_dates
    from training.posts import PostsError
    from training.trends import WINDOWS, count_trends

    log_to_stderr()
    opened = Bundle.open(bundle or SHIPPED)
    # The settings of the bundle's training, but with every post.
    settings = CorpusSettings.model_validate({**_corpus(opened.manifest.training.settings), "every": 1})
    with tempfile.TemporaryDirectory(prefix="tag2vec-") as folder:
        build_corpus(Path(folder), posts=posts, settings=settings)
        newest = max(filter(None, read_dates(Path(folder))), default=None)
        # Here and not in training, whose result must not depend on the day.
        if newest and newest > datetime.now(UTC).date() + timedelta(days=1):
            raise PostsError(
                f"The newest post is from the future, {newest}, and trends are counted back from the newest. Correct "
                "the dates after today or leave out these posts."
            )
        counted = count_trends(Path(folder), opened.tagspace().stems)
        summary = json.loads(Path(folder, SUMMARY).read_text(encoding="utf-8"))
    if counted is None:
        few = summary["one_tag"] + summary["without_tags"]
        raise NoDates(
            f"The posts show no trend. Posts read: {summary['posts']:,}; dropped as repeats: {summary['repeated']:,} "
            f"(of posts with the same tags, {settings.max_repeats} are kept); dropped for having fewer than two tags: "
            f"{few:,}; kept: {summary['kept']:,}, of which {summary['dated']:,} carry a date. Needed are posts that "
            f"are kept, with dates in at least two of the {WINDOWS} weeks up to the newest."
        )
    with atomic_write(out) as partial:
        counted.write(partial, opened.tags_sha256)
    write(str(counted.newest_post))


def _corpus(settings: Mapping[str, object]) -> dict[str, object]:
    corpus = settings.get("corpus")
    return corpus if isinstance(corpus, dict) else {}
