"""Work in a few processes, any of which may die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lisa_scaffold.errors import LisaError
from lisa_scaffold.workers import spread

from .support.sweeps import sampled


def work(number: int) -> tuple[int, int]:
    if number == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number, os.getpid()


def lost(number: int, error: LisaError) -> tuple[int, int]:
    assert "has died (exit code -9)" in error.message
    return -number, 0


@sampled("jobs", [2, 5, 40], 3)
def test_every_item_once_whatever_dies(jobs: int) -> None:
    done = list(spread(work, range(30), jobs, lost))
    assert sorted(each for each, _ in done) == [-13, *(n * n for n in range(30) if n != 13)]
    # A process is started for the one that died.
    assert len({pid for _, pid in done if pid}) <= min(jobs, 30) + 1


def test_one_process_alone_works_itself() -> None:
    assert {pid for _, pid in spread(work, range(5), 1, lost)} == {os.getpid()}


def test_a_large_result_arrives() -> None:
    done = list(
        spread(lambda number: b"x" * 3_000_000 + bytes([number]), range(4), 2, lambda *_: b"")
    )
    assert sorted(each[-1] for each in done) == [0, 1, 2, 3]


def test_processes_end_with_their_parent(tmp_path: Path) -> None:
    """Even where it is killed: nobody else would end them."""
    program = (
        "import os, time\n"
        "from pathlib import Path\n"
        "from lisa_scaffold.workers import spread\n"
        "def work(n):\n"
        f"    Path({str(tmp_path)!r}, str(os.getpid())).touch()\n"
        "    time.sleep(0.3)\n"
        "    return n\n"
        "list(spread(work, range(1000), 3, lambda *_: None))\n"
    )
    started = subprocess.Popen([sys.executable, "-c", program])
    while len(list(tmp_path.iterdir())) < 3:
        time.sleep(0.02)
    started.kill()
    started.wait()
    deadline = time.monotonic() + 20
    left = [int(each.name) for each in tmp_path.iterdir()]
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [pid for pid in left if _is_alive(pid)]
    assert left == []


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def slowly(number: int) -> int:
    time.sleep(0.4 if number else 0)
    return number


@pytest.mark.parametrize("how", ["closed", "interrupted"])
def test_what_was_begun_comes_late(how: str) -> None:
    """Of what is at work when somebody has enough, nothing is lost; nothing more is begun."""
    late: list[int] = []
    found = spread(slowly, range(40), 3, lambda *_: -1, late.append)
    assert next(found) == 0
    if how == "closed":
        found.close()  # type: ignore[attr-defined]
    else:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        before = signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            with pytest.raises(KeyboardInterrupt):
                next(found)
        finally:
            signal.signal(signal.SIGALRM, before)
    assert sorted(late) == [1, 2, 3]


def test_what_dies_late_is_told_too() -> None:
    late: list[tuple[int, int]] = []
    found = spread(work, [1, 13, 13], 2, lost, late.append)
    first = next(found)
    found.close()  # type: ignore[attr-defined]
    assert sorted(number for number, _ in (first, *late)) == [-13, -13, 1]
