"""Every scenario of `make stress`, for seconds: whatever does not depend on the machine's speed must hold."""

import asyncio
from pathlib import Path

import pytest

from models.bundle import SHIPPED
from tests.stress.__main__ import SCENARIOS
from tests.stress.material import clips, short_clips
from tests.stress.scenario import Stage


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.parametrize("name", SCENARIOS)
def test_promise_holds_for_some_seconds(name: str, tmp_path: Path) -> None:
    stage = Stage(0.001, SHIPPED, tmp_path, clips(tmp_path, 2), short_clips(tmp_path, 3))
    findings = asyncio.run(SCENARIOS[name][1](stage))
    assert findings
    for finding in findings:
        print(finding)
    assert [finding for finding in findings if not finding.met and not finding.timed] == []
