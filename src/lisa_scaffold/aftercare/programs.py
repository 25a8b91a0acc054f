"""Which programs the files of a project run that tell tools what to do: sessions, tasks, jobs."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lisa_scaffold.formats import python
from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.pattern import compile_lazily

is_running = match_patterns(
    (
        *("/noxfile.py", "/tasks.py", "/duties.py", "/dodo.py", "/tox.ini", "/Taskfile.y*ml"),
        *("Makefile", "makefile", "GNUmakefile", "*.mk", "justfile", "Justfile", "*.sh"),
        *("/scripts/*", "/ci/*", "/.ci/*", "/.gitlab-ci.yml", "/.gitlab/**/*.yml"),
        *("/.github/workflows/*", "/.github/actions/**/*.yml"),
    )
)
"""Whether a path has such a file."""

# What begins a command, as far as that can be told without reading the file as what it is.
_COMMAND = compile_lazily(
    r"(?:(?<![\w-])-m[ \t]+|(?:^|[;&|(])[ \t]*(?:- )?(?:[\w-]+[ \t]*[:=][ \t]+)?[@-]?)"
    r"[\"']?([A-Za-z][\w.-]*)(?=[\"'\s;&|)]|$)"
)


def find_runs(path: str, data: bytes) -> Iterator[tuple[str, int]]:
    """The programs that a file runs, modules after ``-m`` included, each with its line."""
    text = data.decode(errors="replace")
    if path.endswith(".py"):
        yield from _find_calls(text)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if not line.lstrip().startswith("#"):
            yield from ((name, number) for name in _COMMAND.findall(line))


def _find_calls(text: str) -> Iterator[tuple[str, int]]:
    """What the calls of a noxfile or the like run: ``session.run("python", "-m", "build")``."""
    tree = python.parse(text)
    for node in ast.walk(tree) if tree else ():
        match node:
            case ast.Call(func=ast.Attribute(attr=called), args=args) if called.startswith("run"):
                words = [each.value if isinstance(each, ast.Constant) else "" for each in args]
                named = [
                    word
                    for before, word in zip(("-m", *words), words, strict=False)
                    if before == "-m"
                ]
                yield from ((str(name), node.lineno) for name in named if name)
