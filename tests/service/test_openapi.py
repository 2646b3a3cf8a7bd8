"""The service against its own description, by schemathesis with every check."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.service.running import Running

MOST = 300
"""Cases of one run."""


def test_every_answer_is_as_described(server: Running, clip: bytes, clips: Path) -> None:
    real = clips / "for-schemathesis.mp4"
    real.write_bytes(clip)
    config = Path(__file__).with_name("schemathesis.toml")
    command = ["schemathesis.cli", "--config-file", str(config), "run", f"{server.address}/openapi.json"]
    before = server.metrics()
    run = subprocess.run(
        [sys.executable, "-m", *command, "--no-color"],
        env={**os.environ, "SCHEMATHESIS_CLIP": str(real), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    print(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
    (cases,) = re.findall(r"(\d+) generated", run.stdout)
    assert 100 < int(cases) <= MOST
    answered = ("tag2vec_requests_total", ("ok", "/v1/hashtags"))
    assert server.metrics()[answered] > before.get(answered, 0)
