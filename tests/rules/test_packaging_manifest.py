"""What setuptools puts into the source distribution."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.checking import changed, clean, edited, findings, fixed, found, messages


def with_manifest(text: str, **files: Any) -> dict[str, Any]:
    return changed(clean(), {"MANIFEST.in": text, **files})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("include THIRD.txt", "THIRD.txt: not found, so this has no effect: correct or delete it"),
        (
            "include LICENCE README",
            "LICENCE, README: not found, so this has no effect: correct or delete it",
        ),
        ("graft examples", "examples: not found, so this has no effect: correct or delete it"),
        (
            "recursive-include examples *.py *.txt",
            "examples: not found, so this has no effect: correct or delete it",
        ),
        (
            "include tutorial/*.ipynb",
            "tutorial/*.ipynb: not found, so this has no effect: correct or delete it",
        ),
        (
            "recursive-include docs",
            "this does nothing: add a pattern, such as `*.txt`, after `recursive-include`, or "
            "delete the line",
        ),
        ("include", "this does nothing: add a name after `include`, or delete the line"),
    ],
)
def test_lines_without_an_effect_go(line: str, message: str) -> None:
    files = with_manifest(f"# First.\ngraft src\n{line}\ninclude LICENSE\n")
    assert found(files, "PKG") == [("PKG005", "MANIFEST.in", 3)]
    assert messages(files, "PKG") == [message]
    assert fixed(files, "PKG005") == {"MANIFEST.in": "# First.\ngraft src\ninclude LICENSE\n"}


def test_lines_that_need_a_person() -> None:
    files = with_manifest("includ x\ninclude LICENSE NEWS\n")
    assert found(files, "PKG") == [("PKG005", "MANIFEST.in", 1), ("PKG005", "MANIFEST.in", 2)]
    assert messages(files, "PKG") == [
        "`includ` is unknown and does nothing: write a command such as `include`",
        "NEWS: not found, so this has no effect: correct or delete it",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "include *.cfg\nglobal-include *.pyx\n",
        "exclude nothing\nprune nowhere\nglobal-exclude *.so\n",
        "recursive-include docs *.nothing\n",
        "include build/made.h\n",
        "include src/lisa_example/_version.py\n",
    ],
)
def test_other_lines_pass(text: str) -> None:
    scm = "[tool.setuptools_scm]\n"
    made = f'{scm}version_file = "src/lisa_example/_version.py"\n'
    files = edited(with_manifest(text), "pyproject.toml", scm, made)
    assert found(files, "PKG") == []


def test_other_backends_read_no_manifest() -> None:
    files = changed(clean(backend="hatchling"), {"MANIFEST.in": "include NEWS\n"})
    assert found(files, "PKG") == [("PKG005", "MANIFEST.in", 1)]


SETUP = """\
from os.path import join
from setuptools import setup

