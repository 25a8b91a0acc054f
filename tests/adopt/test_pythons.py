"""The template's tests run on no Python that a project excludes, or that its jobs leave out."""

from __future__ import annotations

from pathlib import Path

import pytest

from lisa_scaffold.adopt.pythons import limit_pythons
from lisa_scaffold.project.facts import Facts

from ..support.adopting import SETUPTOOLS, make, report, show
from ..support.updates import Capture, Files

FILES = {
    ".gitlab-ci.yml": (
        b".pythons:\n  parallel:\n    matrix:\n      - PYTHON_VERSION:\n"
        b'          - "3.11"\n          - "3.12"\n          - "3.13"\n\n'
        b'own:\n  - PYTHON_VERSION:\n          - "3.13"\n'
    ),
    "noxfile.py": b'PYTHONS = ["3.11", "3.12", "3.13"]\n',
    "sonar-project.properties": b"sonar.python.version=3.11, 3.12, 3.13\n",
}
TRAVIS = "language: python\npython:\n  - 3.10\n  - '3.12'  # new\nenv:\n  - CMAKE=3.13\n"


def limited(files: Files) -> tuple[str, str]:
    """The Pythons that are left, and why."""
    present = {path: text for path, text in files.items() if text is not None}
    changed, told = limit_pythons(Facts.of(present), FILES)
    text = changed.get("noxfile.py", FILES["noxfile.py"]).decode()
    return text[11:-2], told[0].text.partition(": ")[2].partition(". ")[0] if told else ""


JOBS = "jobs:\n"
UNIT = (
    "  unit:\n    strategy:\n      matrix:\n        python-version: ['3.8', '3.9', '3.10']\n"
    "    steps:\n      - run: pytest --cov\n"
)
PAGES = (
    f"on: push\n{JOBS}  deploy:\n    steps:\n      - uses: actions/setup-python@v5\n        with:\n"
    "          python-version: 3.11\n      # - run: pytest\n# Pages\n      - run: make html\n"
)
ALL = '"3.11", "3.12", "3.13"'
REQUIRING = "from setuptools import setup\nsetup(name='a', install_requires=[{}])\n"
SETUP = "from setuptools import setup\nsetup(name='a', python_requires='{}')\n"


@pytest.mark.parametrize(
    ("files", "left", "why"),
    [
        (
            {"setup.py": SETUP.format(">=3.9,<3.13")},
            '"3.11", "3.12"',
            "the metadata say <3.13,>=3.9",
        ),
        ({"setup.py": SETUP.format(">=3.9")}, ALL, ""),
        ({".travis.yml": TRAVIS}, '"3.11", "3.12"', ".travis.yml tests up to 3.12"),
        ({"tox.ini": "[tox]\nenvlist = py39,py311\n"}, '"3.11"', "tox.ini tests up to 3.11"),
        (
            {
                ".github/workflows/ci.yml": "jobs:\n  t:\n    strategy:\n      matrix:\n"
                "        python-version: ['3.11', '3.12']\n"
            },
            '"3.11", "3.12"',
            ".github/workflows/ci.yml tests up to 3.12",
        ),
        (
            {
                ".gitlab-ci.yml": "a:\n  image: x/v2-bilby-python310\n  script: [tox]\n"
                "b:\n  image: python:3.12-slim\n  script: [pytest]\n"
                "pages:\n  image: python:3.11\n  script: [make html]\n"
            },
            '"3.11", "3.12"',
            ".gitlab-ci.yml tests up to 3.12",
        ),
        (
            {"setup.py": REQUIRING.format("'scipy', 'numpy<2.0'")},
            '"3.11", "3.12"',
            "setup.py requires numpy<2.0, which has no wheels for them",
        ),
        (
            {"setup.py": REQUIRING.format("'numpy==1.24.*', 'scipy<1.14'"), ".travis.yml": TRAVIS},
            '"3.11"',
            "setup.py requires numpy==1.24.*, which has no wheels for them",
        ),
        (
            {"setup.py": REQUIRING.format("'numpy>=1.20,<3', 'scipy<1.15', 'h5py<3'")},
            ALL,
            "",
        ),
        ({"setup.py": REQUIRING.format("'numpy<2;python_version<\"3.13\"'")}, ALL, ""),
        ({"setup.py": REQUIRING.format("'numpy<2; no marker'")}, ALL, ""),
        (
            {"setup.py": REQUIRING.format("'numpy<2; python_version>\"3.7\"'")},
            '"3.11", "3.12"',
            'setup.py requires numpy<2; python_version>"3.7", which has no wheels for them',
        ),
        # What builds pages or publishes runs no tests, and any Python will do for it.
        (
            {
                ".github/workflows/pages.yml": PAGES,
                ".github/workflows/unit.yml": f"on: push\n{JOBS}{UNIT}",
            },
            ALL,
            "",
        ),
        (
            {".github/workflows/all.yml": f"on: push\n{JOBS}{UNIT}{PAGES.partition(JOBS)[2]}"},
            ALL,
            "",
        ),
        (
            {".github/workflows/unit.yml": f"{JOBS}{UNIT}".replace("3.10", "3.12")},
            '"3.11", "3.12"',
            ".github/workflows/unit.yml tests up to 3.12",
        ),
        ({".github/workflows/pages.yml": PAGES.replace("3.11", "3.12")}, ALL, ""),
        # One Python says nothing of others, and neither do old ones.
        ({".gitlab-ci.yml": "a:\n  image: python:3.11\n  script: [ls]\n"}, ALL, ""),
        ({"tox.ini": "[tox]\nenvlist = py36,py38\n"}, ALL, ""),
        ({"tox.ini": "[tox]\nenvlist = py311,py314\n"}, ALL, ""),
        # What the project has stays as it is.
        ({".travis.yml": TRAVIS, "noxfile.py": ""}, ALL, ""),
    ],
)
def test_pythons_of_the_tests(files: Files, left: str, why: str) -> None:
    assert limited(files) == (left, why)


def test_every_list_is_limited_and_no_line_of_the_project() -> None:
    changed, _ = limit_pythons(Facts.of({".travis.yml": TRAVIS}), FILES)
    assert changed == {
        ".gitlab-ci.yml": FILES[".gitlab-ci.yml"].replace(b'          - "3.13"\n', b"", 1),
        "noxfile.py": b'PYTHONS = ["3.11", "3.12"]\n',
        "sonar-project.properties": b"sonar.python.version=3.11, 3.12\n",
    }


def test_a_project_whose_jobs_stop_at_one(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "lisa-noise", {**SETUPTOOLS, ".travis.yml": TRAVIS})
    result = report(project, capsys)
    assert 'PYTHONS = ["3.11", "3.12"]\n' in show(project, "noxfile.py")
    assert '- "3.13"' not in show(project, ".gitlab-ci.yml")
    assert "sonar.python.version=3.11, 3.12\n" in show(project, "sonar-project.properties")
    assert [each for each in result["to_decide"] if "the tests do not run on 3.13" in each]
