"""Hooks of the template come in beside a project's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.adopt import eligible, hooks
from lisa_scaffold.adopt.hooks import describe_changes, keep_from_data, merge_hooks
from lisa_scaffold.formats.tree import NotSure
from lisa_scaffold.verbs.adopt import prepare

from ..support.adopting import SCIKIT, make

TEMPLATE = """\
exclude: ^LICENSE
repos:
  - repo: https://github.com/pre-commit/pre-commit-hooks
    rev: v6.0.0
    hooks:
      - id: check-toml
      - id: check-yaml

  - repo: https://github.com/astral-sh/ruff-pre-commit
    rev: v0.17.6
    hooks:
      - id: ruff-check
        args: [--fix]
      - id: ruff-format
"""


def test_hooks_join_a_repository_that_is_there_and_its_revision_stays() -> None:
    ours = """\
# ours
repos:
- repo: https://github.com/pre-commit/pre-commit-hooks.git
  rev: v4.3.0  # as of 2022
  hooks:
  - id: check-yaml
    args: [--unsafe]
"""
    done = merge_hooks(ours, TEMPLATE)
    assert done.text == ours + (
        "  - id: check-toml\n"
        "- repo: https://github.com/astral-sh/ruff-pre-commit\n"
        "  rev: v0.17.6\n"
        "  hooks:\n"
        "    - id: ruff-check\n"
        "      args: [--fix]\n"
        "    - id: ruff-format\n"
    )
    assert (done.added, done.kept) == (("check-toml", "ruff-check", "ruff-format"), ("check-yaml",))


@pytest.mark.parametrize(
    ("own", "away"),
    [("black", "ruff-format"), ("yapf", "ruff-format"), ("ruff", "ruff-check")],
)
def test_a_hook_for_the_same_keeps_the_templates_away(own: str, away: str) -> None:
    start = "repos:\n  - repo: https://example.org/own\n    rev: v1\n    hooks:"
    done = merge_hooks(f"{start}\n      - id: {own}\n", TEMPLATE)
    assert done.left_out == {away: f"the project has {own}"}
    assert f"id: {away}\n" not in done.text
    with pytest.raises(NotSure):
        merge_hooks(f"{start} [ {{id: {own}}} ]\n", TEMPLATE)


@pytest.mark.parametrize(("revision", "comes"), [("v2.0.0", False), ("v4.3.0", True), ("x", True)])
def test_a_hook_that_the_kept_revision_lacks_stays_away(revision: str, comes: bool) -> None:
    ours = f"""\
repos:
- repo: https://github.com/pre-commit/pre-commit-hooks
  rev: {revision}
  hooks:
  - id: flake8
"""
    done = merge_hooks(ours, TEMPLATE)
    assert ("check-toml" in done.added) is comes
    why = f"{revision} of pre-commit/pre-commit-hooks, which the project has, lacks it"
    assert done.left_out == ({} if comes else {"check-toml": why})
    assert "check-yaml" in done.added


UNFIT = (
    "takes a list of mixed values, such as a group of requirements that includes another, for a "
    "fault"
)


@pytest.mark.parametrize("revision", ["v2.3.0", "v4.0.0", "v4.2.0"])
def test_a_hook_that_stops_at_what_comes_in_stays_away(revision: str) -> None:
    start = f"repos:\n- repo: https://github.com/pre-commit/pre-commit-hooks\n  rev: {revision}\n"
    done = merge_hooks(f"{start}  hooks:\n  - id: check-yaml\n", TEMPLATE)
    assert done.left_out == {
        "check-toml": f"{revision} of it, which the project has, {UNFIT}: add the hook once `rev` "
        "is v4.3.0 or newer"
    }
    assert ("check-toml" in done.text, done.to_decide) == (False, ())
    done = merge_hooks(f"{start}  hooks:\n  - id: check-toml\n", TEMPLATE)
    assert (done.left_out, done.kept) == ({}, ("check-toml",))
    told = f"check-toml of {revision} {UNFIT}: let `rev` be v4.3.0 or newer"
    assert done.to_decide == (told,)


@pytest.mark.parametrize(("revision", "comes"), [("v0.11.12", False), ("v0.17.6", True)])
def test_a_formatter_of_another_version_stays_away(revision: str, comes: bool) -> None:
    address = "https://github.com/astral-sh/ruff-pre-commit"
    ours = f"repos:\n- repo: {address}\n  rev: {revision}\n  hooks:\n  - id: ruff\n"
    done = merge_hooks(ours, TEMPLATE)
    assert ("ruff-format" in done.added) is comes
    assert (
        "may format otherwise than v0.17.6" in done.left_out.get("ruff-format", "")
    ) is not comes


def test_hooks_that_change_white_space_leave_data_alone() -> None:
    hook = "repos:\n  - repo: a\n    hooks:\n      - id: trailing-whitespace\n"
    paths = ["pkg/a/noise.dat", "pkg/b.py", "tests/d.CSV", "docs/a.txt", ".ci/b.txt", "c.txt"]
    exclude = "        exclude: ^(pkg|tests)/.*[.](CSV|dat)$\n"
    assert keep_from_data(hook, paths) == f"{hook}{exclude}"
    every = ("end-of-file-fixer", "mixed-line-ending", "trailing-whitespace")
    more = "".join(f"      - id: {each}\n" for each in ("check-yaml", *every, "codespell"))
    kept = keep_from_data(more, ["a/b.dat"])
    assert [each["id"] for each in yaml.safe_load(kept) if "exclude" in each] == [*every]
    assert keep_from_data(hook, ["pkg/b.py", "pkg/LICENSE", "c.dat"]) == hook
    assert keep_from_data(hook, [f"a/b.x{number}" for number in range(21)]) == hook


def test_what_a_merge_has_changed_is_told_by_name() -> None:
    before = """\
