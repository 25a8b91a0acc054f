"""Files of a project: what is looked for is there, and nothing that does not belong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import git, rules
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import find_rule, judge

from ..support.checking import changed, clean, fixed, found, messages, text
from ..support.updates import commit, write

CONFLICT = "a\n{0}<<<<<<< ours\nb\n{0}=======\nc\n{0}>>>>>>> theirs\nd\n"


def without(*paths: str) -> dict[str, Any]:
    return {path: text for path, text in clean().items() if not path.startswith(paths)}


def test_generated_projects_pass() -> None:
    assert found(clean(notebooks=True, import_name="lisa.noise"), "FIL") == []


def test_readme() -> None:
    files = without("README.md")
    assert found(files, "FIL") == [("FIL001", "README.md", 1)]
    for name in ("README.rst", "readme", "docs/README.md"):
        assert found({**files, name: "x\n"}, "FIL") == []
    # Whatever a repository is for, people come to it.
    assert found({"notes.txt": "x\n"}, "FIL") == [("FIL001", "README.md", 1)]


def test_gitignore() -> None:
    files = without(".gitignore")
    assert found(files, "FIL") == [("FIL002", ".gitignore", 1)]
    assert found({"README": "x\n", "dags/a.py": "x = 1\n"}, "FIL") == [("FIL002", ".gitignore", 1)]
    assert found({"README": "x\n", "data.csv": "1\n"}, "FIL") == []
    assert "__pycache__/\n" in str(fixed(files, "FIL002")[".gitignore"])
    assert found({**files, "PKG-INFO": "x\n"}, "FIL") == []
    assert found({"Dockerfile": "FROM a:1\n"}, "FIL002") == []


@pytest.mark.parametrize("path", ["tests/a.py", "src/a/test/x.py", "test_a.py", "a_test.py"])
def test_tests(path: str) -> None:
    files = without("tests/")
    assert found(files, "FIL") == [("FIL003", "tests", 1)]
    assert found({**files, path: ""}, "FIL") == []
    assert found({**files, "PKG-INFO": "x\n"}, "FIL") == []


def test_a_script_that_is_only_called_like_tests_is_none() -> None:
    script = "from multiprocessing import Pool\n\nprint(Pool(2).map(abs, range(4)))\n"
    files = without("tests/")
    for path in ("test_parallel.py", "src/lisa_example/speed_test.py"):
        assert found({**files, path: script}, "FIL") == [("FIL003", "tests", 1)]
        assert found({**files, path: f"{script}assert True\n"}, "FIL") == []
    assert found({**files, "tests/test_parallel.py": script}, "FIL") == []


def test_examples_that_are_run_are_tests() -> None:
    files, path = without("tests/"), "src/lisa_example/__init__.py"
    example = {path: '"""Noise.\n\n>>> 1 + 1\n2\n"""\n'}
    assert found({**files, path: example[path]}, "FIL003") == [("FIL003", "tests", 1)]
    stated = text(files, "pyproject.toml").replace('"src", "tests" ]', '"src" ]')
    files["pyproject.toml"] = stated
    without_run = {**files, "pyproject.toml": stated.replace(', "--doctest-modules"', "")}
    assert found({**without_run, **example}, "FIL003") == [("FIL003", "tests", 1)]
    assert found({**files, **example}, "FIL003") == []
    ci = {".github/workflows/a.yml": "jobs: {a: {steps: [{run: pytest --doctest-modules a}]}}\n"}
    assert found({**without_run, **example, **ci}, "FIL003") == []


def test_two_layouts() -> None:
    files = changed(clean(), {"lisa_example/__init__.py": ""})
    assert found(files, "FIL") == [("FIL004", "lisa_example/__init__.py", 1)]
    assert messages(files, "FIL") == [
        "second copy of src/lisa_example, so tests may run other code than users get: delete it"
    ]
    assert found(changed(clean(), {"docs/lisa_example/__init__.py": ""}), "FIL") == []


@pytest.mark.parametrize(
    "path", ["notes.txt", "src/a.pyx", "docs/page.rst", "docs/page.md", "a.py"]
)
def test_conflicts(path: str) -> None:
    files = changed(clean(), {path: CONFLICT.format("")})
    assert found(files, "FIL") == [("FIL005", path, 2)]
    assert messages(files, "FIL") == [
        "merge conflict that was committed: choose a side and delete the lines `<<<<<<<`, "
        "`=======`, `>>>>>>>`"
    ]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("docs/page.rst", CONFLICT.format("    ")),
        ("docs/page.md", f"```\n{CONFLICT.format('')}```\n"),
        ("src/a.py", f'TEXT = """\n{CONFLICT.format("")}"""\n'),
        ("tests/data/conflict.txt", CONFLICT.format("")),
        ("fix.patch", CONFLICT.format("")),
        ("notes.txt", "<<<<<<< words\n"),
        ("notes.txt", "Title\n=======\n<<<<<<< words\n>>>>>>> words\n"),
    ],
)
def test_what_only_looks_like_a_conflict(path: str, text: str) -> None:
    assert found(changed(clean(), {path: text}), "FIL") == []


@pytest.mark.uncounted
@pytest.mark.parametrize(
    "path",
    [
        "src/a/__pycache__/b.cpython-311.pyc",
        "src/a.egg-info/PKG-INFO",
        "docs/.DS_Store",
        "notebooks/.ipynb_checkpoints/a-checkpoint.ipynb",
        ".coverage",
        "src/a.py~",
    ],
)
def test_what_tools_write_again_goes(path: str) -> None:
    files = changed(clean(), {path: "x\n"})
    assert found(files, "FIL") == [("FIL006", path, 1)]
    assert fixed(files, "FIL006") == {path: None}


@pytest.mark.parametrize("path", ["dist/a-1.0.tar.gz", "coverage.xml", "docs/_build/index.html"])
def test_what_somebody_may_keep_is_left_to_people(path: str) -> None:
    files = changed(clean(), {path: "x\n"})
    assert found(files, "FIL") == [("FIL006", path, 1)]
    facts = Facts.of(files)
    assert [hit.fix for rule in rules.load_family("FIL") for hit in rule.hits(facts)] == [None]


@pytest.mark.parametrize(
    ("path", "is_found"),
    [
        *(("build/lib/a/b.py", True), ("build/lib.linux-x86_64-cpython-311/a.so", True)),
        *(("build/temp.linux-x86_64-3.8/a.o", True), ("build/bdist.linux-x86_64/wheel/a", True)),
        *(("build/templates/a.json", False), ("build/library/a.py", False)),
        *(("build/lib/common.sh", False), ("build/bdist_wheel.py", False)),
        *(("build/temp/a.txt", False), ("build/scripts/make.py", False)),
    ],
)
def test_a_folder_of_builds_and_one_about_builds(path: str, is_found: bool) -> None:
    files = {"setup.py": "", path: "x\n"}
    assert found(files, "FIL006") == ([("FIL006", path, 1)] if is_found else [])


def test_one_finding_for_a_kind() -> None:
    paths = ["a/__pycache__/x.pyc", "a/__pycache__/y.pyc", "b/__pycache__/x.pyc", ".DS_Store"]
    files = changed(clean(), dict.fromkeys(paths, ""))
    assert found(files, "FIL") == [("FIL006", ".DS_Store", 1), ("FIL006", paths[0], 1)]
    assert messages(files, "FIL") == [
        "generated anew each time: remove it from git and list it in .gitignore",
        "a/__pycache__ is generated anew each time: remove it from git and list it in .gitignore; "
        "also in b/__pycache__",
    ]
    done = fixed(files, "FIL006")
    assert {path for path, content in done.items() if content is None} == set(paths)
    unpacked = changed(clean(), {"PKG-INFO": "x", "src/a.egg-info/PKG-INFO": "x"})
    assert found(unpacked, "FIL") == []


def test_what_is_ignored_is_under_no_heading_of_others() -> None:
    files = {"setup.py": "", ".DS_Store": "", "a.pyc": "", ".gitignore": "# Data\n*.h5\n"}
    told = "# Data\n*.h5\n\n# What tools write, and would write again\n.DS_Store\n*.py[cod]\n"
    assert fixed(files, "FIL006")[".gitignore"] == told
    plain = {**files, ".gitignore": "# Data\n*.h5\n\n*.log"}
    assert fixed(plain, "FIL006")[".gitignore"] == "# Data\n*.h5\n\n*.log\n.DS_Store\n*.py[cod]"


def test_what_goes_is_ignored_from_then_on() -> None:
    files = {
        "setup.py": "",
        "a/__pycache__/x.pyc": "",
        "a/.ipynb_checkpoints/b.ipynb": "",
        "a.egg-info/PKG-INFO": "",
        "a.swp": "",
    }
    done = fixed(files, "FIL006")
    assert {path for path, content in done.items() if content is None} == files.keys() - {
        "setup.py"
    }
    written = (done[".gitignore"] or "").splitlines()
    wanted = {"__pycache__/", "*.egg-info/", ".ipynb_checkpoints/", "*.sw[op]", ".venv/"}
    assert wanted <= set(written)
    assert len(written) == len(set(written) - {""}) + written.count("")
    there = {".gitignore": "*.egg-info/\n", "a/__pycache__/x.pyc": "", "a.egg-info/PKG-INFO": ""}
    assert fixed(there, "FIL006") == {
        ".gitignore": "*.egg-info/\n__pycache__/\n",
        "a/__pycache__/x.pyc": None,
        "a.egg-info/PKG-INFO": None,
    }


@pytest.mark.parametrize("is_repository", [True, False])
def test_an_empty_folder_wants_a_readme_where_it_is_a_repository(
    is_repository: bool, tmp_path: Path
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    if is_repository:
        git.git("init", "--quiet", cwd=tmp_path)
    codes = [
        [each.code for each in judge.list_findings(rules.load_family("FIL"), Facts.read(folder))]
        for folder in (tmp_path, inside)
    ]
    assert codes == [["FIL001"] * is_repository, []]


def test_a_repository_that_is_not_checked_out_is_not_empty(tmp_path: Path) -> None:
    def list_codes() -> list[str]:
        hits = judge.list_findings(rules.load_family("FIL"), Facts.read(tmp_path))
        return [each.code for each in hits]

    write(tmp_path, {"notes.txt": "x\n"})
    git.git("init", "--quiet", cwd=tmp_path)
    commit(tmp_path, "Begin")
    assert list_codes() == ["FIL001"]
    git.git("rm", "--quiet", "notes.txt", cwd=tmp_path)
    assert list_codes() == []


def test_a_folder_without_git_is_no_place_to_complain(tmp_path: Path) -> None:
    for path in ("setup.py", "src/a/__init__.py", "coverage.xml", "src/a.egg-info/PKG-INFO"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("", encoding="utf-8")
    found_there = judge.list_findings(rules.load_family("FIL"), Facts.read(tmp_path))
    assert [finding.code for finding in found_there] == ["FIL001"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "noxfile.py.rej",
            "changes that could not be applied: make them by hand, then delete this file",
        ),
        ("README.md.orig", "backup left behind by a merge or an update: delete it"),
    ],
)
def test_leftovers(path: str, message: str) -> None:
    assert found(changed(clean(), {path: "x\n"}), "FIL") == [("FIL007", path, 1)]
    assert messages(changed(clean(), {path: "x\n"}), "FIL") == [message]
    assert found(changed(clean(), {f"tests/data/{path}": "x\n"}), "FIL") == []


@pytest.mark.parametrize(
    ("path", "size", "message"),
    [
        ("data/orbits.h5", 2_600_000, "2.6 MB that every clone downloads: use Git LFS or Zenodo"),
        ("data/Noise.FITS", 2_600_000, "2.6 MB that every clone downloads: use Git LFS or Zenodo"),
        ("data/table.csv", 6_000_000, "6.0 MB that every clone downloads: use Git LFS or Zenodo"),
    ],
)
def test_data(path: str, size: int, message: str) -> None:
    files = changed(clean(), {path: b"x" * size})
    assert found(files, "FIL") == [("FIL008", path, 1)]
    assert messages(files, "FIL") == [message]


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("data/small.h5", 400_000),
        ("data/alone.h5", 1_900_000),
        ("uv.lock", 900_000),
        ("src/table.c", 6_000_000),
    ],
)
def test_what_is_small_or_no_data(path: str, size: int) -> None:
    assert found(changed(clean(), {path: b"x" * size}), "FIL") == []


def notebook(*, outputs: bool, indent: int = 1) -> str:
    shown: Any = [{"name": "stdout", "output_type": "stream", "text": ["π\n"]}] if outputs else []
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# A"]},
        {
            "cell_type": "code",
            "execution_count": 3 if outputs else None,
            "metadata": {},
            "outputs": shown,
            "source": ["print(1)"],
        },
    ]
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=indent, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("indent", [1, 2])
def test_output_of_notebooks(indent: int) -> None:
    path = "notebooks/a.ipynb"
    files = changed(clean(), {path: notebook(outputs=True, indent=indent)})
    assert found(files, "FIL") == [("FIL009", path, 14)]
    assert messages(files, "FIL") == [
        "a cell with output, which hides the real changes: clear it before you commit"
    ]
    assert fixed(files, "FIL009") == {path: notebook(outputs=False, indent=indent)}


def test_a_notebook_that_is_written_in_another_way_is_left_to_people() -> None:
    text = json.dumps(json.loads(notebook(outputs=True)))
    files = changed(clean(), {"a.ipynb": text})
    assert found(files, "FIL") == [("FIL009", "a.ipynb", 1)]
    facts = Facts.of(files)
    assert [hit.fix for rule in rules.load_family("FIL") for hit in rule.hits(facts)] == [None]


def test_pages_may_show_what_is_stored() -> None:
    files = changed(clean(), {"docs/a.ipynb": notebook(outputs=True)})
    assert found(files, "FIL") == []


def test_names_that_differ_in_case() -> None:
    files = changed(clean(), {"Docs/api.md": "x\n"})
    assert found(files, "FIL") == [("FIL010", "docs/api.md", 1)]
    assert messages(files, "FIL") == [
        "macOS and Windows cannot keep this apart from Docs/api.md: rename or delete one"
    ]


def test_several_notebooks_are_one_finding() -> None:
    text = notebook(outputs=True)
    files = changed(clean(), {"a/a.ipynb": text, "a/b.ipynb": text, "c.ipynb": text})
    assert messages(files, "FIL") == [
        "3 cells with output, which hides the real changes: clear it before you commit; also in "
        "a/b.ipynb, c.ipynb"
    ]
    cleared = notebook(outputs=False)
    assert fixed(files, "FIL009") == dict.fromkeys(("a/a.ipynb", "a/b.ipynb", "c.ipynb"), cleared)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("docs/conf.py", 'nbsphinx_execute = "never"\n'),
        ("doc/source/conf.py", 'nb_execution_mode = "cache"\n'),
        ("docs/conf.py", 'shutil.copytree("../examples", "examples")  # the *.ipynb\n'),
        ("mkdocs.yml", "plugins:\n  - mkdocs-jupyter\n"),
        ("book/_config.yml", 'execute:\n  execute_notebooks: "off"\n'),
        ("docs/a.nblink", '{"path": "../examples/a.ipynb"}\n'),
        ("Makefile", "docs:\n\tjupyter nbconvert --to html examples/a.ipynb\n"),
        ("tox.ini", "[testenv]\ndeps = nbval\n"),
    ],
)
def test_output_that_is_wanted(path: str, content: str) -> None:
    files = changed(clean(), {"examples/a.ipynb": notebook(outputs=True), path: content})
    assert found(files, "FIL009") == []


def test_data_of_one_folder_are_one_finding() -> None:
    data = b"x" * 1_200_000
    files = changed(clean(), {"data/a.h5": data, "data/b.h5": data, "more/c.h5": data})
    assert found(files, "FIL") == [("FIL008", "data/a.h5", 1)]
    assert messages(files, "FIL") == [
        "2.4 MB in 2 files that every clone downloads: use Git LFS or Zenodo; also in b.h5"
    ]


def test_folders_of_data_below_one_are_one_finding() -> None:
    data = b"x" * 2_600_000
    files = changed(clean(), {"data/a/b.h5": data, "data/c.h5": data, "more/d/e.h5": data})
    files = changed(files, {"data/small/f.h5": b"x" * 600_000})
    told = "that every clone downloads: use Git LFS or Zenodo"
    two, one = f"5.2 MB in 2 files {told}", f"2.6 MB {told}"
    assert messages(files, "FIL") == [f"{two}; also in data/c.h5", one]
    top = changed(clean(), {"g.h5": data, "h.h5": data, "i/j.h5": data})
    assert messages(top, "FIL") == [f"{two}; also in h.h5", one]


@pytest.mark.parametrize(
    ("folder", "data", "large"),
    [
        *(("test_files", False, True), ("docs/manual_test_files/a", False, True)),
        *(
            ("tests_data", False, True),
            ("regression-tests", False, True),
            ("fixtures", False, True),
        ),
        *(("a/cassettes/b", False, False), ("vcr_cassettes", False, False)),
        *(("a/__snapshots__", False, False), ("latest", True, True), ("contests", True, True)),
    ],
)
def test_what_tests_read_and_record(folder: str, *, data: bool, large: bool) -> None:
    path = f"{folder}/a.h5"
    wanted = [("FIL008", path, 1)]
    assert found({path: b"x" * 2_600_000}, "FIL008") == (wanted if data else [])
    assert found({path: b"x" * 6_000_000}, "FIL008") == (wanted if large else [])


def test_a_conflict_that_is_being_resolved(tmp_path: Path) -> None:
    git.git("init", "--quiet", cwd=tmp_path)
    write(tmp_path, {"a.txt": "a\n", "b.txt": "<<<<<<< x\n=======\n>>>>>>> y\n"})
    commit(tmp_path)
    write(tmp_path, {"a.txt": "<<<<<<< x\n=======\n>>>>>>> y\n"})
    hits = find_rule("FIL005").hits(Facts.read(tmp_path))
    assert [(each.path, each.message) for each in hits] == [
        (
            "a.txt",
            "unresolved merge conflict: choose a side and delete the lines `<<<<<<<`, `=======`, "
            "`>>>>>>>`",
        ),
        (
            "b.txt",
            "merge conflict that was committed: choose a side and delete the lines `<<<<<<<`, "
            "`=======`, `>>>>>>>`",
        ),
    ]


def test_a_backend_that_builds_itself_keeps_its_metadata() -> None:
    files = changed(clean(), {"bootstrap.egg-info/PKG-INFO": "x\n"})
    assert len(found(files, "FIL006")) == 1
    system = '[build-system]\nrequires = []\nbuild-backend = "a"\nbackend-path = ["."]\n'
    assert found({**files, "pyproject.toml": system}, "FIL006") == []


@pytest.mark.parametrize(
    ("path", "is_found"),
    [
        *(("tests/data/a.egg-info/PKG-INFO", False), ("functional_tests/a/.coverage", False)),
        *(("src/a/testdata/x.egg-info/PKG-INFO", False), ("a.egg-info/PKG-INFO", True)),
        *(("tests/__pycache__/a.pyc", True), ("src/latest/a.egg-info/PKG-INFO", True)),
    ],
)
def test_what_tests_read_may_be_what_tools_write(path: str, is_found: bool) -> None:
    files = changed(clean(), {path: "x\n"})
    assert found(files, "FIL006") == ([("FIL006", path, 1)] if is_found else [])


def test_data_of_tests_may_be_there() -> None:
    path = "src/lisa_example/data/test/a.fits"
    assert found(changed(clean(), {path: b"x" * 2_700_000}), "FIL") == []
    assert len(found(changed(clean(), {path: b"x" * 6_000_000}), "FIL")) == 1


def test_data_that_a_package_brings_are_fetched_by_it() -> None:
    files: dict[str, Any] = {
        "pyproject.toml": '[project]\nname = "a"\nversion = "1"\n',
        "src/a/__init__.py": "",
    }
    message = "2.6 MB that every clone downloads: "
    inside = {**files, "src/a/data/b.h5": b"x" * 2_600_000}
    remedy = "let the package fetch them when it needs them (`pooch`)"
    assert messages(inside, "FIL008") == [f"{message}{remedy}"]
    beside = {**files, "data/b.h5": b"x" * 2_600_000}
    assert messages(beside, "FIL008") == [f"{message}use Git LFS or Zenodo"]
    site = {**inside, "pyproject.toml": f"{files['pyproject.toml']}[tool.uv]\npackage = false\n"}
    assert messages(site, "FIL008") == [f"{message}use Git LFS or Zenodo"]


def test_what_is_generated_is_no_data_to_keep_elsewhere() -> None:
    large = "x" * 6_000_000
    path = "docs/_build/doctrees/environment.pickle"
    files = {path: large, "docs/conf.py": "", "README": "x\n", ".gitignore": ""}
    assert [code for code, *_ in found(files, "FIL")] == ["FIL006"]
    files = {"docs/environment.pickle": large, "README": "x\n"}
    assert [code for code, *_ in found(files, "FIL")] == ["FIL008"]


@pytest.mark.parametrize(
    ("path", "beside", "is_found"),
    [
        ("chart/charts/redis-1.2.3.tgz", "chart/Chart.yaml", False),
        ("charts/redis-1.2.3-rc.1.tgz", "Chart.yaml", False),
        ("docs/a-0.1.0.tgz", "docs/index.yaml", False),
        ("a-0.1.0.tgz", "index.yaml", False),
        ("chart/charts/redis.tgz", "chart/Chart.yaml", True),
        ("chart/charts/redis-1.2.3.tgz", "other/Chart.yaml", True),
        ("data/a-0.1.0.tgz", "data/Chart.yaml", True),
    ],
)
def test_charts_that_are_packed_where_helm_looks(path: str, beside: str, *, is_found: bool) -> None:
    files: dict[str, str | bytes] = {path: b"x" * 2_600_000, beside: "name: a\n"}
    assert found(files, "FIL008") == ([("FIL008", path, 1)] if is_found else [])


@pytest.mark.parametrize(
    ("folder", "is_found"),
    [
        *(("mock", False), ("src/__mocks__", False), ("src/DataMock", False), ("mocks/a", False)),
        ("mockingbird", True),
    ],
)
def test_data_of_mocks_are_of_tests(folder: str, *, is_found: bool) -> None:
    path = f"{folder}/a.h5"
    wanted = [("FIL008", path, 1)] if is_found else []
    assert found({path: b"x" * 2_600_000}, "FIL008") == wanted
