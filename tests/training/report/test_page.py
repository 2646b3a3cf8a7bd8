import re
from pathlib import Path

from training.report.page import Picture, Section, Table, write_page


def test_page_needs_no_other_file_and_escapes_what_it_shows(tmp_path: Path) -> None:
    section = Section(
        "Figure 1: <tags>",
        ["text & more"],
        [Picture("figure1", b"\x89PNG pixels", 'a "picture"')],
        [Table(["", "b"], [["<script>alert(1)</script>", "2"]], numbers=True)],
        ["note"],
    )
    page = write_page(tmp_path / "out", "Title", ["about"], [section])
    html = page.read_text(encoding="utf-8")
    assert (tmp_path / "out/figure1.png").read_bytes() == b"\x89PNG pixels"
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    references = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert references
    assert all(reference.startswith(("data:", "#")) for reference in references)
    assert 'id="figure-1---tags-"' in html
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == ["figure1.png", "report.html"]
