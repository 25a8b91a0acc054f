from __future__ import annotations

from pathlib import Path

import pytest

from lisa_scaffold.model import Created, Preview, Question
from lisa_scaffold.report import create

PREVIEW = Preview(
    "v1.2.3",
    {"distribution": "lisa-noise"},
    ("README.md", "docs/index.md", "docs/api/x.md", "src/a.py", ".gitignore"),
)


def question(key: str, value: object, *, asked: bool = True) -> Question:
    return Question(key, "str", "", value, (), "", asked)


def test_answers_are_spoken_one_a_line() -> None:
    questions = [question("name", "LISA"), question("cli", True), question("email", "")]
    questions.append(question("year", "2026", asked=False))
    lines = ["  name   LISA", "  cli    yes", "  email  (empty)", "  year   2026"]
    assert create.list_answers(questions, everything=False).splitlines() == lines[:3]
    assert create.list_answers(questions, everything=True).splitlines() == lines
    for given in (("year",), ("year", "cli", "kind")):
        assert create.list_answers(questions, given, everything=False).splitlines() == lines
    hidden = question("example", False, asked=False)._replace(hidden=True)
    for everything in (True, False):
        shown = create.list_answers([hidden], ("example",), everything=everything)
        assert shown == "  example  no"


def test_a_tree_shows_folders_first() -> None:
    assert create.draw_tree(PREVIEW, Path("here/lisa-noise")).splitlines() == [
        "lisa-noise/ (5 files)",
        "├── docs/",
        "│   ├── api/",
        "│   │   └── x.md",
        "│   └── index.md",
        "├── src/",
        "│   └── a.py",
        "├── .gitignore",
        "└── README.md",
    ]


def test_the_next_steps_follow_what_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = Created(tmp_path / "lisa noise", PREVIEW, "https://x.example.org/n.git", "prek", ())
    assert create.tell_created(result).splitlines() == [
        "Created lisa-noise in lisa noise: 5 files, template v1.2.3, a commit on main, git hooks "
        "installed by prek.",
        "",
        "Next:",
        "  cd 'lisa noise'",
        "  python3 -m venv .venv && . .venv/bin/activate",
        "  pip install nox",
        "  nox",
        "",
        "Once https://x.example.org/n.git exists:",
        "  git push -u origin main",
    ]
    cloned = create.tell_created(result._replace(is_cloned=True)).splitlines()
    assert cloned[-2:] == ["To https://x.example.org/n.git:", "  git push -u origin main"]
    answers = {**PREVIEW.answers, "kind": "service"}
    site = result._replace(preview=PREVIEW._replace(answers=answers))
    assert "with Docker:\n  deploy/secrets desk\n  deploy/compose desk up" in create.tell_created(
        site
    )
    answers = {**PREVIEW.answers, "kind": "pipeline"}
    desk = result._replace(preview=PREVIEW._replace(answers=answers))
    assert "with Docker:\n  nox -s desk\n  nox -s desk -- put " in create.tell_created(desk)
    answers = {**PREVIEW.answers, "kind": "fleet"}
    fleet = result._replace(preview=PREVIEW._replace(answers=answers))
    assert "\n  nox -s fleet -- status\n" in create.tell_created(fleet)


def test_where_git_knows_nobody_the_commit_is_left_to_its_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    remote = "https://x.example.org/n.git"
    result = Created(tmp_path / "p", PREVIEW, remote, "prek", (), uncommitted="Start from v1")
    assert create.tell_created(result).splitlines()[:11] == [
        "Created lisa-noise in p: 5 files, template v1.2.3, staged on main without a commit, git "
        "hooks installed by prek.",
        "",
        "git does not know who commits. Tell it, and commit:",
        "  cd p",
        '  git config --global user.name "Your Name"',
        "  git config --global user.email you@example.org",
        "  git commit --message 'Start from v1'",
        "",
        "Next:",
        "  python3 -m venv .venv && . .venv/bin/activate",
        "  pip install nox",
    ]
    assert create.tell_effects(remote, "prek", signed=False) == (
        "  git    a new repository with all files staged and no commit, as git does not know who "
        "commits; origin is https://x.example.org/n.git, and nothing is pushed\n"
        "  hooks  installed by prek"
    )


def test_notes_and_missing_hooks_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = Created(tmp_path, PREVIEW, "https://x.example.org/n.git", None, ("No hooks",))
    text = create.tell_created(result)
    assert "Created lisa-noise in .:" in text
    assert text.splitlines()[0].endswith(", a commit on main.")
    assert "\nNote: No hooks.\n" in text
    assert "\n  pip install nox pre-commit && pre-commit install\n" in text
    assert "cd " not in text


def test_a_project_in_another_repository_is_told_of(tmp_path: Path) -> None:
    assert create.warn_of_outer(tmp_path, tmp_path / "more" / "lisa-noise") == (
        f"{tmp_path} is a git repository, and the project would be another one inside it: what you "
        "commit there has none of these files. Make it elsewhere; or, if that is meant, let the "
        "outer one ignore it by a line /more/lisa-noise/ in its .gitignore, or make it a submodule "
        "once it is pushed."
    )
