"""Keys: who is let in, and that the time of a refusal tells nothing of how much of a wrong key is right."""

import asyncio
import hashlib
import random
import secrets
import signal
from statistics import median

from scipy.stats import spearmanr

from tests.stress.client import send
from tests.stress.scenario import Finding, Stage

_CHANCE = 1e-3
"""How likely a correlation as strong as the one found must be where there is none."""


async def run(stage: Stage) -> list[Finding]:
    """Each kind of key, then 4,000 wrong ones in random order."""
    right, revoked = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    file = stage.folder / "keys"
    file.write_text(_line("right", right) + _line("revoked", revoked))
    with stage.server(host="0.0.0.0", keys_file=file) as server:

        async def statuses(key: str | None) -> list[int]:
            headers = {} if key is None else {"Authorization": f"Bearer {key}"}
            answers = [await send(server.port, path=path, headers=headers) for path in ("/v1/info", "/docs", "/none")]
            answers.append(await send(server.port, stage.short[0], headers=headers))
            return [answer.status for answer in answers]

        let_in = {"right": await statuses(right), "to be revoked": await statuses(revoked)}
        kept_out = {"none": await statuses(None), "wrong": await statuses(right[:-1] + "?")}
        open_to_all = [(await send(server.port, path=path)).status for path in ("/healthz", "/readyz", "/metrics")]
        file.write_text(_line("right", right))
        server.process.send_signal(signal.SIGHUP)
        while (await statuses(revoked))[0] != 401:
            await asyncio.sleep(0.1)
        kept_out["revoked"] = await statuses(revoked)
        let_in["right, afterwards"] = await statuses(right)
        dice = random.Random(0)
        shared = [dice.randrange(len(right)) for _ in range(stage.count(4000, 300))]
        times = []
        for length in shared:
            wrong = right[:length] + "?" * (len(right) - length)
            answer = await send(server.port, path="/v1/info", headers={"Authorization": f"Bearer {wrong}"})
            times.append(answer.seconds)
    correlation, likely = spearmanr(shared, times)
    little = median(time for length, time in zip(shared, times, strict=True) if length < len(right) / 2)
    much = median(time for length, time in zip(shared, times, strict=True) if length >= len(right) / 2)
    return [
        Finding(
            "let in", str(let_in), "200, 200, 404, 200", all(found == [200, 200, 404, 200] for found in let_in.values())
        ),
        Finding("kept out", str(kept_out), "401 everywhere", all(set(found) == {401} for found in kept_out.values())),
        Finding("health, readiness, metrics without a key", str(open_to_all), "200", set(open_to_all) == {200}),
        Finding(
            f"time of {len(times):,} refusals against the shared prefix",
            f"rank correlation {correlation:+.3f}, p = {likely:.3f}; medians {little * 1e6:.0f}, {much * 1e6:.0f} µs",
            f"no dependence (p over {_CHANCE:g})",
            bool(likely > _CHANCE),
            timed=True,
        ),
    ]


def _line(name: str, key: str) -> str:
    return f"{name} {hashlib.sha256(key.encode()).hexdigest()}\n"
