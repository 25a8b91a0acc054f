"""Where a project has its code and its tests, and the name that people import."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from lisa_scaffold.adopt.guess import squeezed
from lisa_scaffold.formats.document import Problem
from lisa_scaffold.project.facts import Facts

_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z_][A-Za-z0-9_]*)*")
_COMPILED = (".pyx", ".pxd", ".c", ".cc", ".cpp", ".cxx", ".cu", ".f", ".f90", ".rs", ".h")
_COMPILING = ("scikit-build-core", "maturin", "meson-python")
_ABOUT = ("_version.py", "__about__.py", "_about.py", "_meta.py", "__init__.py", "version.py")
_TEST = re.compile(r"(test_[^/]*|[^/]*_test|tests?)\.py")


class Code(NamedTuple):
    """A package: the name that people import, the folder (or file) of its code, and who says so."""

    import_name: str
    folder: str
    source: str

    @property
    def root(self) -> str:
        """The folder that imports start from; a dot for the project's own."""
        depth = self.import_name.count(".") + 1
        return "/".join(self.folder.split("/")[:-depth]) or "."

    @property
    def path(self) -> str:
        """What the template calls the path of the code: a folder of its own, or the package."""
        return self.root if self.root != "." else self.folder


def find(facts: Facts) -> list[Code]:
    """The packages of a project, the one that is most likely its main one first.

    What the build backend is told comes before what the folders look like.
    """
    told = [code for code in _told(facts) if _usable(code)]
    if told:
        return _ordered(facts, told)
    seen = [_seen(facts, name, folder) for name, folder in facts.layout.folders.items()]
    return _ordered(facts, [code for code in seen if _usable(code)])


def _seen(facts: Facts, name: str, folder: str) -> Code:
    """A package by its folder; folders above it are no namespace where it has the whole name."""
    last = name.rpartition(".")[2]
    return Code(last if squeezed(last) == squeezed(facts.package.name) else name, folder, folder)


def _usable(code: Code) -> bool:
    return bool(_NAME.fullmatch(code.import_name) and _PATH.fullmatch(code.folder))


def _ordered(facts: Facts, found: list[Code]) -> list[Code]:
    """By likeness to the distribution's name, then by number of files."""
    wanted = squeezed(facts.package.name)
    sizes = Counter(
        code.folder for code in found for path in facts.files if path.startswith(f"{code.folder}/")
    )

    def rank(code: Code) -> tuple[bool, bool, int]:
        name = squeezed(code.import_name)
        return (
            name != wanted,
            not (wanted and (name in wanted or wanted in name)),
            -sizes[code.folder],
        )

    return sorted(dict.fromkeys(found), key=rank)


def is_clear(facts: Facts, found: list[Code]) -> bool:
    """Whether the first of some packages is the main one beyond doubt."""
    if len(found) <= 1:
        return len(found) == 1
    wanted = squeezed(facts.package.name)
    alike = [code for code in found if squeezed(code.import_name) == wanted]
    near = [code for code in found if wanted and squeezed(code.import_name) in wanted]
    tops = {code.import_name.split(".")[0] for code in found}
    return len(alike) == 1 or (not alike and len(near) == 1) or len(tops) == 1


def _told(facts: Facts) -> Iterator[Code]:
    """What the backend's table names."""
    tool = ("tool",)
    pyproject = facts.pyproject
    wheel = (*tool, "scikit-build", "wheel", "packages")
    for keys in (wheel, (*tool, "hatch", "build", "targets", "wheel", "packages")):
        said = pyproject.get(*keys)
        folders = (
            said.values() if isinstance(said, dict) else said if isinstance(said, list) else []
        )
        for folder in map(str, folders):
            yield from _code(facts, folder.strip("/"), f"pyproject.toml:{pyproject.line(*keys)}")
    for package in pyproject.items("tool", "poetry", "packages"):
        match package:
            case {"include": str(name), **rest}:
                start = str(rest.get("from", "")).strip("/")
                folder = f"{start}/{name}" if start else name
                line = pyproject.line("tool", "poetry", "packages")
                yield from _code(facts, folder, f"pyproject.toml:{line}")
    for keys in (("tool", "flit", "module", "name"), ("tool", "flit", "metadata", "module")):
        if isinstance(name := pyproject.get(*keys), str):
            yield from _module(facts, name, f"pyproject.toml:{pyproject.line(*keys)}")


