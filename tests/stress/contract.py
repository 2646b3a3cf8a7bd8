"""The service against its own OpenAPI description, by schemathesis with every check."""

import asyncio
import os
import re
import sys
from pathlib import Path

from tests.service.running import Running
from tests.stress.scenario import Finding, Stage

_CONFIG = Path(__file__).parents[1] / "service" / "schemathesis.toml"
_ROOT = Path(__file__).parents[2]


async def run(stage: Stage) -> list[Finding]:
    """10,000 cases, in runs of other seeds."""
    wanted = stage.count(10_000, 150)
    examples = 30 if wanted < 1000 else 300
    cases = runs = 0
    failures = ""
    with stage.server(cache=256) as server:
        while cases < wanted and not failures:
            runs += 1
            code, output = await _schemathesis(stage, server, seed=runs, examples=examples)
            generated = re.findall(r"(\d+) generated", output)
            cases += int(generated[0]) if generated else 0
            if code or not generated:
                failures = output
        answered = server.metrics().get(("tag2vec_requests_total", ("ok", "/v1/hashtags")), 0)
    if failures:
        print(failures)
    return [
        Finding("cases", f"{cases:,} in {runs} runs", f"{wanted:,}", cases >= wanted),
        Finding("failures", "see above" if failures else "none", "none", not failures),
        Finding("clips answered among them", f"{answered:,.0f}", "some", answered > 0),
    ]


async def _schemathesis(stage: Stage, server: Running, *, seed: int, examples: int) -> tuple[int, str]:
    real = stage.folder / "clip.mp4"
    real.write_bytes(stage.short[0])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(_CONFIG)),
        *("run", f"{server.address}/openapi.json", "--no-color", "--seed", str(seed), "--max-examples", str(examples)),
        env={**os.environ, "SCHEMATHESIS_CLIP": str(real), "PYTHONPATH": str(_ROOT)},
        cwd=stage.folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()
