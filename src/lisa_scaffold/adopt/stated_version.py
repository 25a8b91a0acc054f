"""The file that states a project's version, for the steps of a release."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts

_STEPS = "CONTRIBUTING.md"
_ANYWHERE = b"Raise the version wherever a file names it."
# What reads the version from git, or writes it by itself.
_FROM_GIT = compile_lazily(
    r"(?i)\b(?:setuptools[-_.]scm|setuptools[-_.]git[-_.]version\w*|versioneer|vcs[-_.]versioning|pbr"
    r"|hatch[-_.]vcs|poetry[-_.]dynamic[-_.]versioning|uv[-_.]dynamic[-_.]versioning|miniver"
    r"|versioningit|setupmeta|autosemver|bump2?version)\b"
)
_VERSION = compile_lazily(r"v?\d+(?:\.\w+)+")


def name_in_steps(facts: Facts, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Name the file that states the version where ``CONTRIBUTING.md`` comes in with the steps."""
    text, stated = files.get(_STEPS, b""), _find_stated(facts)
    if not stated or _ANYWHERE not in text or facts.has(_STEPS):
        return {}
    told = f"Raise the version in `{stated}`, and wherever else a file names it."
    return {_STEPS: text.replace(_ANYWHERE, told.encode())}


def _find_stated(facts: Facts) -> str:
    """The path of the only file that states the version; empty where none or several may be it."""
    package = facts.package
    if package.text("version") and "version" not in package.unknown:
        return package.place("version").path
    setup = [facts.text(path) for path in ("pyproject.toml", "setup.py", "setup.cfg")]
    if any(map(_FROM_GIT.search, setup)):
        return ""
    paths = [
        path
        for folder in facts.layout.folders.values()
        for path in ([folder] if folder.endswith(".py") else facts.paths(f"{folder}/**/*.py"))
        if any(_VERSION.fullmatch(each) for each in _list_versions(facts, path))
    ]
    return paths[0] if len(paths) == 1 else ""


def _list_versions(facts: Facts, path: str) -> Iterator[str]:
    """What a module binds to ``__version__``, as far as that is a text."""
    if "__version__" not in facts.text(path):
        return
    module = facts.python(path)
    for node in module.body if isinstance(module, ast.Module) else ():
        match node:
            case (
                ast.Assign(
                    targets=[ast.Name(id="__version__")], value=ast.Constant(value=str(text))
                )
                | ast.AnnAssign(
                    target=ast.Name(id="__version__"), value=ast.Constant(value=str(text))
                )
            ):
                yield text
