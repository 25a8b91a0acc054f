"""Answers that projects give, and where each comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold.adopt import code, forge, infer, people, tools
from lisa_scaffold.adopt.guess import RepositoryFacts
from lisa_scaffold.errors import AnswersError, LisaError
from lisa_scaffold.git import History
from lisa_scaffold.project.facts import Facts

from ..conftest import ROOT
from ..support.adopting import HATCHLING, POETRY, SETUPTOOLS
from ..support.updates import Files

OSI_MIT = "License :: OSI Approved :: MIT License"
MIT = (ROOT / "includes/licenses/MIT.txt").read_text()


def inferred(files: Files, remote: str = "", history: History | None = None) -> dict[str, Any]:
    """Each answer with its source."""
    present = {path: content for path, content in files.items() if content is not None}
    found = infer.infer_answers(
        Facts.of(present), RepositoryFacts(history or History(), remote), {}
    )
    return {key: (guess.value, guess.source) for key, guess in found.items()}


def with_metadata(more: str, files: Files | None = None) -> Files:
    text = f'[project]\nname = "a-b"\n{more}'
    return {"pyproject.toml": text, "a_b/__init__.py": "", **(files or {})}


def test_flit_says_its_module_and_takes_text_and_version_from_it() -> None:
    files: Files = {
        "pyproject.toml": (
            '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
            '[project]\nname = "flitted"\ndynamic = ["version", "description"]\n'
            '[tool.flit.module]\nname = "lisa_flit"\n'
        ),
        "lisa_flit.py": '"""A module of one file."""\n\n__version__ = "1.0"\n',
    }
    found = inferred(files)
    assert found["import_name"] == ("lisa_flit", "pyproject.toml:8")
    assert found["code_path"] == ("lisa_flit.py", "lisa_flit.py")
    assert found["description"] == ("A module of one file.", "lisa_flit.py")
    assert found["backend"] == ("other", "pyproject.toml:3")


def test_setup_cfg_is_read() -> None:
    files: Files = {
        "setup.cfg": (
            "[metadata]\nname = lisa_cfg\nauthor = Ada Example\nurl = "
            "https://gitlab.example.org/lisa/cfg\n[options]\npython_requires = >=3.13\n"
            "packages = find:\npackage_dir =\n    = src\n"
        ),
        "setup.py": "import setuptools\nsetuptools.setup()\n",
        "src/lisa_cfg/__init__.py": "",
        "src/lisa_cfg/tests/test_a.py": "",
    }
    found = inferred(files)
    assert found["distribution"] == ("lisa-cfg", "setup.cfg:2")
    assert found["code_path"] == ("src", "src/lisa_cfg")
    assert found["test_path"] == ("src/lisa_cfg/tests", "src/lisa_cfg/tests")
    assert found["python_min"] == ("3.13", "setup.cfg:6")
    assert (found["forge"], found["forge_host"]) == (
        ("gitlab", "setup.cfg:4"),
        ("gitlab.example.org", "setup.cfg:4"),
    )


def test_code_elsewhere_is_named_until_it_moves() -> None:
    setup = "from setuptools import setup\nsetup(name='old', url='http://github.com/ada/old/')\n"
    found = inferred({"setup.py": setup, "old/__init__.py": ""})
    assert found["code_url"] == ("https://github.com/ada/old", "setup.py:2")
    assert found["forge"] == ("in2p3", "no GitLab address found")
    at_home = setup.replace("github.com", "gitlab.in2p3.fr")
    assert "code_url" not in inferred({"setup.py": at_home, "old/__init__.py": ""})


def test_setup_py_is_read_and_never_run() -> None:
    files: Files = {
        "setup.py": (
            "import os, setuptools\n"
            "os.abort()\n"
            "about = {}\n"
            "exec(open('lisa_py/_version.py').read(), about)\n"
            "setuptools.setup(name=about['__title__'], author=about['__author__'])\n"
        ),
        "lisa_py/__init__.py": "",
        "lisa_py/_version.py": '__title__ = "lisa_py"\n__author__ = "Ada Example"\n',
    }
    found = inferred(files)
    assert found["distribution"] == ("lisa-py", "lisa_py/_version.py:1")
    assert found["author_name"] == ("Ada Example", "lisa_py/_version.py:2")


ABOUT = (
    "from os.path import join\n"
    "name = 'lisa_py'\nNAME = name\nAUTHOR = 'Ada Example'\nAUTHOR_EMAIL = 'ada@example.org'\n"
    "DESCRIPTION = 'Waves.'\nif join:\n    LONG = 'a'\nparts = [name]\nparts.append('b')\n"
)
OPENED = "with open({}) as f:\n    exec(f.read())\n"
MADE = "opts = dict(name=NAME, author=AUTHOR, author_email=AUTHOR_EMAIL, description=DESCRIPTION)\n"
AT = "lisa_py/version.py"
STATED = {
    "distribution": ("lisa-py", f"{AT}:2"),
    "author_name": ("Ada Example", f"{AT}:4"),
    "author_email": ("ada@example.org", f"{AT}:5"),
    "description": ("Waves.", f"{AT}:6"),
}


@pytest.mark.parametrize(
    ("lines", "about", "is_read"),
    [
        (OPENED.format("os.path.join('lisa_py', 'version.py')"), ABOUT, True),
        ("exec(compile(open('lisa_py/version.py').read(), 'a', 'exec'))\n", ABOUT, True),
        ("from lisa_py.version import NAME, AUTHOR, AUTHOR_EMAIL, DESCRIPTION\n", ABOUT, True),
        # What may be another value is not read.
        (OPENED.format("'lisa_py/version.py'"), f"{ABOUT}DESCRIPTION += ' And tides.'\n", False),
        (OPENED.format("'lisa_py/version.py'"), f"{ABOUT}from .more import *\n", False),
        (OPENED.format("'lisa_py/version.py'") + "DESCRIPTION = input()\n", ABOUT, False),
        ("exec(open('lisa_py/version.py').read(), {})\n", ABOUT, False),
        ("def run():\n    exec(open('lisa_py/version.py').read())\n", ABOUT, False),
        ("exec(open('lisa_py/version.py').read())\nopen('lisa_py/b.py')\n", ABOUT, False),
        ("", ABOUT, False),
    ],
)
def test_what_setup_py_takes_from_a_module(lines: str, about: str, *, is_read: bool) -> None:
    files = {
        "setup.py": f"import os\nfrom setuptools import setup\n{lines}{MADE}setup(**opts)\n",
        AT: about,
        "lisa_py/__init__.py": '"""Says something else."""\n',
        "lisa_py/b.py": "DESCRIPTION = 'Else.'\n",
    }
    found = infer.infer_answers(Facts.of(files), RepositoryFacts(History(), ""), {})
    if is_read:
        assert {key: (found[key].value, found[key].source) for key in STATED} == STATED
    description = found["description"]
    # The first line of a module is what there is otherwise, and a guess.
    assert (description.value == "Waves.", description.sure) == (is_read, is_read)


TEST = "def test_a():\n    pass\n"
SCRIPT = "import urllib.request\n\nurllib.request.urlretrieve('https://example.org/a', 'a')\n"


@pytest.mark.parametrize(
    ("files", "expected", "sure"),
    [
        # A script that is called like a test is none.
        ({"download_test.py": SCRIPT, "lisa_a/tests/test_a.py": TEST}, "lisa_a/tests", True),
        (
            {"lisa_a/speed_test.py": SCRIPT, "lisa_a/b/tests/test_a.py": TEST},
            "lisa_a/b/tests",
            True,
        ),
        ({"download_test.py": SCRIPT}, "", False),
        ({"lisa_a/speed_test.py": SCRIPT}, "", False),
        ({"tests/run_test.py": SCRIPT}, "tests", True),
        ({"lisa_a/tests.py": TEST}, "lisa_a/tests.py", True),
        ({"lisa_a/test_a.py": TEST, "lisa_a/test_b.py": TEST}, "lisa_a", True),
        ({"test_a.py": TEST}, "test_a.py", True),
        ({"test_a.py": TEST, "test_b.py": TEST}, "test_a.py", False),
        ({"test_a.py": TEST, "lisa_a/tests/test_b.py": TEST}, "lisa_a/tests", True),
        ({"test.py": "import unittest\n\n\nclass A(unittest.TestCase): ...\n"}, "test.py", True),
        ({"checks/a.py": TEST, "pytest.ini": "[pytest]\ntestpaths = checks\n"}, "checks", True),
        (
            {
                "docs/examples/a.py": TEST,
                "tests/test_a.py": TEST,
                "pytest.ini": "[pytest]\ntestpaths = docs/examples tests\n",
            },
            "tests",
            True,
        ),
        (
            {"checks/a.py": TEST, "setup.cfg": "[tool:pytest]\ntestpaths =\n  no/ checks/\n"},
            "checks",
            True,
        ),
    ],
)
def test_where_the_tests_are(files: dict[str, str], expected: str, *, sure: bool) -> None:
    setup = "from setuptools import setup\nsetup(name='lisa-a')\n"
    present = {"setup.py": setup, "lisa_a/__init__.py": "", **files}
    found = infer.infer_answers(Facts.of(present), RepositoryFacts(History(), ""), {})["test_path"]
    assert (found.value, found.sure) == (expected, sure)


@pytest.mark.parametrize(
    ("paths", "test_path", "expected"),
    [
        (["a/tests.py"], "a/tests.py", ["a/tests.py"]),
        (["test.py"], "test.py", ["test.py"]),
        (["a/tests/test.py", "a/tests/b.py"], "a/tests", ["a/tests/test.py"]),
        (["tests/tests.py", "tests/test_b.py"], "tests", []),
        (["a_test.py"], "a_test.py", []),
        (["a/tests.py"], "", []),
    ],
)
def test_tests_that_pytest_passes_over(
    paths: list[str], test_path: str, expected: list[str]
) -> None:
    facts = Facts.of(dict.fromkeys(paths, TEST))
    assert code.find_uncollected(facts, test_path) == expected


@pytest.mark.parametrize(
    ("settings", "folder", "expected"),
    [
        ("", "", ["a/speed_test.py", "test_run.py"]),
        ("", "a", ["a/speed_test.py"]),
        ("[pytest]\ntestpaths = tests\n", "", []),
        ("[pytest]\ntestpaths = ./a/\n", "", ["a/speed_test.py"]),
    ],
)
def test_scripts_that_pytest_takes_for_tests(
    settings: str, folder: str, expected: list[str]
) -> None:
    files = {"a/speed_test.py": SCRIPT, "test_run.py": SCRIPT, "tests/test_a.py": TEST}
    files |= {"run.py": SCRIPT, "test_b.py": "", "test_c.py": "import c\n\nassert c.x\n"}
    facts = Facts.of({**files, "pytest.ini": settings})
    assert code.find_lookalikes(facts, folder) == expected


def test_namespace_packages_have_their_whole_name() -> None:
    found = inferred(HATCHLING)
    assert found["import_name"][0] == "lisa.waves"
    assert found["code_path"][0] == "src"


def test_programs_tests_and_images() -> None:
    assert inferred(HATCHLING)["cli"] == (False, "no program is called lisa-waves")
    toml = str(HATCHLING["pyproject.toml"]).replace("{ waves", "{ lisa-waves")
    assert inferred({**HATCHLING, "pyproject.toml": toml})["cli"] == (True, "pyproject.toml:12")
    assert inferred(POETRY)["cli"][0] is False
    assert inferred(HATCHLING)["test_path"] == ("", "no tests found")
    assert inferred(POETRY)["container"][0] is True
    assert inferred({**POETRY, "docker/Dockerfile": ""})["container"] == (
        False,
        "docker/Dockerfile",
    )
    compiled = {**POETRY, "lisa_tides/fast.pyx": "", "build.py": ""}
    assert inferred(compiled)["container"][0] is False


@pytest.mark.parametrize(
    ("metadata", "text", "expected"),
    [
        ('license = "MIT"\n', "", ("MIT", "pyproject.toml:3")),
        ('license = {text = "MIT License"}\n', "", ("MIT", "pyproject.toml:3")),
        ("", MIT, ("MIT", "LICENSE")),
        (
            'classifiers = ["License :: OSI Approved :: MIT License"]\n',
            "",
            ("MIT", "pyproject.toml:3"),
        ),
        ('license = "mit"\n', MIT, ("MIT", "pyproject.toml:3")),
        ('license = "CECILL-2.1"\n', "", ("other", "pyproject.toml:3")),
        ('license = "BSD-3-Clause"\n', MIT, ("MIT", "LICENSE")),
        ("", "All rights reserved.\n", ("other", "LICENSE")),
        ("", "", ("other", "nothing says it")),
    ],
)
def test_licences(metadata: str, text: str, expected: tuple[str, str]) -> None:
    files: Files = {"LICENSE": text} if text else {}
    assert inferred(with_metadata(metadata, files))["license"] == expected


@pytest.mark.parametrize(
    ("metadata", "expected", "sure"),
    [
        ("", "other", False),
        ('license = {text = "GPL"}\n', "other", False),
        ('license = "GPL-3.0-or-later"\n', "GPL-3.0-or-later", True),
        ('license = "GPL-3.0-only"\n', "other", True),
    ],
)
@pytest.mark.parametrize("name", ["GPL-3.0", "LGPL-3.0"])
def test_whether_later_versions_hold_is_asked(
    metadata: str, expected: str, sure: bool, name: str
) -> None:
    text = Path(__file__).parents[2].joinpath(f"includes/licenses/{name}-or-later.txt").read_text()
    told = metadata.replace("GPL-3.0", name)
    files = with_metadata(told, {"COPYING": text})
    present = {path: content for path, content in files.items() if content is not None}
    found = infer.infer_answers(Facts.of(present), RepositoryFacts(History(), ""), {})["license"]
    assert (found.value, found.sure) == (expected.replace("GPL-3.0", name), sure)
    asked = f"COPYING: the text of {name}; nothing says whether later versions hold too"
    assert (found.source == asked) is not sure


def test_a_description_that_nothing_gives_is_a_guess() -> None:
    present = {"pyproject.toml": '[project]\nname = "a-b"\n', "a_b/__init__.py": ""}
    found = infer.infer_answers(Facts.of(present), RepositoryFacts(History(), ""), {})
    assert found["description"].sure is False


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("Copyright (c) 2019 CNRS\n", ("CNRS", "2019")),
        (
            "Copyright (c) 2009-16 Ada Example and Contributors.\n",
            ("Ada Example and Contributors", "2009-2016"),
        ),
        ("Copyright 1999/2003 CNRS\n", ("CNRS", "1999-2003")),
        (
            "Copyright © 2019-2023, A University. All rights reserved.\n",
            ("A University", "2019-2023"),
        ),
        (
            "   Copyright 2020 Ada Example and\n   Grace Example\n",
            ("Ada Example and Grace Example", "2020"),
        ),
    ],
)
def test_copyright_statements(licence: str, expected: tuple[str, str]) -> None:
    found = inferred(with_metadata("", {"LICENSE": licence}))
    assert (found["copyright_holder"][0], found["copyright_year"][0]) == expected


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("BSD-3-Clause", ("CNRS", "LICENSE.rst:1")),
        ("MIT", ("A Team", "LICENSE:1")),
        ("Apache-2.0", ("A Team", "LICENSE:1")),
    ],
)
def test_the_holder_stands_in_the_text_of_the_licence_that_is_stated(
    stated: str, expected: tuple[str, str]
) -> None:
    texts = Path(__file__).parents[2] / "includes/licenses"
    holders = {"LICENSE": ("MIT", "2021 A Team"), "LICENSE.rst": ("BSD-3-Clause", "2023 CNRS")}
    files: dict[str, str | bytes | None] = {}
    for path, (name, holder) in holders.items():
        words = (texts / f"{name}.txt").read_text().split("\n\n", 2)[2]
        files[path] = f"Copyright {holder}\n\n{words}"
    found = inferred(with_metadata(f'license = "{stated}"\n', files))
    assert found["copyright_holder"][:2] == expected


CITATION = """\
cff-version: 1.2.0
authors:
  - given-names: Ada
    family-names: Example
    orcid: https://orcid.org/0000-0002-1825-0097
  - given-names: Jo
    name-particle: van
    family-names: Roe
    orcid: https://orcid.org/0000-0001-5109-3700
  - name: The 2nd Team
