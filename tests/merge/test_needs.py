"""What the template comes to use and the project has removed, and the other way round."""

from __future__ import annotations

import pytest

from lisa_scaffold.merge import check_clean, merge_file
from lisa_scaffold.model import Declined, Merged

WORKFLOW = """\
on: push
env:
  LEVEL: 1
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - run: ruff check
  test:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        python: [a, b]
        os: [x, y]
    steps:
      - name: Choose
        id: choice
        run: choose
      - name: Test
        run: pytest
"""
PIPELINE = """\
stages: [lint, test]
.base:
  image: x
lint:
  stage: lint
  script: ruff check
test:
  stage: test
  script: pytest
"""
COMPOSE = """\
services:
  web:
    image: web
  db:
    image: postgres
volumes:
  data: {}
"""
GROUPS = """\
[project]
name = "probe"

[project.optional-dependencies]
docs = ["sphinx"]
test = ["pytest"]

[dependency-groups]
lint = ["ruff"]
dev = ["ipython"]
"""
PIXI = """\
[environments]
default = ["test"]

[feature.test]
channels = ["t"]

[feature.lint]
channels = ["l"]
"""
FILES = {
    ".github/workflows/ci.yml": WORKFLOW,
    ".gitlab-ci.yml": PIPELINE,
    "docker-compose.yml": COMPOSE,
    "pyproject.toml": GROUPS,
    "pixi.toml": PIXI,
}
LINT_JOB = "  lint:\n    runs-on: ubuntu-latest\n    steps:\n      - run: ruff check\n"
CHOICE = "      - name: Choose\n        id: choice\n        run: choose\n"
FIRST_NEW = "      - name: New\n        # Why.\n        run: new ${{ matrix.os }}\n"

# For each file: what is defined, and where and how something comes to use it.
CASES = [
    (".github/workflows/ci.yml", "        os: [x, y]\n", "run: pytest", "run: on ${{ matrix.os }}"),
    (
        ".github/workflows/ci.yml",
        "        os: [x, y]\n",
        "run: pytest\n",
        "run: pytest\n" + FIRST_NEW,
    ),
    (
        ".github/workflows/ci.yml",
        "    strategy:\n      matrix:\n        python: [a, b]\n        os: [x, y]\n",
        "run: pytest",
        "run: pytest\n        if: matrix.os == 'x'",
    ),
    (".github/workflows/ci.yml", LINT_JOB, "  test:\n", "  test:\n    needs: lint\n"),
    (
        ".github/workflows/ci.yml",
        CHOICE,
        "run: pytest",
        "run: pytest ${{ steps.choice.outputs.x }}",
    ),
    (".github/workflows/ci.yml", "env:\n  LEVEL: 1\n", "run: pytest", "run: p ${{ env.LEVEL }}"),
    (
        ".gitlab-ci.yml",
        "lint:\n  stage: lint\n  script: ruff check\n",
        "script: pytest\n",
        "script: pytest\ndocs:\n  stage: test\n  needs: [lint]\n  script: d\n",
    ),
    (
        ".gitlab-ci.yml",
        ".base:\n  image: x\n",
        "  script: pytest",
        "  extends: .base\n  script: pytest",
    ),
    (
        "docker-compose.yml",
        "  db:\n    image: postgres\n",
        "image: web",
        "image: web\n    depends_on: [db]",
    ),
    (
        "docker-compose.yml",
        "volumes:\n  data: {}\n",
        "image: postgres",
        "image: postgres\n    volumes:\n      - data:/d",
    ),
    ("pyproject.toml", 'lint = ["ruff"]\n', '"ipython"', '"ipython", {include-group = "lint"}'),
    ("pyproject.toml", 'docs = ["sphinx"]\n', '"pytest"', '"pytest", "probe[docs]"'),
    ("pixi.toml", '\n[feature.lint]\nchannels = ["l"]\n', '["test"]', '["test", "lint"]'),
]


@pytest.mark.parametrize(("path", "definition", "old", "new"), CASES)
def test_what_needs_something_that_the_project_removed_is_declined(
    path: str, definition: str, old: str, new: str
) -> None:
    base = FILES[path]
    ours, theirs = base.replace(definition, ""), base.replace(old, new)
    assert base not in (ours, theirs)
    done = merge_file(path, base.encode(), ours.encode(), theirs.encode())
    assert isinstance(done, Declined)
    assert done.content.decode() == ours
    assert "the template's uses what the project has removed; it is not taken." in done.reason
    told = done.patch + done.reason
    assert [word for word in theirs.split() if word not in base and word not in told] == []


