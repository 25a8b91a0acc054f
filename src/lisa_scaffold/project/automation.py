"""Which tools a project runs, as told by its settings, tasks, hooks and pipelines.

A tool that is named anywhere in them counts as run: rules ask before they report that none is.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from lisa_scaffold.pattern import compile_lazily

if TYPE_CHECKING:
    from lisa_scaffold.project.files import Files
    from lisa_scaffold.project.gitlab import Pipeline

_FILES = (
    *("pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "tox.toml", "noxfile.py", "pixi.toml"),
    *("hatch.toml", "Makefile", "makefile", "GNUmakefile", "*.mk", "?ustfile", "Taskfile.y*ml"),
    *("tasks.py", "duties.py", "dodo.py", "*.sh", "scripts/*", "ci/*", ".ci/*", "config/*"),
    *(".config/*", "requirements*.txt", "requirements/*", "environment*.yml", "package.json"),
    *(".pre-commit-config.yaml", ".gitlab-ci.yml", ".gitlab/**.yml", "ci/**.yml"),
    *(".github/workflows/*", ".github/actions/**.yml", "azure-pipelines.yml", ".circleci/*"),
    *(".travis.yml", "appveyor.yml", ".appveyor.yml", "lefthook.yml", "trunk.yaml"),
    *("?ruff.toml", "ruff.toml", ".flake8", ".pylintrc", "pylintrc", "mypy.ini", ".mypy.ini"),
    *("pyrightconfig.json", "pytest.ini", ".pytest.ini", ".coveragerc", "ty.toml", "pyrefly.toml"),
    *("conftest.py", "tests/conftest.py", "Jenkinsfile", ".lgtm.yml"),
)
_REUSED_WORKFLOW = compile_lazily(r"uses:\s*[\"']?[\w.-]+/[\w.-]+/\.github/workflows/")
_MOST_TEXT = 4_000_000


class Automation(NamedTuple):
    """The files that tell which tools run.

    Attributes
    ----------
    text
        All of them, one after the other, each below a line with its name.
    is_complete
        Whether none of them is in another repository.
    """

    text: str
    is_complete: bool

    def names(self, *words: str) -> bool:
        """Whether one of these words is there, as a whole word."""
        return any(_word_pattern(word).search(self.text) is not None for word in words)

    def joined(self, above: Automation) -> Automation:
        """The same with what runs tools at the top of the repository."""
        text = f"{self.text}\n{above.text}"[: 2 * _MOST_TEXT]
        return Automation(text, self.is_complete and above.is_complete)


@cache
def _word_pattern(word: str) -> re.Pattern[str]:
    """Find a word; the lookbehind comes last, so that the search starts with fixed letters."""
    letters = re.escape(word)
    return re.compile(rf"{letters}(?![\w-])(?<![\w-]{letters})")


def read(files: Files, pipeline: Pipeline) -> Automation:
    """Read the files of a project that run tools."""
    paths = dict.fromkeys([*files.paths(*_FILES), *pipeline.files])
    parts: list[str] = []
    size = 0
    elsewhere = {include.address: include.text for include in pipeline.includes if include.text}
    for path in (*paths, *elsewhere):
        text = elsewhere.get(path) or files.text(path)
        size += len(text)
        if size > _MOST_TEXT:
            break
        parts.append(f"{path}\n{text}")
    text = "\n".join(parts)
    whole = pipeline.is_local and not (".github/" in text and _REUSED_WORKFLOW.search(text))
    return Automation(text, whole and size <= _MOST_TEXT)
