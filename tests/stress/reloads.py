"""New models, good and broken, under load: every request is answered, by one model as a whole."""

import asyncio
import json
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from models.bundle.files import MANIFEST
from models.checksum import file_sha256
from models.embedding import EMBEDDING_FILE
from tests.service.running import Running
from tests.stress.client import Answer, closed_loop, each, send
from tests.stress.scenario import Finding, Stage, calm, share

_MODELS = 3
_BROKEN = ("half a manifest", "a file altered", "a file missing")


async def run(stage: Stage) -> list[Finding]:
    """50 reloads: one good bundle after another, a broken one after every second."""
    reloads = stage.count(50, 6)
    bundles = [_variant(stage.bundle, stage.folder / f"model{number}", number) for number in range(_MODELS)]
    served = stage.folder / "served"
    shutil.copytree(bundles[0], served)
    known: dict[str, list[object]] = {}
    with stage.server(bundle=served) as server:
        for bundle in bundles:  # what each model says in a calm run
            await _reload(server, bundle, served, "ok")
            said = await calm(server, stage.short)
            known[said[0].body["model"]["sha256"]] = [answer.seen for answer in said]
        finished = asyncio.Event()
        post = each(server, stage.short)
        latest: list[str] = []

        async def ask(number: int) -> Answer:
            answer = await post(number)
            latest.append(answer.body.get("model", {}).get("version", ""))
            return answer

        load = asyncio.create_task(closed_loop(3, lambda _: finished.is_set(), ask))
        good = broken = 0
        try:
            for number in range(reloads):
                if number % 3 == 2:
                    with _damaged(served, _BROKEN[number // 3 % len(_BROKEN)]):
                        await _reload(server, None, served, "failed")
                    broken += 1
                else:
                    await _reload(server, bundles[good % _MODELS], served, "ok")
                    while latest[-1:] != [f"variant {good % _MODELS}"]:
                        await asyncio.sleep(0.05)
                    good += 1
        finally:
            finished.set()
            answers = await load
        copies = len(list(server.spool.glob("tag2vec-*/model-*")))
    failed = [answer for answer in answers.values() if answer.status != 200]
    whole = sum(_of_one_model(answer, number, known) for number, answer in answers.items() if answer.status == 200)
    models = {answer.body["model"]["sha256"] for answer in answers.values() if answer.status == 200}
    return [
        Finding("reloads", f"{good} good, {broken} broken", f"{reloads}", good + broken == reloads),
        Finding("failed requests", share(len(failed), len(answers)), "none", not failed),
        Finding(
            "answers as one of the models gives them in a calm run",
            share(whole, len(answers) - len(failed)),
            "all",
            whole == len(answers) - len(failed),
        ),
        Finding(
            "models that answered", str(len(models)), str(_MODELS), models == known.keys() and len(known) == _MODELS
        ),
        Finding("copies of models left", str(copies), "1", copies == 1),
    ]


def _of_one_model(answer: Answer, number: int, known: dict[str, list[object]]) -> bool:
    says = known.get(answer.body["model"]["sha256"], [])
    return bool(says) and answer.seen == says[number % len(says)]


def _variant(source: Path, folder: Path, seed: int) -> Path:
    """A whole bundle that answers otherwise: its embedding is turned a little."""
    shutil.copytree(source, folder)
    tensors = load_file(folder / EMBEDDING_FILE)
    noise = np.random.default_rng(seed).normal(0, 0.05, tensors["output_bias"].shape[-1])
    tensors["output_bias"] = (tensors["output_bias"] + noise).astype(np.float32)
    save_file(tensors, folder / EMBEDDING_FILE)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["version"] = f"variant {seed}"
    manifest["files"][EMBEDDING_FILE] = {
        "sha256": file_sha256(folder / EMBEDDING_FILE),
        "bytes": (folder / EMBEDDING_FILE).stat().st_size,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return folder


@contextmanager
def _damaged(served: Path, how: str) -> Iterator[None]:
    file = served / (MANIFEST if how == "half a manifest" else EMBEDDING_FILE)
    content = file.read_bytes()
    if how == "half a manifest":
        file.write_bytes(content[: len(content) // 2])
    elif how == "a file altered":
        file.write_bytes(content[:-1] + bytes((content[-1] ^ 1,)))
    else:
        file.unlink()
    try:
        yield
    finally:
        file.write_bytes(content)


async def _reload(server: Running, bundle: Path | None, served: Path, result: str) -> None:
    if bundle is not None:
        shutil.copytree(bundle, served, dirs_exist_ok=True)
    count = f'tag2vec_reloads_total{{result="{result}"}} '

    async def counted() -> float:
        text = (await send(server.port, path="/metrics")).text
        return float(text.partition(count)[2].split("\n")[0])

    before = await counted()
    server.process.send_signal(signal.SIGHUP)
    async with asyncio.timeout(60):
        while await counted() == before:
            await asyncio.sleep(0.05)
