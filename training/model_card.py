"""The model card: for people, what a bundle was made from, how good it is and what it cannot do."""

from collections.abc import Sequence

from models.bundle.manifest import Manifest
from training.evaluation.co_use import CoUseQuality, Relevant
from training.evaluation.nearest import SVM_COST
from training.evaluation.quality import ClassifierQuality, Quality
from training.examples import FEW


def model_card(manifest: Manifest) -> str:
    """Write the card of a bundle in Markdown, from its manifest alone."""
    quality = Quality.model_validate(manifest.quality)
    return (
        "\n\n".join(
            [
                f"# {manifest.name} {manifest.version}",
                "Hashtags for short video clips: improved dense trajectories, Fisher vectors, and a network into a "
                'Tag2Vec space, after "Learning to Hash-tag Videos with Tag2Vec" (Singh, Saini, Shah and Narayanan, '
                "ICVGIP 2016). The training that made the bundle wrote this file.",
                *_data(manifest),
                *_quality(quality),
                *_limits(manifest, quality),
            ]
        )
        + "\n"
    )


def _data(manifest: Manifest) -> list[str]:
    training = manifest.training
    counts = training.counts
    left_out = {status: counts.get(f"clips_{status}", 0) for status in ("failed", "no_trajectories", "duplicate")}
    return [
        "## Data and licences",
        f"- **Clips**: {counts['clips_kept']:,}, with {counts['trajectories']:,} trajectories. Of these, "
        f"{sum(record.clips for record in training.hashtags):,} are labelled with one of "
        f"{len(training.hashtags)} hashtags; the others serve for the visual vocabulary and as background classes. "
        f"Left out: {left_out['duplicate']} duplicates, {left_out['no_trajectories']} without a trajectory, "
        f"{left_out['failed']} that could not be read.\n"
        "- **Footage** is for research use; its licences are mixed or unknown, and none of it is redistributed. The "
        "bundle holds statistics of motion and appearance over all clips, but no clip.\n"
        f"- **Posts**: {counts['posts']:,} lists of hashtags as users wrote them, of which {counts['posts_kept']:,} "
        f"were learnt from. The rest are {counts['posts_left_out']:,} from excluded sources, and spam, repeats and "
        f"lists with a single tag. {counts['tags']:,} tags have a vector. Promotional tags are left out and, as far as "
        "a list can catch them, slurs, hate and porn. No post is redistributed.\n"
        "- **Weights** are under the project's licence (Apache-2.0).",
        _table(["data", "SHA-256"], [[record.name, f"`{record.sha256}`"] for record in training.data]),
    ]


def _quality(quality: Quality) -> list[str]:
    lines = [
        "## Quality",
        f"By {quality.folds}-fold cross-validation over {quality.clips} clips; clips of one source are never split "
        "between training and testing. PCA, Gaussian mixtures and tag vectors were learnt once, without labels, on all "
        "clips and posts; the network was trained anew for each fold. `tag2vec evaluate` shows these figures.",
        _table(
            ["", "all clips", "mean over hashtags"],
            [
                ["nearest trained hashtag is right", *_percents(quality.nearest)],
                ["right hashtag among the nearest five", *_percents(quality.top5)],
                [f"linear SVM (C={SVM_COST:g}) on the same Fisher vectors", *_percents(quality.svm)],
                ["the paper's network (squared error, L-BFGS)", *_percents(quality.paper)],
            ],
        ),
        _table(
            ["hashtag", "clips", "groups", "nearest", "top 5", "SVM", "paper"],
            [
                [
                    row.hashtag + (" *" if row.few_groups else ""),
                    str(row.clips),
                    str(row.groups),
                    _percent(row.accuracy),
                    _percent(row.top5),
                    _percent(row.svm_accuracy),
                    _percent(row.paper_accuracy),
                ]
                for row in quality.hashtags
            ],
        ),
        f"\\* fewer than {FEW} groups: too few for a reliable figure.",
    ]
    lines += _co_use(quality.co_use) + _score(quality) + _zero_shot(quality)
    return lines + [
        f"The features alone: a linear SVM (C={SVM_COST:g}) on {benchmark.classes} classes of {benchmark.benchmark} "
        f"({benchmark.clips} clips), {quality.folds}-fold by group, is right for "
        f"{_percent(benchmark.svm.over_clips)} of the clips, {_percent(benchmark.svm.over_classes)} as the mean over "
        "classes."
        for benchmark in quality.benchmarks
    ]