setup(
    name="a",
    install_requires=open("requirements.txt").read().split(),
    long_description=open(join(here, "README.md")).read(),
    py_modules=[],
)
"""


MODULES = ("a/__init__.py", "a/v.py")


def project(**files: Any) -> dict[str, Any]:
    return {
        "pyproject.toml": "[build-system]\nrequires = [ 'setuptools' ]\n"
        "build-backend = 'setuptools.build_meta'\n",
        "setup.py": SETUP,
        "requirements.txt": "numpy\n",
        "README.md": "# A\n",
        **files,
    }


def test_what_setup_py_reads_is_in_the_archive() -> None:
    files = project()
    assert found(files, "PKG") == [("PKG006", "setup.py", 6)]
    assert messages(files, "PKG") == [
        "requirements.txt is missing from the published sources, so this fails there: add `include "
        "requirements.txt` to MANIFEST.in"
    ]
    assert fixed(files, "PKG006") == {"MANIFEST.in": "include requirements.txt\n"}
    more = project(**{"MANIFEST.in": "include README.md\n"})
    assert fixed(more, "PKG006") == {"MANIFEST.in": "include README.md\ninclude requirements.txt\n"}


@pytest.mark.parametrize(
    "files",
    [
        {"MANIFEST.in": "include *.txt\n"},
        {"requirements.txt": None},
        {"setup.py": SETUP.replace('name="a"', "use_scm_version=True")},
        {
            "setup.py": SETUP.replace("requirements.txt", "a/v.py"),
            "a/__init__.py": "",
            "a/v.py": "",
        },
    ],
)
def test_what_is_there_anyhow(files: dict[str, Any]) -> None:
    assert found(changed(project(), files), "PKG") == []


@pytest.mark.parametrize(
    "more",
    [
        {"AUTHORS.in": "x\n"},
        {"setup.py": 'import shutil\n\nshutil.copy("AUTHORS.in", "AUTHORS")\n'},
        {"Makefile": "AUTHORS:\n\tgit shortlog > AUTHORS\n"},
        {".gitignore": "/AUTHORS\n"},
    ],
)
def test_files_that_a_build_writes(more: dict[str, str]) -> None:
    files = with_manifest("graft src\ninclude AUTHORS\ninclude LICENSE\n", **more)
    assert found(files, "PKG005") == []


def test_a_compiled_source_is_made_by_the_build() -> None:
    files = with_manifest("include src/x.c src/y.c\n", **{"src/x.pyx": "", "src/y.py": ""})
    assert found(files, "PKG005") == []
    assert len(found(with_manifest("include src/x.c\n", **{"src/z.pyx": ""}), "PKG005")) == 1


def test_two_commands_on_one_line() -> None:
    files = with_manifest("include README.md recursive-include src *.txt\n")
    assert messages(files, "PKG005") == [
        "`recursive-include` begins no line, and is taken for a file: write it on its own line"
    ]


@pytest.mark.parametrize(
    ("line", "gone", "near", "more"),
    [
        ("include lib/json.hpp", "lib/json.hpp", "lib/json/json.hpp", {"lib/json/json.hpp": ""}),
        ("graft doc", "doc", "docs", {"docs/index.md": ""}),
        ("include auto/*.json", "auto/*.json", "automodel", {"automodel/a.json": ""}),
        ("graft data_o4", "data_o4", "data_O4", {"data_O4/a.txt": "", "src/data_o4/a.txt": ""}),
        ("recursive-include doc *.md", "doc", "docs", {"docs/index.md": ""}),
        ("include CHANGES.rst", "CHANGES.rst", "CHANGES.md", {"CHANGES.md": ""}),
        ("include news.md", "news.md", "NEWS.md", {"NEWS.md": ""}),
        ("graft data", "data", "src/data", {"src/data/a.txt": "", "src/b/c/data/a.txt": ""}),
        ("include data/*.csv", "data/*.csv", "src/data", {"src/data/a.csv": ""}),
    ],
)
def test_what_is_near_is_named_and_the_line_stays(
    line: str, gone: str, near: str, more: dict[str, str]
) -> None:
    files = with_manifest(f"graft src\n{line}\n", **more)
    assert messages(files, "PKG005") == [
        f"{gone}: not found, so this has no effect: correct (there is {near}) or delete it"
    ]
    assert [each.fixable for each in findings(files, "PKG005")] == [False]


@pytest.mark.parametrize(
    ("line", "more"),
    [
        ("include CHANGES.md", {"changes/1.fix.rst": ""}),
        ("include notes", {"lib/notes/a.txt": ""}),
        ("graft news", {"NEWS.md": "", "lib/news": ""}),
    ],
)
def test_a_folder_is_not_near_a_file(line: str, more: dict[str, str]) -> None:
    files = with_manifest(f"graft src\n{line}\n", **more)
    (message,) = messages(files, "PKG005")
    assert message.endswith(": not found, so this has no effect: correct or delete it")


@pytest.mark.parametrize(
    ("comment", "is_found"),
    [
        *(("#  - it doesn't matter if some of the files mentioned don't exist", False),),
        *(("# Won't all exist in every repo", False), ("# these may not exist", False)),
        *(("# All of these exist.", True), ("# What exists is not listed.", True)),
        *(("include not-existing # a", True),),
    ],
)
def test_a_file_that_says_that_not_all_has_to_exist(comment: str, *, is_found: bool) -> None:
    files = with_manifest(f"graft src\ninclude THIRD.txt\n{comment}\n")
    assert bool(found(files, "PKG005")) == is_found
    wrong = with_manifest(f"graft src\ninclude-all x\n{comment}\n")
    assert ("PKG005", "MANIFEST.in", 2) in found(wrong, "PKG005")


def test_only_lines_for_nothing_are_deleted() -> None:
    files = with_manifest("graft src\ngraft doc\ninclude A.txt\n", **{"docs/a.md": ""})
    assert [(each.line, each.fixable) for each in findings(files, "PKG005")] == [
        (2, False),
        (3, True),
    ]


def test_lines_without_an_effect_are_one_finding() -> None:
    files = with_manifest("graft src\ninclude A.txt\ninclude B.txt\ninclude LICENSE\ngraft c\n")
    assert found(files, "PKG005") == [("PKG005", "MANIFEST.in", 2)]
    assert messages(files, "PKG005") == [
        "A.txt, B.txt, c: not found, so this has no effect: correct or delete it; also in lines 3, "
        "5"
    ]
    assert fixed(files, "PKG005") == {"MANIFEST.in": "graft src\ninclude LICENSE\n"}


@pytest.mark.parametrize(
    ("line", "setup", "is_found"),
    [
        ("include a/torus/src/*.h", "glob('a/torus/src/*.cc')", False),
        ("include a/torus/src/b.h", "glob('a/torus/*.cc')", False),
        ("recursive-include a/torus *.h", "glob('a/torus/*.cc')", False),
        ("include a/torus/src/*.h", "glob('a/other/*.cc')", True),
        ("include a/torus.h", "glob('a/*.cc')", True),
    ],
)
def test_a_folder_that_setup_py_reckons_with(line: str, setup: str, is_found: bool) -> None:
    files = {"MANIFEST.in": f"{line}\n", "a/__init__.py": "", "setup.py": f"setup({setup})\n"}
    assert found(files, "PKG005") == ([("PKG005", "MANIFEST.in", 1)] if is_found else [])


EXTENSION = """from setuptools import Extension, setup

