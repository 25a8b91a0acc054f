"""Django: what settings are made of, and which names stand in none of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lisa_scaffold.formats.document import Problem
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts

_MOST_PARTS = 20
# What fills in settings by itself, so that nobody sees them all.
_FILLING = ("exec", "include", "locals", "globals", "vars", "setattr")
_FILLERS = frozenset(["configurations", "dynaconf", "split_settings", "django_heroku", "classy"])


def read_parts(facts: Facts, path: str) -> str:
    """The text of settings and of all that they take over; empty where not all of it is seen."""
    paths = [path]
    for each in paths:
        tree = facts.python(each)
        if isinstance(tree, Problem) or len(paths) > _MOST_PARTS:
            return ""
        for node in ast.walk(tree):
            if _fills(node):
                return ""
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                found = next(_find_module(facts, each, node), "")
                if not found:
                    return ""
                if found not in paths:
                    paths.append(found)
    return "\n".join(map(facts.text, paths))


def _fills(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in _FILLING
    named = [each.name for each in node.names] if isinstance(node, ast.Import) else []
    if isinstance(node, ast.ImportFrom):
        named = [node.module or ""]
    return any(name.partition(".")[0] in _FILLERS for name in named)


def _find_module(facts: Facts, path: str, node: ast.ImportFrom) -> Iterator[str]:
    """The file that an import takes names from: beside the one that imports, or from above it."""
    folders = path.split("/")[:-1]
    words = node.module.split(".") if node.module else []
    if node.level:
        tops = [folders[: len(folders) - node.level + 1]] if node.level <= len(folders) + 1 else []
    else:
        tops = [folders[:end] for end in range(len(folders), -1, -1)]
    for top in tops:
        place = "/".join([*top, *words])
        yield from (each for each in (f"{place}.py", f"{place}/__init__.py") if each in facts.files)


_NAMING = ("**/*.py", "**/.env*", "**/*.env", "**/*.toml", "**/*.y*ml", "**/*.json", "**/*.ini")
_MOST_NAMING = 3000
_WATCHED = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS")


@cached_in_facts
def find_unnamed(facts: Facts) -> frozenset[str]:
    """The settings on TLS that certainly no file names."""
    paths = facts.paths(*_NAMING)
    if len(paths) > _MOST_NAMING:
        return frozenset()
    return frozenset(_WATCHED) - {
        name for path in paths for name in _NAMES.findall(facts.text(path))
    }


_NAMES = compile_lazily("|".join(_WATCHED))
