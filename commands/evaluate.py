"""`tag2vec evaluate`: how good a bundle is, on unseen clips."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.output import write_json
from commands.suggest import BundleOption, JsonOption
from commands.train import log_to_stderr


def evaluate(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="Evaluate the training of this TOML file; the other stages must be up to date.",
        ),
    ] = None,
    as_json: JsonOption = False,
    bundle: BundleOption = None,
) -> None:
    """Show the quality of a bundle as measured when it was trained, or evaluate a training of your own."""
    if config is None:
        from models.bundle import SHIPPED, Bundle

        quality: dict[str, Any] = Bundle.open(bundle or SHIPPED).manifest.quality
    else:
        from training.artifacts import Artifacts
        from training.config import read_config
        from training.evaluation.quality import read_quality
        from training.run import run

        log_to_stderr()
        settings = read_config(config)
        for stage in ("evaluation", "open_world"):
            run(settings, stage)
        quality = read_quality(Artifacts.under(settings.work)).model_dump()
    if as_json or not sys.stdout.isatty():
        write_json(quality)
    else:
        show(quality)


def show(quality: dict[str, Any]) -> None:
    """Print tables for people."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(
        title=f"{quality['clips']} clips, {quality['folds']} folds by group: share of right answers",
        title_justify="left",
        caption="* fewer than five groups: too few for a reliable figure",
        caption_justify="left",
    )
    table.add_column("hashtag")
    for column in ("clips", "groups", "nearest", "top 5", "SVM", "by source", "SVM by source"):
        table.add_column(column, justify="right")
    for one in quality["hashtags"]:
        few = "*" if one["few_groups"] else ""
        shares = [one[f"{measure}accuracy"] for measure in ("", "svm_", "source_", "source_svm_")]
        shares.insert(1, one["top5"])
        table.add_row(f"#{one['hashtag']}{few}", str(one["clips"]), str(one["groups"]), *map(percent, shares))
    by_source = quality["by_source"]
    for mean in ("over_clips", "over_classes"):
        table.add_section()
        shares = [quality[measure][mean] for measure in ("nearest", "top5", "svm")]
        shares += [by_source[measure][mean] if by_source else None for measure in ("nearest", "svm")]
        table.add_row(f"mean {mean.replace('_', ' ')}", "", "", *map(percent, shares))
    console.print(table)
    first, world = quality["first_five"], quality["open_world"]
    console.print(
        f"first five: {first['relevant']:.2f} relevant by co-use; the clip's own hashtag among them "
        f"{percent(first['trained']['among'])}, first {percent(first['trained']['first'])}"
    )
    if world:
        console.print(
            f"open world, {world['clips']} clips: a person's hashtag among the first five "
            f"{percent(world['any_right'])}, {world['right']:.2f} of them on average; confident "
            f"{percent(world['confident'])}, and of these right {percent(world['any_right_confident'])}"
        )
    for benchmark in quality["benchmarks"]:
        console.print(
            f"{benchmark['benchmark']}: SVM {percent(benchmark['svm']['over_classes'])} over {benchmark['classes']} "
            f"classes, {percent(benchmark['svm']['over_clips'])} over {benchmark['clips']} clips"
        )


def percent(share: float | None) -> str:
    """Return a share as text, to a tenth of a percent; empty if it was not measured."""
    return "" if share is None else f"{100 * share:.1f} %"
