"""Whether the build of a project compiles, and when."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lisa_scaffold.formats.document import Problem
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.versions import normalize_name

SOURCES = (".pyx", ".pxd", ".c", ".cc", ".cpp", ".cxx", ".cu", ".f", ".f90", ".rs", ".h")
_BACKENDS = ("scikit-build-core", "maturin", "meson-python")
# These compile where they are told to, and pack every other source as it is.
_PACKING = ("flit", "hatchling", "pdm", "poetry", "setuptools", "uv")
# What says itself that it compiles.
_ARGUMENTS = frozenset(("ext_modules", "cffi_modules", "rust_extensions", "cmake_source_dir"))
_CALLS = frozenset(("Extension", "CMakeExtension", "cythonize", "mypycify", "RustExtension"))
# A setup.py that runs one of these has it compile the sources that there are.
_PROGRAMS = compile_lazily(
    r"(?:make|cmake|meson|ninja|cc|gcc|g\+\+|clang|clang\+\+|nvcc|gfortran|f2py|swig|cython)\b"
)
_REQUIRED = frozenset(
    [
        *("cffi", "cmake", "cppy", "cython", "extension-helpers", "f90wrap", "hatch-cython"),
        *("meson", "mypyc", "nanobind", "ninja", "numpy", "oldest-supported-numpy", "pybind11"),
        *("pythran", "scikit-build", "scikit-build-core", "setuptools-rust", "swig"),
    ]
)
_SETTINGS = (
    ("tool", "extension-helpers"),
    ("tool", "hatch", "build", "hooks", "cmake"),
    ("tool", "hatch", "build", "hooks", "custom"),
    ("tool", "hatch", "build", "hooks", "cython"),
    ("tool", "hatch", "build", "targets", "wheel", "hooks"),
    ("tool", "pdm", "build", "run-setuptools"),
    ("tool", "poetry", "build"),
)


def is_compiled(facts: Facts) -> bool:
    """Whether a compiler is needed to build the project.

    Sources say so only where something compiles them: a package may bring kernels as its data, and
    compile them when it runs.
    """
    if facts.package.backend in _BACKENDS or _states_extensions(facts):
        return True
    has_sources = any(path.endswith(SOURCES) for path in facts.files)
    return has_sources and (facts.package.backend not in _PACKING or _may_compile(facts))


def compiles_on_import(facts: Facts) -> bool:
    """Whether the import of an editable installation compiles what has changed.

    It needs what compiled at first, and an isolated build leaves nothing of that behind.
    """
    # Some wrap meson-python's hooks in a backend of their own.
    if facts.package.backend == "meson-python" or "meson-python" in _list_required(facts):
        return True
    rebuild = facts.pyproject.get("tool", "scikit-build", "editable", "rebuild")
    return facts.package.backend == "scikit-build-core" and rebuild is True


def _states_extensions(facts: Facts) -> bool:
    """Whether setuptools is told of extensions."""
    if facts.pyproject.get("tool", "setuptools", "ext-modules"):
        return True
    if isinstance(facts.python("setup.py"), Problem):
        return "ext_modules" in facts.text("setup.py")  # of Python 2
    return any(
        _ARGUMENTS & {*_list_named(node)} or _name_called(node) in _CALLS
        for node in _walk_setup(facts)
    )


def _may_compile(facts: Facts) -> bool:
    """Whether a build is set up to compile sources, of which there are some."""
    if any(facts.pyproject.get(*keys) for keys in _SETTINGS) or _REQUIRED & _list_required(facts):
        return True
    if facts.has("build.py") and facts.package.backend == "poetry":
        return True
    words = (node.value for node in _walk_setup(facts) if isinstance(node, ast.Constant))
    runs = any(isinstance(word, str) and _PROGRAMS.match(word) for word in words)
    called = {_name_called(node) for node in _walk_setup(facts)}
    # numpy.distutils finds the setup.py of each folder.
    return runs or bool({"add_extension", "add_library", "add_subpackage"} & called)


def _walk_setup(facts: Facts) -> Iterator[ast.AST]:
    setup = facts.python("setup.py")
    yield from ast.walk(setup) if isinstance(setup, ast.Module) else ()


def _list_named(node: ast.AST) -> Iterator[str]:
    """A keyword, or a key of a dictionary that ``setup`` may be given."""
    match node:
        case ast.keyword(arg=str(name)) | ast.Constant(value=str(name)):
            yield name


def _name_called(node: ast.AST) -> str:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
    return ""


def _list_required(facts: Facts) -> set[str]:
    """The normalised names of the build requirements."""
    requires = facts.pyproject.items("build-system", "requires")
    return {normalize_name(re.split(r"[^\w.-]", str(each).strip())[0]) for each in requires}
