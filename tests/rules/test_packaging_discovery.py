"""What setuptools packages where nothing names it."""

from __future__ import annotations

import pytest

from ..support.checking import findings, fixed, messages

TOML, CFG = "pyproject.toml", "setup.cfg"
BUILT = '[build-system]\nrequires = ["setuptools>=61"]\nbuild-backend = "setuptools.build_meta"\n'
TABLE = f'{BUILT}\n[project]\nname = "lisa-noise"\nversion = "1.0"\n'
MODULE = {"noise/__init__.py": "", "test/test_noise.py": "", "noxfile.py": ""}
FLAT = {TOML: TABLE, **MODULE}
TOLD = (
    "setuptools finds the package noise as long as there is no other folder at the top, such as "
    "reports/ of the sessions: name it"
)
LIST = '\n[tool.setuptools.packages.find]\ninclude = [ "noise", "noise.*" ]\n'


def test_a_package_that_is_found_by_itself_is_named() -> None:
    assert messages(FLAT, "PKG013") == [TOLD]
    assert fixed(FLAT, "PKG013") == {TOML: TABLE + LIST}


def test_a_lone_module_is_named() -> None:
    files = {TOML: TABLE, "noise.py": "", "conftest.py": "", "tests/test_noise.py": ""}
    assert fixed(files, "PKG013") == {
        TOML: f'{TABLE}\n[tool.setuptools]\npy-modules = [ "noise" ]\n'
    }


@pytest.mark.parametrize(
    ("options", "made"),
    [
        ("", "\n[options]\npackages = find_namespace:\n"),
        ("[options]\nzip_safe = no\n", "[options]\npackages = find_namespace:\nzip_safe = no\n"),
    ],
)
def test_where_setup_cfg_gives_the_metadata_it_names_the_package(options: str, made: str) -> None:
    head = "[metadata]\nname = lisa-noise\nversion = 1.0\n"
    limits = "\n[options.packages.find]\ninclude =\n    noise\n    noise.*\n"
    files = {TOML: BUILT, CFG: head + options, **MODULE}
    assert fixed(files, "PKG013") == {CFG: head + made + limits}


def test_a_module_in_setup_cfg() -> None:
    head = "[metadata]\nname = lisa-noise\nversion = 1.0\n"
    files = {TOML: BUILT, CFG: head, "noise.py": ""}
    assert fixed(files, "PKG013") == {CFG: f"{head}\n[options]\npy_modules = noise\n"}


@pytest.mark.parametrize(
    "more",
    [
        {TOML: f"{TABLE}[tool.setuptools]\npackages = ['noise']\n"},
        {TOML: f"{TABLE}[tool.setuptools]\npy-modules = ['noise']\n"},
        {TOML: f"{TABLE}[tool.setuptools.package-dir]\nnoise = 'noise'\n"},
        {TOML: TABLE.replace("setuptools.build_meta", "hatchling.build")},
        {CFG: "[options]\npackages = find:\n"},
        {"setup.py": "from setuptools import setup\nsetup(packages=['noise'])\n"},
        # What is unpacked may name them, and so may what cannot be read.
        {"setup.py": "from setuptools import setup\nsetup(**read())\n"},
        {"setup.py": "from setuptools import setup\nsetup(\n"},
        {"src/noise/__init__.py": ""},
    ],
    ids=["list", "modules", "folders", "backend", "cfg", "call", "unpacked", "broken", "src"],
)
def test_where_something_names_them_nothing_is_said(more: dict[str, str]) -> None:
    assert messages({**FLAT, **more}, "PKG013") == []


def test_of_what_compiles_alone_setuptools_takes_nothing_else() -> None:
    call = "from setuptools import setup, Extension\nsetup(ext_modules=[Extension('a', ['a.c'])])\n"
    assert messages({**FLAT, "setup.py": call}, "PKG013") == [TOLD]
    assert messages({"setup.py": call, **MODULE}, "PKG013") == []


REFUSED = (
    "setuptools refuses to build, as it finds several packages at the top (data and noise): list "
    "yours under `packages`"
)


def test_of_several_folders_setuptools_takes_none() -> None:
    files = {**FLAT, "data/a.csv": ""}
    (told,) = findings(files, "PKG014")
    assert (told.path, told.line, told.message) == (TOML, 5, REFUSED)
    assert messages(files, "PKG013") == []
    assert messages(FLAT, "PKG014") == []
    modules = {TOML: TABLE, "noise.py": "", "tides.py": ""}
    assert messages(modules, "PKG014") == [
        "setuptools refuses to build, as it finds several modules at the top (noise and tides): "
        "list yours under `py-modules`"
    ]
    # A module beside a package is passed over, and so is what has no module's name.
    for path in ("tides.py", "docs/a.md", "more-data/a.csv", "_own/a.py", ".hidden/a.py"):
        assert messages({**FLAT, path: ""}, "PKG014") == []


@pytest.mark.parametrize(
    "more",
    [
        {TOML: f"{TABLE}[tool.setuptools]\npackages = ['noise']\n"},
        {TOML: f"{TABLE}[tool.setuptools]\npy-modules = []\n"},
        {TOML: f"{TABLE}[tool.setuptools.packages.find]\ninclude = ['noise']\n"},
        {CFG: "[options]\npackages = find:\n"},
        {TOML: TABLE.replace("setuptools>=61", "setuptools<60")},
        {TOML: TABLE.replace("setuptools>=61", "setuptools==59.8")},
        # Nobody builds what says nothing of a build.
        {TOML: TABLE.removeprefix(BUILT)},
        {"setup.py": "from skbuild import setup\nsetup()\n"},
        {"setup.py": "import os\nfrom setuptools import setup\nos.chdir('a')\nsetup()\n"},
        {"setup.py": "from setuptools import setup\nsetup(packages=['noise'])\n"},
        {"setup.py": "from setuptools import setup\nsetup(**read())\n"},
        {"manage.py": ""},
        {"src/a.c": ""},
    ],
)
def test_where_it_may_be_told_apart_nothing_is_said(more: dict[str, str]) -> None:
    assert messages({**FLAT, "data/a.csv": "", **more}, "PKG014") == []


def test_a_setup_py_alone_may_be_refused_too() -> None:
    files = {"setup.py": "from setuptools import setup\nsetup(name='lisa-noise')\n", **MODULE}
    assert messages({**files, "data/a.csv": ""}, "PKG014") == [REFUSED]


@pytest.mark.parametrize("path", ["noise-stubs/__init__.pyi", "noise/more-data/a.py"])
def test_where_a_name_would_take_other_files_people_decide(path: str) -> None:
    assert [each.fixable for each in findings({**FLAT, path: ""}, "PKG013")] == [False]


def test_a_script_of_setup_alone_is_told_without_a_repair() -> None:
    files = {"setup.py": "from setuptools import setup\nsetup(name='lisa-noise')\n", **MODULE}
    (found,) = findings(files, "PKG013")
    assert (found.path, found.message, found.fixable) == ("setup.py", TOLD, False)
