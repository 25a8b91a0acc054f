"""What is said of a project that git could not reach, or read."""

from __future__ import annotations

from pathlib import Path

import pytest

from lisa_scaffold.errors import LisaError
from lisa_scaffold.fleet.trouble import name_command, say_error
from lisa_scaffold.git import GitError
from lisa_scaffold.git.repository import explain_refusal

FETCH = "git fetch: fatal: unable to access 'https://x.org/a.git/':"
SAID = {
    f"{FETCH} Could not resolve host: x.org": "Check the server's name, and whether",
    f"{FETCH} Could not resolve proxy: p.org": "Check the proxy: ",
    f"{FETCH} Received HTTP code 407 from proxy after CONNECT": "Check the proxy: ",
    f"{FETCH} Failed to connect to x.org port 443 after 1 ms: Couldn't connect": "The server is",
    f"{FETCH} SSL certificate problem: self-signed certificate": "Check the server's certificate",
    f"{FETCH} The requested URL returned error: 403": "Mend what git says and try again.",
}


@pytest.mark.parametrize("message", SAID)
def test_what_hinders_the_network_is_told_apart(message: str) -> None:
    said = say_error(GitError(message, "Mend what git says and try again."))
    assert said.startswith(f"{message}. {SAID[message]}")


@pytest.mark.parametrize(
    "line",
    [
        "error: bad tree object HEAD",
        "fatal: not a tree object",
        "fatal: loose object 1234 (stored in /tmp/x/.git/objects/12/34) is corrupt",
        "error: object file .git/objects/12/34 is empty",
        f"fatal: unable to read {'a' * 40}",
        "fatal: index file corrupt",
        "error: missing blob object '1234'",
        f"fatal: unable to read blob object {'a' * 40}",
        f"error: Could not read {'a' * 40}",
    ],
)
def test_a_broken_clone_is_cloned_again(line: str) -> None:
    said = say_error(GitError(f"git status: {line}\nhint: x", "Mend."), Path("/clones/a"))
    assert said.startswith("/clones/a: a part of the repository is missing or broken (")
    assert said.endswith("). Clone it again.")


def test_what_may_not_be_read_is_not_broken() -> None:
    line = (
        "error: unable to open loose object 12: Permission denied\nfatal: missing blob object '12'"
    )
    said = say_error(GitError(f"git rev-list: {line}", "Mend."), Path("/clones/a b"))
    assert said == (
        "/clones/a b: you may not read or write a part of it (git rev-list: error: unable to open "
        "loose object 12: Permission denied). Give yourself the right: chmod -R u+rwX "
        "'/clones/a b/.git'"
    )
    # That of a server is another one.
    message = "git fetch: git@x.org: Permission denied (publickey)."
    assert say_error(GitError(message, "Mend.")).endswith("(publickey).. Mend.")


def test_lines_that_are_to_be_copied_are_printed_by_a_command_of_its_own() -> None:
    steps = "/clones/a b: no metadata, but a is a package. Steps that say so:\n  mkdir x\n  [build]"
    error = LisaError(steps, "Then git add and commit. Step by step: https://x.org")
    said = say_error(name_command(error, "adopt", Path("/clones/a b")))
    assert said == (
        "/clones/a b: no metadata, but a is a package. What to do is printed by: "
        "lisa-scaffold adopt '/clones/a b'"
    )
    one = LisaError("a: unfinished", "Finish it.")
    assert name_command(one, "adopt", None) is one
    broken = GitError("git fetch: x\ny", "Mend.")
    assert name_command(broken, "adopt", None) is broken


def test_a_command_that_ends_what_is_said_can_be_copied() -> None:
    said = "fatal: detected dubious ownership in repository at '/a b'\nTo add an exception"
    error = explain_refusal(Path("/a b"), said)
    assert say_error(error) == (
        "/a b: it belongs to somebody else, so git refuses it (dubious ownership). If you trust "
        "all that is in it: git config --global --add safe.directory '/a b'"
    )