ci: {autofix_prs: false}
repos:
- repo: a
  rev: v1
  hooks: [{id: isort, exclude: x}, {id: codespell, args: [-w], exclude: y}]
- repo: b
  rev: v1
  hooks: [{id: kept}]
"""
    after = """\
repos:
- repo: a
  rev: v2
  hooks: [{id: codespell, args: []}, {id: ruff-check}]
- repo: b
  rev: v1
  hooks: [{id: kept}]
"""
    assert describe_changes(yaml.safe_load(before), yaml.safe_load(after)) == (
        "hooks added: ruff-check; hooks removed: isort; "
        "settings removed: `ci`, `exclude` of codespell; "
        "settings changed: `args` of codespell"
    )
    assert describe_changes(None, [1]) == describe_changes({"repos": [1, {}]}, {}) == ""


def test_nothing_missing_changes_nothing() -> None:
    ours = TEMPLATE.replace("v6.0.0", "v1.0.0").replace("\n\n", "\n")
    assert merge_hooks(ours, TEMPLATE).text == ours


@pytest.mark.parametrize("ours", ["", "a: b\n", "repos: []\n", "- repos\n", "repos: {}\n"])
def test_what_is_written_in_another_way_is_not_touched(ours: str) -> None:
    with pytest.raises(NotSure):
        merge_hooks(ours, TEMPLATE)


NAMES = st.text("abcdefgh-", min_size=1, max_size=8).filter(lambda name: name[0] != "-")


@given(st.dictionaries(NAMES, st.lists(NAMES, min_size=1, unique=True), min_size=1), st.booleans())
def test_every_hook_and_line_of_any_project_stays(
    repos: dict[str, list[str]], indented: bool
) -> None:
    step = "  " if indented else ""
    ours = "repos:\n" + "".join(
        f"{step}- repo: https://example.org/{name}\n{step}  rev: v1\n{step}  hooks:\n"
        + "".join(f"{step}  - id: {hook}\n" for hook in hooks)
        for name, hooks in repos.items()
    )
    merged = merge_hooks(ours, TEMPLATE).text
    assert merged.startswith(ours)
    ids = [hook["id"] for repo in yaml.safe_load(merged)["repos"] for hook in repo["hooks"]]
    for wanted in ("check-toml", "check-yaml", "ruff-check", "ruff-format"):
        assert wanted in ids


def test_code_that_nothing_formats_stays_so(tmp_path: Path) -> None:
    """The first commit would rewrite most of it."""

    def adopt(name: str, files: dict[str, str]) -> tuple[list[str], str, str]:
        """What is said of the hook, the hooks, and the sessions."""
        project = eligible.read(make(tmp_path / name, {**SCIKIT, **files}))
        with prepare(project, None, None, trust=False) as prepared:
            adopted = prepared.adopt({"license": "MIT"})
        written = adopted.synced.decided()
        texts = [
            blob.data.decode() for path in (hooks.PATH, "noxfile.py") if (blob := written[path])
        ]
        said = [each.text for each in adopted.items if each.text.startswith("ruff-format")]
        return said, texts[0], texts[1]

    said, configured, sessions = adopt("plain", {})
    assert said == ["ruff-format: nothing formats the code so far, and it would rewrite most of it"]
    assert "id: ruff-check" in configured
    assert "ruff-format" not in configured.split("repos:")[1]
    assert '"ruff", "check"' in sessions
    assert '"ruff", "format"' not in sessions
    said, configured, sessions = adopt("formatted", {"ruff.toml": "[format]\n"})
    assert said == []
    assert "id: ruff-format" in configured
    assert '"ruff", "format"' in sessions
