"""Each measure, tried in a process of its own."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.sandbox.confinement import Measure

Confined = Callable[[str], Any]


@pytest.fixture
def confined(tmp_path: Path) -> Confined:
    """Run code in a fresh interpreter that has `confinement`, and return what it leaves in `found`."""

    def run(code: str) -> Any:
        script = "import json\nfrom models.sandbox import confinement\n" + textwrap.dedent(code)
        script += "\nprint(json.dumps(found))"
        ended = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(ended.stdout)

    return run


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of these")


@LINUX
def test_limits_hold(confined: Confined) -> None:
    found = confined(
        """
        import resource
        missing = confinement.limit(2**32)
        names = ("CORE", "FSIZE", "NOFILE", "AS")
        found = sorted(missing), [resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in names]
        """
    )
    assert found == [[], [[0, 0], [2**24, 2**24], [64, 64], [2**32, 2**32]]]


@LINUX
def test_memory_beyond_the_limit_is_noticed(confined: Confined) -> None:
    found = confined(
        """
        confinement.limit(2**28)
        found = [confinement.met_memory_limit()]
        try:
            bytes(2**28)
        except MemoryError:
            found.append("refused")
        kept = []
        try:
            while True:
                kept.append(bytes(2**24))
        except MemoryError:
            found.append(confinement.met_memory_limit())
        """
    )
    assert found == [False, "refused", True]


@pytest.mark.slow
@LINUX
def test_cpu_beyond_the_limit_ends_the_process() -> None:
    code = "from models.sandbox import confinement; confinement.limit_cpu(0)\nwhile True: pass"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -24  # SIGXCPU


def test_a_limit_that_is_accepted_and_not_enforced_is_missing(confined: Confined) -> None:
    """As macOS does with the address space."""
    found = confined(
        """
        confinement._set_limit = lambda name, value: True
        found = sorted(confinement.limit(2**30))
        """
    )
    assert found == [Measure.memory_limit]


def test_all_that_may_be_missing_is_named(confined: Confined) -> None:
    found = confined(
        """
        import os
        del os.nice
        confinement.resource = None
        confinement._c = lambda function, *arguments: False
        found = sorted(confinement.isolate() | confinement.limit(2**30)), confinement.hide_memory()
        confinement.limit_cpu(1)
        assert not confinement.met_memory_limit()
        """
    )
    assert found == [sorted(set(Measure) - {Measure.private_memory}), False]


def test_the_end_of_a_parent_is_seen_without_the_kernel(tmp_path: Path) -> None:
    """Where no process can ask for a signal, a thread waits."""
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent(
            """
            import multiprocessing, os, sys, time
            from models.sandbox import confinement

            def work(pipe):
                confinement._c = lambda function, *arguments: False
                pipe.send((os.getpid(), confinement.end_with_parent()))
                time.sleep(120)

            if __name__ == "__main__":
                context = multiprocessing.get_context("spawn")
                receive, send = context.Pipe(duplex=False)
                context.Process(target=work, args=(send,)).start()
                print(*receive.recv(), flush=True)
                time.sleep(120)
            """
        )
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, watched = parent.stdout.readline().split()
        assert watched == "True"
        parent.kill()
        # The child holds the pipe's other end until it ends.
        assert parent.stdout.read() == ""
    assert pid.isdecimal()


@LINUX
def test_a_process_that_has_hidden_its_temporary_folder_ends_in_silence(tmp_path: Path) -> None:
    script = tmp_path / "spawning.py"
    script.write_text(
        textwrap.dedent(
            """
            import multiprocessing

            from models.sandbox import confinement

            if __name__ == "__main__":
                child = multiprocessing.get_context("spawn").Process(target=confinement.isolate)
                child.start()
                child.join()
            """
        )
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ended = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    assert list(tmp_path.iterdir()) == [script]
