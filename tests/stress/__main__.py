"""`python -m tests.stress`: run the scenarios, print every figure, and say which promises hold.

What has run is kept in a folder, one file a scenario, so that an interrupted run goes on where it was. A result counts
only for the same code, model and length.
"""

import asyncio
import gc
import hashlib
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from models.atomic_write import atomic_write
from models.bundle import SHIPPED, Bundle
from tests.stress import contract, deaths, hostile, keys, overload, reloads, slow, steady, stops
from tests.stress.material import clips, short_clips
from tests.stress.scenario import Run, Stage

SCENARIOS: dict[str, tuple[str, Run]] = {
    "steady": ("closed-loop load of good clips, two workers, 10 minutes", steady.run),
    "overload": ("open-loop load at twice the capacity", overload.run),
    "deaths": ("a worker killed every second for 5 minutes under load", deaths.run),
    "hostile": ("hostile corpus", hostile.run),
    "contract": ("schemathesis, all checks", contract.run),
    "slow": ("slow, oversize and broken requests", slow.run),
    "keys": ("keys", keys.run),
    "reloads": ("reloads under load", reloads.run),
    "stops": ("graceful stops under load", stops.run),
}
_ROOT = Path(__file__).parents[2]


def main(
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help=f"One of {', '.join(SCENARIOS)}; repeatable.")
    ] = None,
    scale: Annotated[float, typer.Option(min=0.001, max=1, help="Share of the full length.")] = 1.0,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where results are kept.")] = Path(".stress"),
    again: Annotated[bool, typer.Option("--again", help="Run also what has a result already.")] = False,
) -> None:
    """Hold the service's promises against a real server under load."""
    if unknown := set(only or ()) - SCENARIOS.keys():
        raise typer.BadParameter(f"no scenario {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    out.mkdir(parents=True, exist_ok=True)
    console = Console(width=160 if not sys.stdout.isatty() else None)
    subject: dict[str, Any] = {"code": _fingerprint(), "model": Bundle.open(SHIPPED).sha256, "scale": scale}
    unmet = 0
    for name, (title, run) in SCENARIOS.items():
        if only and name not in only:
            continue
        file = out / f"{name}.json"
        result = None if again else _known(file, subject)
        if result is None:
            console.print(f"{name}: {title} ...")
            result = {**subject, **_result(run, scale)}
            with atomic_write(file) as partial:
                partial.write_text(json.dumps(result, indent=2) + "\n")
        console.print(_table(f"{name}: {title}", result))
        unmet += sum(not finding["met"] for finding in result["findings"])
    missing = [name for name in SCENARIOS if _known(out / f"{name}.json", subject) is None]
    console.print(f"{unmet} targets missed" + (f"; not run at this length: {', '.join(missing)}" if missing else ""))
    raise typer.Exit(1 if unmet else 0)


def _result(run: Run, scale: float) -> dict[str, Any]:
    began = time.time()
    with tempfile.TemporaryDirectory(prefix="stress-") as folder:
        path = Path(folder)
        stage = Stage(scale, SHIPPED, path, clips(path), short_clips(path))
        # The client measures milliseconds: looking through all that was imported for garbage takes a hundred of them.
        gc.collect()
        gc.freeze()
        findings = asyncio.run(run(stage))
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
        "seconds": round(time.time() - began, 1),
        "findings": [asdict(finding) for finding in findings],
    }


def _table(title: str, result: dict[str, Any]) -> Table:
    table = Table("what", "found", "target", "", title=title, title_justify="left", width=150)
    table.caption = f"{result['at']}, {result['seconds']:.0f} s, scale {result['scale']:g}"
    for finding in result["findings"]:
        met = "[green]met[/]" if finding["met"] else "[bold red]MISSED[/]"
        table.add_row(finding["what"], finding["found"], finding["target"], met)
    return table


def _known(file: Path, subject: dict[str, Any]) -> dict[str, Any] | None:
    """Return a result of this very subject."""
    try:
        result: dict[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return result if subject.items() <= result.items() else None


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for folder in ("models", "service", "tests/stress"):
        for file in sorted((_ROOT / folder).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    typer.run(main)
