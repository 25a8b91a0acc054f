"""``lisa-scaffold resolve``: go through the conflicts of an update, or of any merge."""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path
from typing import Any

from lisa_scaffold.cli import arguments as common
from lisa_scaffold.cli.boundary import changed
from lisa_scaffold.cli.terminal import look, say, say_as_is, tell
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.lines import count
from lisa_scaffold.shown import visible

DESCRIPTION = """\
Go through the conflicts that an update or a merge has left, one after the other: take the lines of
one side, of both, or edit the file."""

HELP: dict[str, Any] = {
    "examples": (
        ("lisa-scaffold resolve", "show each conflict, and ask"),
        ("lisa-scaffold resolve --list", "name each with its file and line"),
    ),
    "page": "howto/update.html",
}

# Editors that open a file at a line when they are told so, +LINE FILE, and what starts one of them.
_TAKES_LINE = {
    *("vi", "vim", "nvim", "view", "nano", "emacs", "emacsclient", "kak", "micro", "ed"),
    "sensible-editor",
}
_USUAL = ("sensible-editor", "nano", "vi")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``lisa-scaffold resolve``."""
    common.add_path(parser)
    parser.add_argument(
        "--list", action="store_true", help="name each conflict with its file and line"
    )
    common.add_common(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Resolve conflicts in a dialogue, or list them."""
    from lisa_scaffold import git
    from lisa_scaffold.cli.update import recover
    from lisa_scaffold.report import resolve as report
    from lisa_scaffold.sync import kept_report
    from lisa_scaffold.verbs import resolve

    path = common.find_project(arguments.path, lambda each: (each / ".git").exists())
    repository = git.find_repository(path.resolve())
    recover(repository, dry_run=arguments.list)
    found = resolve.find_open(repository)
    if not found:
        say("There is no conflict here.")
        return ExitCode.DONE
    if arguments.list:
        tell(f"{report.list_conflicts(found)}\n")
        return ExitCode.FINDINGS
    if not common.has_terminal():
        raise LisaError(
            f"{path}: {count(len(found), 'file')} in conflict, and no terminal to ask at",
            "Resolve them in an editor or with git mergetool; --list names each.",
        )
    session = resolve.Session(repository, found)
    try:
        _go_through(session)
    finally:
        # Whoever stops keeps what was decided.
        done, left = session.finish()
        if session.has_changed:
            changed("what was decided stands in its files")
        told = resolve.advise_next(repository), kept_report.find_left(repository, session.paths)
        say_as_is(f"\n{report.tell_outcome(done, left, *told)}")
    return ExitCode.FINDINGS if left else ExitCode.DONE


def _go_through(session: Any) -> None:
    """Show each conflict and ask what becomes of it, until none is left."""
    from lisa_scaffold.prompt import choose_side
    from lisa_scaffold.prompt.screen import BackAsked
    from lisa_scaffold.report import resolve as report

    width, paint = look(messages=True)
    while (found := session.find_next()) is not None:
        mark = f"file {session.at + 1} of {len(session.paths)}"
        if found.places:
            mark += ", conflict {} of {}".format(*session.count_places(found))
            shown = report.place(found, session.number, f"({mark})", width, paint)
            names = report.name_sides(found, session.number)
        else:
            shown = report.tell_whole(found, f"({mark})", paint, may_go_back=session.has_changed)
            names = report.name_sides(found)
        say_as_is(f"\n{shown}\n", coloured=True)
        try:
            decision = choose_side(
                names,
                places=bool(found.places),
                there=found.sides,
                broken=bool(found.leftover or found.problem),
                both=session.may_take_both(found),
            )
        except BackAsked:
            decision = "back"
        try:
            if decision == "back":
                if not session.go_back():
                    say("This is the first conflict.")
            elif decision == "edit":
                _edit(session, found)
            elif kept := session.decide(found, decision):
                say_as_is(f"What stood there is kept for now: git cat-file -p {kept}")
        except LisaError as error:
            say(f"{error.message}. {error.hint}")


def _edit(session: Any, found: Any) -> None:
    """Let the person edit the file, at the conflict."""
    from lisa_scaffold import process

    command: list[Any] = [*find_editor(session.repository)]
    line = found.places[session.number].start + 1 if found.places else found.leftover or 1
    # What Debian calls an editor is another one's name.
    program = Path(process.find(command[0]) or command[0]).resolve()
    if {Path(command[0]).name, program.name.partition(".")[0]} & _TAKES_LINE:
        command.append(f"+{line}")

    place = session.repository.top / found.path

    def change() -> None:
        try:
            code = process.hand_terminal([*command, place], Path.cwd())
        except LisaError as error:
            say(f"{error.message}. {error.hint}")
            return
        if code:
            say(f"{command[0]} ended with exit code {code}.")

    session.edit(found, change)


def find_editor(repository: Any) -> list[str]:
    """The user's editor, as git finds it; what a repository names is no editor.

    See https://git-scm.com/docs/git-var, ``GIT_EDITOR``.

    Raises
    ------
    LisaError
        If there is none, or its words cannot be told apart.
    """
    from lisa_scaffold import process

    configured = repository.run("config", "--global", "core.editor", codes=(0, 1)).decode().strip()
    named = os.environ.get("GIT_EDITOR") or configured
    named = named or os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    if named.strip():
        try:
            return shlex.split(named)
        except ValueError as error:
            hint = "Close the quotation in GIT_EDITOR, core.editor, VISUAL or EDITOR."
            raise LisaError(f"{visible(named)}: no words that a shell would read", hint) from error
    usual = next((each for each in _USUAL if process.find(each)), None)
    if usual is None:
        raise LisaError("no editor is known", "Name one in the variable EDITOR.")
    return [usual]
