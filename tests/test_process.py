from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

import pytest

from lisa_scaffold import process
from lisa_scaffold.errors import LisaError

from .support.sweeps import sampled


def test_output_and_exit_code_are_caught() -> None:
    done = process.run([sys.executable, "-c", "print('out'); raise SystemExit(3)"])
    assert (done.stdout, done.returncode) == (b"out\n", 3)


def test_variables_stand_beside_those_of_the_process() -> None:
    show = "import os; print(os.environ['NEW'], 'PATH' in os.environ)"
    assert process.run([sys.executable, "-c", show], env={"NEW": "1"}).stdout == b"1 True\n"


def test_standard_input_is_empty_unless_given() -> None:
    read = [sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))"]
    assert process.run(read).stdout == b"''\n"
    assert process.run(read, stdin=b"x").stdout == b"'x'\n"


def test_a_missing_program_is_named() -> None:
    with pytest.raises(LisaError, match="no-such-program is not installed"):
        process.run(["no-such-program"])


def test_a_missing_folder_is_not_mistaken_for_a_missing_program(tmp_path: Path) -> None:
    with pytest.raises(LisaError, match="nowhere: no such folder"):
        process.run(["git"], cwd=tmp_path / "nowhere")


@pytest.mark.parametrize("path", ["", ".", ".:bin", "bin:"])
def test_no_program_of_the_current_folder_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    for folder in (tmp_path, tmp_path / "bin"):
        folder.mkdir(exist_ok=True)
        (folder / "true").write_text("#!/bin/sh\necho ours\n")
        (folder / "true").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", path)
    assert process.run(["true"], cwd=tmp_path).stdout == b""
    assert process.find("true") in ("/bin/true", "/usr/bin/true")


def test_commands_are_echoed_on_demand() -> None:
    process.run(["git", "--version"])
    shown: list[str] = []
    process.echo_commands(shown.append)
    process.run(["git", "-c", "a.b=x y", "--version"])
    assert shown == ["git -c 'a.b=x y' --version"]


@pytest.mark.skipif(sys.platform != "linux", reason="nobody limits it there")
@pytest.mark.parametrize(("size", "code"), [(150_000_000, 0), (350_000_000, 1)])
def test_memory_has_bounds_also_for_what_a_command_starts(size: int, code: int) -> None:
    take = f"import sys; sys.stdin.read(); bytearray({size})"
    again = "import subprocess, sys; sys.stdin.read(); subprocess.run(sys.argv[1:], check=True)"
    python = [sys.executable, "-c"]
    for words in ([*python, take], [*python, again, *python, take]):
        assert process.run(words, memory=300_000_000).returncode == code
        assert process.run(words).returncode == 0


@pytest.mark.sweep
def test_time_has_bounds_also_for_what_a_command_starts() -> None:
    work = "import sys; sys.stdin.read()\nwhile True: pass"
    again = "import subprocess, sys; sys.exit(-subprocess.run(sys.argv[1:]).returncode)"
    python = [sys.executable, "-c"]
    before = resource.getrlimit(resource.RLIMIT_CPU)
    assert process.run([*python, work], seconds=1).returncode == -signal.SIGXCPU
    assert process.run([*python, again, *python, work], seconds=1).returncode == signal.SIGXCPU
    assert process.run([*python, "pass"], seconds=1).returncode == 0
    assert resource.getrlimit(resource.RLIMIT_CPU) == before


@pytest.mark.skipif(sys.platform != "linux", reason="nobody tells there what a process does")
@sampled(
    ("script", "still"),
    [
        ("cat pipe", True),
        ("sleep 0.9; true", False),
        ("i=0; while [ $i -lt 150000 ]; do i=$((i+1)); done", False),
        ("for i in 1 2 3 4 5 6 7 8 9; do sleep 0.1; done", False),
    ],
    2,
)
def test_what_waits_for_what_does_not_come_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, still: bool
) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(process, "PATIENCE", 0.05)
    monkeypatch.setattr(process, "_STILL", 0.3)
    words = ["sh", "-c", f"exec {script}" if still else script]
    if still:
        with pytest.raises(LisaError, match="sh waits for something that does not come"):
            process.run(words, cwd=tmp_path, waits_for_nobody=True)
    else:
        assert process.run(words, cwd=tmp_path, waits_for_nobody=True).returncode == 0
