"""Words of other languages among suggestions for clips whose own hashtag is English, with and without `language=en`.

Counted by the tags that people reviewed as words of other languages (`training/tag_kinds.tsv`, kind `foreign`), of
which the table of languages knows nothing. They are held back where nobody names a language; here they are not, so
that the languages alone decide. Clips are embedded by networks that saw none of their group.

    TAG2VEC_DATA=... python -m benchmarks.languages --config training/default.toml
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from models.tags.class_anchors import ClassAnchors
from models.tags.cooccurrence import Cooccurrence
from models.tags.kinds import TagKinds
from models.tags.languages import ENGLISH, Languages
from models.tags.space import TagSpace
from models.tags.stemming import normalise, stem
from models.tags.suggestions import Suggester
from training.appearance import appearances_of
from training.artifacts import Artifacts
from training.config import read_config
from training.evaluation.evaluate import read_calibration
from training.examples import by_hashtag, stem_of
from training.out_of_fold import OutOfFold
from training.tables import TAG_KINDS

SUGGESTED = 15


def main(
    config: Annotated[Path, typer.Option(help="Configuration of a finished training.")],
    languages: Annotated[Path | None, typer.Option(help="Folder of the table, if not that of the training.")] = None,
) -> None:
    """Count reviewed words of other languages among the suggestions."""
    settings = read_config(config)
    artifacts = Artifacts.under(settings.work)
    calibration = read_calibration(artifacts.evaluation)
    space = TagSpace.load(artifacts.tag2vec)
    examples = by_hashtag(artifacts, space)
    space = TagSpace.load(artifacts.tag2vec, [stem_of(hashtag) for hashtag in examples.classes])
    kinds = TagKinds.read(TAG_KINDS)
    foreign = {name for name, kind in kinds.items() if kind == "foreign"}
    suggester = Suggester(
        space,
        Cooccurrence.load(artifacts.cooccurrence),
        temperature=settings.embedding.temperature,
        classes=ClassAnchors(settings.appearance.image_classes(), space),
        kinds=TagKinds({name: kind for name, kind in kinds.items() if kind != "foreign"}),
        languages=Languages.load(languages or artifacts.languages),
    )
    probabilities_of = appearances_of(artifacts, examples.clips).probabilities
    clips = list(zip(OutOfFold.read(artifacts.out_of_fold).embedded, probabilities_of, strict=True))
    table = Table("language", "suggestions", "foreign", "share", "clips with one")
    for language in (None, ENGLISH):
        shown, counted, with_one = 0, 0, 0
        for vector, probabilities in clips:
            share = calibration.share(suggester.recognition(vector, probabilities))
            found = suggester.suggest(vector, probabilities, share=share, k=SUGGESTED, language=language)
            words = sum(stem(normalise(one.tag)) in foreign for one in found)
            shown, counted, with_one = shown + len(found), counted + words, with_one + bool(words)
        table.add_row(
            language or "any", str(shown), str(counted), f"{counted / shown:.2%}", f"{with_one / len(clips):.1%}"
        )
    Console(width=100).print(table)


if __name__ == "__main__":
    typer.run(main)
