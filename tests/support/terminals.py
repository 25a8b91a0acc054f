"""Commands as they run in a terminal: a real one, of which a test holds the other end."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

MAIN = "import sys; from lisa_scaffold.cli import main; sys.exit(main())"


class Shown(NamedTuple):
    """What a command wrote to a terminal, and how it ended."""

    text: str
    code: int

    @property
    def left(self) -> str:
        """What stays of it: how long something takes is shown for a while, and wiped away."""
        shown = re.sub(r"\r\x1b\[K[^\r\n]*(?=\r\x1b\[K)", "", self.text)
        return shown.replace("\r\x1b[K", "")


def on_a_terminal(
    *words: str,
    cwd: Path,
    columns: int = 70,
    messages: bool = False,
    script: str = MAIN,
    variables: Mapping[str, str] | None = None,
) -> Shown:
    """Run a command whose standard output is a terminal.

    Parameters
    ----------
    words
        Its arguments.
    cwd
        Where it runs.
    columns
        How wide the terminal is.
    messages
        Whether standard error is the terminal too; it is lost otherwise.
    script
        What Python runs.
    variables
        Variables of its environment.
    """
    master, slave = pty.openpty()
    # Whoever sets COLUMNS, as pytest-xdist does, would overrule the terminal.
    inherited = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-c", script, *words],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave if messages else subprocess.DEVNULL,
        cwd=cwd,
        env={**inherited, "TERM": "xterm", **(variables or {})},
    ) as running:
        os.close(slave)
        said = b""
        try:
            while part := os.read(master, 65536):
                said += part
        except OSError:  # how Linux tells the end of a terminal
            pass
    os.close(master)
    text = said.decode(errors="surrogateescape").replace("\r\n", "\n")
    return Shown(text, running.returncode)
