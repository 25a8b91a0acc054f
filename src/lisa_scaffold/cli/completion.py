"""``lisa-scaffold completion``: what makes a shell complete our commands, by their own parsers.

Of the libraries that complete argparse's commands, argcomplete knows bash, zsh and fish, and is
under a permissive licence (shtab is under the MPL). A shell asks the program itself, so that a
script which was installed once knows every option of a newer version.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

from lisa_scaffold.cli import arguments as common
from lisa_scaffold.cli.terminal import tell
from lisa_scaffold.errors import ExitCode

DESCRIPTION = """\
Print what makes a shell complete lisa-scaffold and lisa-new: commands, options and their values."""

HELP: dict[str, Any] = {
    "examples": (
        ('eval "$(lisa-scaffold completion bash)"', "in ~/.bashrc"),
        ('eval "$(lisa-scaffold completion zsh)"', "in ~/.zshrc, below compinit"),
        ("lisa-scaffold completion fish | source", "in ~/.config/fish/config.fish"),
    ),
    "page": "reference/command-line.html",
}

SHELLS = ("bash", "zsh", "fish")
PROGRAMS = ["lisa-scaffold", "lisa-new"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``lisa-scaffold completion``."""
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    common.add_common(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the script of a shell."""
    from argcomplete.shell_integration import shellcode

    tell(shellcode(PROGRAMS, shell=arguments.shell))
    return ExitCode.DONE


def is_asked() -> bool:
    """Whether a shell asks what may come next, instead of running a command."""
    return "_ARGCOMPLETE" in os.environ


def complete(parser: argparse.ArgumentParser) -> None:
    """Tell the shell what may come next, and end the process."""
    import argcomplete

    argcomplete.autocomplete(parser)
