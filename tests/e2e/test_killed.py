"""What slow tests start ends with them, also where they are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from ..conftest import ROOT
from .parts.airflow import wait_until
from .parts.ceph import processes

# A program that does not end when it is asked to, and a child of it.
STUBBORN = "trap '' TERM; sleep 1000 & echo up; while :; do sleep 1; done"
TEST = f"""\
import sys, time
from pathlib import Path
from tests.e2e.parts.ceph import process

with process("sh", "-c", {STUBBORN!r}, log=Path(sys.argv[1])) as session:
    print(session, flush=True)
    time.sleep(1000)
"""


def test_a_killed_test_leaves_no_process(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", TEST, str(log)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as test:
        assert test.stdout is not None
        session = int(test.stdout.readline())
        wait_until("the program runs", lambda: log.read_text() == "up\n", 60)
        os.kill(test.pid, signal.SIGKILL)
    assert processes(session)
    wait_until("it has ended, and its child", lambda: not processes(session), 60)
