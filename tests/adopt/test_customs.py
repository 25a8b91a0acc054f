"""Older ways to test, build and release stay, and the report says what follows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.adopt.customs import Custom, find_customs
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.project.facts import Facts, Given

from ..support.adopting import BRANCH, REMOTE, SETUPTOOLS, adopt, make, report, show
from ..support.updates import Capture, Files, commit

SETUP = "from setuptools import setup\n\nsetup(\n    name='x',\n"


def found(files: Files, *branches: str) -> list[Custom]:
    contents = {path: str(text).encode() for path, text in files.items()}
    return list(find_customs(Facts.of(contents), branches))


@pytest.mark.parametrize(
    ("files", "places"),
    [
        ({"setup.py": f"{SETUP}    data_files=[('d', ['a.txt'])],\n)\n"}, [("setup.py", 5)]),
        ({"setup.py": f"{SETUP}    data_files=FILES,\n)\n"}, [("setup.py", 5)]),
        ({"setup.py": f"{SETUP}    data_files=[],\n)\n"}, []),
        ({"setup.cfg": "[options.data_files]\nd = a.txt\n"}, [("setup.cfg", 1)]),
        ({"setup.py": f"{SETUP})\n", "setup.cfg": "[options]\n"}, []),
    ],
)
def test_data_files_are_nowhere_in_an_editable_installation(
    files: Files, places: list[tuple[str, int]]
) -> None:
    told = [each for each in found(files) if "`data_files` nowhere" in each.text]
    assert [(each.path, each.to_decide) for each in told] == [(path, True) for path, _ in places]
    for each, (_, line) in zip(told, places, strict=True):
        assert each.text.startswith(f"line {line}: an editable installation")


PINNED = f"{SETUP}    install_requires=open('requirements.txt').read().split(),\n)\n"


def test_exact_pins_that_setup_gives_out_are_offered_as_lower_bounds() -> None:
    pins = "numpy==1.19.5\nscipy>=1.5\nh5py[mpi] === 3.1\n# a==1\n"
    (custom,) = found({"setup.py": PINNED, "requirements.txt": pins})
    assert (custom.path, custom.to_decide) == ("requirements.txt", True)
    assert custom.text.endswith("As lower bounds: numpy>=1.19.5, h5py[mpi]>=3.1")


@pytest.mark.parametrize(
    "files",
    [
        {"setup.py": f"{SETUP})\n", "requirements.txt": "numpy==1.19.5\n"},
        {"setup.py": PINNED, "requirements.txt": "numpy>=1.19.5\n"},
    ],
)
def test_other_lists_of_requirements_are_nobodys_business(files: Files) -> None:
    assert found(files) == []


@pytest.mark.parametrize(
    ("files", "path", "word", "to_decide"),
    [
        ({".travis.yml": "script: make\n"}, ".travis.yml", "Travis", False),
        ({"tox.ini": "[testenv]\ncommands = pytest\n"}, "tox.ini", "tox stays", False),
        ({"tox.ini": "[testenv]\ncommands = nosetests\n"}, "tox.ini", "nose runs on no", True),
        ({".github/workflows/ci.yml": "on: push\n"}, ".github/workflows/ci.yml", "GitHub", False),
        ({".circleci/config.yml": "jobs: {}\n"}, ".circleci/config.yml", "CircleCI runs", False),
        ({"azure-pipelines.yml": "jobs: []\n"}, "azure-pipelines.yml", "Azure runs", False),
        (
            {".github/workflows/up.yml": "jobs: {a: {steps: [{run: cruft update -y}]}}\n"},
            ".github/workflows/up.yml",
            "runs cruft",
            True,
        ),
        ({"Makefile": "test:\n\tpython setup.py test\n"}, "Makefile", "setup.py test", True),
        ({"setup.py": f"{SETUP}    test_suite='t',\n)\n"}, "setup.py", "setup.py test", True),
        ({"versioneer.py": "", "setup.py": SETUP}, "versioneer.py", "versioneer's", False),
        ({"setup.py": f"{SETUP}    setup_requires=['pbr'], pbr=True)\n"}, "setup.py", "pbr", False),
        ({"conda.recipe/meta.yaml": "package: {}\n"}, "conda.recipe/meta.yaml", "conda", False),
        ({"setup.cfg": "[metadata]\ndescription-file = R\n"}, "setup.cfg", "no key", True),
        ({".gitmodules": '[submodule "a"]\n'}, ".gitmodules", "find the submodules empty", True),
    ],
)
def test_each_is_met(files: Files, path: str, word: str, to_decide: bool) -> None:
    met = [each for each in found(files) if word in each.text]
    assert [(each.path, each.to_decide) for each in met] == [(path, to_decide)]


@pytest.mark.parametrize("key", ["description-file", "description_file"])
@pytest.mark.parametrize(
    ("setup", "remedy"),
    [
        ("setup(long_description=TEXT)\n", "delete it, as setup.py gives the text"),
        ("given = {'long_description': TEXT}\n", "delete it, as setup.py gives the text"),
        ("setup()\n", "write `long_description = file: R.md`"),
    ],
)
def test_a_text_that_setup_py_gives_wins(key: str, setup: str, remedy: str) -> None:
    files: Files = {"setup.py": setup, "setup.cfg": f"[metadata]\n{key} = R.md\n"}
    (told,) = (each.text for each in found(files) if each.path == "setup.cfg")
    assert told == f"{key} is no key of setuptools: {remedy}"


def test_what_many_files_name_is_told_once() -> None:
    files = dict.fromkeys(("Makefile", ".travis.yml", "requirements.txt"), "nosetests\n")
    (custom,) = (each for each in found(files) if each.to_decide)
    assert custom.path == ".travis.yml"
    assert custom.text.endswith("(also named in Makefile, requirements.txt)")


def test_submodules_that_are_fetched_are_nobodys_business() -> None:
    fetched = "variables:\n  GIT_SUBMODULE_STRATEGY: recursive\n"
    assert found({".gitmodules": '[submodule "a"]\n', ".gitlab-ci.yml": fetched}) == []


@pytest.mark.parametrize(
    ("tags", "named"),
    [
        (("0.12.0", "0.13.0", "0.9.1"), "0.13.0"),
        (("v1.2.0", "v1.10"), "v1.10"),
        (("v0.6", "v0.7", "v0.7rc1", "v0.7.dev0"), "v0.7"),
        (("0.7rc1", "0.7rc2", "0.7b9"), "0.7rc2"),
        (("release-1.2.3", "nightly"), "release-1.2.3"),
        (("0.9.0", "v1.0.0", "v1.1.0rc1"), ""),
        (("nightly", "2024"), ""),
        ((), ""),
    ],
)
def test_tags_that_no_job_publishes_are_told(tags: tuple[str, ...], named: str) -> None:
    told = [each.text for each in find_customs(Facts.of({}, Given(tags=tags)))]
    text = (
        f"versions are tagged like {named}, and the jobs publish what is tagged vX.Y.Z alone: "
        "tag the next one so"
    )
    assert told == ([text] if named else [])


def test_what_reads_tags_in_another_form_is_named() -> None:
    files = {"setup.cfg": "[versioneer]\ntag_prefix = release-\n", "versioneer.py": ""}
    given = Facts.of(files, Given(tags=("release-1.2.0",)))
    (told,) = (each.text for each in find_customs(given) if each.to_decide)
    assert told.endswith(": tag the next one so, and let `tag_prefix` of setup.cfg match that")


def test_git_flow_is_asked_about() -> None:
    assert [each.path for each in found({}, "develop", "master")] == [".gitlab-ci.yml"]
    assert found({}, "develop") == found({}, "main", "feature") == []


@pytest.mark.uncounted
def test_what_stays_and_what_is_to_decide_are_told_once(tmp_path: Path, capsys: Capture) -> None:
    files = {**SETUPTOOLS, "tox.ini": "[testenv]\ncommands = nosetests\n", ".travis.yml": "a: b\n"}
    project = make(tmp_path / "project", files, REMOTE)
    git.git("branch", "develop", cwd=project)
    git.git("branch", "--move", "master", cwd=project)
    assert adopt(project, "--dry-run") == ExitCode.DONE
    rows = [row.strip() for row in capsys.readouterr().err.splitlines()]
    for start in ("tox.ini: tox stays", "tox.ini: nose runs", ".travis.yml: ", "git-flow"):
        assert sum(start in row for row in rows) == 1, start


NAMED = ("container-test", "container-publish", "LISA_BUILDER_IMAGE", "DEFAULT-BRANCH", "main")


@pytest.mark.uncounted
def test_nothing_names_what_the_project_has_not(tmp_path: Path) -> None:
    """The part for containers is left out, as is the template's workflow; the branch is master."""
    project = make(tmp_path / "project", SETUPTOOLS, REMOTE)
    git.git("branch", "--move", "master", cwd=project)
    assert adopt(project, "--data", "sonar=true") == ExitCode.DONE
    written = [show(project, path) for path in ("CONTRIBUTING.md", ".gitlab-ci.yml")]
    for word in NAMED:
        assert not any(f"`{word}" in text or f"{word}:" in text for text in written), word
    assert "for branches without one" not in written[0]
    assert "/-/commits/HEAD\n" in show(project, "CHANGELOG.md")
    table = {line.split("`")[1] for line in written[0].splitlines() if line.startswith("| `")}
    listed = git.git("ls-tree", "-r", "--name-only", BRANCH, ".gitlab/ci", cwd=project).split()
    jobs = "\n".join(show(project, path) for path in listed)
    assert table
    assert all(f"\n{job}:" in f"\n{jobs}" for job in table - {"secrets", "hadolint"})


