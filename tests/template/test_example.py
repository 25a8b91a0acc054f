"""A package goes on without the template's example: nothing that is used is taken out unseen."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from lisa_scaffold import cli
from lisa_scaffold.aftercare import answered, example
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.git import Blob
from lisa_scaffold.template import find_default_source

from ..support.answers import Answers
from ..support.files import contents
from ..support.tools import commit_all, git
from ..support.updates import Capture, Files, update, write
from .test_upgrades import missing_imports, project_at

WITH_ALL: Answers = {
    "notebooks": True,
    "extras": ["benchmarks"],
    "import_name": "lisa.kludge",
    "cli": True,
    "compiled": "nanobind",
}
OWN = '"""Ours."""\n\nfrom __future__ import annotations\n\n'


def leave(project: Path, capsys: Capture, files: Files) -> str:
    """Write modules of one's own, and take the example out as far as an update does; its report."""
    write(project, files)
    commit_all(project, "Our work")
    capsys.readouterr()
    assert update(project, "--data", "example=false") == ExitCode.FINDINGS
    return capsys.readouterr().out


def missing(project: Path) -> list[str]:
    """What the modules import from each other, and is not there, nor compiled."""
    return [each for each in missing_imports(project) if not each.endswith("._kernel")]


def required(project: Path) -> list[str]:
    text = (project / "pyproject.toml").read_text()
    listed = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert listed
    return re.findall(r'^  "([\w-]+)', listed[1], re.MULTILINE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    given = {"kind": "package", "distribution": "lisa-kludge"}
    return project_at(find_default_source().current(), given, tmp_path / "project")


USES = {
    "import h5py\n": ("h5py", 5),
    "import h5py.h5 as raw\n": ("h5py", 5),
    "from h5py import File\n": ("h5py", 5),
    "def read() -> None:\n    import h5py\n": ("h5py", 6),
    "try:\n    from lisaconstants import indexing\nexcept ImportError:\n    indexing = None\n": (
        "lisaconstants",
        6,
    ),
}


@pytest.mark.parametrize("code", USES)
def test_what_a_module_of_the_project_imports_stays(
    code: str, project: Path, capsys: Capture
) -> None:
    name, line = USES[code]
    other = ({"h5py", "lisaconstants"} - {name}).pop()
    said = leave(project, capsys, {"src/lisa_kludge/own.py": OWN + code})
    assert required(project) == [name, "numpy"]
    where = f"src/lisa_kludge/own.py:{line}"
    assert f"{name} stays in `dependencies`, though the template drops it: {where} " in said
    assert f"taken out of `dependencies`: {other};" in said
    # Nothing else of the project is about them.
    assert git("diff", "--staged", "--name-only", cwd=project).split() == [
        *(".copier-answers.yml", "README.md", "pyproject.toml")
    ]


def test_what_an_edited_module_of_the_example_imports_stays(project: Path, capsys: Capture) -> None:
    path = "src/lisa_kludge/series.py"
    said = leave(project, capsys, {path: (project / path).read_text() + "\n\nOURS = 1\n"})
    assert required(project) == ["h5py", "lisaconstants", "numpy"]
    assert "taken out" not in said


def test_what_a_test_alone_imports_stays(project: Path, capsys: Capture) -> None:
    said = leave(project, capsys, {"tests/test_own.py": "import h5py\n"})
    assert required(project) == ["h5py", "numpy"]
    assert "tests/test_own.py:1 imports it" in said


def test_what_a_notebook_alone_imports_stays(project: Path, capsys: Capture) -> None:
    cell = {"cell_type": "code", "source": ["%matplotlib inline\n", "import h5py\n"]}
    book = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    said = leave(project, capsys, {"studies/own.ipynb": book})
    assert required(project) == ["h5py", "numpy"]
    assert "studies/own.ipynb, cell 1, imports it" in said


@pytest.mark.parametrize("is_known", [False, True])
def test_what_is_not_committed_yet_counts_too(
    is_known: bool, project: Path, capsys: Capture
) -> None:
    path = "src/lisa_kludge/own.py"
    if is_known:
        write(project, {path: OWN})
        commit_all(project, "Our work")
    uses = "import h5py\n\nfrom lisa_kludge import simulate_noise\n"
    ignored: Files = {"build/own.py": "import lisaconstants\n"}
    write(project, {path: OWN + uses, "data/not-utf8.py": b"import \xff\n", **ignored})
    capsys.readouterr()
    assert update(project, "--data", "example=false") == ExitCode.FINDINGS
    said = capsys.readouterr().out
    assert required(project) == ["h5py", "numpy"]
    assert f"drops it: {path}:5 imports it" in said
    assert f"{path}: line 7 uses the example (simulate_noise)" in said
    assert (project / path).read_text() == OWN + uses


def test_what_no_module_imports_is_named_as_it_goes(project: Path, capsys: Capture) -> None:
    own = "# import h5py\nNAME = 'h5py'\n"
    said = leave(project, capsys, {"src/lisa_kludge/own.py": OWN + own})
    assert required(project) == ["numpy"]
    gone = "taken out of `dependencies`: h5py and lisaconstants"
    assert f"{gone}; no module or notebook of yours imports" in said
    assert "stays in" not in said


def test_the_list_of_what_is_removed_is_whole(tmp_path: Path, capsys: Capture) -> None:
    given = {"kind": "package", "distribution": "lisa-kludge", **WITH_ALL}
    project = project_at(find_default_source().current(), given, tmp_path / "project")
    said = leave(project, capsys, {"src/lisa/kludge/own.py": OWN + "OURS = 1\n"})
    command = re.search(r"^ +6 files are the example: git (rm .*)$", said, re.MULTILINE)
    assert command
    removed = [
        *("benchmarks/test_noise_speed.py", "notebooks/noise.ipynb"),
        *("src/lisa/kludge/noise.py", "src/lisa/kludge/series.py"),
        *("tests/test_noise.py", "tests/test_series.py"),
    ]
    assert shlex.split(command[1]) == ["rm", *removed]
    assert "the template no longer has it" not in said
    left = re.search(r"^Left for you .*: (.*)$", said, re.MULTILINE)
    assert left
    users = {"docs/usage.md", "tests/test_spectrum.py"}
    users |= {f"src/lisa/kludge/{name}.py" for name in ("__init__", "cli")}
    # Its numbers are the example's, though it has no name of that.
    assert {*left[1].split(", ")} == {*users, "tests/test_cli.py"}
    test_of_cli = "tests/test_cli.py: line 12 is the example's still. Without it the template has"
    assert f"  {test_of_cli}" in said
    # What the template has without the example is a patch for each.
    patches = said.partition("\nNot taken, as patches that git apply takes\n")[2]
    patches = patches.partition("\nThe update is staged")[0]
    assert set(re.findall(r"^\+\+\+ b/(.*)$", patches, re.MULTILINE)) == {
        *(*users, "tests/test_cli.py")
    }
    assert "--hash=" not in said
    # After that, nothing else of the project has a word of it.
    git(*shlex.split(command[1]), cwd=project)
    pattern = r"link_noise_psd|simulate_noise|LinkSeries|acceleration_noise_psd"
    named = ("grep", "-lE", pattern, "--", ":!CHANGELOG.md")
    assert {*git(*named, cwd=project).split()} == users
    # With the patches, the project is one that was made without the example.
    (project.parent / "rest.patch").write_text(patches)
    git("apply", str(project.parent / "rest.patch"), cwd=project)
    assert [path for path in users if re.search(pattern, (project / path).read_text())] == []
    fresh = project_at(
        find_default_source().current(), {**given, "example": False}, tmp_path / "fresh"
    )
    assert contents(fresh).keys() ^ contents(project).keys() == {"src/lisa/kludge/own.py"}
    assert missing(project) == []


@pytest.mark.parametrize("more", [{}, {"cli": True, "compiled": "cython"}, WITH_ALL])
def test_a_package_without_the_example_is_whole(more: Answers, tmp_path: Path) -> None:
    given = {"kind": "package", "distribution": "lisa-kludge", "example": False, **more}
    project = project_at(find_default_source().current(), given, tmp_path / "project")
    assert missing(project) == []
    assert required(project) == ["numpy"]
    lock = (project / "constraints.txt").read_text()
    assert {*re.findall(r"^([\w-]+)==", lock, re.MULTILINE)} == {"numpy"}
    pattern = re.compile(r"noise_psd|simulate_noise|LinkSeries|1e-4 1e-3")
    files = contents(project)
    assert [path for path, data in files.items() if pattern.search(data.decode())] == []
    assert not [path for path in files if path.startswith(("notebooks", "benchmarks"))]
    assert cli.main(["check", str(project), "--strict"]) == ExitCode.DONE


def test_what_other_answers_bring_later_works_without_the_example(
    tmp_path: Path, capsys: Capture
) -> None:
    given = {"kind": "package", "distribution": "lisa-kludge", "example": False}
    project = project_at(find_default_source().current(), given, tmp_path / "project")
    more = ("notebooks=yes", "cli=true", "extras=[benchmarks]")
    capsys.readouterr()
    assert update(project, *(word for each in more for word in ("--data", each))) == ExitCode.DONE
    said = capsys.readouterr().out
    for told in (
        "nox -s bench times what you write in benchmarks/test_….py: nothing yet.",
        "the program only says how it is called: what it does is for you to write in cli.py.",
        "nox -s notebooks executes the notebooks that you put into notebooks/: none yet.",
    ):
        assert f"  Without the example, {told}\n" in said
    assert missing(project) == []
    added = git("diff", "--staged", "--diff-filter=A", "--name-only", cwd=project).split()
    module = "src/lisa_kludge"
    assert added == [f"{module}/__main__.py", f"{module}/cli.py", "tests/test_cli.py"]
    git("commit", "--quiet", "--message=More", cwd=project)
    assert update(project, "--data", "cli=true") == ExitCode.DONE
    said = capsys.readouterr().out
    assert said.endswith("\nThe project has all of this already: nothing changes.\n")
    assert "Without the example" not in said


BOOK = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize("is_committed", [True, False])
def test_of_what_is_there_already_nothing_is_missing(
    is_committed: bool, tmp_path: Path, capsys: Capture
) -> None:
    given = {"kind": "package", "distribution": "lisa-kludge", "example": False}
    project = project_at(find_default_source().current(), given, tmp_path / "project")
    write(project, {"notebooks/deep/own.ipynb": BOOK, "benchmarks/test_own.py": OWN})
    if is_committed:
        commit_all(project, "Our work")
    capsys.readouterr()
    more = ("--data", "notebooks=yes", "--data", "extras=[benchmarks]")
    assert update(project, *more) == ExitCode.DONE
    assert "Without the example" not in capsys.readouterr().out


def test_what_is_compiled_names_what_takes_the_place_of_ones_own(
    tmp_path: Path, capsys: Capture
) -> None:
    given = {"kind": "package", "distribution": "lisa-kludge", "example": False}
    project = project_at(find_default_source().current(), given, tmp_path / "project")
    capsys.readouterr()
    assert update(project, "--data", "compiled=nanobind") == ExitCode.DONE
    module = "src/lisa_kludge"
    names = [*(f"{module}/{name}" for name in ("_kernel.cpp", "_kernel.pyi", "spectrum.hpp"))]
    told = f"{', '.join(names)}, {module}/spectrum.py and tests/test_spectrum.py"
    said = capsys.readouterr().out
    assert (
        "  What is compiled estimates a spectrum, for your own code to take its place: replace "
        f"{told}.\n" in said
    )


REWRITTEN: Files = {
    "src/lisa_kludge/__init__.py": '"""Ours."""\n\nfrom lisa_kludge.own import sway\n',
    "src/lisa_kludge/own.py": '"""Ours."""\n\n\ndef sway(): ...\n',
    "src/lisa_kludge/cli.py": '"""Ours."""\n\n\ndef main():\n    print("sway")\n',
    "tests/test_cli.py": "from lisa_kludge.cli import main\n\n\ndef test_own():\n    main([])\n",
    "docs/usage.md": "# Usage\n\nSway.\n",
}
WHOLE = (
    '"""Ours."""\n\nfrom importlib.metadata import version\n\n__all__ = []\n'
    '__version__ = version("lisa-kludge")\n'
)


def test_what_was_written_anew_is_told_what_it_lacks(tmp_path: Path, capsys: Capture) -> None:
    given = {"kind": "package", "distribution": "lisa-kludge", "cli": True}
    project = project_at(find_default_source().current(), given, tmp_path / "project")
    said = leave(project, capsys, REWRITTEN)
    module = "src/lisa_kludge"
    assert (
        f"  {module}/__init__.py: it has no `__version__` and `__all__`, which "
        "tests/test_package.py asks for.\n" in said
    )
    assert (
        f"  {module}/cli.py: it has no `main(argv)` that returns the exit code, which "
        "tests/test_cli.py calls.\n" in said
    )
    assert (
        f"Left for you to correct, as told above: {module}/__init__.py, {module}/cli.py\n" in said
    )
    # No line of the template's stands below: it fits nowhere in what is the project's own.
    assert re.findall(r"^[+]{3} b/(.*)$", said, re.MULTILINE) == []
    assert not re.search(r"written for the example|Without it|is the example's still", said)


def test_what_was_written_anew_and_has_all_of_it_is_not_named(
    tmp_path: Path, capsys: Capture
) -> None:
    given = {"kind": "package", "distribution": "lisa-kludge", "cli": True}
    project = project_at(find_default_source().current(), given, tmp_path / "project")
    cli_of_ours = '"""Ours."""\n\n\ndef main(argv=None):\n    return 0\n'
    files = {f"src/lisa_kludge/{name}.py": text for name, text in (("__init__", WHOLE),)}
    files["src/lisa_kludge/cli.py"] = cli_of_ours
    write(project, {**REWRITTEN, **files})
    commit_all(project, "Our work")
    capsys.readouterr()
    assert update(project, "--data", "example=false") == ExitCode.DONE
    said = capsys.readouterr().out
    assert "Left for you" not in said
    assert " files are the example: git rm " in said


def test_a_few_lines_that_are_the_same_make_no_example() -> None:
    before = Blob("100644", b"".join(b"a line of the example, number %d\n" % n for n in range(8)))
    after = Blob("100644", b"what stays without the example\n")
    change = answered.Change({}, {}, {"a.py": before}, {"a.py": after})
    lines = before.data.splitlines(keepends=True)
    for kept, found in ((0, 0), (1, 0), (2, 2), (8, 2)):
        present = Blob("100644", after.data + b"".join(lines[:kept]))
        assert example._find_left("a.py", present, change) == found


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("def main(argv=None):\n    return 0\n", False),
        ("def main(*argv):\n    return 0\n", False),
        ("from lisa.own import run as main\n", False),
        ("from lisa.own import *\n", False),
        ("main = run\n", False),
        ("def main(\n", False),  # a syntax error is told elsewhere
        ("def run(argv):\n    return 0\n", True),
        ("def main():\n    return 0\n", True),
        ("def main(argv):\n    print(argv)\n", True),
    ],
)
def test_a_program_that_the_templates_test_can_call(text: str, lacks: bool) -> None:
    path = "src/lisa/kludge/cli.py"
    files = {
        path: Blob("100644", text.encode()),
        "tests/test_cli.py": Blob("100644", b"from lisa.kludge.cli import main\n"),
    }
    assert bool([*example._find_missing(path, files, "lisa.kludge")]) is lacks
    del files["tests/test_cli.py"]
    assert [*example._find_missing(path, files, "lisa.kludge")] == []


def test_an_older_project_is_told_nothing_of_it(project: Path, capsys: Capture) -> None:
    leave(project, capsys, {})
    git("commit", "--quiet", "--message=Without", cwd=project)
    assert cli.main(["update", str(project), "--defaults", "--data", "keywords=LISA"]) == 0
    assert "the example" not in capsys.readouterr().out


def test_the_name_of_a_file_is_no_pattern() -> None:
    prose = Blob("100644", b"a\nx a_b x, a_b\n")
    names = {"(_", "(a+)+_$", "a_b", "a_"}
    assert [*example._find_uses("README.md", prose, "a", names)] == [("a_b", 2)]