@pytest.mark.parametrize(("path", "definition", "old", "new"), CASES)
def test_what_the_project_uses_stays_though_the_template_removes_it(
    path: str, definition: str, old: str, new: str
) -> None:
    base = FILES[path]
    ours, theirs = base.replace(old, new), base.replace(definition, "")
    done = merge_file(path, base.encode(), ours.encode(), theirs.encode())
    if done is None:
        # A merge by lines alone would bring the two together.
        by_line = base.replace(definition, "").replace(old, new)
        problem = check_clean(path, base.encode(), ours.encode(), theirs.encode(), by_line.encode())
        assert problem is not None
        return
    assert done.content.decode() == ours
    notes = done.notes if isinstance(done, Merged) else [done.reason]
    assert "the template no longer has it, the project uses it; it stays." in "".join(notes)


@pytest.mark.parametrize(("path", "definition", "old", "new"), CASES)
def test_a_merge_by_lines_that_leaves_a_name_undefined_is_wrong(
    path: str, definition: str, old: str, new: str
) -> None:
    base = FILES[path]
    ours, theirs = base.replace(definition, ""), base.replace(old, new)
    clean = ours.replace(old, new)
    problem = check_clean(path, *(text.encode() for text in (base, ours, theirs, clean)))
    assert problem is not None
    assert "which the other has removed" in problem


def test_what_else_the_template_changed_is_taken() -> None:
    base = WORKFLOW
    ours = base.replace("        os: [x, y]\n", "")
    theirs = base.replace("run: pytest", "run: pytest ${{ matrix.os }}").replace("ruff", "ruff -q")
    done = merge_file("a.yml", base.encode(), ours.encode(), theirs.encode())
    assert isinstance(done, Merged)
    assert done.content.decode() == ours.replace("ruff", "ruff -q")


@pytest.mark.parametrize(
    ("definition", "instead"),
    [
        (
            "matrix:\n        python: [a, b]\n        os: [x, y]\n",
            "matrix: ${{ fromJSON('{}') }}\n",
        ),
        ("os: [x, y]\n", "include: ${{ fromJSON('[]') }}\n"),
        ("        os: [x, y]\n", "        include:\n          - os: x\n"),
    ],
)
def test_a_matrix_that_has_the_name_in_another_way_will_do(definition: str, instead: str) -> None:
    ours = WORKFLOW.replace(definition, instead)
    theirs = WORKFLOW.replace("run: pytest", "run: pytest ${{ matrix.os }}")
    done = merge_file("a.yml", WORKFLOW.encode(), ours.encode(), theirs.encode())
    assert isinstance(done, Merged)
    assert done.content.decode() == ours.replace("run: pytest", "run: pytest ${{ matrix.os }}")


def test_a_name_that_the_template_does_not_define_either_is_no_fault_of_the_merge() -> None:
    ours = WORKFLOW.replace("        os: [x, y]\n", "")
    theirs = WORKFLOW.replace("run: pytest", "run: pytest ${{ matrix.elsewhere }}")
    done = merge_file("a.yml", WORKFLOW.encode(), ours.encode(), theirs.encode())
    assert isinstance(done, Merged)
    assert done.content.decode() == ours.replace(
        "run: pytest", "run: pytest ${{ matrix.elsewhere }}"
    )


TAGGED = """\
jobs:
  build:
    runs-on: ubuntu-latest
    env:
      TAG: registry.example.org/x
    steps:
      - name: Build
        run: build
      - name: Push
        run: push ${{ env.TAG }}
      - name: Last
        run: last
  release:
    runs-on: ubuntu-latest
    steps:
      - run: release
"""
DEMO = "      - name: Demo\n        run: push ${{ env.TAG }}-demo\n"


def test_variables_of_a_job_stay_for_a_step_of_the_projects() -> None:
    """Git merges the lines, and the step gets an empty name."""
    ours = TAGGED.replace("  release:\n", f"{DEMO}  release:\n")
    theirs = TAGGED.replace("    env:\n      TAG: registry.example.org/x\n", "")
    theirs = theirs.replace("env.TAG", "github.ref")
    path = ".github/workflows/ci.yml"
    texts = [text.encode() for text in (TAGGED, ours, theirs)]
    by_lines = theirs.replace("  release:\n", f"{DEMO}  release:\n").encode()
    wrong = "one side uses env TAG, which the other has removed."
    assert check_clean(path, texts[0], texts[1], texts[2], by_lines) == wrong
    done = merge_file(path, *texts)
    assert isinstance(done, Merged)
    assert done.content.decode() == ours.replace(
        "push ${{ env.TAG }}\n", "push ${{ github.ref }}\n"
    )
    assert done.notes == (
        "jobs.build.env: the template no longer has it, the project uses it; it stays.",
    )
