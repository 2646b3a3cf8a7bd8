"""What the pages weigh, and how they are served."""

import gzip
import re

import httpx

from service.api.page import FOLDER
from tests.service.running import Running


def test_all_files_together_are_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 100_000


def test_pages_need_nothing_from_elsewhere() -> None:
    for file in FOLDER.iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.findall(r"https?://|url\(|@import", text), file.name


def test_every_file_that_is_named_is_served(server: Running) -> None:
    for page in ("/", "/map"):
        answer = server.client.get(page)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        named = re.findall(r'(?:href|src)="(web/[^"]+)"', answer.text)
        assert len(named) > 3
        for name in named:
            assert server.client.get(f"/{name}").status_code == 200, name
    imports = [name for file in FOLDER.glob("*.js") for name in re.findall(r'from "\./([^"]+)"', file.read_text())]
    assert {server.client.get(f"/web/{name}").headers["content-type"] for name in imports} == {
        "text/javascript; charset=utf-8"
    }


def test_files_are_sent_once(server: Running) -> None:
    first = server.client.get("/web/page.js")
    again = server.client.get("/web/page.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_files_are_compressed_for_those_who_can_read_it(server: Running) -> None:
    plain = httpx.get(f"{server.address}/web/page.js", headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "content-encoding" not in plain.headers
    with httpx.stream("GET", f"{server.address}/web/page.js", headers={"Accept-Encoding": "br, gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < len(plain.content) / 2
    assert answer.headers["vary"] == "Accept-Encoding"


def test_nothing_else_is_served(server: Running) -> None:
    for path in ("/web/nothing.js", "/web/index.html", "/web/..%2fsettings.py", "/web/%2e%2e/app.py", "/web"):
        assert server.client.get(path).status_code == 404, path


def test_pages_need_no_key(keyed: Running) -> None:
    for path in ("/", "/map", "/web/page.js", "/map/"):
        assert httpx.get(f"{keyed.address}{path}", follow_redirects=True).status_code == 200, path
    for path in ("/v1/map", "/v1/info", "/docs"):
        assert httpx.get(f"{keyed.address}{path}").status_code == 401, path
