"""Metadata that refers to the package's own modules: the names by which it is imported."""

from __future__ import annotations

import pytest

from lisa_scaffold.rules.metadata_modules import TAKEN

from ..support.checking import clean, found, messages
from ..template.test_answers import names

TOML = "pyproject.toml"


def package(name: str, *folders: str, urls: str = "") -> dict[str, str]:
    project = f'[project]\nname = "{name}"\nversion = "1"\n{urls}'
    return {TOML: project, **{f"{folder}/__init__.py": "" for folder in folders}}


@pytest.mark.parametrize(
    ("name", "folder", "module"),
    [
        ("my-arrays", "src/numpy", "numpy"),
        ("my-arrays", "numpy", "numpy"),
        ("config-reader", "src/yaml", "yaml"),
        ("pictures", "src/PIL", "PIL"),
    ],
)
def test_names_of_others(name: str, folder: str, module: str) -> None:
    assert found(package(name, folder), "MET021") == [("MET021", f"{folder}/__init__.py", 1)]
    told = (
        f"`import {module}` is a well-known package, and installing both breaks one: "
        "rename this one"
    )
    assert messages(package(name, folder), "MET021") == [told]


@pytest.mark.parametrize(
    ("name", "folders"),
    [
        ("numpy", ["numpy"]),
        ("pillow-simd", ["src/PIL"]),
        ("opencv-python-headless", ["cv2"]),
        ("ruamel.yaml", ["src/yaml"]),
        ("scikit-learn", ["sklearn"]),
        ("lisa-noise", ["src/lisa_noise"]),
        ("lisaanalysistools", ["src/lisatools"]),
        ("lisa-data-challenge", ["ldc"]),
        # What of these is installed nobody can tell.
        ("my-arrays", ["numpy", "my_arrays"]),
        ("my-arrays", ["src/my_arrays/numpy", "src/my_arrays"]),
        ("types-numpy", ["numpy-stubs"]),
        # A workload analysis of that name is nobody's namespace.
        ("lisa-linux", ["lisa"]),
    ],
)
def test_names_that_are_free_or_its_own(name: str, folders: list[str]) -> None:
    assert found(package(name, *folders), "MET021") == []


def test_the_bare_namespace_of_lisa() -> None:
    urls = "urls.Source = 'https://gitlab.in2p3.fr/LISA/noise'\n"
    told = [
        "this hides all other packages named `lisa.…`: delete it, and use a folder below `lisa`"
    ]
    assert messages(package("lisa-noise", "src/lisa", urls=urls), "MET021") == told
    assert messages(package("lisa-noise", "src/lisa/noise", urls=urls), "MET021") == []
    assert found({**clean(), "src/lisa/__init__.py": ""}, "MET021") != []


def test_every_module_that_the_template_refuses_is_known() -> None:
    known = {name.replace("-", "_").replace(".", "_") for name in names().known_modules}
    others = known - {name.lower() for name in TAKEN}
    # Distributions with another import name, which is in the table; the namespace has its own case.
    assert others == {"pillow", "pyyaml", "scikit_build", "scikit_image", "scikit_learn", "lisa"}


def test_sources_in_src_of_a_package_at_the_top() -> None:
    """As HTSeq has them: what is compiled lies in a folder of the same name below ``src``."""
    project = "[project]\nname = 'a'\nversion = '1'\nscripts.run = 'a.scripts.run:main'\n"
    files = {
        "pyproject.toml": project,
        "a/__init__.py": "",
        "a/scripts/run.py": "",
        "src/a/__init__.py": "",
        "src/a/_a.pyx": "",
    }
    assert found(files, "MET009") == []
    assert found(files, "FIL004") == []
    # With a module of its own there it is a second copy.
    twice = {**files, "src/a/more.py": ""}
    assert found(twice, "MET009") == [("MET009", "pyproject.toml", 4)]
    assert found(twice, "FIL004") == [("FIL004", "a/__init__.py", 1)]