def check(project: Path, capsys: Capture) -> set[tuple[str, str]]:
    """The findings of a project: rule and file."""
    capsys.readouterr()
    cli.main(["check", str(project), "--format", "json"])
    return {
        (each["code"], each["path"]) for each in json.loads(capsys.readouterr().out)["findings"]
    }


def test_adoption_finds_nothing_in_what_it_writes(tmp_path: Path, capsys: Capture) -> None:
    """A strict type checker asks for a py.typed, a job for a workflow, and so on."""
    project = make(tmp_path / "project", SETUPTOOLS, REMOTE)
    before = check(project, capsys)
    changes = report(project, capsys, "--in-place")["changes"]
    written = {each["path"] for each in changes if each["status"] != "kept"}
    assert written >= {"pyproject.toml", ".gitlab-ci.yml", ".gitlab/ci/security.yml"}
    commit(project, "Adopt")
    assert {each for each in check(project, capsys) - before if each[1] in written} == set()


def test_a_setup_py_that_tells_people_of_setup_py_test_has_none() -> None:
    told = "HELP = 'setup.py test is no more: run python setup.py test no longer'\nprint(HELP)\n"
    assert [each for each in found({"setup.py": f"{told}{SETUP})\n"}) if each.to_decide] == []


def test_the_requirements_of_pbr_are_named_where_they_are() -> None:
    files = {"setup.py": f"{SETUP}    setup_requires=['pbr'], pbr=True)\n"}
    assert [each.text for each in found(files)] == ["version and authors stay pbr's"]
    listed = found({**files, "requirements.txt": "numpy\n"})
    said = "version, authors and requirements (requirements.txt) stay pbr's"
    assert said in [each.text for each in listed]


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (".github/workflows/a.yml", "on: push\nuses: pypa/gh-action-pypi-publish@v1\n", 2),
        (".github/workflows/a.yml", "jobs: {}\n# twine upload x\n\nrun: twine upload dist/*\n", 4),
        (".travis.yml", "deploy:\n  provider: pypi\n", 2),
        (".circleci/config.yml", "a: 1\nrun: uv publish\n", 2),
    ],
)
def test_who_uploads_besides_is_told(path: str, text: str, line: int) -> None:
    (told,) = [each for each in found({path: text}) if each.to_decide]
    assert told.path == path
    assert told.text.startswith(f"line {line} uploads what is released to a package index")


def test_who_uploads_nothing_is_not_told() -> None:
    assert not [each for each in found({".travis.yml": "# twine upload\n"}) if each.to_decide]


def test_what_travis_installs_by_a_variable_is_told_of() -> None:
    travis = "env: [D=six, D=attrs]\ninstall: pip install $D\nscript: pytest\n"
    told = [each.text for each in found({".travis.yml": travis}) if each.to_decide]
    assert told == [
        "its tests install what $D names, which was not read: add what is missing to the group "
        "`test` in pyproject.toml"
    ]
