"""Whether the build of a project compiles."""

from __future__ import annotations

import pytest

from lisa_scaffold.adopt import compiling
from lisa_scaffold.project.facts import Facts

PLAIN = '[project]\nname = "a-b"\n'
KERNEL = {"a_b/kernel.cu": "// run time\n", "a_b/__init__.py": ""}
SETUP = "from setuptools import setup, Extension\n"


def is_compiled(files: dict[str, str]) -> bool:
    return compiling.is_compiled(Facts.of({path: text.encode() for path, text in files.items()}))


def with_backend(name: str, requires: str = "", more: str = "") -> str:
    return f'{PLAIN}[build-system]\nrequires = [{requires}]\nbuild-backend = "{name}"\n{more}'


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": PLAIN},
        {"pyproject.toml": with_backend("hatchling.build")},
        {"pyproject.toml": with_backend("poetry.core.masonry.api")},
        {
            "setup.py": SETUP
            + "import versioneer\n"
            + "# no ext_modules=[Extension('a')] here\n"
            + "setup(name='a-b', package_data={'a_b': ['kernel.cu']}, "
            + "cmdclass=versioneer.get_cmdclass())\n"
        },
        {"pyproject.toml": PLAIN, "setup.py": "print 'x'\nsetup(name='a-b')\n"},
    ],
)
def test_sources_that_nothing_compiles_are_data(files: dict[str, str]) -> None:
    assert not is_compiled({**KERNEL, **files})


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": PLAIN, "setup.py": f"{SETUP}setup(ext_modules=[])\n"},
        {"pyproject.toml": PLAIN, "setup.py": "print 'x'\nsetup(ext_modules=[])\n"},
        {"pyproject.toml": PLAIN, "setup.py": "args = {'ext_modules': []}\n"},
        {"pyproject.toml": PLAIN, "setup.py": f"{SETUP}many.append(Extension('a', ['a.c']))\n"},
        {"pyproject.toml": PLAIN, "setup.py": f"{SETUP}setup(cffi_modules=['b.py:ffi'])\n"},
        {"pyproject.toml": f"{PLAIN}[[tool.setuptools.ext-modules]]\nname = 'a_b.c'\n"},
        {"pyproject.toml": with_backend("mesonpy")},
        {"pyproject.toml": with_backend("maturin")},
        {"pyproject.toml": with_backend("scikit_build_core.build")},
    ],
)
def test_what_says_that_it_compiles_needs_no_sources(files: dict[str, str]) -> None:
    assert is_compiled({"a_b/__init__.py": "", **files})


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": with_backend("setuptools.build_meta", "'setuptools', 'Cython>=3'")},
        {"pyproject.toml": with_backend("hatchling.build", "'hatchling', 'pybind11'")},
        {
            "pyproject.toml": with_backend(
                "hatchling.build", more="[tool.hatch.build.hooks.custom]\npath = 'b.py'\n"
            )
        },
        {"pyproject.toml": with_backend("poetry.core.masonry.api"), "build.py": "build()\n"},
        {
            "pyproject.toml": with_backend(
                "poetry.core.masonry.api", more="[tool.poetry.build]\nscript = 'b.py'\n"
            )
        },
        {"pyproject.toml": with_backend("sipbuild.api")},
        {"setup.py": f"{SETUP}import subprocess\nsubprocess.run(['make', 'kernels'])\nsetup()\n"},
        {"setup.py": f"{SETUP}config.add_subpackage('a_b')\nsetup()\n"},
    ],
)
def test_a_build_that_may_compile_does_where_there_are_sources(files: dict[str, str]) -> None:
    assert is_compiled({**KERNEL, **files})
    assert not is_compiled({"a_b/__init__.py": "", **files})
