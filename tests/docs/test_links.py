"""Whatever a document points at is there."""

import re
from pathlib import Path

import pytest

from tests.docs.documents import DOCUMENTS, ROOT, anchors, links, name, prose, text

IMAGE_BYTES = 200_000
_PATH = re.compile(r"`((?:models|service|training|commands|benchmarks|tests|deploy|docs)/[\w./]*)`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_somewhere(document: Path) -> None:
    for link in links(document):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_paths_in_the_text_exist(document: Path) -> None:
    missing = [path for path in _PATH.findall(prose(document)) if not (ROOT / path).exists()]
    assert missing == []


def test_diagrams_show_paths_that_exist() -> None:
    labels = re.findall(r'\["([^"]+)"\]', text(ROOT / "docs" / "architecture.md"))
    parts = [word for label in labels for word in re.findall(r"^[\w/]+", label)]
    assert len(parts) > 15
    folders = ROOT, ROOT / "service"
    exists = {part: any((f / part).is_dir() or (f / f"{part}.py").is_file() for f in folders) for part in parts}
    assert all(exists.values()), exists


def test_every_document_can_be_reached() -> None:
    reached, pending = set(), [ROOT / "README.md"]
    while pending:
        document = pending.pop()
        if document not in reached and document.suffix == ".md":
            reached.add(document)
            pending += [(document.parent / link.partition("#")[0]).resolve() for link in links(document)
                        if not link.startswith(("https://", "#"))]  # fmt: skip
    assert set(DOCUMENTS) <= reached


def test_pictures_are_small() -> None:
    pictures = [path for path in (ROOT / "docs" / "images").iterdir() if path.suffix == ".png"]
    assert {picture.name for picture in pictures} == {"growth.png", "map.png", "page.png", "trajectories.png"}
    assert all(picture.stat().st_size < IMAGE_BYTES for picture in pictures)


def test_decisions_are_listed_with_their_titles() -> None:
    folder = ROOT / "docs" / "decisions"
    files = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    listed = re.findall(r"^- \[(\d{4})\]\(([^)]+)\): (.+)$", text(folder / "README.md"), re.MULTILINE)
    titles = [re.fullmatch(r"# (\d+)\. (.+)", text(path).splitlines()[0]) for path in files]
    assert [
        (f"{int(title[1]):04}", path.name, title[2]) for title, path in zip(titles, files, strict=True) if title
    ] == listed


def test_experiments_say_how_they_were_measured() -> None:
    for document in (ROOT / "docs" / "experiments").glob("*.md"):
        if document.name == "README.md":
            continue
        for section in re.split(r"^#+ ", text(document), flags=re.MULTILINE)[1:]:
            if re.search(r"^\|", section, re.MULTILINE):
                assert re.search(r"\d{4}-\d\d-\d\d, commit `[0-9a-f]{7}`", section), section[:80]
                assert re.search(r"python -m|tag2vec \w+|[Nn]ot\s+repeatable", section), section[:80]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_nothing_is_left_to_fill_in(document: Path) -> None:
    assert not re.search(r"@@|TODO|TBD|FIXME", text(document))
