"""Shells complete our commands: what they load, and what a real one shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from lisa_scaffold.cli.completion import PROGRAMS, SHELLS

from ..support.sweeps import sampled


def script(shell: str) -> str:
    command = [sys.executable, "-m", "lisa_scaffold", "completion", shell]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script_for_each_program(shell: str) -> None:
    said = script(shell)
    assert [program for program in PROGRAMS if program not in said] == []
    told = {"bash": "complete ", "zsh": "compdef ", "fish": "complete --command "}
    assert told[shell] in said


@sampled(
    ("typed", "shown"),
    [
        ("lisa-scaffold upd", "update "),
        ("lisa-scaffold update --merge-p", "--merge-prose "),
        ("lisa-scaffold check --format=g", "gitlab "),
        ("lisa-new --adv", "--advanced "),
        ("lisa-scaffold explain INT00", "1 "),
        ("lisa-scaffold check --select=LIC001,INT00", "1"),
        ("lisa-new --data licen", "se="),
        ("lisa-scaffold update --data license=MI", "T"),
        ("lisa-scaffold adopt --data sonar=tr", "ue"),
    ],
    5,
)
def test_bash_completes(typed: str, shown: str, tmp_path: Path) -> None:
    (tmp_path / "script").write_text(script("bash"))
    programs = Path(sys.executable).parent
    child: pexpect.spawn[str] = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile", "-i"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "TERM": "dumb", "PS1": "> "},
        encoding="utf-8",
        timeout=60,
    )
    child.delaybeforesend = None
    child.sendline("bind 'set enable-bracketed-paste off'; . ./script; echo rea''dy")
    child.expect_exact("ready")
    child.send(f"{typed}\t")
    child.expect_exact(typed)
    child.expect_exact(shown.removeprefix(typed.rpartition(" ")[2].rpartition("=")[2]))
    child.close(force=True)
