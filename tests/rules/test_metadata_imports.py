"""What a package imports is among its requirements."""

from __future__ import annotations

import pytest

from ..support.checking import Files, clean, edited, found, messages

METADATA = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "lisa-x"
version = "1"
dependencies = ["numpy>=1", "PyYAML"]

[project.optional-dependencies]
plot = ["matplotlib"]
"""


def package(code: str, init: str = "", **more: str) -> Files:
    """A package of an ``__init__.py`` and a module, and what else is given."""
    files = {f"src/lisa_x/{path}": text for path, text in more.items()}
    own = {"src/lisa_x/__init__.py": init, "src/lisa_x/noise.py": code}
    return {"pyproject.toml": METADATA, **own, **files}


def check(files: Files) -> list[tuple[str, str, int]]:
    return found({path: text for path, text in files.items() if text is not None}, "MET022")


NOISE = "src/lisa_x/noise.py"


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("import astropy\n", 1),
        ("import json\nfrom astropy.io import fits\n", 2),
        ("import numpy as np, scipy.stats\n", 1),
        ("import sklearn\n", 1),
    ],
)
def test_an_import_that_no_requirement_names(code: str, line: int) -> None:
    assert check(package(code)) == [("MET022", NOISE, line)]


def test_it_is_told_once_with_what_to_add() -> None:
    files = package("import skimage\n", **{"tides.py": "\nimport skimage\n"})
    assert messages({**files}, "MET022") == [  # type: ignore[dict-item]
        "imports skimage, which no requirement names: add `scikit-image` to `dependencies`; "
        "also in src/lisa_x/tides.py:2"
    ]


@pytest.mark.parametrize(
    "code",
    [
        "import numpy, yaml, matplotlib\n",  # named, as an extra as well
        "import dateutil\n",  # matplotlib brings it
        "import unheard_of\n",  # nobody knows what brings it
        "try:\n    import astropy\nexcept ImportError:\n    astropy = None\n",
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import astropy\n",
        "def read():\n    import astropy\n",
        "from .astropy import read\n",
    ],
)
def test_what_an_installation_has_or_need_not_have(code: str) -> None:
    assert check(package(code)) == []


@pytest.mark.parametrize(
    ("init", "more", "expected"),
    [
        # Whoever imports the package imports this, wherever it is.
        (
            "from .fit import run\n",
            {"fit.py": "import lisa_x.ext.x\n", "ext/x.py": "import scipy\n"},
            1,
        ),
        (
            "import lisa_x.fit\n",
            {"fit.py": "from .ext import x\n", "ext/x.py": "import scipy\n"},
            1,
        ),
        # And this only somebody who has it.
        ("from .fit import run\n", {"fit.py": "", "ext/x.py": "import scipy\n"}, 0),
        ("", {"ext/x.py": "import scipy\n"}, 0),
        ("", {"plugins.py": "import scipy\n", "conftest.py": "import scipy\n"}, 0),
        ("def __getattr__(name):\n    pass\n", {"x.py": "import scipy\n"}, 0),
        (
            "from importlib.metadata import version\n\n__version__ = version('lisa-x')\n",
            {"x.py": "import scipy\n"},
            1,
        ),
        ("", {"scipy.py": "", "x.py": "import scipy\n"}, 0),
    ],
)
def test_modules_that_are_certain_to_be_imported(
    init: str, more: dict[str, str], expected: int
) -> None:
    packages = {"ext/__init__.py": ""}
    assert len(check(package("", init, **packages, **more))) == expected


FITS = "import pandas\nfrom scipy.optimize import curve_fit\n"


@pytest.mark.parametrize("path", ["fits.py", "models/__init__.py", "models/fits.py"])
def test_in_a_project_of_the_template_every_module_is_one_to_import(path: str) -> None:
    """A new module is judged before anybody has named it in ``__init__.py``."""
    files = {**clean(), f"src/lisa_example/{path}": FITS}
    assert messages(files, "MET022") == [
        "imports pandas, which no requirement names: add `pandas` to `dependencies`",
        "imports scipy, which no requirement names: add `scipy` to `dependencies`",
    ]
    assert found(files, "MET022") == [
        ("MET022", f"src/lisa_example/{path}", 1),
        ("MET022", f"src/lisa_example/{path}", 2),
    ]
    adopted = edited(files, ".copier-answers.yml", "adopted: false", "adopted: true")
    assert found(adopted, "MET022") == []
    beside = {**clean(), "src/lisa_example/plugins/fits.py": FITS}
    assert found(beside, "MET022") == []


@pytest.mark.parametrize(
    "metadata",
    [
        METADATA.replace("dependencies = [", "dynamic = ['dependencies']\nx = ["),
        METADATA.replace('"PyYAML"', '"gwpy"'),
        "[tool.ruff]\n",
    ],
)
def test_requirements_that_say_more_or_nothing(metadata: str) -> None:
    assert check({**package("import astropy\n"), "pyproject.toml": metadata}) == []


@pytest.mark.parametrize(
    "table",
    [
        "[dependency-groups]\ntest = ['astropy']\n",
        "[tool.poetry.group.main-extra.dependencies]\nastropy = '*'\n",
        "[tool.poetry.dev-dependencies]\nastropy = '*'\n",
    ],
)
def test_what_only_developers_install_serves_no_user(table: str) -> None:
    files = package("import astropy\n")
    assert check({**files, "pyproject.toml": f"{METADATA}\n{table}"}) == [("MET022", NOISE, 1)]


@pytest.mark.parametrize(
    ("extra", "is_found"),
    [
        ("test", True),
        ("Testing", True),
        ("dev", True),
        ("dev_tools", True),
        ("docs", True),
        ("'test:python_version<\"3.14\"'", True),
        ("testbed", False),
        ("plots", False),
        ("device", False),
        ("all", False),
    ],
)
def test_an_extra_for_developers_serves_no_user(extra: str, *, is_found: bool) -> None:
    files = package("import astropy\n")
    metadata = f"{METADATA}{extra} = ['astropy']\n"
    expected = [("MET022", NOISE, 1)] if is_found else []
    assert check({**files, "pyproject.toml": metadata}) == expected


@pytest.mark.parametrize(
    ("requirement", "count"),
    [("dask-ms[s3,xarray]>=0.2", 0), ("dask-ms[XArray, zarr]", 0), ("dask-ms[zarr]", 1)],
)
def test_an_extra_of_a_requirement_brings_what_it_is_named_for(
    requirement: str, count: int
) -> None:
    metadata = METADATA.replace('"PyYAML"', f'"{requirement}"')
    files = {**package("import xarray\n"), "pyproject.toml": metadata}
    assert len(check(files)) == count


INIT = "src/lisa_x/__init__.py"


def own(files: Files) -> list[tuple[str, str, int]]:
    return found({path: text for path, text in files.items() if text is not None}, "MET023")


def lacking(init: str, code: str = "", **more: str) -> list[tuple[str, str, int]]:
    return own(package(code, init, **more))


@pytest.mark.parametrize(
    ("init", "line"),
    [
        ("from lisa_x.series import read\n", 1),
        ("import json\nimport lisa_x.series\n", 2),
        ("from .series import read\n", 1),
        ("from lisa_x.deep.series import read\n", 1),
        ("from lisa_x import noise\nfrom lisa_x.series import (\n    read,\n)\n", 2),
    ],
)
def test_a_module_of_its_own_that_is_gone(init: str, line: int) -> None:
    assert lacking(init, **{"deep/__init__.py": ""}) == [("MET023", INIT, line)]


@pytest.mark.parametrize(
    ("requirement", "is_found"),
    [
        ("lisa-x-io>=0.3", False),
        ("Lisa_X.core", False),
        ("lisa-x[all]", True),
        ("lisa-xy", True),
        ("lisa", True),
    ],
)
def test_a_requirement_may_bring_a_part_of_the_package(requirement: str, *, is_found: bool) -> None:
    metadata = METADATA.replace('"PyYAML"', f'"{requirement}"')
    files = {**package("", "from lisa_x.io.stores import read\n"), "pyproject.toml": metadata}
    assert own(files) == ([("MET023", INIT, 1)] if is_found else [])


def test_one_that_another_one_needs() -> None:
    assert lacking("from .noise import a\n", "from lisa_x.gone import b\n") == [
        ("MET023", NOISE, 1)
    ]
    assert lacking("", "from lisa_x.gone import b\n") == []  # nobody imports it


@pytest.mark.parametrize(
    ("init", "more"),
    [
        ("from lisa_x.noise import a\nfrom . import noise, a\nfrom lisa_x import b\n", {}),
        ("try:\n    from lisa_x._fast import a\nexcept ImportError:\n    a = None\n", {}),
        ("if TYPE_CHECKING:\n    from lisa_x.gone import a\n", {}),
        ("from lisa_x._fast import a\n", {"_fast.pyx": ""}),
        ("from lisa_x._fast import a\n", {"native/_fast.cpp": ""}),
        ("from lisa_x.data import a\n", {"data/table.csv": ""}),
        ("from lisa_x.deep.a import b\n", {"deep/a.py": ""}),
        ("from lisa_x.six.moves import b\n", {"six.py": ""}),
        ("from lisa_x.steps_pb2 import b\n", {}),
        ("import sys\nsys.modules['lisa_x.old'] = sys\nfrom lisa_x.old import b\n", {}),
        ("from lisa_y.gone import a\nfrom lisa_xy import b\n", {}),
    ],
)
def test_one_that_is_there_or_may_be(init: str, more: dict[str, str]) -> None:
    assert lacking(init, "", **more) == []


@pytest.mark.parametrize(
    "made",
    [
        {".gitignore": "/src/lisa_x/_version.py\n"},
        {
            "pyproject.toml": METADATA
            + '[tool.hatch.build.hooks.vcs]\nversion-file = "src/lisa_x/_version.py"\n'
        },
        {"pyproject.toml": METADATA.replace("hatchling.build", "mesonpy")},
        {"setup.py": "from setuptools import Extension\nmodules = [Extension(name, [])]\n"},
    ],
)
def test_one_that_is_made_by_a_build(made: Files) -> None:
    assert own({**package("", "from lisa_x._version import version\n"), **made}) == []


def near(init: str, code: str, **more: str) -> list[tuple[str, str, int]]:
    files = package(code, init, **more)
    return found({path: text for path, text in files.items() if text is not None}, "MET024")


@pytest.mark.parametrize("init", ["", "from .noise import a\n", "from lisa_x import noise\n"])
@pytest.mark.parametrize(
    ("code", "line"),
    [("import tides\n", 1), ("import json\nfrom tides import height\n", 2)],
)
def test_a_sibling_that_a_script_would_find(init: str, code: str, line: int) -> None:
    assert near(init, code, **{"tides.py": ""}) == [("MET024", NOISE, line)]


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("from . import tides\nfrom lisa_x.tides import a\n", {"tides.py": ""}),
        ("try:\n    import tides\nexcept ImportError:\n    tides = None\n", {"tides.py": ""}),
        ("import noise\n", {}),  # its own name, which somebody else has as well
        ("import numpy\nimport emcee\n", {"numpy.py": "", "emcee.py": ""}),
        ("import json\n", {"json.py": ""}),
        ("import tides\n", {}),
        ("import tides\nfrom tides.height import a\n", {"tides.py": ""}),  # of others, by its parts
        ("import sys\nsys.path.append('x')\nimport tides\n", {"tides.py": ""}),
    ],
)
def test_no_sibling_that_a_script_would_find(code: str, more: dict[str, str]) -> None:
    assert near("", code, **more) == []
    assert near("import sys\nsys.path.insert(0, 'x')\n", "import tides\n", **{"tides.py": ""}) == []


LISTED = """[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "a"
version = "1"
scripts.run = "a.main:run"

[tool.setuptools]
packages = ["a"]
"""
INNER = {"a/__init__.py": "", "a/main.py": "\nfrom a.log.lines import say\n", "a/log/lines.py": ""}


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({}, ("a/main.py", 2)),
        ({"a/main.py": "from .log import say\n"}, ("a/main.py", 1)),
        ({"a/main.py": "from a import tides\n", "a/tides.py": "import a.log\n"}, ("a/tides.py", 1)),
        ({"a/main.py": "", "a/__init__.py": "import a.log\n"}, ("a/__init__.py", 1)),
        # What nobody is certain to import, or what has other ways into the package.
        ({"a/main.py": "try:\n    import a.log\nexcept ImportError:\n    pass\n"}, None),
        ({"a/main.py": "import a.tides\n", "a/tides.py": ""}, None),
        ({"a/main.py": "", "a/tides.py": "import a.log\n"}, None),
        ({"MANIFEST.in": "graft a\n"}, None),
        ({"pyproject.toml": LISTED.replace('["a"]', '["a", "a.log"]')}, None),
        ({"pyproject.toml": LISTED.replace('packages = ["a"]', "packages.find = {}")}, None),
        ({"pyproject.toml": LISTED.replace('["setuptools"]', '["setuptools-scm"]')}, None),
        ({"pyproject.toml": f"{LISTED}package-data.a = ['log/*']\n"}, None),
        ({"pyproject.toml": LISTED.replace("setuptools.build_meta", "hatchling.build")}, None),
    ],
)  # fmt: skip
def test_a_package_inside_that_the_list_leaves_out(
    more: dict[str, str], place: tuple[str, int] | None
) -> None:
    files = {"pyproject.toml": LISTED, **INNER, "a/log/__init__.py": "", **more}
    assert found(files, "MET025") == ([("MET025", *place)] if place else [])
    if place:
        assert messages(files, "MET025") == [
            "imports a.log, which no installation has: add it to `packages` in pyproject.toml"
        ]


def test_a_list_of_packages_in_setup_py() -> None:
    call = (
        "from setuptools import setup\nsetup(name='a', packages={}, package_dir={{'a': 'lib'}})\n"
    )
    files = {"lib/__init__.py": "from .log import say\n", "lib/log/__init__.py": ""}
    assert found({"setup.py": call.format("['a']"), **files}, "MET025") == [
        ("MET025", "lib/__init__.py", 1)
    ]
    for packages in ("['a', 'a.log']", "find_packages()", "names"):
        assert found({"setup.py": call.format(packages), **files}, "MET025") == []


def test_requirements_are_called_as_their_place_calls_them() -> None:
    files = {"setup.py": "from setuptools import setup\nsetup(name='a')\n", "a/__init__.py": "{}"}
    wanted = {"astropy": "astropy", "galsim": "galsim", "pkg_resources": "setuptools<82"}
    for name, requirement in wanted.items():
        files["a/__init__.py"] = f"import {name}\n"
        assert messages(files, "MET022") == [
            f"imports {name}, which no requirement names: add `{requirement}` to `install_requires`"
        ]
    brought = "from setuptools import setup\nsetup(name='a', install_requires=['pandas'])\n"
    assert found({"setup.py": brought, "a/__init__.py": "import six\n"}, "MET022") == []
