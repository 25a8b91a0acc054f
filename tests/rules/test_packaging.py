"""Packaging: the build backend, and what it is told of."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.checking import changed, clean, edited, findings, fixed, found, messages, text

TOML = "pyproject.toml"
SYSTEM = """\
[build-system]
build-backend = "setuptools.build_meta"
requires = [ "setuptools>=77.0.3" ]
"""


def test_generated_projects_pass() -> None:
    for backend in ("setuptools", "hatchling"):
        assert found(clean(backend=backend), "PKG") == []


def test_build_system() -> None:
    table = '# Ours.\n\n[project]\nname = "a"\nversion = "1"\n'
    files = {TOML: table}
    assert found(files, "PKG") == [("PKG001", TOML, 1)]
    assert messages(files, "PKG") == [
        "no [build-system], so each installer guesses how to build this: add one"
    ]
    assert fixed(files, "PKG001") == {TOML: table.replace("[project]", f"{SYSTEM}\n[project]")}


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ('requires-python = ">=3.9"\nlicense = "MIT"\n', "setuptools>=77.0.3"),
        ('requires-python = ">=3.8"\n', "setuptools>=61"),
        ('requires-python = ">=3.7"\nlicense = { text = "MIT" }\n', "setuptools>=61"),
        ('requires-python = ">=3.8"\nlicense = "MIT"\n', ""),
        ('requires-python = ">=3.6"\n', ""),
    ],
)
def test_a_build_system_that_every_python_of_the_project_runs(lines: str, wanted: str) -> None:
    table = f'[project]\nname = "a"\nversion = "1"\n{lines}'
    made = {TOML: f"{SYSTEM.replace('setuptools>=77.0.3', wanted)}\n{table}"}
    assert [each.fixable for each in findings({TOML: table}, "PKG001")] == [bool(wanted)]
    if wanted:
        assert fixed({TOML: table}, "PKG001") == made


@pytest.mark.parametrize(
    "text",
    [
        "[project]\nname = 'a'\n[tool.uv]\npackage = false\n",
        "[tool.poetry]\nname = 'a'\npackage-mode = false\n",
        "[tool.ruff]\nline-length = 100\n",
    ],
)
def test_where_nothing_is_built_none_is_needed(text: str) -> None:
    assert found({TOML: text}, "PKG") == []


LEGACY = "setuptools.build_meta:__legacy__"

WRONG = """\
[project]
name = "a"
version = "1"
license = { text = "MIT License" }
readme = "no.md"
authors = [ { name = "A B", email = "<a@example.org>" } ]
classifiers = [ "programming language :: Python :: 3" ]
dependencies = [ "numpy==1.26.0", "b @ https://example.org/b.zip" ]
"""
OF_WHAT_IS_PUBLISHED = {
    "LIC003",
    "MET003",
    "MET004",
    "MET005",
    "MET007",
    "MET008",
    "MET019",
    "MET020",
}


@pytest.mark.parametrize(
    ("more", "is_built"),
    [
        ("[tool.uv]\npackage = false\n", False),
        (f"{SYSTEM}[tool.uv]\npackage = false\n", False),
        (f"{SYSTEM}[tool.poetry]\npackage-mode = false\n", False),
        (f"{SYSTEM}[tool.pdm]\ndistribution = false\n", False),
        (f"{SYSTEM}[tool.setuptools]\npackages = []\n", False),
        (f"{SYSTEM}[tool.setuptools]\npackages = []\npy-modules = []\n", False),
        (f"{SYSTEM}[tool.setuptools]\npackages = []\npy-modules = ['a']\n", True),
        (f"{SYSTEM}[tool.setuptools]\npy-modules = []\n", True),
        (f"{SYSTEM}[tool.hatch.build.targets.wheel]\nbypass-selection = true\n", False),
        (f"{SYSTEM}[tool.hatch.build.targets.wheel]\nbypass-selection = false\n", True),
        ("[tool.uv]\ndev-dependencies = []\n", False),
        ("[tool.uv]\npackage = true\n", True),
        (f"{SYSTEM}[tool.uv]\ndev-dependencies = []\n", True),
        (f"{SYSTEM}[tool.pdm]\ndistribution = true\n", True),
        (SYSTEM, True),
        ("", True),
    ],
)
def test_what_is_never_built_is_not_held_to_what_indexes_want(more: str, is_built: bool) -> None:
    codes = {code for code, *_ in found({TOML: f"{WRONG}{more}"})}
    assert codes & OF_WHAT_IS_PUBLISHED == (OF_WHAT_IS_PUBLISHED if is_built else set())


def test_uv_that_is_told_to_build_needs_a_build_system() -> None:
    text = "[project]\nname = 'a'\n[tool.uv]\npackage = true\n"
    assert found({TOML: text}, "PKG") == [("PKG001", TOML, 1)]


def test_setup_py_alone_is_built_as_before() -> None:
    files = {"setup.py": "from setuptools import setup\nsetup(name='a')\n"}
    # At a file that is there.
    assert found(files, "PKG") == [("PKG001", "setup.py", 1)]
    assert messages(files, "PKG") == [
        "no [build-system], so each installer guesses how to build this: add one in pyproject.toml"
    ]
    assert fixed(files, "PKG001") == {TOML: legacy('"setuptools"')}
    for files in ({"setup.py": "print 'of 2'\n"}, {"setup.cfg": "[metadata]\nname = a\n"}):
        assert [each.fixable for each in findings(files, "PKG001")] == [False]


def legacy(requires: str) -> str:
    """The build system that installers take where none is named, with what it needs."""
    return f'[build-system]\nbuild-backend = "{LEGACY}"\nrequires = [ {requires} ]\n'


TRIES = "try:\n    import {}\nexcept ImportError:\n    pass\n"


@pytest.mark.parametrize(
    ("lines", "more", "wanted", "why"),
    [
        ("import numpy as np\n", {}, '"numpy"', "setup.py imports numpy"),
        ("import yaml, os\nfrom Cython.Build import cythonize\n", {}, '"cython", "pyyaml"', ""),
        (TRIES.format("numpy"), {}, "", ""),
        (TRIES.format("numpy") + "include = numpy.get_include()\n", {}, '"numpy"', ""),
        ("def late():\n    import numpy\n", {}, "", ""),
        (TRIES.format("Cython"), {"a/fast.pyx": ""}, '"cython"', "Cython compiles a/fast.pyx"),
        (TRIES.format("Cython"), {"a/fast.pyx": "", "a/fast.c": ""}, "", ""),
        ("", {"a/fast.pyx": ""}, "", ""),  # nothing says that it is compiled
        # What it imports of the project imports more.
        ("from a import VERSION\n", {"a/__init__.py": "import scipy\n"}, '"scipy"', ""),
        (
            "from a.about import VERSION\n",
            {"a/__init__.py": "from . import b\n", "a/b.py": "import six", "a/about.py": ""},
            '"six"',
            "a/b.py imports six",
        ),
        ("import sys\nsys.path[:0] = ['src']\nimport a\n", {"src/a/__init__.py": ""}, "", ""),
    ],
)
def test_what_a_setup_py_needs_to_run(
    lines: str, more: dict[str, str], wanted: str, why: str
) -> None:
    setup = f"{lines}import setuptools\nsetuptools.setup(name='a')\n"
    files = {"setup.py": setup, **more}
    requires = f'"setuptools"{wanted and ", "}{wanted}'
    (said,) = messages(files, "PKG001")
    assert why in said
    assert (f"`requires = [{requires}]`" in said) == bool(wanted)
    assert fixed(files, "PKG001") == {TOML: legacy(requires)}


def test_an_old_setuptools_for_what_the_newest_has_not() -> None:
    setup = "import pkg_resources\nfrom setuptools import setup\nsetup(name='a')\n"
    files, table = {"setup.py": setup, TOML: "# Ours.\n\n[tool.a]\n"}, legacy('"setuptools<82"')
    assert fixed(files, "PKG001") == {TOML: f"# Ours.\n\n{table}\n[tool.a]\n"}
    project = "[project]\nname = 'a'\nversion = '1'\n"
    table = SYSTEM.replace("77.0.3", "77.0.3,<82")
    assert fixed({"setup.py": setup, TOML: project}, "PKG001") == {TOML: f"{table}\n{project}"}


@pytest.mark.parametrize("module", ["ours", "torch", "numpy.distutils.core"])
def test_what_only_its_authors_know_is_not_repaired(module: str) -> None:
    setup = f"import six\nimport {module}\nfrom setuptools import setup\nsetup(name='a')\n"
    files = {"setup.py": setup}
    assert messages(files, "PKG001") == [
        "no [build-system], so each installer guesses how to build this: add one in pyproject.toml,"
        f' with `requires = ["setuptools", "six", …]` and `build-backend = "{LEGACY}"`: setup.py '
        f"imports six; setup.py imports {module}: name what brings that"
    ]
    assert [each.fixable for each in findings(files, "PKG001")] == [False]


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ("for name in ('numpy', 'ours'):\n    __import__(name)\n", "modules by name"),
        ("import importlib\ndef check():\n    importlib.import_module(NAME)\n", "modules by name"),
        ("from importlib import import_module\nimport_module('ours.a')\n", "ours"),
        ("__import__('pkg_resources')\n__import__('os.path')\n__import__('a')\n", ""),
    ],
)
def test_what_a_setup_py_imports_by_name(lines: str, named: str) -> None:
    setup = f"{lines}from setuptools import setup\nsetup(name='a')\n"
    files = {"setup.py": setup, "a/__init__.py": ""}
    (said,) = messages(files, "PKG001")
    assert said.endswith(f"imports {named}: name what brings that") == bool(named)
    assert [each.fixable for each in findings(files, "PKG001")] == [not named]


def test_what_setuptools_asks_for_itself_is_not_named_again() -> None:
    setup = f"{TRIES.format('Cython')}from setuptools import setup\n"
    setup += "setup(name='a', setup_requires=['cython>=3'])\n"
    assert fixed({"setup.py": setup, "a.pyx": ""}, "PKG001") == {TOML: legacy('"setuptools"')}


@pytest.mark.parametrize(
    ("backend", "requires", "needed"),
    [
        ("poetry.core.masonry.api", '"setuptools"', "poetry-core"),
        ("hatchling.build", '"wheel", "numpy"', "hatchling"),
        ("setuptools.build_meta", '"wheel"', "setuptools"),
    ],
)
def test_backend_and_requirements(backend: str, requires: str, needed: str) -> None:
    files = {TOML: f'[build-system]\nbuild-backend = "{backend}"\nrequires = [ {requires} ]\n'}
    assert found(files, "PKG") == [("PKG002", TOML, 3)]
    assert messages(files, "PKG") == [
        f'the build cannot find `{backend}`: add "{needed}" to `requires`'
    ]


@pytest.mark.parametrize(
    ("backend", "requires"),
    [
        ("hatchling.build", '"uv-dynamic-versioning"'),
        ("setuptools.build_meta", '"setuptools-scm"'),
        ("poetry_dynamic_versioning.backend", '"poetry-core", "poetry-dynamic-versioning"'),
        ("flit_core.buildapi", '"flit_core >=3.12"'),
        ("mesonpy", '"Meson_Python", "numpy"'),
        ("own", '"wheel"'),
    ],
)
def test_requirements_that_bring_the_backend(backend: str, requires: str) -> None:
    files = {TOML: f'[build-system]\nbuild-backend = "{backend}"\nrequires = [ {requires} ]\n'}
    assert found(files, "PKG") == []


def test_a_build_system_needs_requirements() -> None:
    assert messages({TOML: '[build-system]\nbuild-backend = "own"\n'}, "PKG") == [
        "[build-system] has no list `requires`, so nothing can be built: add it"
    ]


@pytest.mark.parametrize("requirement", ["setuptools>=64", "setuptools >= 64.0"])
def test_setuptools_is_new_enough(requirement: str) -> None:
    files = edited(clean(), TOML, "setuptools>=77.0.3", requirement)
    assert found(files, "PKG") == [("PKG003", TOML, 3)]
    assert fixed(files, "PKG003") == {TOML: text(clean(), TOML)}
    older = edited(files, TOML, 'requires-python = ">=3.11"', 'requires-python = ">=3.8"')
    assert messages(older, "PKG003") == [
        f"`{requirement}` allows versions that stop at `license`: write `setuptools>=77.0.3`, "
        "which needs Python 3.9; Python 3.8 cannot build this"
    ]
    assert [each.fixable for each in findings(older, "PKG003")] == [False]


def test_a_bare_setuptools_is_the_newest() -> None:
    files = edited(clean(), TOML, "setuptools>=77.0.3", "setuptools")
    assert found(files, "PKG003") == []
    older = edited(files, TOML, 'requires-python = ">=3.11"', 'requires-python = ">=3.8"')
    assert found(older, "PKG003") == [("PKG003", TOML, 3)]


def test_a_newer_setuptools_stands_in_the_same_quotes() -> None:
    files = edited(clean(), TOML, '"setuptools>=77.0.3"', "'setuptools>=64'")
    wanted = edited(clean(), TOML, '"setuptools>=77.0.3"', "'setuptools>=77.0.3'")
    assert fixed(files, "PKG003") == {TOML: text(wanted, TOML)}


def test_a_bound_that_needs_a_person() -> None:
    files = edited(clean(), TOML, "setuptools>=77.0.3", "setuptools>=64,<70")
    assert messages(files, "PKG") == [
        "`setuptools>=64,<70` allows versions that stop at `license`: write `setuptools>=77.0.3`"
    ]
    table = edited(files, TOML, 'license = "BSD-3-Clause"', 'license = { text = "BSD-3-Clause" }')
    assert found(table, "PKG") == []


def test_a_table_that_no_build_reads() -> None:
    poetry = "[tool.poetry]\nname = 'a'\n[tool.poetry.dependencies]\nnumpy = '*'\n"
    files = {TOML: f"{SYSTEM}{poetry}", "setup.py": "setup(name='a')\n"}
    assert found(files, "PKG") == [("PKG004", TOML, 4)]
    assert messages(files, "PKG") == [
        "setuptools builds this project and ignores [tool.poetry]: delete that table"
    ]
    own = SYSTEM.replace("setuptools.build_meta", "poetry.core.masonry.api").replace(
        "setuptools>=77.0.3", "poetry-core"
    )
    assert found({TOML: f"{own}{poetry}"}, "PKG") == []


@pytest.mark.parametrize(
    ("table", "job", "is_found"),
    [
        *(("package-mode = false", "", False), ("package-mode = true", "", True)),
        *(("", "poetry install --no-root", False), ("", "poetry --no-ansi run pytest", False)),
        *(("", "pip install poetry", True), ("", "poetry-audit install", True)),
        *(("", "poetry version", True), ("", "echo", True)),
    ],
)
def test_a_table_that_poetry_reads(table: str, job: str, is_found: bool) -> None:
    poetry = f"[tool.poetry]\nname = 'a'\n{table}\n[tool.poetry.dependencies]\nnumpy = '*'\n"
    files = {TOML: f"{SYSTEM}{poetry}", "setup.py": "setup(name='a')\n"}
    files[".gitlab-ci.yml"] = f"a:\n  script: [{job}]\n"
    assert found(files, "PKG004") == ([("PKG004", TOML, 4)] if is_found else [])


def with_tables(lines: str, **files: Any) -> dict[str, Any]:
    """A project of setuptools, with tables from line 6 on."""
    return {TOML: f'{SYSTEM}[project]\nname = "a"\n{lines}', **files}


SRC: Any = {"src/a/__init__.py": "", "src/a/data/x.csv": "1\n"}


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        ('[tool.setuptools]\npackages = [ "b" ]\n', "b"),
        ('[tool.setuptools]\npackage-dir."" = "src"\npackages = [ "a.b" ]\n', "src/a/b"),
        ('[tool.setuptools]\npy-modules = [ "one" ]\n', "one.py"),
        ('[tool.setuptools.packages.find]\nwhere = [ "lib" ]\n', "lib"),
    ],
)
def test_what_setuptools_is_told_of(lines: str, missing: str) -> None:
    files = with_tables(lines, **SRC)
    line = 5 + lines.count("\n")
    assert found(files, "PKG") == [("PKG007", TOML, line)]
    assert messages(files, "PKG") == [
        f"the build looks for {missing}, which does not exist: correct the name"
    ]


@pytest.mark.parametrize(
    "lines",
    [
        '[tool.setuptools]\npackage-dir."" = "src"\npackages = [ "a" ]\n',
        '[tool.setuptools]\npackage-dir.a = "src/a"\npackages = [ "a" ]\n',
        '[tool.setuptools.package-data]\na = [ "*.txt", "data/x.csv" ]\nother = [ "x" ]\n',
        '[tool.setuptools.packages.find]\nwhere = [ ".", "src" ]\n',
    ],
)
def test_what_is_there_or_may_be(lines: str) -> None:
    assert found(with_tables(lines, **SRC), "PKG") == []


def test_what_a_build_makes_or_another_repository_holds() -> None:
    lines = '[tool.setuptools]\npackages = [ "made", "sub.inner" ]\n'
    modules = '[submodule "sub"]\n\tpath = sub\n'
    files = with_tables(lines, **{".gitignore": "/made/\n", ".gitmodules": modules})
    assert found(files, "PKG") == [("PKG007", TOML, 7)]
    files[".gitignore"] = "made\n"
    assert found(files, "PKG") == []


@pytest.mark.parametrize(
    ("backend", "table", "line"),
    [
        ("hatchling.build", "hatch.build.targets.wheel", 'packages = [ "src/b" ]'),
        ("poetry.core.masonry.api", "poetry", 'packages = [ { include = "b", from = "src" } ]'),
        ("scikit_build_core.build", "scikit-build", 'wheel.packages = [ "src/b" ]'),
    ],
)
def test_what_other_backends_are_told_of(backend: str, table: str, line: str) -> None:
    system = f'[build-system]\nbuild-backend = "{backend}"\nrequires = [ "own-plugin" ]\n'
    files = {TOML: f"{system}[tool.{table}]\n{line}\n", **SRC}
    assert found(files, "PKG") == [("PKG007", TOML, 5)]
    assert messages(files, "PKG") == [
        "the build looks for src/b, which does not exist: correct the name"
    ]
    assert found({**files, "src/b/__init__.py": ""}, "PKG") == []


def test_typed() -> None:
    marker = "src/lisa_example/py.typed"
    files = changed(clean(), {marker: None})
    line = text(clean(), TOML).split("\n").index('  "Typing :: Typed",') + 1
    assert found(files, "PKG") == [("PKG008", TOML, line)]
    assert messages(files, "PKG") == [
        "type checkers ignore your annotations: add an empty file src/lisa_example/py.typed"
    ]
    assert fixed(files, "PKG008") == {marker: ""}
    silent = edited(files, TOML, '  "Typing :: Typed",\n', "")
    assert found(edited(silent, TOML, "strict = true\nenable", "enable"), "PKG") == []


NO_SETUPTOOLS = (
    "wheel cython numpy oldest-supported-numpy pybind11 nanobind cffi packaging tomli cmake ninja "
    "swig flit-core flit hatchling maturin meson-python pdm-backend pdm-pep517 poetry-core poetry "
    "poetry-dynamic-versioning scikit-build-core uv-build uv"
)


@pytest.mark.parametrize("name", NO_SETUPTOOLS.split())
def test_what_surely_brings_no_setuptools(name: str) -> None:
    system = f'[build-system]\nbuild-backend = "setuptools.build_meta"\nrequires = ["{name}"]\n'
    assert messages({TOML: system}, "PKG002") == [
        'the build cannot find `setuptools.build_meta`: add "setuptools" to `requires`'
    ]


def test_what_may_bring_setuptools() -> None:
    system = '[build-system]\nbuild-backend = "setuptools.build_meta"\nrequires = ["{}"]\n'
    for name in ("setuptools", "setuptools-scm", "unheard-of"):
        assert found({TOML: system.format(name)}, "PKG002") == []


def test_data_that_the_build_is_told_of() -> None:
    files = with_tables('[tool.setuptools.package-data]\na = [ "py.typed", "data/*" ]\n', **SRC)
    assert found(files, "PKG") == [("PKG009", TOML, 7)]
    assert messages(files, "PKG") == [
        "src/a/py.typed does not exist, so the package will not have it: correct the name"
    ]
    two = edited(files, TOML, '"py.typed"', '"py.typed",\n"b.json"')
    assert messages(two, "PKG") == [
        "src/a/py.typed does not exist, so the package will not have it: correct the name; others "
        "in line 8"
    ]
    written = {**files, "setup.py": 'open("src/a/py.typed", "w")\n'}
    assert found(written, "PKG009") == []
    assert found({**files, "src/a/py.typed.in": ""}, "PKG009") == []


def built(backend: str, requirement: str, lines: str) -> dict[str, Any]:
    system = f'[build-system]\nbuild-backend = "{backend}"\nrequires = [ "{requirement}" ]\n'
    return {TOML: f'{system}[project]\nname = "a"\nversion = "1"\n{lines}', **SRC}


@pytest.mark.parametrize(
    ("backend", "requirement", "lines"),
    [
        ("hatchling.build", "hatchling", '[tool.hatch.build.targets.wheel]\npackages = ["{}"]\n'),
        (
            "hatchling.build",
            "hatchling",
            '[tool.hatch.build.targets.wheel]\nonly-include = ["{}"]\n',
        ),
        ("poetry.core.masonry.api", "poetry-core", '[[tool.poetry.packages]]\ninclude = "{}"\n'),
        (
            *("scikit_build_core.build", "scikit-build-core"),
            '[tool.scikit-build]\nwheel.packages = ["{}"]\n',
        ),
        (
            *("scikit_build_core.build", "scikit-build-core"),
            '[tool.scikit-build.wheel.packages]\na = "{}"\n',
        ),
        (
            *("poetry.core.masonry.api", "poetry-core"),
            '[[tool.poetry.packages]]\ninclude = "{}"\nfrom = ""\nto = "x"\nformat = "sdist"\n',
        ),
        ("maturin", "maturin", '[tool.maturin]\npython-source = "{}"\n'),
        ("pdm.backend", "pdm-backend", '[tool.pdm.build]\npackage-dir = "{}"\n'),
        ("uv_build", "uv_build", '[tool.uv.build-backend]\nmodule-root = "{}"\n'),
        (
            *("setuptools.build_meta", "setuptools"),
            '[tool.setuptools.packages.find]\nwhere = ["{}"]\n',
        ),
    ],
)
def test_paths_as_backends_read_them(backend: str, requirement: str, lines: str) -> None:
    for path in ("src/a", "/src/a", "./src/a", "src/a/", "src/*", ".", "../lib/a", "src/../src/a"):
        assert found(built(backend, requirement, lines.format(path)), "PKG007") == []
    told = ["the build looks for src/b, which does not exist: correct the name"]
    assert messages(built(backend, requirement, lines.format("src/b")), "PKG007") == told
    # For hatchling alone a leading slash stands for the project, not for the machine.
    of_the_project = messages(built(backend, requirement, lines.format("/src/b")), "PKG007")
    assert of_the_project == (told if "hatch" in backend else [])
    made = {"build.py": "os.makedirs('src/b')\n"}
    assert found({**built(backend, requirement, lines.format("src/b")), **made}, "PKG007") == []


@pytest.mark.parametrize(
    ("backend", "requirement", "lines", "missing"),
    [
        ("flit_core.buildapi", "flit-core", "[tool.flit.module]\nname = {}\n", "b"),
        ("flit_core.buildapi", "flit-core", "[tool.flit.metadata]\nmodule = {}\n", "b"),
        ("uv_build", "uv-build", "[tool.uv.build-backend]\nmodule-name = {}\n", "src/b"),
        ("uv_build", "uv-build", "[tool.uv.build-backend]\nmodule-name = [ {} ]\n", "src/b"),
        (
            *("setuptools.build_meta", "setuptools"),
            "[tool.setuptools]\npackage-dir = { '' = 'src' }\npackages = [ {} ]\n",
            "src/b",
        ),
    ],
)
def test_modules_as_backends_look_for_them(
    backend: str, requirement: str, lines: str, missing: str
) -> None:
    def messages_of(name: str) -> list[str]:
        files = built(backend, requirement, lines.replace("{}", repr(name)))
        more = {"src/n/inner/__init__.py": "", "src/t-stubs/__init__.pyi": ""}
        return messages({**files, **more}, "PKG007")

    for name in ("a", "n.inner", "t-stubs"):
        assert messages_of(name) == []
    assert messages_of("b") == [
        f"the build looks for {missing}, which does not exist: correct the name"
    ]
    flat = built(backend, requirement, "[tool.uv.build-backend]\nmodule-root = ''\n")
    assert messages({**flat, "a/__init__.py": ""}, "PKG007") == []


def test_a_module_of_flit_may_be_a_file_at_the_top_or_in_src() -> None:
    files = built("flit_core.buildapi", "flit-core", '[tool.flit.module]\nname = "b"\n')
    for path in ("b.py", "src/b.py", "b/__init__.py"):
        assert found({**files, path: ""}, "PKG007") == []


FLAT: Any = {"a/__init__.py": "", "tests/__init__.py": "", "scripts/__init__.py": ""}
ALL_FOUND = (
    "from setuptools import setup, find_packages\n\nsetup(name='a', packages=find_packages({}))\n"
)


def test_packages_beside_the_package() -> None:
    told = ["every user also gets tests and scripts as packages: list only yours in `include`"]
    found_all = with_tables('[tool.setuptools.packages.find]\nwhere = [ "." ]\n', **FLAT)
    assert messages(found_all, "PKG010") == told
    limited = with_tables('[tool.setuptools.packages.find]\ninclude = [ "a*" ]\n', **FLAT)
    assert messages(limited, "PKG010") == []
    assert messages({"setup.py": ALL_FOUND.format(""), **FLAT}, "PKG010") == told
    assert messages({"setup.py": ALL_FOUND.format("exclude=['tests']"), **FLAT}, "PKG010") == []
    cfg = "[metadata]\nname = a\n[options]\npackages = find:\n"
    assert messages({"setup.cfg": cfg, **FLAT}, "PKG010") == told
    limits = f"{cfg}[options.packages.find]\nexclude = tests*\n"
    assert messages({"setup.cfg": limits, **FLAT}, "PKG010") == []
    compared = "import setuptools\nsetuptools.find_packages()\nsetuptools.setup(packages=['a'])\n"
    assert messages({"setup.py": compared, **FLAT}, "PKG010") == []
    alone = {"setup.py": ALL_FOUND.format(""), "a/__init__.py": "", "tests/test_a.py": ""}
    assert messages(alone, "PKG010") == []


def test_a_strict_type_checker_says_typed() -> None:
    files = with_tables("[tool.mypy]\nstrict = true\n", **SRC)
    assert found(files, "PKG") == [("PKG008", TOML, 7)]
    assert messages(files, "PKG") == [
        "type checkers ignore your annotations: add an empty file src/a/py.typed"
    ]
    several = {**files, "src/b/__init__.py": ""}
    recorded = "_src_path: x\nimport_name: b\n"
    assert messages({**several, ".copier-answers.yml": recorded}, "PKG008") == [
        "type checkers ignore your annotations: add an empty file src/b/py.typed"
    ]
    bare = "def f(x): pass\n"
    assert found({**files, "src/a/b.py": f"def g(x: int): pass\n{bare}"}, "PKG008") != []
    assert found({**files, "src/a/b/c.py": f"def g() -> int: pass\n{bare}{bare}"}, "PKG008") == []
    assert found({**files, "src/a/py.typed": ""}, "PKG") == []
    assert found(with_tables("[tool.mypy]\nstrict = false\n", **SRC), "PKG") == []


def test_the_build_system_of_setuptools() -> None:
    old = '[build-system]\nrequires = ["setuptools>=61", "wheel"]\n[project]\nname = "a"\n'
    new = (
        '[build-system]\nrequires = ["setuptools>=61"]\n'
        'build-backend = "setuptools.build_meta"\n[project]\nname = "a"\n'
    )
    files = {TOML: old, **SRC}
    assert sorted(messages(files, "PKG011")) == [
        'pip builds this in an old way: add `build-backend = "setuptools.build_meta"`',
        "setuptools fetches `wheel` by itself if it needs it: delete it here",
    ]
    assert fixed(files, "PKG011") == {TOML: new}
    used = {**files, "setup.py": "import wheel\n"}
    assert messages(used, "PKG011") == [
        'pip builds this in an old way: add `build-backend = "setuptools.build_meta"`'
    ]
    assert found({TOML: '[build-system]\nrequires = ["hatchling"]\n'}, "PKG011") == []


def test_keys_of_setup_cfg() -> None:
    old = "[metadata]\nname = a\nauthor-email = a@b.org\n[options]\npython-requires = >=3\n"
    more = "[options.extras_require]\na-b = c\n[flake8]\nmax-line-length = 100\n"
    files = {"setup.cfg": old + more}
    assert messages(files, "PKG012") == [
        "setuptools warns about `author-email` and will refuse it: write `author_email`",
        "setuptools warns about `python-requires` and will refuse it: write `python_requires`",
    ]
    assert fixed(files, "PKG012") == {
        "setup.cfg": old.replace("r-e", "r_e").replace("n-r", "n_r") + more
    }
    twice = {"setup.cfg": "[metadata]\nauthor-email = a@b.org\nauthor_email = c@d.org\n"}
    assert [each.fixable for each in findings(twice, "PKG012")] == [False]
    assert found({"setup.cfg": more}, "PKG012") == []


def test_a_key_that_setuptools_never_had_is_not_written_otherwise() -> None:
    files = {"setup.cfg": "[metadata]\ndescription-file = README.md\n"}
    (message,) = messages(files, "PKG012")
    told = "setuptools does nothing with `description-file`"
    assert message == f"{told}: write `long_description = file: README.md`"
    assert [each.fixable for each in findings(files, "PKG012")] == [False]
    (message,) = messages({"setup.cfg": files["setup.cfg"].replace(".md", ".rst")}, "PKG012")
    assert message.endswith("write `long_description = file: README.rst`")
    (message,) = messages({**files, "setup.py": "setup(long_description=TEXT)\n"}, "PKG012")
    assert message.endswith("delete it, as setup.py gives the text")
    project = {"pyproject.toml": "[project]\nname = 'a'\nreadme = 'README.md'\n"}
    (message,) = messages({**files, **project}, "PKG012")
    assert message.endswith("delete it, as the text is told elsewhere")
    # pbr reads it, and knows both forms.
    files["setup.py"] = "setup(setup_requires=['pbr'], pbr=True)\n"
    assert [each.fixable for each in findings(files, "PKG012")] == [True]


@pytest.mark.parametrize(
    ("text", "more", "is_found"),
    [
        ("dynamic = ['version']\nrequires-python = '>=3.12'\n", {}, False),
        ("dynamic = ['version']\n[tool.setuptools.dynamic]\nversion = {attr = 'a.b'}\n", {}, True),
        ("dynamic = ['version']\n", {"setup.py": "setup()\n"}, True),
        ("dynamic = ['readme']\nversion = '1'\n", {}, True),
        ("version = '1'\n", {}, True),
    ],
)
def test_a_table_that_only_tells_tools(text: str, more: dict[str, str], is_found: bool) -> None:
    codes = {code for code, *_ in found({TOML: f"[project]\nname = 'a'\n{text}", **more})}
    wanted = {"PKG001", "MET003", "MET007", "LIC003"}
    assert codes & wanted == (wanted if is_found else set())


@pytest.mark.parametrize(
    ("modules", "is_found"),
    [
        ('["a_b", "a_b.fit.*"]', False),
        ('"a_b.*"', False),
        ('["numpy.*", "a_bc"]', True),
    ],
)
def test_types_that_are_not_ready(modules: str, *, is_found: bool) -> None:
    override = f"[[tool.mypy.overrides]]\nmodule = {modules}\nignore_errors = true\n"
    project = f"[project]\nname = 'a-b'\nversion = '1'\n[tool.mypy]\nstrict = true\n{override}"
    files = {"pyproject.toml": project, "src/a_b/__init__.py": ""}
    assert bool(found(files, "PKG008")) == is_found


@pytest.mark.parametrize(
    ("lines", "beside", "name"),
    [
        ("import versioneer\n", "versioneer.py", "versioneer"),
        ("from _build.more import make\n", "_build/__init__.py", "_build"),
        ("def build():\n    from a import version\n", "a/__init__.py", "a"),
        ("import versioneer\n", "tools/versioneer.py", ""),
        ("from . import versioneer\n", "versioneer.py", ""),
        ("import sys\nsys.path.insert(0, '.')\nimport versioneer\n", "versioneer.py", ""),
        ("import platform\n", "versioneer.py", ""),
    ],
)
def test_a_setup_py_that_imports_from_beside_it_gets_what_works(
    lines: str, beside: str, name: str
) -> None:
    setup = f"{lines}import setuptools\nsetuptools.setup(name='a')\n"
    (said,) = messages({"setup.py": setup, beside: ""}, "PKG001")
    assert (LEGACY in said, f"setup.py imports {name}, " in said) == (bool(name), bool(name))
    table = '[build-system]\nrequires = [ "setuptools" ]\n'
    files = {"setup.py": setup, beside: "", TOML: table}
    backend = LEGACY if name else "setuptools.build_meta"
    assert fixed(files, "PKG011") == {TOML: f'{table}build-backend = "{backend}"\n'}


def test_a_repository_that_is_no_package_needs_no_marker_of_types() -> None:
    strict = "[tool.mypy]\nstrict = true\n"
    files = {TOML: f"[project]\nrequires-python = '>=3.11'\n{strict}", "a/__init__.py": ""}
    assert found(files, "PKG008") == []
    files[TOML] = f"[project]\nname = 'a'\nversion = '1'\n{strict}"
    assert found(files, "PKG008") == [("PKG008", TOML, 5)]


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        ("py_modules=['a', 'B']", "B.py"),
        ("py_modules=['B'], package_dir={'': 'lib'}", "lib/B.py"),
        ("py_modules=['a.B'], package_dir={'a': 'src/a'}", "src/a/B.py"),
        ("py_modules=['a']", ""),
        ("py_modules=find()", ""),
        ("py_modules=['B'], package_dir=find()", ""),
        ("py_modules=['B'], **more", ""),
    ],
)
def test_modules_that_setup_py_names(arguments: str, missing: str) -> None:
    files = {"setup.py": f"from setuptools import setup\nsetup(\n{arguments})\n", "a.py": ""}
    told = [f"the build looks for {missing}, which does not exist: correct the name"]
    assert messages(files, "PKG007") == (told if missing else [])
    if missing:
        assert found(files, "PKG007") == [("PKG007", "setup.py", 3)]
        assert found({**files, missing: ""}, "PKG007") == []
        assert found({**files, f"{missing}.in": ""}, "PKG007") == []


def test_several_modules_that_are_missing_are_one_finding() -> None:
    call = "from setuptools import setup\nsetup(py_modules=['a', 'b', 'c'])\n"
    assert messages({"setup.py": call, "b.py": ""}, "PKG007") == [
        "the build looks for a.py and c.py, which do not exist: correct the names"
    ]


def test_modules_that_setup_cfg_names() -> None:
    cfg = "[metadata]\nname = a\n[options]\npackage_dir =\n    = lib\npy_modules =\n    a\n    b\n"
    files = {
        "setup.cfg": cfg,
        "setup.py": "from setuptools import setup\nsetup()\n",
        "lib/a.py": "",
    }
    assert messages(files, "PKG007") == [
        "the build looks for lib/b.py, which does not exist: correct the name"
    ]
    assert found({**files, "lib/b.py": ""}, "PKG007") == []


def test_packages_below_a_folder_of_another_name() -> None:
    table = (
        '[build-system]\nbuild-backend = "setuptools.build_meta"\nrequires = ["setuptools"]\n'
        '[project]\nname = "a"\nversion = "1"\n[tool.setuptools]\n'
        'packages = [ "a", "a.b", "c" ]\npackage-dir = { a = "a/src" }\n'
    )
    files = {"pyproject.toml": table, "a/src/__init__.py": "", "a/src/b/__init__.py": ""}
    assert messages(files, "PKG007") == [
        "the build looks for c, which does not exist: correct the name"
    ]
    other = {"pyproject.toml": table, "a/src/__init__.py": "", "c/__init__.py": ""}
    assert messages(other, "PKG007") == [
        "the build looks for a/src/b, which does not exist: correct the name"
    ]