def _code(facts: Facts, folder: str, source: str) -> Iterator[Code]:
    if any(path.startswith(f"{folder}/") for path in facts.files):
        below = _below_namespace(facts, folder)
        yield Code(folder.rpartition("/")[2] + below.replace("/", "."), folder + below, source)


def _below_namespace(facts: Facts, folder: str) -> str:
    """The way from a folder without code of its own to the one package in it; usually empty."""
    below = ""
    while not any(
        "/" not in path[len(folder + below) + 1 :] for path in _in(facts, folder + below)
    ):
        inner = {
            path[len(folder + below) + 1 :].split("/")[0] for path in _in(facts, folder + below)
        }
        packages = [each for each in inner if facts.has(f"{folder}{below}/{each}/__init__.py")]
        if len(packages) != 1:
            return below
        below += f"/{packages[0]}"
    return below


def _in(facts: Facts, folder: str) -> list[str]:
    return [path for path in facts.files if path.startswith(f"{folder}/")]


def _module(facts: Facts, name: str, source: str) -> Iterator[Code]:
    path = name.replace(".", "/")
    for folder in (f"src/{path}", path):
        if any(each.startswith(f"{folder}/") for each in facts.files):
            yield Code(name, folder, source)
        elif facts.has(f"{folder}.py"):
            yield Code(name, f"{folder}.py", source)


def is_compiled(facts: Facts, code: Code) -> bool:
    """Whether a compiler is needed to build the project."""
    if facts.package.backend in _COMPILING:
        return True
    sources = [path for path in facts.files if path.endswith(_COMPILED)]
    return any(path.startswith((f"{code.path}/", "src/")) for path in sources) or bool(
        sources and "ext_modules" in facts.text("setup.py")
    )


def tests(facts: Facts, code: Code) -> tuple[str, str]:
    """The folder (or file) of the tests, and who says so; empty where there are none."""
    for keys in (("tool", "pytest", "ini_options", "testpaths"), ("tool", "pytest", "testpaths")):
        said = facts.pyproject.get(*keys)
        paths = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
        for path in (str(each).strip("/").removeprefix("./") for each in paths):
            if _PATH.fullmatch(path) and any(each.startswith(f"{path}/") for each in facts.files):
                return path, f"pyproject.toml:{facts.pyproject.line(*keys)}"
    found = Counter(_test_folder(path) for path in facts.files if _is_test(path, code))
    usable = [(path, n) for path, n in found.items() if _PATH.fullmatch(path)]
    # Nearer to the top is nearer to the point; then where more of them are.
    usable.sort(key=lambda each: (each[0].count("/"), -each[1], each[0]))
    return (usable[0][0], usable[0][0]) if usable else ("", "no tests found")


def _is_test(path: str, code: Code) -> bool:
    below = path.startswith((f"{code.path}/", "test/", "tests/"))
    lone = "/" not in path
    return bool(_TEST.fullmatch(path.rpartition("/")[2])) and (below or lone)


def _test_folder(path: str) -> str:
    """The uppermost folder of tests that a file of tests lies in, or the file itself."""
    parts = path.split("/")
    for end, part in enumerate(parts[:-1], 1):
        if part in ("test", "tests"):
            return "/".join(parts[:end])
    return "/".join(parts[:-1]) or path


def computed(facts: Facts, key: str) -> tuple[str, str] | None:
    """What ``setup.py`` looks up in a module of the project, such as ``about["__version__"]``."""
    wanted = _looked_up(facts, key)
    if wanted is None:
        return None
    modules = [path for path in facts.files if path.rpartition("/")[2] in _ABOUT]
    for path in sorted(modules, key=lambda each: (each.count("/"), each)):
        for name, node in _constants(facts.python(path)):
            if name == wanted:
                return str(node.value), f"{path}:{node.lineno}"
    return None


def _looked_up(facts: Facts, key: str) -> str | None:
    module = facts.python("setup.py")
    for node in ast.walk(module) if isinstance(module, ast.Module) else ():
        match node:
            case ast.keyword(arg=arg, value=ast.Subscript(slice=ast.Constant(value=str(name)))) if (
                arg == key
            ):
                return name
    return None


def _constants(module: ast.Module | Problem) -> Iterator[tuple[str, ast.Constant]]:
    for node in module.body if isinstance(module, ast.Module) else ():
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str()) as value):
                yield name, value


def scripts(facts: Facts) -> dict[str, Any]:
    """The programs that the package installs."""
    said = facts.package.get("scripts") or facts.package.get("entry-points")
    return said if isinstance(said, dict) else {}
