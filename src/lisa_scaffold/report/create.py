"""What ``lisa-new`` shows: the answers, the files to be made, and the project that was made."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from lisa_scaffold.lines import wrap_text
from lisa_scaffold.model import Created, Preview, Question
from lisa_scaffold.shown import spoken, visible


def list_answers(
    questions: Sequence[Question], given: Collection[str] = (), *, everything: bool
) -> str:
    """The answers, one a line.

    Parameters
    ----------
    questions
        The questions with their answers.
    given
        The keys of answers that somebody gave: they hold, whether that question is asked or not.
    everything
        Whether questions that are not asked are shown too.
    """
    shown = [
        each
        for each in questions
        if each.asked or each.key in given or (everything and not each.hidden)
    ]
    width = max(len(each.key) for each in shown)
    return "\n".join(f"  {each.key:{width}}  {spoken(each.value)}" for each in shown)


def summarize_files(preview: Preview, destination: Path, width: int = 0) -> str:
    """How many files a project gets, folder by folder.

    Parameters
    ----------
    width
        Columns of the terminal; 0: none shows it.
    """
    folders: dict[str, int] = {}
    top = []
    for path in preview.paths:
        folder, below, _ = path.partition("/")
        if below:
            folders[folder] = folders.get(folder, 0) + 1
        else:
            top.append(visible(path))
    name = visible(destination.name or destination.resolve().name)
    longest = max((len(folder) for folder in folders), default=0) + 1
    return "\n".join(
        [
            f"{len(preview.paths)} files in {name}, from version {preview.version}",
            *(f"  {visible(each) + '/':{longest}}  {count}" for each, count in folders.items()),
            wrap_text(f"  beside them {len(top)}: ", ", ".join(top), width),
        ]
    )


def tell_effects(
    remote: str, hooks: str | None, width: int = 0, *, started: bool = False, signed: bool = True
) -> str:
    """What happens beside the files.

    Parameters
    ----------
    remote
        The address of ``origin``.
    hooks
        The program that installs the git hooks; ``None`` where there is none.
    width
        Columns of the terminal; 0: none shows it.
    started
        Whether there is a repository already.
    signed
        Whether git knows who commits.
    """
    where = "the repository that is there gets" if started else "a new repository with"
    what = (
        "one commit on main"
        if signed
        else "all files staged and no commit, as git does not know who commits"
    )
    installed = f"installed by {hooks}" if hooks else "not installed: pre-commit is not there"
    told = {
        "git": f"{where} {what}; origin is {remote}, and nothing is pushed",
        "hooks": installed,
    }
    return "\n".join(wrap_text(f"  {key:5}  ", said, width) for key, said in told.items())


def warn_of_outer(outer: Path, destination: Path) -> str:
    """What follows for a project that lies in another repository, and what to do about it."""
    inside = destination.resolve().relative_to(outer).as_posix()
    return (
        f"{visible(str(outer))} is a git repository, and the project would be another one inside "
        "it: what you commit there has none of these files. Make it elsewhere; or, if that is "
        f"meant, let the outer one ignore it by a line /{visible(inside)}/ in its .gitignore, or "
        "make it a submodule once it is pushed."
    )


def draw_tree(preview: Preview, destination: Path) -> str:
    """The files of a project, drawn as a tree: first of all, how many there are."""
    root: dict[str, Any] = {}
    for path in preview.paths:
        folder = root
        for part in path.split("/"):
            folder = folder.setdefault(part, {})

    def draw(folder: dict[str, Any]) -> Iterator[str]:
        # Folders first, as file managers do.
        entries = sorted(folder.items(), key=lambda item: (not item[1], item[0].lower()))
        for index, (name, below) in enumerate(entries):
            is_last = index == len(entries) - 1
            yield f"{'└── ' if is_last else '├── '}{visible(name)}{'/' if below else ''}"
            for line in draw(below):
                yield f"{'    ' if is_last else '│   '}{line}"

    name = visible(destination.name or destination.resolve().name)
    return "\n".join([f"{name}/ ({len(preview.paths)} files)", *draw(root)])


def tell_created(result: Created) -> str:
    """What was made, and what to do next."""
    relative = os.path.relpath(result.path)
    place = str(result.path) if relative.startswith("..") else relative
    made = f"{len(result.preview.paths)} files, template {result.preview.version}"
    hooks = f", git hooks installed by {result.hooks}" if result.hooks else ""
    commit = "staged on main without a commit" if result.uncommitted else "a commit on main"
    lines = [
        f"Created {result.preview.answers['distribution']} in {place}: {made}, {commit}{hooks}.",
        *(f"Note: {note}." for note in result.notes),
    ]
    enter = [f"  cd {shlex.quote(place)}"] if result.path != Path.cwd() else []
    if result.uncommitted:
        lines += ["", "git does not know who commits. Tell it, and commit:", *enter]
        lines += [
            '  git config --global user.name "Your Name"',
            "  git config --global user.email you@example.org",
            f"  git commit --message {shlex.quote(result.uncommitted)}",
        ]
        enter = []
    lines += ["", "Next:", *enter]
    # Debian's own Python refuses to install beside its packages (PEP 668).
    lines.append("  python3 -m venv .venv && . .venv/bin/activate")
    if result.hooks:
        lines.append("  pip install nox")
    else:
        lines.append("  pip install nox pre-commit && pre-commit install")
    lines.append("  nox")
    if result.preview.answers.get("kind") == "service":
        lines += [
            "\nSee it at your desk, with Docker:",
            "  deploy/secrets desk",
            "  deploy/compose desk up --build --detach --wait",
        ]
    if result.preview.answers.get("kind") == "pipeline":
        lines += [
            "\nLet data arrive at your desk, with Docker:",
            "  nox -s desk",
            "  nox -s desk -- put steps/noise/example.csv",
        ]
    if result.preview.answers.get("kind") == "fleet":
        lines += [
            "\nName the projects in fleet.toml, and see how they stand:",
            "  export LISA_FLEET_TOKEN=...  # for a server; folders of local clones need none",
            "  nox -s fleet -- status",
        ]
    where = f"To {result.remote}:" if result.is_cloned else f"Once {result.remote} exists:"
    lines += [f"\n{where}", "  git push -u origin main"]
    return "\n".join(lines)
