"""The Pythons that a package supports, wherever one is named."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.checking import changed, clean, edited, fixed, found, messages
from .test_metadata import (
    GOOD,
    TOML,
    poetry,
    project,
    replaced,
    setup_py,
    with_classifiers,
    with_lines,
)


def test_stated() -> None:
    files = replaced('requires-python = ">=3.11"\n', "")
    assert found(files, "MET") == [("MET011", TOML, 4)]
    assert messages(files, "MET") == [
        "no `requires-python`, so pip installs this into Pythons that cannot run it: add one such "
        "as `>=3.11`"
    ]
    assert found(poetry('name = "a"\n[tool.poetry.dependencies]\npython = "*"\n'), "MET011") == [
        ("MET011", TOML, 3)
    ]
    dynamic = edited(files, TOML, 'version = "1.0"', 'version = "1"\ndynamic=["requires-python"]')
    assert found(dynamic, "MET") == []


def test_valid() -> None:
    files = replaced('">=3.11"', '"3.11+"')
    assert found(files, "MET") == [("MET012", TOML, 9)]
    assert messages(files, "MET") == [
        "pip does not understand `3.11+`, so this cannot be installed: write it like `>=3.11`"
    ]
    assert found(replaced('">=3.11"', '">=3.11,!=3.12.0"'), "MET") == []
    other = poetry('name = "a"\n[tool.poetry.dependencies]\npython = ">=3.8 || ^4"\n')
    assert found(other, "MET012") == []


@pytest.mark.parametrize("limit", ["<4", "<4.0", "<5"])
def test_no_upper_limit(limit: str) -> None:
    files = replaced('">=3.11"', f'">=3.11,{limit}"  # tried')
    assert found(files, "MET") == [("MET013", TOML, 9)]
    assert messages(files, "MET") == [
        f"`{limit}` locks out newer Pythons, even those that work: remove this limit"
    ]
    assert fixed(files, "MET013") == {TOML: replaced('">=3.11"', '">=3.11"  # tried')[TOML]}


def test_a_limit_in_front_goes_too() -> None:
    files = replaced('">=3.11"', '"<4, >=3.11"')
    assert fixed(files, "MET013") == {TOML: project(GOOD)[TOML]}


def test_a_limit_that_means_something_is_left_to_people() -> None:
    files = replaced('">=3.11"', '">=3.11,<3.14"')
    assert messages(files, "MET") == [
        "`<3.14` locks out newer Pythons, even those that work: remove this limit"
    ]


def python(*versions: str) -> list[str]:
    return [f"Programming Language :: Python :: {version}" for version in versions]


def test_classifiers_that_are_kept_out() -> None:
    files = with_classifiers(*python("3", "3.9", "3.10", "3.11", "3.12"))
    assert found(files, "MET") == [("MET014", TOML, 13)]
    assert messages(files, "MET") == [
        "this promises Python 3.9 and 3.10, but `>=3.11` excludes them: delete them"
    ]
    one = with_classifiers(*python("3", "3.10", "3.11", "3.12"))
    assert messages(one, "MET") == [
        "this promises Python 3.10, but `>=3.11` excludes it: delete it"
    ]
    assert fixed(files, "MET014") == {TOML: with_classifiers(*python("3", "3.11", "3.12"))[TOML]}


def test_the_oldest_has_a_classifier() -> None:
    files = with_classifiers(*python("3.12", "3.13"))
    assert found(files, "MET") == [("MET014", TOML, 12)]
    assert messages(files, "MET") == [
        "3.11 is supported but not listed: add `Programming Language :: Python :: 3.11`, or raise "
        "`requires-python`"
    ]
    assert found(with_classifiers(*python("3")), "MET") == []


@pytest.mark.parametrize(
    ("tool", "setting", "right"),
    [
        ("ruff", 'target-version = "py38"  # x', 'target-version = "py311"  # x'),
        ("ruff", 'target-version = "py312"', 'target-version = "py311"'),
        ("mypy", 'python_version = "3.8"', 'python_version = "3.11"'),
        ("black", "target-version = ['py38']", "target-version = ['py311']"),
        ("pyright", 'pythonVersion = "3.10"', 'pythonVersion = "3.11"'),
        ("pylint.main", 'py-version = "3.9"', 'py-version = "3.11"'),
    ],
)
def test_tools(tool: str, setting: str, right: str) -> None:
    files = with_lines(f"[tool.{tool}]\n{setting}\n")
    assert found(files, "MET") == [("MET015", TOML, 12)]
    assert fixed(files, "MET015") == {TOML: with_lines(f"[tool.{tool}]\n{right}\n")[TOML]}


def test_a_version_that_is_a_number_is_left_to_people() -> None:
    files = with_lines("[tool.mypy]\npython_version = 3.8\n")
    assert messages(files, "MET") == [
        "mypy assumes Python 3.8, but the oldest supported is 3.11: write that version"
    ]
    files = with_lines("[tool.mypy]\npython_version = 3.10\n")
    assert messages(files, "MET") == [
        "mypy assumes Python 3.10, but the oldest supported is 3.11: write that version"
    ]


def test_black_keeps_what_is_supported() -> None:
    def black(*versions: str) -> dict[str, Any]:
        listed = "".join(f'  "{version}",\n' for version in versions)
        return with_lines(f"[tool.black]\ntarget-version = [\n{listed}]\n")

    files = black("py39", "py310", "py311", "py312")
    assert found(files, "MET") == [("MET015", TOML, 13)]
    assert messages(files, "MET") == [
        "black assumes Python 3.9 and 3.10, but the oldest supported is 3.11: write that version"
    ]
    assert fixed(files, "MET015") == {TOML: black("py311", "py312")[TOML]}


def test_tools_in_other_files() -> None:
    hooks = "repos:\n  - repo: x\n    hooks:\n      - id: pyupgrade\n        args: [--py38-plus]\n"
    files = with_lines(
        "",
        **{
            "ruff.toml": 'target-version = "py39"\n',
            "mypy.ini": "[mypy]\npython_version = 3.9\n",
            ".pre-commit-config.yaml": hooks,
        },
    )
    assert found(files, "MET") == [
        ("MET015", ".pre-commit-config.yaml", 5),
        ("MET015", "mypy.ini", 2),
        ("MET015", "ruff.toml", 1),
    ]
    assert fixed(files, "MET015") == {
        "ruff.toml": 'target-version = "py311"\n',
        "mypy.ini": "[mypy]\npython_version = 3.11\n",
        ".pre-commit-config.yaml": hooks.replace("38", "311"),
    }


def test_black_drops_what_is_too_old_beside_something_newer() -> None:
    def black(listed: str) -> dict[str, Any]:
        return with_lines(f"[tool.black]\ntarget-version = [{listed}]\n")

    for kept in ("py311", "py312"):
        fixes = fixed(black(f'"py38", "{kept}"'), "MET015")
        assert fixes == {TOML: black(f'"{kept}"')[TOML]}
    fixes = fixed(black('"py38", "py310"'), "MET015")
    assert fixes == {TOML: black('"py311"')[TOML]}


def test_the_very_oldest_is_right_for_every_tool() -> None:
    settings = (
        '[tool.ruff]\ntarget-version = "py311"\n[tool.black]\ntarget-version = ["py311"]\n'
        '[tool.mypy]\npython_version = "3.11"\n[tool.pyright]\npythonVersion = "3.11"\n'
    )
    assert found(with_lines(settings), "MET015") == []


def test_tools_that_agree_pass() -> None:
    newer_types = (
        '[tool.mypy]\npython_version = "3.13"\n[tool.black]\ntarget-version = ["py311", "py312"]\n'
    )
    assert found(with_lines(newer_types), "MET") == []
    unknown = setup_py("    name='a',\n    python_requires=oldest(),\n")
    assert found({**unknown, "ruff.toml": 'target-version = "py37"\n'}, "MET015") == []


PAGES = 'build:\n  tools:\n    python: "3.9"\n'


@pytest.mark.parametrize(
    ("rest", "needed", "is_found"),
    [
        ("", "", False),
        ("python:\n  install:\n    - requirements: docs/r.txt\n", "sphinx==8.1\n", False),
        ("python:\n  install:\n    - requirements: docs/r.txt\n", "sphinx==8.1\n-e .\n", True),
        ("python:\n  install:\n    - requirements: docs/r.txt\n", "../..[docs]\n", True),
        ("python:\n  install:\n    - method: pip\n      path: .\n", "", True),
        ("  jobs:\n    post_install:\n      - uv sync --group docs\n", "", True),
        ("  jobs:\n    post_install:\n      - pip install sphinx==8.1\n", "", False),
        ("  commands:\n    - pip install -e '.[docs]'\n", "", True),
        ("  commands:\n    - python -m pip install .\n", "", True),
    ],
)
def test_pages_that_do_not_install_the_package(rest: str, needed: str, *, is_found: bool) -> None:
    files = with_lines("", **{".readthedocs.yaml": PAGES + rest, "docs/r.txt": needed})
    assert found(files, "MET016") == ([("MET016", ".readthedocs.yaml", 3)] if is_found else [])


def test_images_and_services() -> None:
    pipeline = (
        "variables:\n  TAG: 3.10-slim\n\ntest:\n  image: python:$TAG\n  script: [pytest]\n"
        "docs:\n  image: docker.io/library/python:3.12\n  script: [nox]\n"
    )
    files = with_lines(
        "",
        **{
            ".gitlab-ci.yml": pipeline,
            ".python-version": "3.10.4\n",
            ".readthedocs.yaml": f"{PAGES}python:\n  install:\n    - path: .\n",
            "Dockerfile": "ARG TAG=3.8\nFROM python:${TAG}\n",
        },
    )
    assert found(files, "MET") == [
        ("MET016", ".gitlab-ci.yml", 5),
        ("MET016", ".python-version", 1),
        ("MET016", ".readthedocs.yaml", 3),
        ("MET016", "Dockerfile", 2),
    ]
    assert (
        messages(files, "MET")[0]
        == "the package cannot be installed with Python 3.10: use 3.11 or newer"
    )


def stating(pythons: str, image: str) -> dict[str, Any]:
    job = f"a:\n  image: python:{image}\n  script: [pytest]\n"
    files = replaced('requires-python = ">=3.11"', f'requires-python = "{pythons}"')
    return {**files, ".gitlab-ci.yml": job}


@pytest.mark.parametrize(
    ("pythons", "image", "right"),
    [
        (">=3.7,<3.10", "3.11", "one that '>=3.7,<3.10' allows"),
        (">=3.7,!=3.11.*", "3.11-slim", "one that '>=3.7,!=3.11.*' allows"),
        (">=3.12,<3.14", "3.11", "3.12 or newer"),
    ],
)
def test_images_that_are_too_new(pythons: str, image: str, right: str) -> None:
    python = image.partition("-")[0]
    assert messages(stating(pythons, image), "MET016") == [
        f"the package cannot be installed with Python {python}: use {right}"
    ]


@pytest.mark.parametrize(
    ("pythons", "image"),
    [(">=3.7,<3.12", "3.11"), ("==3.11.4", "3.11.4"), (">=3.7,<3.11.5", "3.11"), ("<4", "3.11")],
)
def test_images_that_may_be_right(pythons: str, image: str) -> None:
    assert found(stating(pythons, image), "MET016") == []


def test_a_generated_project_for_a_newer_python_passes() -> None:
    assert found(clean(python_min="3.13"), "MET") == []
    files = changed(clean(), {".python-version": "3.10\n"})
    assert found(files, "MET") == [("MET016", ".python-version", 1)]


def test_poetrys_caret_is_a_limit() -> None:
    def supporting(pythons: str) -> dict[str, Any]:
        return poetry(f'name = "a"\n[tool.poetry.dependencies]\npython = "{pythons}"\n')

    told = ["`^3.11` locks out newer Pythons, even those that work: write `>=3.11`"]
    assert messages(supporting("^3.11"), "MET013") == told
    assert fixed(supporting("^3.11"), "MET013") == {TOML: supporting(">=3.11")[TOML]}
    for pythons in (">=3.11", "*", "~3.11", ">=3.11,<3.13"):
        assert found(supporting(pythons), "MET013") == []


def test_the_oldest_python_that_is_proposed_is_one_that_the_classifiers_name() -> None:
    call = "from setuptools import setup\nsetup(name='a'{})\n"

    def classified(*versions: str) -> dict[str, Any]:
        listed = "".join(f"'Programming Language :: Python :: {each}', " for each in versions)
        return {"setup.py": call.format(f", classifiers=[{listed}]")}

    start = "no `python_requires`, so pip installs this into Pythons that cannot run it: add "
    told = f"{start}`>=3.5`, the oldest in the classifiers"
    assert messages(classified("3.6", "3.5"), "MET011") == [told]
    # Every Python that pip runs on is one of them.
    assert found(classified("3.5", "2.7"), "MET011") == []
    assert found(classified("3.13", "2.6"), "MET011") == []
    plain = {"setup.py": call.format("")}
    assert messages(plain, "MET011") == [f"{start}one such as `>=3.11`"]
    old = {"a/__init__.py": "print 'of 2'\n"}
    assert messages({"setup.py": call.format(", packages=['a']"), **old}, "MET011") == [
        f"{start}what runs it, as a/__init__.py is written for Python 2"
    ]


def test_what_is_never_built_needs_no_bound() -> None:
    table = '[project]\nname = "a"\nversion = "1"\n{}'
    for rest in (
        "[tool.hatch.build.targets.wheel]\nbypass-selection = true\n",
        "[tool.uv]\npackage = false\n",
        "[tool.setuptools]\npackages = []\n",
    ):
        assert found({TOML: table.format(rest)}, "MET011") == []
    assert found({TOML: table.format("")}, "MET011") == [("MET011", TOML, 1)]


def test_only_the_settings_that_ruff_reads() -> None:
    files = with_lines("", **{"ruff.toml": 'target-version = "py39"\n'})
    assert found(files, "MET015") == [("MET015", "ruff.toml", 1)]
    hidden = {**files, ".ruff.toml": 'target-version = "py311"\n'}
    assert found(hidden, "MET015") == []
    below = {**with_lines('[tool.ruff]\ntarget-version = "py39"\n'), "ruff.toml": ""}
    assert found(below, "MET015") == []


@pytest.mark.parametrize(
    ("command", "is_found"),
    [
        ("pip install .", True),
        ("pip install '.[dev]' --index-url x", True),
        ("python -m pytest", True),
        ("tox -e py", True),
        ("uv run check", True),
        ("make test", True),
        ("bash ci/test.sh", True),
        ("./run", True),
        ("pip install pre-commit && pre-commit run --all-files", False),
        ("python -m build --sdist", False),
        ("twine upload dist/*", False),
        ("echo a", False),
    ],
)
def test_jobs_that_do_not_need_the_package(command: str, *, is_found: bool) -> None:
    pipeline = f"a:\n  image: python:3.8\n  script:\n    - {command}\n"
    files = with_lines("", **{".gitlab-ci.yml": pipeline})
    assert found(files, "MET016") == ([("MET016", ".gitlab-ci.yml", 2)] if is_found else [])


def test_an_image_of_several_jobs_is_one_finding() -> None:
    job = "  script: [pytest]\n"
    pipeline = f"image: python:3.8\na:\n{job}b:\n{job}"
    files = with_lines("", **{".gitlab-ci.yml": pipeline})
    assert messages(files, "MET016") == [
        "the package cannot be installed with Python 3.8: use 3.11 or newer; also in line 4"
    ]


@pytest.mark.parametrize(
    ("path", "line", "is_found"),
    [
        ("Dockerfile", "CMD [ 'a' ]", True),
        ("docker/Dockerfile", "CMD [ 'serve' ]", False),
        ("bench/Dockerfile", "COPY server.py /app/", False),
        ("bench/Dockerfile", "RUN pip install fastapi", False),
        ("docker/Dockerfile", "COPY . /app", True),
        ("docker/Dockerfile", "COPY pyproject.toml .", True),
        ("docker/Dockerfile", "RUN pip install a", True),
        ("docker/Dockerfile", "RUN pip install -e .", True),
    ],
)
def test_images_of_others_in_a_repository(path: str, line: str, *, is_found: bool) -> None:
    files = with_lines("", **{path: f"FROM python:3.8\n{line}\n"})
    assert found(files, "MET016") == ([("MET016", path, 1)] if is_found else [])


@pytest.mark.parametrize(
    ("base", "lines", "told"),
    [
        ("debian:11.9-slim", "RUN python3 setup.py install", "Debian 11.9 has Python 3.9"),
        ("debian:bullseye", "RUN pip install .", "Debian 11 has Python 3.9"),
        ("ubuntu:22.04", "RUN pip3 install -e .", "Ubuntu 22.04 has Python 3.10"),
        ("debian:12", "RUN pip install .", ""),
        ("debian:11", "RUN pip install numpy", ""),
        # Another Python comes from elsewhere, or may do so.
        ("debian:11", "RUN apt install python3.11 && pip install .", ""),
        ("debian:11", "RUN ./get-python.sh\nRUN pip install .", ""),
        ("debian:11", "COPY --from=a /b /b\nRUN pip install .", ""),
        ("debian:11", "RUN uv venv && pip install .", ""),
        ("example.org/debian:11", "RUN pip install .", ""),
    ],
)
def test_the_python_of_a_system(base: str, lines: str, told: str) -> None:
    docker = (
        f"FROM {base}\nRUN apt update && apt install -y wget \\\n  python3 python3-pip\n{lines}\n"
    )
    files = with_lines("", Dockerfile=docker)
    rest = "which `>=3.11` excludes: use a system, or an image, with a Python that it allows"
    assert messages(files, "MET016") == ([f"{told}, {rest}"] if told else [])
    # One that has no Python of its own gets it from somebody else.
    bare = with_lines("", Dockerfile=docker.replace("python3 python3-pip", "make"))
    assert found(bare, "MET016") == []


@pytest.mark.parametrize(
    ("path", "text", "oldest"),
    [
        ("tox.ini", "[tox]\nenvlist = py38, py{39,310}, lint\n", "3.8"),
        ("tox.ini", "[tox]\nenvlist = py27, py38\n", "2.7"),
        (".travis.yml", 'python:\n  - "3.7"\n  - "3.6"\nscript: a\n', "3.6"),
        (".github/workflows/a.yml", "matrix:\n  python-version: ['3.9', \"3.10\"]\n", "3.9"),
        (".github/workflows/a.yml", "a:\n  python: [3.8]\n", "3.8"),
        (".gitlab-ci.yml", "a:\n  image: python:3.9.1-slim\n  script: a\n", "3.9"),
        (".github/workflows/a.yml", "a:\n  python-version: ${{ matrix.python }}\n", ""),
        (".github/workflows/a.yml", "a:\n  # python: 3.8\n  run: python_requires>=3.2\n", ""),
    ],
)  # fmt: skip
def test_the_oldest_python_that_is_proposed_is_one_that_is_tested(
    path: str, text: str, oldest: str
) -> None:
    files = {"setup.py": "from setuptools import setup\nsetup(name='a')\n", path: text}
    wanted = f"`>={oldest}`, the oldest that is tested" if oldest else "one such as `>=3.11`"
    told = "no `python_requires`, so pip installs this into Pythons that cannot run it: add "
    assert messages(files, "MET011") == ([] if oldest == "2.7" else [f"{told}{wanted}"])
