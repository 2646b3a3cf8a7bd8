"""The quality of a bundle beside that of the paper."""

from training.evaluation.quality import Quality
from training.report.by_class import PEOPLE_MEAN, PEOPLE_NONE
from training.report.page import Section, Table


def numbers(quality: Quality) -> Section:
    """Tabulate the quality of a bundle."""
    use, first, score, zero = quality.co_use, quality.first_five, quality.score, quality.zero_shot
    rows = [
        ("relevant of 15, mean over hashtags", f"{use.end_to_end.relevant:.2f}", f"{PEOPLE_MEAN} (raters)"),
        ("… nearest hashtag right / wrong", f"{use.right.relevant:.2f} / {use.wrong.relevant:.2f}", ""),
        ("… for the right hashtag's own vector, without a clip", f"{use.own_tag.relevant:.2f}", ""),
        ("… nearest tags / most frequent co-use", f"{use.plain.relevant:.2f} / {use.counted.relevant:.2f}", ""),
        ("… most popular / random tags", f"{use.popular.relevant:.2f} / {use.random.relevant:.2f}", ""),
        ("relevant of the first five, mean over hashtags", f"{first.relevant:.2f}", ""),
        ("own hashtag among the first five", _percent(first.trained.among), ""),
        ("… first", _percent(first.trained.first), ""),
        ("clips with no relevant tag", _percent(use.end_to_end.none), f"{_percent(PEOPLE_NONE)} (raters)"),
        ("nearest trained hashtag is right, over clips", _percent(quality.nearest.over_clips), ""),
        ("… mean over hashtags", _percent(quality.nearest.over_classes), ""),
        ("… linear SVM on the same vectors, over clips", _percent(quality.svm.over_clips), ""),
        ("… the paper's own network, over clips", _percent(quality.paper.over_clips), ""),
        ("score: ECE / AUC / Brier", f"{score.ece:.3f} / {score.auc:.2f} / {score.brier:.3f}", ""),
        ("zero-shot: an untrained hashtag is among the 15 nearest", _percent(zero.found), ""),
        ("… times chance", f"{zero.times_chance:.1f}", ""),
    ]
    if (unknown := quality.out_of_distribution) is not None:
        aurocs = f"{unknown.auroc:.2f} ({unknown.auroc_of_length:.2f})"
        rows.append(("out-of-distribution clips, AUROC of familiarity (of length)", aurocs, ""))
    if (found := quality.by_source) is not None:
        over = f"{_percent(found.nearest.over_clips)} / {_percent(found.nearest.over_classes)}"
        rows.append(("by source: nearest trained hashtag is right, over clips / hashtags", over, ""))
    if (world := quality.open_world) is not None:
        rows.append(("open world: a person's hashtag is among the first five", _percent(world.any_right), ""))
        rows.append(("… how many of the first five are a person's", f"{world.right:.2f}", ""))
    return Section(
        title="In numbers",
        text=[
            f"{quality.clips} clips of {len(quality.hashtags)} hashtags, {quality.folds} folds by source. A tag is "
            "relevant if unseen posts use it together with the clip's hashtag (co-use).",
        ],
        tables=[Table(["", "here", "the paper"], rows, numbers=True)],
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
