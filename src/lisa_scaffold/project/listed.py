"""Requirements of the package that stand in a file which its build reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from posixpath import normpath
from typing import TYPE_CHECKING, NamedTuple

from lisa_scaffold.formats.document import Problem
from lisa_scaffold.pattern import compile_lazily

if TYPE_CHECKING:
    from lisa_scaffold.project.facts import Facts

_NAMED = compile_lazily(r"(?:[\w./-]*/)?(?>[\w.-]*?require)[\w.-]*\.(?:txt|in)", re.IGNORECASE)
_OPERATOR = compile_lazily(r"\s*(?:[=~<>!]=|===|[<>])\s*")
_OPTION = compile_lazily(r"-|.*\s--\w")


class Listed(NamedTuple):
    """A requirement, and its place."""

    path: str
    line: int
    text: str


def read(facts: Facts) -> tuple[Listed, ...]:
    """The requirements of a package that a build reads from files, as far as that is certain."""
    return tuple(each for path in _find_files(facts) for each in read_file(facts, path))


def read_file(facts: Facts, path: str) -> Iterator[Listed]:
    """The requirements in a file for pip; neither options nor lines that go on."""
    for number, line in enumerate(facts.lines(path), 1):
        text = re.split(r"(?:^|\s)#", line)[0].strip()
        # Options, and lines that go on, are for installers alone.
        if text and not _OPTION.match(text) and not text.endswith("\\"):
            yield Listed(path, number, text)


def _find_files(facts: Facts) -> list[str]:
    pyproject = facts.pyproject
    named: list[str] = []
    if "dependencies" in facts.package.unknown and facts.package.form == "project":
        for keys in (
            ("tool", "setuptools", "dynamic", "dependencies", "file"),
            ("tool", "hatch", "metadata", "hooks", "requirements_txt", "files"),
        ):
            found = pyproject.get(*keys)
            named += [str(each) for each in (found if isinstance(found, list) else [found]) if each]
    elif facts.package.form == "setuptools":
        told = str(facts.ini("setup.cfg").get("options", "install_requires", default="")).strip()
        if told.startswith("file:"):
            named = re.split(r"[\s,]+", told.removeprefix("file:").strip())
        elif facts.package.place("dependencies").path == "setup.py":
            named = _named_in_setup(facts)
    paths = (normpath(path) for path in named)
    return [path for path in dict.fromkeys(paths) if facts.has(path)]


def _named_in_setup(facts: Facts) -> list[str]:
    """The file that `setup.py` reads the requirements from; none where it may be another."""
    module = facts.python("setup.py")
    if isinstance(module, Problem) or "dependencies" not in facts.package.unknown:
        return []
    texts = [
        node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    named = {normpath(text) for text in texts if _NAMED.fullmatch(text)}
    # Who looks for an operator may write another one.
    is_changed = any(_OPERATOR.fullmatch(text) for text in texts)
    return [*named] if len(named) == 1 and not is_changed else []
