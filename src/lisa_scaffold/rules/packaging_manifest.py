"""What setuptools puts into the source distribution: `MANIFEST.in`, for setuptools alone.

PKG005 MANIFEST.in names files · PKG006 the archive holds what a build reads
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lisa_scaffold.formats.document import Problem
from lisa_scaffold.formats.edit import Change, add_line
from lisa_scaffold.project import manifest
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.files import is_there
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.requirement import required
from lisa_scaffold.rules.rule import MUST, PACKAGE, SHOULD, Hit, rule


def _by_setuptools(facts: Facts) -> bool:
    return facts.package.backend == "setuptools" and facts.has(manifest.FILE)


@rule("PKG005", MUST, kinds=PACKAGE, when=_by_setuptools, fixes=True)
def manifest_names_files(facts: Facts) -> Iterator[Hit]:
    """Every line of MANIFEST.in has an effect.

    Why: A line without one hides that a file is missing from the source distribution.

    How: Correct the name, or remove the line. `recursive-include` needs a folder and patterns.

    Source: [MANIFEST.in](https://setuptools.pypa.io/en/latest/userguide/miscellaneous.html#controlling-files-in-the-distribution);
    one MANIFEST.in was copied into several LISA packages that lack the files it names.
    """
    lines, made = facts.lines(manifest.FILE), _made(facts)
    for command in manifest.read(facts).commands:
        line = lines[command.line - 1]
        fix = Fix.edit(manifest.FILE, _without(command, line))
        if command.verb not in manifest.COMMANDS:
            yield Hit(manifest.FILE, command.line, f"no command `{command.verb}`")
        elif not command.complete:
            message = f"`{command.verb}` lacks {'patterns' if command.words else 'what it is for'}"
            yield Hit(manifest.FILE, command.line, message, fix=fix)
        elif command.adds and (missing := _missing(facts, command, made)):
            whole = command.verb.startswith("recursive") or missing == list(command.words)
            message = f"there is no {', '.join(missing)}"
            yield Hit(manifest.FILE, command.line, message, fix=fix if whole else None)


def _missing(facts: Facts, command: manifest.Command, made: set[str]) -> list[str]:
    """The files and folders that a command names and nobody has, nor will a build make them."""
    if command.verb.startswith("global"):
        return []
    folders = len(command.words) > len(command.patterns)
    named = command.words[:1] if folders else command.words
    missing = []
    for word in named:
        # A pattern may mean nothing today; the folder that it is for has to be there.
        path = re.split(r"[*?\[]", word)[0]
        path = word if path == word else path.rpartition("/")[0]
        if path and not is_there(facts, path) and path not in made:
            missing.append(word)
    return missing


def _made(facts: Facts) -> set[str]:
    """Files that setuptools-scm writes."""
    table = facts.pyproject.table("tool", "setuptools_scm")
    return {str(table[key]) for key in ("version_file", "write_to") if key in table}


def _without(command: manifest.Command, line: str) -> Change:
    """Remove a command; one that goes over several lines is left to people."""

    def change(text: str) -> str:
        lines = text.split("\n")
        if line.rstrip().endswith("\\") or line not in lines:
            return text
        at = command.line - 1
        if at >= len(lines) or lines[at] != line:
            at = lines.index(line)
        return "\n".join([*lines[:at], *lines[at + 1 :]])

    return change


@rule(
    "PKG006",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: facts.package.backend == "setuptools" and facts.has("setup.py"),
    fixes=True,
)
def archive_is_complete(facts: Facts) -> Iterator[Hit]:
    """The source distribution holds the files that `setup.py` reads.

    Why: From the source distribution the package cannot be built, and nobody notices in a checkout.

    How: Add `include NAME` to `MANIFEST.in`.

    Source: [MANIFEST.in](https://setuptools.pypa.io/en/latest/userguide/miscellaneous.html#controlling-files-in-the-distribution).
    """
    if "scm" in facts.text("setup.py") or "setuptools-scm" in required(facts):
        return
    listed = manifest.read(facts)
    for path, line in _opened(facts):
        if facts.has(path) and not listed.includes(path) and not _is_module(facts, path):
            message = f"{path} is read here, but is not in the source distribution"
            yield Hit("setup.py", line, message, fix=_included(facts, path))


def _is_module(facts: Facts, path: str) -> bool:
    inside = any(path.startswith(f"{folder}/") for folder in facts.layout.folders.values())
    return inside and path.endswith(".py")


def _included(facts: Facts, path: str) -> Fix:
    if facts.has(manifest.FILE):
        return Fix.edit(manifest.FILE, add_line(f"include {path}"))
    return Fix.write(manifest.FILE, f"include {path}\n")


def _opened(facts: Facts) -> Iterator[tuple[str, int]]:
    """Files that `setup.py` opens by a name that stands there."""
    module = facts.python("setup.py")
    for node in [] if isinstance(module, Problem) else ast.walk(module):
        match node:
            case ast.Call(
                func=ast.Name(id="open" | "read_file" | "read") | ast.Attribute(attr="open")
            ):
                yield from _names(node)


def _names(call: ast.Call) -> Iterator[tuple[str, int]]:
    match call.args[:1]:
        case [ast.Constant(value=str(name))]:
            yield name, call.lineno
        case [ast.Call(func=ast.Attribute(attr="join"), args=[*_, ast.Constant(value=str(name))])]:
            yield name, call.lineno