doi: 10.5281/zenodo.1234567
keywords: [noise, LISA]
preferred-citation:
  doi: 10.1103/PhysRevD.1.1
"""
CODEMETA = """{
  "author": [{"givenName": "Jane", "familyName": "Doe", "email": "jane@example.org"}],
  "keywords": "waves, LISA",
  "identifier": {"propertyID": "doi", "value": "https://doi.org/10.5281/zenodo.7"}
}
"""
ZENODO = """{
  "creators": [{"name": "Example, Ada"}, {"name": "Doe, Jane", "orcid": "0000-0002-1825-0097"}],
  "keywords": ["tides", "tides", "TDI"],
  "doi": "10.5281/zenodo.8"
}
"""
AUTHORS = """\
authors = [
  {name = "Ada Example"},
  {name = "Jo van Roe", email = "jo@example.org"},
]
"""


@pytest.mark.parametrize(
    ("metadata", "files", "expected"),
    [
        pytest.param(
            AUTHORS + 'keywords = ["LISA", "noise"]\n',
            {"CITATION.cff": CITATION},
            {
                "author_name": ("Ada Example", "pyproject.toml:4"),
                "author_orcid": ("0000-0002-1825-0097", "CITATION.cff:2"),
                "other_authors": (
                    "Jo van Roe <jo@example.org> 0000-0001-5109-3700",
                    "pyproject.toml:5",
                ),
                "keywords": ("LISA, noise", "pyproject.toml:7"),
                "doi": ("10.5281/zenodo.1234567", "CITATION.cff:11"),
            },
            id="metadata and CITATION.cff",
        ),
        pytest.param(
            "",
            {"codemeta.json": CODEMETA, ".zenodo.json": ZENODO},
            {
                "author_name": ("Jane Doe", "codemeta.json:2"),
                "author_email": ("jane@example.org", "codemeta.json:2"),
                "author_orcid": ("0000-0002-1825-0097", ".zenodo.json:2"),
                "other_authors": ("Ada Example", ".zenodo.json:2"),
                "keywords": ("waves, LISA", "codemeta.json:3"),
                "doi": ("10.5281/zenodo.7", "codemeta.json:4"),
            },
            id="codemeta.json and .zenodo.json",
        ),
        pytest.param(
            "",
            {".zenodo.json": ZENODO},
            {
                "author_name": ("Ada Example", ".zenodo.json:2"),
                "other_authors": ("Jane Doe 0000-0002-1825-0097", ".zenodo.json:2"),
                "keywords": ("tides, TDI", ".zenodo.json:3"),
                "doi": ("10.5281/zenodo.8", ".zenodo.json:4"),
            },
            id=".zenodo.json",
        ),
        pytest.param(
            '[project.urls]\nDOI = "https://doi.org/10.5281/zenodo.9"\n',
            {"CITATION.cff": "identifiers:\n  - type: doi\n    value: not one\n"},
            {"doi": ("10.5281/zenodo.9", "pyproject.toml:4")},
            id="an address",
        ),
    ],
)
def test_what_a_citation_tells(metadata: str, files: Files, expected: dict[str, Any]) -> None:
    from ..support.answers import answers

    found = inferred(with_metadata(metadata, files))
    keys = {"author_name", "author_email", "author_orcid", "other_authors", "keywords", "doi"}
    assert {key: found[key] for key in keys & found.keys() if found[key][0]} == expected
    given = {key: value for key, (value, _) in found.items()}
    assert answers(**given).items() >= given.items()


def test_several_authors_in_one_text_are_several() -> None:
    files: Files = {
        "setup.py": (
            "from setuptools import setup\nsetup(\n    name='a-b',\n"
            "    author='Ada Example, Jo Roe and Jane Doe',\n"
            "    author_email='ada@example.org, jo@example.org, jane@example.org',\n"
            "    keywords='LISA,noise',\n)\n"
        ),
        "a_b/__init__.py": "",
    }
    found = inferred(files)
    assert found["author_name"] == ("Ada Example", "setup.py:4")
    others = "Jo Roe <jo@example.org>; Jane Doe <jane@example.org>"
    assert found["other_authors"] == (others, "setup.py:4")
    assert found["keywords"] == ("LISA, noise", "setup.py:6")


def test_who_is_named_with_accents_and_without_is_one_person() -> None:
    authors = (
        "authors = [{name = 'Ada Example'}, {name = 'Jo Roe-Saelen', email = 'jo@example.org'}]"
    )
    citation = (
        "authors:\n  - name: \u00c1da Example\n"
        "  - name: J\u00f3 R\u00f8e-S\u00e6len\n    orcid: 0000-0001-5109-3700\n"
        "  - name: Jo Roe\n"
    )
    found = inferred(with_metadata(f"{authors}\n", {"CITATION.cff": citation}))
    others = "J\u00f3 R\u00f8e-S\u00e6len <jo@example.org> 0000-0001-5109-3700; Jo Roe"
    assert found["other_authors"] == (others, "pyproject.toml, CITATION.cff")


@pytest.mark.parametrize(
    ("address", "first", "others"),
    [
        ("jo.roe@example.org", "", "Jo Roe <jo.roe@example.org>; Jane Smithson"),
        ("jsmithson@example.org", "", "Jo Roe; Jane Smithson <jsmithson@example.org>"),
        ("ada@example.org", "ada@example.org", "Jo Roe; Jane Smithson"),
        ("ae@example.org", "ae@example.org", "Jo Roe; Jane Smithson"),
        ("jo@example.org, ada@example.org", "ada@example.org", "Jo Roe <jo@example.org>"),
    ],
)
def test_an_address_is_of_the_one_whose_name_it_has(address: str, first: str, others: str) -> None:
    call = f"author='Ada Example, Jo Roe, Jane Smithson', author_email='{address}'"
    setup = f"from setuptools import setup\nsetup(name='a-b', {call})\n"
    found = inferred({"setup.py": setup, "a_b/__init__.py": ""})
    assert found["author_name"] == ("Ada Example", "setup.py:2")
    assert found["author_email"] == (first, "setup.py:2")
    assert str(found["other_authors"][0]).startswith(others)


@pytest.mark.parametrize("address", ["team@example.org", "team@example.org, jo@example.org"])
def test_an_address_of_nobody_knows_whom_is_to_be_decided(address: str) -> None:
    call = f"author='Ada Example, Jo Roe, Jane Smithson', author_email='{address}'"
    facts = Facts.of({"setup.py": f"from setuptools import setup\nsetup(name='a-b', {call})\n"})
    name, email = next(people.find_authors(facts, RepositoryFacts()))
    assert (name.value, name.sure) == ("Ada Example", True)
    assert (email.value, email.sure) == ("", False)


def test_an_article_s_doi_and_a_name_that_is_none_are_no_answers() -> None:
    files = {
        "CITATION.cff": "authors:\n  - name: Ada Example\n  - name: Team <3>\n"
        "preferred-citation:\n  doi: 10.1103/PhysRevD.1.1\n",
    }
    assert not {"doi", "other_authors", "keywords"} & inferred(with_metadata("", files)).keys()


def test_git_tells_what_no_file_does() -> None:
    history = History(years=(2018, 2024), authors=(("Ada Example", "ada@example.org"),))
    found = inferred(with_metadata(""), "https://gitlab.in2p3.fr/lisa/sub/a-b.git", history)
    assert found["author_name"] == ("Ada Example", "git log")
    assert found["copyright_year"] == ("2018", "git log")
    assert found["namespace"] == ("lisa/sub", "git remote")


@pytest.mark.parametrize("bot", ["pre-commit-ci[bot]", "dependabot", "renovate-bot", "A [bot]"])
def test_no_program_is_the_author(bot: str) -> None:
    people = ((bot, "bot@example.org"), ("Bo Tanner", "bo@example.org"))
    found = inferred(with_metadata(""), "", History(authors=people))
    assert (found["author_name"][0], found["copyright_holder"][0]) == ("Bo Tanner", "Bo Tanner")
    assert "author_name" not in inferred(with_metadata(""), "", History(authors=people[:1]))


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("git@gitlab.in2p3.fr:LISA/a.git", ("in2p3", "gitlab.in2p3.fr", "LISA", "a")),
        ("ssh://git@gitlab.esa.int:2222/x/y/a", ("esa", "gitlab.esa.int", "x/y", "a")),
        ("https://user:secret@git.example.org/x/a.git", ("gitlab", "git.example.org", "x", "a")),
        ("https://github.com/x/a", None),
        ("../elsewhere/a.git", None),
        ("", None),
    ],
)
def test_remotes(remote: str, expected: tuple[str, ...] | None) -> None:
    found = forge.find(Facts.of({}), RepositoryFacts(History(), remote))
    assert (found[:4] if found else None) == expected


@pytest.mark.parametrize(
    ("readme", "expected"),
    [
        ("[p](https://gitlab.in2p3.fr/LISA/a/badges/main/pipeline.svg)", ("LISA", "a")),
        ("git clone https://gitlab.in2p3.fr/LISA/a.git", ("LISA", "a")),
        ("git clone https://gitlab.in2p3.fr/LISA/tools/a/tree/main/src", ("LISA/tools", "a")),
        ("Built [as this](https://gitlab.in2p3.fr/LISA/b/blob/main/README.md).", None),
    ],
)
def test_a_readme_without_a_name_tells_its_own_repository_alone(
    readme: str, expected: tuple[str, ...] | None
) -> None:
    found = forge.find(Facts.of({"README.md": readme}), RepositoryFacts())
    assert (found[2:4] if found else None) == expected


def test_an_address_of_a_file_tells_the_project() -> None:
    files = {
        "pyproject.toml": '[project]\nname = "noise"\n',
        "README.md": "noise: https://gitlab.in2p3.fr/LISA/noise/blob/main/docs/a.md",
    }
    found = forge.find(Facts.of(files), RepositoryFacts())
    assert found
    assert (found.url, found.source) == ("https://gitlab.in2p3.fr/LISA/noise", "README.md:1")


def test_where_nothing_says_it_a_guess_is_no_fact() -> None:
    present = {path: content for path, content in POETRY.items() if content is not None}
    found = infer.infer_answers(Facts.of(present), RepositoryFacts(), {})
    unsure = {key for key, guess in found.items() if not guess.sure}
    assert unsure == {"code_url", "copyright_holder", "forge", "namespace"}


def test_all_that_must_be_told_is_asked_for_at_once() -> None:
    setup = "from setuptools import setup\nsetup(name=name())\n"
    files = {"setup.py": setup, "one/__init__.py": "", "two/__init__.py": ""}
    with pytest.raises(LisaError, match=r"name is not known.*; \.: any of.*: one, two$") as error:
        inferred(files)
    hint = "Tell it: --data distribution=NAME. Name it: --data import_name=NAME."
    assert error.value.hint == hint
    found = infer.infer_answers(Facts.of(files), RepositoryFacts(), {"distribution": "two"})
    assert found["import_name"].value == "two"


def test_tests_are_no_package_where_there_is_another() -> None:
    """Of setup.py in a repository whose tests are a package as well."""
    setup = "from setuptools import setup\nsetup(name='fastemriwaveforms', version='1')\n"
    files = {"setup.py": setup, "few/__init__.py": "", "tests/__init__.py": ""}
    assert inferred(files)["import_name"] == ("few", "few")
    with pytest.raises(LisaError, match=r"any of these may be the package: few, more$"):
        inferred({**files, "more/__init__.py": ""})


def test_benchmarks_are_no_package() -> None:
    call = "from setuptools import setup\nmetadata = dict(name='Bottle')\nsetup(**metadata)\n"
    files: Files = {"setup.py": call, "bottle/__init__.py": "", "perf/asv.conf.json": "{}"}
    found = inferred({**files, "perf/all/__init__.py": "", "asv_bench/b/__init__.py": ""})
    assert found["distribution"] == ("bottle", "setup.py:2")
    assert found["import_name"] == ("bottle", "bottle")


@pytest.mark.parametrize(
    ("maintainer", "author", "email", "sure"),
    [
        ("maintainer='Ada Example', maintainer_email='ada@example.org'", "Ada", "ada", True),
        ("", "Grace", "grace", False),
    ],
)
def test_whom_the_metadata_name_and_whom_the_history(
    maintainer: str, author: str, email: str, sure: bool
) -> None:
    setup = f"from setuptools import setup\nsetup(name='a', {maintainer})\n"
    known = (("Grace Example", "grace@example.org"), ("Ada Example", "other@example.org"))
    facts = Facts.of({"setup.py": setup, "a/__init__.py": ""})
    found = infer.infer_answers(facts, RepositoryFacts(History(known, None)), {})
    name, address = found["author_name"], found["author_email"]
    assert (name.value, name.sure) == (f"{author} Example", sure)
    assert (address.value, address.sure) == (f"{email}@example.org", sure)


def test_a_name_that_is_no_name_is_told_with_its_place() -> None:
    with pytest.raises(LisaError, match=r"setup\.py:2: the project's name is not known") as error:
        inferred({"setup.py": "from setuptools import setup\nsetup(name=name())\n", "a.py": ""})
    assert error.value.hint == "Tell it: --data distribution=NAME."


def test_the_pieces_of_every_example_are_answers_of_the_template() -> None:
    from ..support.answers import answers

    for files in (SETUPTOOLS, HATCHLING, POETRY):
        given = {key: value for key, (value, _) in inferred(files).items()}
        assert {**answers(**given)}.items() >= given.items()


def test_tools_that_are_set_up_elsewhere() -> None:
    facts = Facts.of(
        {
            "setup.cfg": "[mypy]\nstrict = True\n[tool:pytest]\naddopts = -q\n",
            ".coveragerc": "[run]\nbranch = True\n",
            "ruff.toml": "",
        }
    )
    assert tools.find_elsewhere(facts, "") == {
        "coverage": ".coveragerc sets it up",
        "ruff": "ruff.toml sets it up",
        "mypy": ("setup.cfg sets it up; it names no files, and nox -s types needs them: files = …"),
        "pytest": "setup.cfg sets it up",
    }


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pyproject.toml": "[tool.black]\nline-length = 79\n"}, (79, "pyproject.toml:2")),
        ({"pyproject.toml": "[tool.black]\n"}, (88, "black")),
        ({"tox.ini": "[flake8]\nmax-line-length = 120\n"}, (120, "tox.ini:2")),
        ({"setup.py": ""}, None),
    ],
)
def test_the_length_of_lines_stays(files: dict[str, str], expected: object) -> None:
    assert tools.find_line_length(Facts.of(files), "") == expected


@pytest.mark.parametrize(
    ("hook", "cfg", "expected"),
    [
        ("id: black", "[flake8]\nmax-line-length = 120\n", (88, "black")),
        (
            "id: black\n        files: ^a/",
            "[flake8]\nmax-line-length = 120\n",
            (120, "setup.cfg:2"),
        ),
        ("id: black\n        files: ^a/", "", (88, "black")),
    ],
)
def test_of_black_for_some_folders_the_linter_s_length_counts(
    hook: str, cfg: str, expected: object
) -> None:
    text = f"repos:\n  - repo: https://github.com/psf/black\n    hooks:\n      - {hook}\n"
    facts = Facts.of({".pre-commit-config.yaml": text, "setup.cfg": cfg, "a/b.py": ""})
    assert tools.find_line_length(facts, text) == expected


@pytest.mark.parametrize(
    ("path", "is_image"),
    [
        ("containers/v3-dockerfile-test-suite-python310", True),
        ("containers/dockerfile-template", True),
        ("ci/Dockerfile.gpu", True),
        ("docker/base.dockerfile", True),
        ("build/Containerfile", True),
        ("a.def", True),
        ("containers/write_dockerfiles.py", False),
        ("a_b/dockerfile.py", False),
        ("tests/Dockerfile", False),
        (".devcontainer/Dockerfile", False),
        (".dockerignore", False),
        ("windows/a.def", False),
    ],
)
def test_an_image_of_its_own_has_many_names(path: str, *, is_image: bool) -> None:
    found = inferred(with_metadata("", {path: "FROM python:3.12\n"}))
    none = (True, "no image of its own, and no compiled code")
    assert found["container"] == ((False, path) if is_image else none)


@pytest.mark.parametrize(
    ("cfg", "name", "source", "sure"),
    [
        ("[metadata]\npackage_name = lisa-far\n", "lisa-far", "setup.cfg:2", True),
        ("[wheel]\nuniversal = 1\n", "lisa-near", "the only package", False),
    ],
)
def test_a_name_that_setup_computes_is_looked_for_elsewhere(
    cfg: str, name: str, source: str, sure: bool
) -> None:
    setup = "from setuptools import setup\nexec(open('v.py').read())\nsetup(name=NAME)\n"
    files = {"setup.py": setup, "setup.cfg": cfg, "lisa_near/__init__.py": ""}
    facts = Facts.of({path: text.encode() for path, text in files.items()})
    found = infer.infer_answers(facts, RepositoryFacts(), {})["distribution"]
    assert (found.value, found.source, found.sure) == (name, source, sure)


def test_who_commits_most_is_a_guess_and_who_is_named_has_no_other_s_address() -> None:
    history = History((("Ada Example", "ada@example.org"), ("Bo Other", "bo@example.org")))
    facts = Facts.of({path: text for path, text in with_metadata("").items() if text is not None})

    def guess(**given: str) -> list[tuple[str, str, bool]]:
        found = infer.infer_answers(facts, RepositoryFacts(history), given)
        keys = ("author_name", "author_email", "copyright_holder")
        return [(found[key].value, found[key].source, found[key].sure) for key in keys]

    told = ("git log", False)
    assert guess() == [("Ada Example", *told), ("ada@example.org", *told), ("Ada Example", *told)]
    given = ("given", True)
    assert guess(author_name="Bo Other") == [
        ("Bo Other", *given),
        ("bo@example.org", *told),
        ("Bo Other", "given", False),
    ]
    assert guess(author_name="A team")[1:] == [("", *given), ("A team", "given", False)]


@pytest.mark.parametrize(
    ("setup", "told"),
    [
        ('python_requires=">=%s" % OLDEST', "what setup.py:2 says could not be read without"),
        ('python_requires="<4"', "setup.py:2 says '<4', which names no oldest Python;"),
        ("", "no oldest Python is said;"),
    ],
)
def test_why_the_oldest_python_is_a_guess(setup: str, told: str) -> None:
    text = f"from setuptools import setup\nsetup(name='a-b', {setup})\n"
    value, source = inferred({"setup.py": text, "a_b/__init__.py": ""})["python_min"]
    assert (value, source[: len(told)]) == ("3.11", told)


def stating(pythons: str) -> Files:
    return with_metadata(f'version = "1"\nrequires-python = "{pythons}"\n')


@pytest.mark.parametrize(
    ("pythons", "chosen"),
    [
        (">=3.7,<3.12", "3.11"),
        (">=3.8,!=3.11.*", "3.12"),
        (">=3.13", "3.13"),
        ("<4", "3.11"),
    ],
)
def test_the_jobs_begin_with_a_python_that_is_allowed(pythons: str, chosen: str) -> None:
    assert inferred(stating(pythons))["python_min"][0] == chosen


@pytest.mark.parametrize(
    ("files", "where", "right"),
    [
        (
            {
                "setup.cfg": "[metadata]\nname = a-b\n[options]\npython_requires = >=3.7,<3.10\n",
                "setup.py": "import setuptools\nsetuptools.setup()\n",
                "a_b/__init__.py": "",
            },
            "setup.cfg:4: '>=3.7,<3.10'",
            "'>=3.7'",
        ),
        (stating("~=3.9.0"), "pyproject.toml:4: '~=3.9.0'", "'>=3.9'"),
        (stating("==3.10.*"), "pyproject.toml:4: '==3.10.*'", "'>=3.10'"),
        # The image of its name has the newest patch.
        (stating("<=3.11"), "pyproject.toml:4: '<=3.11'", "'>=3.11'"),
        (stating(">=3.14"), "pyproject.toml:4: '>=3.14'", "'>=3.13'"),
    ],
)
def test_metadata_that_exclude_every_python_of_the_jobs(
    files: Files, where: str, right: str
) -> None:
    with pytest.raises(LisaError) as refused:
        inferred(files)
    assert refused.value.message == (
        f"{where} excludes 3.11, 3.12 and 3.13, and the template's jobs begin with one of them: "
        "no session could install the project"
    )
    assert refused.value.hint == (
        f"Where the code runs there, write {right} on that line, and commit it; where it does not "
        "yet, that comes first."
    )


def test_they_are_refused_before_anything_is_asked() -> None:
    """No name of the package, no code: no answer to either helps."""
    metadata = "[project]\ndynamic = ['name']\nrequires-python = '<3.10'\n"
    with pytest.raises(LisaError) as refused:
        inferred({"pyproject.toml": metadata})
    assert refused.value.message.startswith("pyproject.toml:3: '<3.10' excludes 3.11, 3.12")


def test_what_installs_nothing_may_exclude_them() -> None:
    dag = {"dags/a.py": "import airflow\n", "pyproject.toml": stating("<3.10")["pyproject.toml"]}
    assert inferred(dag)["kind"][0] == "pipeline"


def test_a_python_that_is_given_and_excluded() -> None:
    facts = Facts.of({path: str(text) for path, text in stating(">=3.12").items()})
    with pytest.raises(AnswersError) as refused:
        infer.infer_answers(facts, RepositoryFacts(History(), ""), {"python_min": "3.11"})
    assert refused.value.problems == {
        "python_min": "pyproject.toml:4 says '>=3.12', which excludes it: use 3.12"
    }
