"""``MANIFEST.in``, which only setuptools reads, and what the source distribution contains."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lisa_scaffold.formats.document import Problem
from lisa_scaffold.formats.edit import Change, add_line
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import manifest
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.files import is_there
from lisa_scaffold.project.setup_call import read_call
from lisa_scaffold.rules.applications import is_application
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.requirement import may_be_built
from lisa_scaffold.rules.rule import PACKAGE, SHOULD, UNSAFE, Hit, count_more, join_same, rule


@rule(
    "PKG005",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: facts.has(manifest.FILE) and facts.is_built and facts.package.backend,
    fixes=UNSAFE,
)
def manifest_names_files(facts: Facts) -> Iterator[Hit]:
    """Every line of MANIFEST.in has an effect.

    Why: A line without effect hides that a file is missing from the published sources.

    How: Correct the name, or delete the line. `recursive-include` needs a folder and patterns.
    Missing names are not meant where a comment in the file says that not all have to exist, as in
    one that several projects share. No other backend than setuptools reads the file: there, say
    under its own settings what belongs to the published sources.

    Source: [MANIFEST.in](https://setuptools.pypa.io/en/latest/userguide/miscellaneous.html#controlling-files-in-the-distribution);
    one MANIFEST.in was copied into several LISA packages that lack the files it names.
    """
    backend = facts.package.backend
    if backend == "setuptools":
        yield from join_same(_find_idle(facts))
    elif backend in _NOT_READING:
        message = f"{backend} does not read this file, so it has no effect: delete it"
        yield Hit(manifest.FILE, 1, message)


_SHARED = compile_lazily(
    r"\b(?:not|may|might|if|\w{2,5}n't)\b[^\n]{0,60}\bexists?\b", re.IGNORECASE
)
_NOT_READING = frozenset(
    [
        *("hatchling", "flit", "pdm", "poetry", "uv", "maturin"),
        *("meson-python", "scikit-build-core"),
    ]
)


def _find_idle(facts: Facts) -> Iterator[Hit]:
    """The lines without effect."""
    lines = facts.lines(manifest.FILE)
    scm = facts.pyproject.table("tool", "setuptools_scm")
    generated = {str(scm[key]) for key in ("version_file", "write_to") if key in scm}
    idle: dict[bool, list[tuple[manifest.Command, list[str]]]] = {True: [], False: []}
    comments = (line.partition("#")[2] for line in lines)
    is_shared = any(_SHARED.search(comment) for comment in comments)
    for command in manifest.read(facts).commands:
        fix = Fix.edit(manifest.FILE, _remove_command(command, lines[command.line - 1]))
        if command.verb not in manifest.COMMANDS:
            message = (
                f"`{command.verb}` is unknown and does nothing: write a command such as `include`"
            )
            yield Hit(manifest.FILE, command.line, message)
        elif not command.complete:
            lacks = "a pattern, such as `*.txt`," if command.words else "a name"
            message = f"this does nothing: add {lacks} after `{command.verb}`, or delete the line"
            yield Hit(manifest.FILE, command.line, message, fix=fix)
        elif second := next((each for each in command.words if each in manifest.COMMANDS), ""):
            message = (
                f"`{second}` begins no line, and is taken for a file: write it on its own line"
            )
            yield Hit(manifest.FILE, command.line, message)
        elif is_shared or not command.adds:
            continue
        elif missing := _find_missing(facts, command, generated):
            whole = command.verb.startswith("recursive") or missing == list(command.words)
            # What is somewhere else was meant: without the line it would be missing for good.
            moved = any(_find_near(facts, command, each) for each in missing)
            idle[whole and not moved].append((command, missing))
    # What repeats is one finding, with its places.
    for whole, found in idle.items():
        if found:
            named = [*dict.fromkeys(name for _, names in found for name in names)]
            more = f" and {len(named) - _MOST_NAMED} more" if named[_MOST_NAMED:] else ""
            places = count_more([command.line for command, _ in found])
            changes = [_remove_command(each, lines[each.line - 1]) for each, _ in found]
            gone = ", ".join(named[:_MOST_NAMED])
            pairs = [(command, name) for command, names in found for name in names][:_MOST_NAMED]
            near = [each for pair in pairs if (each := _find_near(facts, *pair))]
            there = f" (there is {', '.join(dict.fromkeys(near))})" if near else ""
            message = (
                f"{gone}{more}: not found, so this has no effect: "
                f"correct{there} or delete it{places}"
            )
            every = Fix.edit(manifest.FILE, *changes) if whole else None
            yield Hit(manifest.FILE, found[0][0].line, message, fix=every)


_BUILDING = compile_lazily(r"\b(ext_modules|cffi_modules|rust_extensions|cmdclass)\b")
"""What a setup.py builds besides, where the metadata stand in pyproject.toml."""

_MOST_WORDS = 10_000
_MOST_NAMED = 20


def _find_missing(facts: Facts, command: manifest.Command, generated: set[str]) -> list[str]:
    """The files and folders that a command names, that do not exist and are not generated."""
    if command.verb.startswith("global"):
        return []
    folders = len(command.words) > len(command.patterns)
    named = command.words[:1] if folders else command.words
    missing = []
    for word in named[:_MOST_WORDS]:
        # A pattern may match nothing today, but its folder has to exist.
        path = re.split(r"[*?\[]", word)[0]
        path = word if path == word else path.rpartition("/")[0]
        is_made = path in generated or (path == word and may_be_built(facts, path))
        is_made = is_made or _is_fetched(facts, path)
        if path and not is_there(facts, path) and not is_made:
            missing.append(word)
    return missing


def _is_fetched(facts: Facts, path: str) -> bool:
    """Whether a path lies in a folder that is not there, and with which `setup.py` reckons."""
    folder = path
    while (above := folder.rpartition("/")[0]) and not is_there(facts, above):
        folder = above
    return "/" in folder and f"{folder}/" in facts.text("setup.py")


def _find_near(facts: Facts, command: manifest.Command, word: str) -> str:
    """What is there by the name of something that is not: elsewhere, or with another ending.

    In the place of a file it is a file, and in that of a folder a folder.
    """
    path = re.split(r"[*?\[]", word)[0]
    is_folder = path != word or command.verb in ("graft", "recursive-include")
    path = path.rpartition("/")[0] if path != word else word
    folder, _, name = path.rpartition("/")
    by_name = facts.cached(_list_folders_by_name if is_folder else _list_files_by_name)
    cased = (each for paths in by_name.values() for each in paths if each.lower() == path.lower())
    if other := next(cased, ""):
        return other
    if same := by_name.get(name):
        # The nearest has most folders in common.
        return max(same, key=lambda each: (len(posixpath.commonprefix([each, path])), -len(each)))
    stem = name.split(".")[0].lower().rstrip("s")
    beside = (
        each
        for other, paths in by_name.items()
        if stem and other.split(".")[0].lower().rstrip("s") == stem
        for each in paths
        if each.rpartition("/")[0] == folder
    )
    return next(beside, "") or _find_alike(by_name, folder, name)


_LEAST_ALIKE = 4


def _find_alike(by_name: Mapping[str, Sequence[str]], folder: str, name: str) -> str:
    """The only one in a folder whose name goes on after a name, or the other way round."""
    alike = [
        each
        for other, paths in by_name.items()
        if min(len(other), len(name)) >= _LEAST_ALIKE
        and (other.lower().startswith(name.lower()) or name.lower().startswith(other.lower()))
        for each in paths
        if each.rpartition("/")[0] == folder
    ]
    return alike[0] if len(alike) == 1 else ""


def _list_files_by_name(facts: Facts) -> dict[str, list[str]]:
    """The paths of all files by their last part."""
    # Nobody has to name what every source distribution has.
    return _sort_by_name(path for path in facts.files if not manifest.Manifest().includes(path))


def _list_folders_by_name(facts: Facts) -> dict[str, list[str]]:
    """The paths of all folders by their last part."""
    return _sort_by_name(sorted(facts.folders))


def _sort_by_name(paths: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(path.rpartition("/")[2], []).append(path)
    return found


def _remove_command(command: manifest.Command, line: str) -> Change:
    """Remove a command; one that spans several lines is left to people."""

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
    when=lambda facts: (
        facts.package.backend == "setuptools"
        and facts.has("setup.py")
        and not is_application(facts)
    ),
    fixes=UNSAFE,
)
def archive_is_complete(facts: Facts) -> Iterator[Hit]:
    """The published sources contain the files that `setup.py` reads or compiles, and itself.

    Why: Otherwise the package cannot be built from the published sources (the sdist), and nobody
    notices in a checkout.

    How: Add `include NAME` to `MANIFEST.in`.

    Source: [MANIFEST.in](https://setuptools.pypa.io/en/latest/userguide/miscellaneous.html#controlling-files-in-the-distribution).
    """
    listed, offered = manifest.read(facts), manifest.offers_all(facts)
    folders = tuple(f"{folder}/" for folder in facts.layout.folders.values())
    added = _find_added(facts)
    # setuptools itself adds what it compiles, unless a command takes it out.
    compiled = [*_find_compiled(facts)]
    if compiled or _BUILDING.search(facts.text("setup.py")):
        compiled.append(("setup.py", 1))
    for path, line in dict.fromkeys([*_find_opened(facts), *compiled]):
        is_module = path.startswith(folders) and path.endswith(".py")
        is_offered = offered or (path, line) in compiled or path in added
        if not facts.has(path) or listed.includes(path, offered=is_offered) or is_module:
            continue
        fix = Fix.write(manifest.FILE, f"include {path}\n")
        if facts.has(manifest.FILE):
            fix = Fix.edit(manifest.FILE, add_line(f"include {path}"))
        message = (
            f"{path} is missing from the published sources, so this fails there: "
            f"add `include {path}` to MANIFEST.in"
        )
        yield Hit("setup.py", line, message, fix=fix)


def _find_added(facts: Facts) -> set[str]:
    """What setuptools itself adds: lone modules, scripts, and files that it installs elsewhere."""
    module, cfg = facts.python("setup.py"), facts.ini("setup.cfg")
    told = None if isinstance(module, Problem) else read_call(module)
    given = {name: each.value for name, each in told.arguments.items()} if told else {}
    modules = [
        *_list_names(given.get("py_modules")),
        *_list_names(cfg.get("options", "py_modules")),
        *_list_names(facts.pyproject.get("tool", "setuptools", "py-modules")),
    ]
    placed = given.get("data_files")
    groups = (
        [each for each in placed if isinstance(each, tuple)] if isinstance(placed, list) else []
    )
    others = [
        *_list_names(given.get("scripts")),
        *_list_names(cfg.get("options", "scripts")),
        *(each for group in groups for each in _list_names(group[-1])),
        *(each for each in facts.layout.folders.values() if each.endswith(".py")),
    ]
    return {*(f"{each.replace('.', '/')}.py" for each in modules), *others}


def _list_names(told: Any) -> list[str]:
    """The names in a list, or in a text of ``setup.cfg``; none where it is neither."""
    listed = re.split(r"[,\n]", told) if isinstance(told, str) else told
    return [str(each).strip() for each in listed] if isinstance(listed, list) else []


def _find_compiled(facts: Facts) -> Iterator[tuple[str, int]]:
    """Literal sources of the extension modules of ``setup.py``."""
    module = facts.python("setup.py")
    for node in [] if isinstance(module, Problem) else ast.walk(module):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name.endswith(
                "Extension"
            ):
                given = [each.value for each in node.keywords if each.arg == "sources"]
                for each in (*node.args[1:2], *given):
                    for item in each.elts if isinstance(each, ast.List | ast.Tuple) else ():
                        if isinstance(item, ast.Constant) and isinstance(item.value, str):
                            yield item.value, item.lineno


_WRITING = frozenset(f"{mode}{binary}" for mode in "awx" for binary in ("", "b", "t", "+"))


def _find_opened(facts: Facts) -> Iterator[tuple[str, int]]:
    """Files that `setup.py` opens by a literal name, itself or by a function of its own."""
    module = facts.python("setup.py")
    if isinstance(module, Problem):
        return
    nodes = [*ast.walk(module)]
    names = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    readers = _find_readers(nodes)
    for node in nodes:
        for opened in _list_opened(node, readers):
            value = names.get(opened.id, opened) if isinstance(opened, ast.Name) else opened
            if path := _read_path(value):
                yield path, getattr(node, "lineno", 1)


def _find_readers(nodes: Iterable[ast.AST]) -> dict[str, int]:
    """Functions that open a file which they are given: by the place of that argument."""
    found: dict[str, int] = {}
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            more = [node.args.vararg] if node.args.vararg else []
            given = [each.arg for each in (*node.args.args, *more)]
            for inner in ast.walk(node):
                for opened in _list_opened(inner, {}):
                    used = {each.id for each in ast.walk(opened) if isinstance(each, ast.Name)}
                    places = [at for at, each in enumerate(given) if each in used]
                    found |= dict.fromkeys([node.name], places[0]) if places else {}
    return found


def _list_opened(node: ast.AST, readers: Mapping[str, int]) -> list[ast.expr]:
    """What a call opens: its argument, or the path whose method it is."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=args) if name in readers:
            return args[readers[name] :][:1]
        case ast.Call(func=ast.Name(id="open") | ast.Attribute(attr="open"), args=args) if any(
            isinstance(each, ast.Constant) and each.value in _WRITING for each in args
        ):
            return []
        case ast.Call(func=ast.Name(id="open" | "read_file" | "read"), args=[first, *_]):
            return [first]
        case ast.Call(func=ast.Attribute(attr="read_text" | "read_bytes", value=path)):
            return [path]
        case ast.Call(func=ast.Attribute(attr="open", value=path), args=args):
            # `io.open(path)`, or `path.open()`, where the argument is a mode.
            return [*args[:1], path]
    return []


def _read_path(node: ast.expr) -> str:
    """The literal path that an expression names below the folder of `setup.py`; else empty."""
    match node:
        case ast.Constant(value=str(name)):
            return name.removeprefix("./")
        case ast.BinOp(op=ast.Div(), left=left, right=ast.Constant(value=str(name))):
            parts = [_read_path(left), name]
        case ast.Call(func=ast.Attribute(attr="join") | ast.Name(id="join" | "Path"), args=args):
            parts = [_read_path(each) for each in args]
        case ast.Call(func=ast.Attribute(attr="Path"), args=args):
            parts = [_read_path(each) for each in args]
        case _:
            return ""
    return posixpath.normpath("/".join(filter(None, parts))) if parts and parts[-1] else ""