setup(ext_modules=[Extension("a.f", sources=["csrc/f.c", "csrc/g.c"])])
"""
NOTHING_ELSE = "exclude *\nrecursive-exclude * *\ngraft src\ninclude pyproject.toml README.md\n"


def with_c(manifest: str, requires: str = "'setuptools', 'setuptools-scm>=8'") -> dict[str, str]:
    return project(
        **{
            "pyproject.toml": f"[build-system]\nrequires = [ {requires} ]\n"
            "build-backend = 'setuptools.build_meta'\n",
            "setup.py": EXTENSION,
            "csrc/f.c": "",
            "csrc/g.c": "",
            "MANIFEST.in": manifest,
        }
    )


@pytest.mark.parametrize("requires", ["'setuptools'", "'setuptools', 'setuptools_scm[toml]>=8'"])
def test_what_is_compiled_is_in_the_archive(requires: str) -> None:
    files = with_c(NOTHING_ELSE, requires)
    places = [("PKG006", "setup.py", 3), ("PKG006", "setup.py", 3), ("PKG006", "setup.py", 1)]
    assert sorted(found(files, "PKG006")) == sorted(places)
    added = "include csrc/f.c\ninclude csrc/g.c\ninclude setup.py\n"
    assert fixed(files, "PKG006") == {"MANIFEST.in": NOTHING_ELSE + added}
    named = f"{NOTHING_ELSE}graft csrc\ninclude setup.py\n"
    assert found(with_c(named, requires), "PKG006") == []
    # What no command takes out, setuptools itself adds.
    assert found(with_c("include README.md\n", requires), "PKG006") == []


def test_a_setup_py_that_builds_nothing_may_stay_out_of_the_archive() -> None:
    files = with_c(NOTHING_ELSE) | {"setup.py": "from setuptools import setup\n\nsetup()\n"}
    assert found(files, "PKG006") == []
    built = files | {"setup.py": "from setuptools import setup\n\nsetup(cmdclass={})\n"}
    assert found(built, "PKG006") == [("PKG006", "setup.py", 1)]


def test_with_scm_what_is_read_and_taken_out_is_told() -> None:
    files = with_c(f"{NOTHING_ELSE}graft csrc\ninclude setup.py\n")
    reading = 'import setuptools\n\nsetuptools.setup(x=open("requirements.txt").read())\n'
    assert found(files | {"setup.py": reading}, "PKG006") == [("PKG006", "setup.py", 3)]


@pytest.mark.parametrize(
    ("backend", "name"),
    [
        *(("hatchling.build", "hatchling"), ("poetry.core.masonry.api", "poetry")),
        *(("flit_core.buildapi", "flit"), ("mesonpy", "meson-python")),
        *(("setuptools.build_meta", ""), ("own.backend", "")),
    ],
)
def test_a_backend_that_does_not_read_the_file(backend: str, name: str) -> None:
    build = f"[build-system]\nrequires = ['a']\nbuild-backend = '{backend}'\n"
    project = f"{build}[project]\nname = 'a'\nversion = '1'\n"
    files = {"pyproject.toml": project, "a.py": "", "MANIFEST.in": "include a.py\n"}
    told = f"{name} does not read this file, so it has no effect: delete it"
    assert messages(files, "PKG005") == ([told] if name else [])
    assert found(files, "PKG005") == ([("PKG005", "MANIFEST.in", 1)] if name else [])


@pytest.mark.parametrize(
    ("call", "more", "is_found"),
    [
        ("py_modules=['b']", {}, False),
        ("py_modules=['c']", {}, True),
        ("py_modules=NAMES", {}, True),
        ("", {"setup.cfg": "[options]\npy_modules =\n    c\n    b\n"}, False),
        ("scripts=['b.py']", {}, False),
        ("data_files=[('share/a', ['c', 'b.py'])]", {}, False),
        ("data_files=[('share/a', ['c'])]", {}, True),
        ("data_files=['b.py']", {}, True),
    ],
)
def test_what_setuptools_adds_by_itself(call: str, more: dict[str, str], *, is_found: bool) -> None:
    setup = f"from setuptools import setup\n\nv = open('b.py').read()\nsetup(name='a', {call})\n"
    files = {"setup.py": setup, "b.py": "", "a/__init__.py": "", **more}
    assert found(files, "PKG006") == ([("PKG006", "setup.py", 3)] if is_found else [])
    # What a command takes out is missing all the same.
    files["MANIFEST.in"] = "exclude b.py\n"
    assert found(files, "PKG006") == [("PKG006", "setup.py", 3)]


def test_a_project_of_one_module_has_it_in_its_archive() -> None:
    setup = "from setuptools import setup\n\nv = open('a.py').read()\nsetup(name='a')\n"
    assert found({"setup.py": setup, "a.py": ""}, "PKG006") == []


def test_a_name_is_told_once() -> None:
    lines = "recursive-include misc *.py\nrecursive-include misc *.rst\n"
    setup = "from setuptools import setup\nsetup(name='a')\n"
    assert messages({"setup.py": setup, "MANIFEST.in": lines}, "PKG005") == [
        "misc: not found, so this has no effect: correct or delete it; also in line 2"
    ]


HELPER = """import os
from setuptools import setup
HERE = os.path.dirname(__file__)
{helper}
setup(name="a", install_requires={call})
"""


@pytest.mark.parametrize(
    ("helper", "call"),
    [
        (
            "def readfile(name):\n    with open(name) as fp:\n        return fp.read()\n",
            'readfile(os.path.join(HERE, "requirements.txt"))',
        ),
        ("def lines(f): return [*open(os.path.join(HERE, f))]", 'lines("requirements.txt")'),
        ("def lines(*f): return [*open(os.path.join(HERE, *f))]", 'lines("requirements.txt")'),
        ("def lines(a, f):\n    return (HERE / f).read_text()", 'lines(1, "requirements.txt")'),
        ("NEEDS = os.path.join(HERE, 'requirements.txt')", "open(NEEDS).read()"),
        ("from pathlib import Path", 'Path("requirements.txt").read_text()'),
        ("from pathlib import Path", '(Path(__file__).parent / "requirements.txt").open().read()'),
        ("import io", 'io.open("./requirements.txt").read()'),
    ],
)
def test_ways_to_read_a_file_in_setup_py(helper: str, call: str) -> None:
    """One whose helper is called ``readfile`` could not be built from its published sources."""
    files = {
        "setup.py": HELPER.format(helper=helper, call=call),
        "requirements.txt": "numpy\n",
        "a/__init__.py": "",
    }
    assert [code for code, _, _ in found(files, "PKG006")] == ["PKG006"]
    assert fixed(files, "PKG006") == {"MANIFEST.in": "include requirements.txt\n"}
    assert found({**files, "MANIFEST.in": "include *.txt\n"}, "PKG006") == []


@pytest.mark.parametrize(
    ("helper", "call"),
    [
        ("def name(path): return path.upper()", 'name("requirements.txt")'),
        ("def write(path): open(path, 'w').close()", 'write("requirements.txt")'),
        ("", 'open("requirements.txt", "wb")'),
        ("def read(f): return open(os.path.join(f, HERE))", "HERE"),
        ("", 'open(os.path.join("a", "requirements.txt"))'),
    ],
)
def test_what_reads_no_file_at_the_top(helper: str, call: str) -> None:
    files = {
        "setup.py": HELPER.format(helper=helper, call=call),
        "requirements.txt": "numpy\n",
        "a/__init__.py": "",
    }
    assert found(files, "PKG006") == []