def _co_use(co_use: CoUseQuality) -> list[str]:
    ways: dict[str, Relevant] = {
        "**end to end: unseen clips, unseen posts**": co_use.end_to_end,
        "clips whose nearest trained hashtag is right": co_use.right,
        "clips whose nearest trained hashtag is wrong": co_use.wrong,
        "given the right hashtag": co_use.own_tag,
        "given a wrong hashtag": co_use.other_tag,
        "nearest tags (L2) of the right hashtag": co_use.plain,
        "tags most often used with the right hashtag": co_use.counted,
        "most popular tags": co_use.popular,
        "random tags": co_use.random,
    }
    return [
        "### Relevant hashtags",
        f"How many of {co_use.suggested} suggested hashtags people use together with the clip's own: in at least two "
        "unseen posts and with an NPMI above 0.1. One half of the posts is learnt from and the other judges, then the "
        "other way round; near-duplicate posts stay in one half. Means over hashtags of means over clips.",
        _table(
            ["", f"relevant of {co_use.suggested}", "none relevant"],
            [[way, f"{found.relevant:.2f}", _percent(found.none)] for way, found in ways.items()],
        ),
        _table(
            ["hashtag", "posts", "clips", "end to end", "none", "right", "wrong", "own tag", "plain", "counted"],
            [
                [
                    row.hashtag,
                    str(row.posts),
                    str(row.clips),
                    f"{row.end_to_end:.1f}",
                    _percent(row.none),
                    "" if row.right is None else f"{row.right:.1f}",
                    "" if row.wrong is None else f"{row.wrong:.1f}",
                    f"{row.own_tag:.1f}",
                    f"{row.plain:.1f}",
                    f"{row.counted:.1f}",
                ]
                for row in co_use.hashtags
            ],
        ),
    ]


def _score(quality: Quality) -> list[str]:
    score, unknown = quality.score, quality.out_of_distribution
    lines = [
        "### Score and confidence",
        f"`score` is the probability that people would keep the hashtag. On {score.count:,} suggestions for clips "
        f"unseen by both network and calibration, judged by unseen posts: expected calibration error {score.ece:.3f} "
        f"(ten bins of equal count), AUC {score.auc:.3f}, Brier score {score.brier:.4f}, against "
        f"{score.brier_by_rank:.4f} for a constant score for each rank.",
    ]
    if unknown is None:
        return lines
    return [
        *lines,
        f"`confident` is false for a clip that resembles no trained hashtag. {unknown.out_of_distribution} clips of "
        f"{unknown.benchmark} are out of distribution: their motion has no hashtag, and the networks that embed them "
        f"saw no clip of their class. Against {unknown.in_distribution} unseen clips of the other classes, AUROC is "
        f"{unknown.auroc:.3f} (by length alone: {unknown.auroc_of_length:.3f}). "
        f"{_percent(unknown.in_distribution_confident)} of the latter are answered with confidence, and "
        f"{_percent(unknown.out_of_distribution_confident)} of the out-of-distribution clips.",
    ]


def _zero_shot(quality: Quality) -> list[str]:
    zero = quality.zero_shot
    return [
        "### Hashtags without clips",
        f"With one hashtag left out of training, its tag is among the {zero.nearest} nearest of {zero.tags:,} for "
        f"{_percent(zero.found)} of its clips (mean over hashtags; {_percent(zero.over_clips)} of all clips). A clip "
        "is placed at the mean of the other hashtags' vectors, weighted by their probabilities according to the "
        f"network. Chance is {100 * zero.chance:.2f} %; clips of other hashtags find the tag in "
        f"{100 * zero.others:.2f} %, and the hashtag's own clips find tags of similar popularity in "
        f"{100 * zero.alike:.2f} %. The result is {zero.times_chance:.1f} times the largest of the three. Where the "
        f"network itself places the clips, it is {100 * zero.by_network:.2f} %.",
        _table(
            [
                "hashtag left out",
                "clips",
                f"among {zero.nearest} nearest",
                "median rank",
                "clips of others",
                "similarly popular tags",
                "by the network itself",
            ],
            [
                [
                    row.hashtag,
                    str(row.clips),
                    _percent(row.found),
                    f"{row.median_rank:,.0f}",
                    _percent(row.others),
                    _percent(row.alike),
                    _percent(row.by_network),
                ]
                for row in zero.hashtags
            ],
        ),
    ]


def _limits(manifest: Manifest, quality: Quality) -> list[str]:
    few = [row.hashtag for row in quality.hashtags if row.few_groups]
    return [
        "## What it cannot do",
        f"- It knows {len(manifest.training.hashtags)} kinds of motion: "
        f"{', '.join(record.hashtag for record in manifest.training.hashtags)}. Any other clip still gets the hashtags "
        "of whatever it resembles, and `confident` does not always say so.\n"
        + (f"- Learnt from very few sources, and so barely learnt: {', '.join(few)}.\n" if few else "")
        + "- It sees motion and edges, not objects, faces, colour, sound or text, and something has to move.\n"
        "- Tags beyond the trained hashtags are those that posts use with them: mostly English, and from the years and "
        "places of the posts. They are not checked against what the clip shows.\n"
        "- No list of denied tags can know every offensive one.\n"
        "- It is not for judging people: who they are, what they do or how they feel.",
    ]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _percents(classifier: ClassifierQuality) -> list[str]:
    return [_percent(classifier.over_clips), _percent(classifier.over_classes)]
