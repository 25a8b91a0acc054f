"""What ``lisa-new`` shows: the answers, the tree to be made, the project that was made."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lisa_scaffold.model import Created, Preview, Question
from lisa_scaffold.shown import visible


def answers(questions: Sequence[Question], *, everything: bool) -> str:
    """The answers, one a line.

    Parameters
    ----------
    questions
        The questions with their answers.
    everything
        Whether those that are asked of nobody are shown too.
    """
    shown = [
        question for question in questions if question.asked or (everything and not question.hidden)
    ]
    width = max(len(question.key) for question in shown)
    return "\n".join(f"  {question.key:{width}}  {value(question)}" for question in shown)


def value(question: Question) -> str:
    """An answer as a person would say it."""
    spoken: dict[Any, str] = {True: "yes", False: "no", "": "(empty)"}
    return spoken.get(question.value, visible(str(question.value)))


def tree(preview: Preview, destination: Path) -> str:
    """The files of a project, drawn as a tree."""
    root: dict[str, Any] = {}
    for path in preview.paths:
        node = root
        for part in path.split("/"):
            node = node.setdefault(part, {})
    name = visible(destination.name or destination.resolve().name)
    return "\n".join([f"{name}/", *_branches(root)])


def _branches(node: dict[str, Any]) -> Iterable[str]:
    # Folders first, as file managers do.
    entries = sorted(node.items(), key=lambda item: (not item[1], item[0].lower()))
    for index, (name, below) in enumerate(entries):
        last = index == len(entries) - 1
        yield f"{'└── ' if last else '├── '}{visible(name)}{'/' if below else ''}"
        for line in _branches(below):
            yield f"{'    ' if last else '│   '}{line}"


def created(result: Created) -> str:
    """What was made, and what to do next."""
    answer = result.preview.answers
    lines = [
        f"Created {answer['distribution']} in {_short(result.path)}: "
        f"{len(result.preview.paths)} files, template {result.preview.version}, a commit on main.",
        *(f"Note: {note}." for note in result.notes),
        "",
        "Next:",
    ]
    if result.path != Path.cwd():
        lines.append(f"  cd {shlex.quote(_short(result.path))}")
    # Debian's own Python refuses to install beside its packages (PEP 668).
    lines.append("  python3 -m venv .venv && . .venv/bin/activate")
    if result.hooks:
        lines.append("  pip install nox")
    else:
        lines.append("  pip install nox pre-commit && pre-commit install")
    lines += [
        "  nox",
        f"\nOnce {result.remote} exists:",
        "  git push -u origin main",
    ]
    return "\n".join(lines)


def _short(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
