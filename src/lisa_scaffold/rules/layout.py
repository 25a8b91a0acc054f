"""Files of a project: what everybody expects is there, and nothing that does not belong."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lisa_scaffold.formats.conflicts import find_forgotten
from lisa_scaffold.formats.document import Problem
from lisa_scaffold.formats.edit import Change, append
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.marks import CONFLICT
from lisa_scaffold.rules.fix import Fix, Step
from lisa_scaffold.rules.rule import MUST, PACKAGE, SHOULD, UNSAFE, Hit, count_more, rule
from lisa_scaffold.rules.syntax import INI, JSON, PYTHON, TOML, YAML

_README = compile_lazily(r"(docs?/|\.gitlab/|\.github/)?readme(\.\w+)?", re.IGNORECASE)
_TESTS = (
    r"(.*/)?(test_[^/]*|[^/]*_tests?|tests?|conftest)\.(py|pyx|ipynb|c|cc|cpp|cu|f90|rs|sh|jl)"
    r"|(.*/)?(tests?|testing|testdata|test_data|_{0,2}mocks?_{0,2}|[Dd]ata_?[Mm]ocks?)/.*"
)
_TEST = compile_lazily(_TESTS)
_IN_FOLDER = compile_lazily(r"(?:.*/)?(?:tests?|testing)/")
_HOLDING = compile_lazily(
    r"^[ \t]*(?:(?:async[ \t]+)?def[ \t]+test|class[ \t]+\w*Test)|\bTestCase\b|\bdoctest\b",
    re.MULTILINE,
)
_TRYING = compile_lazily(r"\b(?:assert|unittest|pytest)\b")
_RUNS_DOCTESTS = ("doctest", "xdoctest", "--doctest-modules", "--doctest-plus", "--xdoctest")
_PYTEST = (("pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest"))
# What tests read, beside them or in a folder of its own.
_OF_TESTS = compile_lazily(
    rf"{_TESTS}|(?:.*/)?(?:[\w.]+[-_])?(?:tests?(?:[-_][\w.-]+)?|fixtures)/.*"
)
# What vcr and the like write, and read in place of an answer.
_RECORDED = compile_lazily(r"(?:.*/)?(?:[\w.]+[-_])?(?:cassettes?|__snapshots__)/.*")
_IGNORED = """\
# Python
__pycache__/
*.py[cod]
*.egg-info/
/build/
/dist/

# Environments and secrets
.venv/
/venv/
.env

# Tests, types and lint
.coverage
.mypy_cache/
.nox/
.pytest_cache/
.ruff_cache/
"""


@rule("FIL001", SHOULD, when=lambda facts: facts.kind or facts.is_repository)
def readme(facts: Facts) -> Iterator[Hit]:
    """There is a README.

    Why: It is the first page of a project that people see, on GitLab and on package indexes.

    How: Say in `README.md` what the project is for, how to install it and how to use it. It is
    asked of each project, and of each git repository, whatever is in it; of a folder inside of a
    repository only where it is a project of its own.

    Source: [packaging guide](https://packaging.python.org/en/latest/guides/making-a-pypi-friendly-readme/).
    """
    if not any(_README.fullmatch(path) for path in facts.files):
        yield Hit(
            "README.md", 1, "no README, so visitors cannot see what this is for: add a README.md"
        )


def _has_python(facts: Facts) -> bool:
    return facts.is_repository and any(path.endswith((".py", ".ipynb")) for path in facts.files)


@rule(
    "FIL002",
    SHOULD,
    when=lambda facts: facts.is_checkout and (facts.package.form or _has_python(facts)),
    fixes=UNSAFE,
    strict=True,
)
def gitignore(facts: Facts) -> Iterator[Hit]:
    """There is a `.gitignore`.

    Why: Without it, a careless `git add .` adds caches, build products and environments too.

    How: List the files and folders that tools create in the project. It is asked of each package,
    and of each git repository with Python in it.

    Source: [gitignore](https://git-scm.com/docs/gitignore); a published LISA package has a test
    report in its archive.
    """
    if not facts.has_here_or_above(".gitignore"):
        message = "no .gitignore, so `git add .` adds caches and environments too: list them in one"
        yield Hit(".gitignore", 1, message, fix=Fix.write(".gitignore", _IGNORED))


def holds_tests(facts: Facts, path: str) -> bool:
    """Whether a module has tests in it, as a program that is only called so has not."""
    return _HOLDING.search(facts.text(path)) is not None


def is_only_called_so(facts: Facts, path: str) -> bool:
    """Whether a module of the name of tests tries nothing; an empty one may do so later."""
    text = facts.text(path)
    return bool(text.strip()) and not holds_tests(facts, path) and not _TRYING.search(text)


def _is_test(facts: Facts, path: str) -> bool:
    """Whether a file may be one of tests: a script is called so as well, and tries nothing."""
    if not _TEST.fullmatch(path):
        return False
    is_apart = not path.endswith(".py") or _IN_FOLDER.match(path)
    return bool(is_apart) or not is_only_called_so(facts, path)


def _has_doctests(facts: Facts) -> bool:
    """Whether the examples in docstrings are run, and pytest is told of no other tests."""
    stated = facts.pyproject.get("tool", "pytest", "ini_options", "testpaths") or next(
        filter(None, (facts.ini(file).get(section, "testpaths") for file, section in _PYTEST)), ""
    )
    places = stated.split() if isinstance(stated, str) else stated
    listed = places if isinstance(places, list) else []
    folders = [str(each).removeprefix("./").strip("/") for each in listed]
    paths = facts.paths(*(f"{each}/**/*.py" for each in folders)) if folders else []
    is_run = all(each in facts.folders for each in folders) and (
        facts.automation.names(*_RUNS_DOCTESTS)
    )
    return is_run and any(">>> " in facts.text(path) for path in paths)


@rule(
    "FIL003",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: facts.is_checkout and facts.layout.folders,
)
def tests(facts: Facts) -> Iterator[Hit]:
    """There are tests.

    Why: Without tests, sooner or later a change breaks something and nobody notices.

    How: Put them into a folder `tests`, in files named `test_….py`. Examples in docstrings are
    tests as well where pytest runs them and is told of no others (`testpaths`); a script that only
    has such a name is none.

    Source: [good practices of pytest](https://docs.pytest.org/en/stable/explanation/goodpractices.html).
    """
    # Those of the members of a workspace may be together, at the top of the repository.
    places = [each for each in (facts, facts.above) if each]
    if not any(_is_test(each, path) for each in places for path in each.files) and not (
        _has_doctests(facts)
    ):
        message = (
            "no tests, so nobody notices when a change breaks something: add `tests/test_….py`"
        )
        yield Hit("tests", 1, message)


@rule("FIL004", SHOULD, kinds=PACKAGE, when=lambda facts: facts.layout.style == "src")
def one_layout(facts: Facts) -> Iterator[Hit]:
    """A package exists once, in `src` or at the top.

    Why: With two of the same name, the tests may run one while the build ships the other.

    How: Keep the one in `src` and delete the other.

    Source: [src layout and flat layout](https://packaging.python.org/en/latest/discussions/src-layout-vs-flat-layout/).
    """
    for folder in facts.layout.folders.values():
        twin = f"{folder.removeprefix('src/')}/__init__.py"
        if folder.startswith("src/") and facts.has(twin):
            message = (
                f"second copy of {folder}, so tests may run other code than users get: delete it"
            )
            yield Hit(twin, 1, message)


_READ_ELSEWHERE = (*TOML, *YAML, *INI, *JSON, *PYTHON)
_PATCHES = (".patch", ".diff", ".rej", ".orig")


@rule("FIL005", MUST, when=lambda facts: facts.marks)
def no_conflict(facts: Facts) -> Iterator[Hit]:
    """No file contains the markers of a merge conflict.

    Why: Both sides of the conflict are still in the file, so it is broken.

    How: Choose a side, delete the lines with `<<<<<<<`, `=======` and `>>>>>>>`, and commit.

    Source: [git merge](https://git-scm.com/docs/git-merge#_how_conflicts_are_presented); Copier
    leaves such markers behind without saying so.
    """
    for path, marks in facts.marks.items():
        if not any(mark.text.startswith(CONFLICT) for mark in marks) or _may_be_example(
            facts, path
        ):
            continue
        for conflict in find_forgotten(path, facts.text(path))[:1]:
            is_open = path in facts.unfinished
            state = "unresolved merge conflict" if is_open else "merge conflict that was committed"
            message = f"{state}: choose a side and delete the lines `<<<<<<<`, `=======`, `>>>>>>>`"
            yield Hit(path, conflict.start + 1, message)


def _may_be_example(facts: Facts, path: str) -> bool:
    """Whether the marks are an example, or a rule about syntax reports them."""
    if path.endswith(".py"):
        # In a module that can be parsed they are part of a string.
        return not isinstance(facts.python(path), Problem) or path in facts.paths(*PYTHON)
    is_data = any(part in ("tests", "test", "testdata") for part in path.split("/"))
    return is_data or path.endswith(_PATCHES) or path in facts.paths(*_READ_ELSEWHERE)


# Folders and files that tools write, and would write again.
_REWRITTEN = compile_lazily(
    r"((?:.*/)?(?:__pycache__|\.ipynb_checkpoints|\.pytest_cache|\.mypy_cache|\.ruff_cache"
    r"|[^/]+\.egg-info|\.hypothesis))/.*"
    r"|((?:.*/)?(?:[^/]+\.py[co]|\.DS_Store|Thumbs\.db|\.coverage|[^/]+\.sw[op]|[^/]+~))"
)
# The same, but they may hold something that exists nowhere else.
_BUILT = compile_lazily(
    r"(htmlcov|\.nox|\.tox|docs?/_build|build/(?:(?:lib|temp)\.[^/]+-[^/]+|bdist\.[^/]+"
    r"|lib(?=/.*\.py\Z)))/.*"
    r"|(dist/[^/]+\.(?:whl|tar\.gz)|coverage\.xml|(?:test-|pytest-)?(?:junit|report)[^/]*\.xml)"
)


# What tests read may be anything, and what tools write may be what is tested.
_FIXTURE = compile_lazily(
    r"(?:^|/)(?:[^/]*[_-])?(?:tests?|testing|testdata|fixtures|test[_-]data)(?:[_-][^/]*)?/"
)


def _is_fixture(path: str) -> bool:
    """Whether something that tools make is there for tests to read."""
    found = _FIXTURE.search(path)
    if found is None:
        return False
    return ".egg-info/" in path[found.end() :] or path.endswith(".coverage")


@rule("FIL006", SHOULD, when=lambda facts: facts.is_checkout, fixes=UNSAFE)
def no_products(facts: Facts) -> Iterator[Hit]:
    """No generated file is in git.

    Why: Every run changes it, merges conflict over it, and it is out of date at once.

    How: Run `git rm -r --cached` on it, and list it in `.gitignore`.

    Source: [GitHub's list for Python](https://github.com/github/gitignore/blob/main/Python.gitignore);
    a published LISA package contains a test report.
    """
    builds_itself = facts.pyproject.get("build-system", "backend-path")
    groups: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in facts.tracked:
        if _is_fixture(path):
            continue
        if match := _REWRITTEN.fullmatch(path):
            name = match[1] or match[2]
            # A backend that builds itself starts from metadata that it cannot make yet.
            if not (builds_itself and name.endswith(".egg-info")):
                groups[_find_pattern(name, is_folder=bool(match[1]))][name].append(path)
        elif match := _BUILT.fullmatch(path):
            groups[""][match[1] or match[2]].append(path)
    missing = [each for each, found in groups.items() if each and not _is_ignored(facts, found)]
    for pattern, found in groups.items():
        for names in [[*found]] if pattern else [[name] for name in found]:
            # The place of the finding names a file already.
            named = "" if names[0] in found[names[0]] else f"{names[0]} is "
            message = (
                f"{named}generated anew each time: "
                f"remove it from git and list it in .gitignore{count_more(names)}"
            )
            gone = [Step(path) for paths in found.values() for path in paths]
            fix = Fix((*gone, *_ignore(facts, pattern, missing))) if pattern else None
            yield Hit(found[names[0]][0], 1, message, fix=fix)


def _find_pattern(name: str, *, is_folder: bool) -> str:
    """The line of `.gitignore` for a folder or file that tools write."""
    last = name.rpartition("/")[2]
    if is_folder:
        return "*.egg-info/" if last.endswith(".egg-info") else f"{last}/"
    for ends, pattern in {
        (".pyc", ".pyo"): "*.py[cod]",
        (".swo", ".swp"): "*.sw[op]",
        ("~",): "*~",
    }.items():
        if last.endswith(ends):
            return pattern
    return last


def _is_ignored(facts: Facts, found: Mapping[str, Sequence[str]]) -> bool:
    """Whether what was found of one kind is ignored, but for its being in git already."""
    return facts.ignores(next(iter(found.values()))[0])


_HEADING = "# What tools write, and would write again"


def _list(pattern: str) -> Change:
    """List a pattern in `.gitignore`: under a heading of its own, where the last is of others."""

    def change(text: str) -> str:
        if pattern in text.split("\n"):
            return text
        last = text.rstrip("\n").rpartition("\n\n")[2]
        is_of_others = re.search(r"^\s*#", last, re.MULTILINE) and _HEADING not in last
        return append(f"\n{_HEADING}\n{pattern}\n" if is_of_others else f"{pattern}\n")(text)

    return change


def _ignore(facts: Facts, pattern: str, missing: Sequence[str]) -> list[Step]:
    """List one kind in `.gitignore`, or, in a new one, all that are missing."""
    if pattern not in missing:
        return []
    if facts.has(".gitignore"):
        return [Step(".gitignore", _list(pattern))]
    known = [] if facts.has_here_or_above(".gitignore") else [_IGNORED]
    rest = [f"{each}\n" for each in missing if f"{each}\n" not in "".join(known)]
    return [Step(".gitignore", None, "".join([*known, *rest]).encode())]


@rule("FIL007", SHOULD, when=lambda facts: facts.is_checkout)
def no_leftovers(facts: Facts) -> Iterator[Hit]:
    """No leftover of a merge is in git.

    Why: A `.rej` file holds changes that could not be applied, so they are missing.

    How: Make the changes in the `.rej` file by hand, then delete it. Just delete an `.orig` file.

    Source: [patch](https://man7.org/linux/man-pages/man1/patch.1.html): what it leaves behind.
    """
    for path in facts.tracked:
        if path.endswith((".rej", ".orig")) and not _OF_TESTS.fullmatch(path):
            message = "backup left behind by a merge or an update: delete it"
            if path.endswith(".rej"):
                message = (
                    "changes that could not be applied: make them by hand, then delete this file"
                )
            yield Hit(path, 1, message)


_DATA = compile_lazily(
    r".*\.(fits|h5|hdf5|npy|npz|parquet|pkl|pickle|root|nc|mat|feather|zip|tar|sif|tgz|gz|bz2|xz)"
)
_CODE = (".c", ".cc", ".cpp", ".cu", ".f90", ".h", ".hpp", ".py", ".rs")
_MOST_DATA = 500_000
_MOST_OF_ANY = 5_000_000
_LEAST_TOLD = 2_000_000


def _find_own(facts: Facts) -> list[str]:
    """The folders of what is certainly installed: the only package, or that of the same name."""
    packages = facts.layout.packages if facts.is_built else []
    name = facts.package.name.replace("-", "_")
    return (
        packages
        if len(packages) == 1
        else [each for each in packages if each.rpartition("/")[2].lower() == name]
    )


@rule("FIL008", SHOULD, when=lambda facts: facts.is_checkout)
def no_data(facts: Facts) -> Iterator[Hit]:
    """No large data files are in git.

    Why: Every clone downloads every version of them, for ever, and jobs with little memory fail.

    How: Keep them in an object store, in an archive such as Zenodo or in Git LFS, and fetch them
    where they are needed; a package can do so itself, with `pooch`, the first time that somebody
    uses them. What was committed once stays in the history: say so to those who clone (`git clone
    --depth 1`), since to rewrite it breaks everybody's clone. Told are folders with 2 MB or more in
    files of data, by their endings, from 500 kB on, those among tests excepted; other files, code
    and what tests have recorded excepted, from 5 MB on.

    Source: [pre-commit](https://github.com/pre-commit/pre-commit-hooks#check-added-large-files):
    500 kB is its limit; [GitLab](https://docs.gitlab.com/topics/git/lfs/).
    """
    told: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for folder, paths in _find_data(facts).items():
        if _measure(facts, paths) >= _LEAST_TOLD:
            is_shipped = any(f"{folder}/".startswith(f"{each}/") for each in _find_own(facts))
            told[folder.partition("/")[0], is_shipped] += paths
    for (_, is_shipped), paths in told.items():
        folder = paths[0].rpartition("/")[0]
        names = [path.removeprefix(f"{folder}/") for path in paths]
        remedy = (
            "let the package fetch them when it needs them (`pooch`)"
            if is_shipped
            else "use Git LFS or Zenodo"
        )
        size = _measure(facts, paths) / 1_000_000
        several = f" in {len(paths)} files" if paths[1:] else ""
        message = f"{size:.1f} MB{several} that every clone downloads: {remedy}"
        yield Hit(paths[0], 1, f"{message}{count_more(names)}")


def _find_data(facts: Facts) -> dict[str, list[str]]:
    """Large files by their folders."""
    folders: dict[str, list[str]] = defaultdict(list)
    for path in facts.tracked:
        size = facts.files[path].size
        is_large = size > _MOST_OF_ANY and not path.endswith(_CODE)
        is_data = size > _MOST_DATA and _DATA.fullmatch(path.lower())
        is_wanted = any(each.fullmatch(path) for each in (_REWRITTEN, _BUILT, _RECORDED))
        if is_wanted or _is_packed_chart(facts, path):
            continue
        if is_large or (is_data and not _OF_TESTS.fullmatch(path)):
            folders[path.rpartition("/")[0]].append(path)
    return folders


def _measure(facts: Facts, paths: Sequence[str]) -> int:
    """How large some files are together."""
    return sum(facts.files[path].size for path in paths)


_VERSION = compile_lazily(r"-\d{1,9}\.\d{1,9}\.\d{1,9}")


def _is_packed_chart(facts: Facts, path: str) -> bool:
    """Whether a file is a chart that Helm looks for where it is: in another, or in an index."""
    folder, _, name = path.rpartition("/")
    if not name.endswith(".tgz") or not _VERSION.search(name):
        return False
    above, _, last = folder.rpartition("/")
    beside = (above, "Chart.yaml") if last == "charts" else (folder, "index.yaml")
    return "/".join(filter(None, beside)) in facts.files


# Settings by which pages show what is stored, and do not run it.
_SHOWS_STORED = compile_lazily(
    r"nbsphinx_execute\s*=\s*[\"'](?:never|auto)|(?:nb_execution_mode|jupyter_execute_notebooks)\s*="
    r"\s*[\"'](?:off|cache|auto)|execute(?:_notebooks)?\s*:\s*[\"']?(?:off|cache|auto|false)"
    r"|nbsphinx[-_]link|mkdocs-jupyter|\bnbconvert\b(?!.*--execute)|\bnbval\b|\.ipynb\b|\.nblink\b",
    re.IGNORECASE,
)
_PAGES = (
    *(
        "**/conf.py",
        "mkdocs.y*ml",
        "**/_config.yml",
        "**/myst.yml",
        "docs/Makefile",
        "doc/Makefile",
    ),
    *("docs/**.nblink", "doc/**.nblink"),
)


def _find_notebooks(facts: Facts) -> list[str]:
    """Notebooks outside of the documentation, which may show the stored output."""
    found = [path for path in facts.paths("**/*.ipynb") if not path.startswith(("docs/", "doc/"))]
    if not found:
        return []
    pages = "\n".join(f"{path}\n{facts.text(path)}" for path in facts.paths(*_PAGES))
    wanted = "mkdocs-jupyter" in pages or _SHOWS_STORED.search(pages)
    return [] if wanted or facts.automation.names("nbval", "nbconvert") else found


@rule(
    "FIL009",
    SHOULD,
    when=lambda facts: facts.is_checkout and _find_notebooks(facts),
    fixes=UNSAFE,
    strict=True,
)
def no_output(facts: Facts) -> Iterator[Hit]:
    """Notebooks are stored without output.

    Why: Every run changes the output, which hides the real changes from a review. Images fill up
    the repository, and output may reveal private paths, names and data.

    How: Clear all outputs before each commit, or let the hook `nbstripout` do it.

    Source: [nbstripout](https://github.com/kynan/nbstripout).
    """
    shown: dict[str, int] = {}
    count = 0
    for path in _find_notebooks(facts):
        for index, cell in enumerate(facts.json(path).items("cells")):
            if isinstance(cell, dict) and cell.get("cell_type") == "code" and cell.get("outputs"):
                shown.setdefault(path, index)
                count += 1
    if shown:
        first, *_ = shown
        line = facts.json(first).line("cells", shown[first], "outputs")
        fixes = [_clear_output(facts, path) for path in shown]
        steps = tuple(step for fix in fixes if fix for step in fix.steps)
        fix = Fix(steps) if steps and all(fixes) else None
        cells = f"{count} cells" if count > 1 else "a cell"
        message = f"{cells} with output, which hides the real changes: clear it before you commit"
        if fix is None:
            # Written by another program: all of its lines would change with a repair.
            command = "jupyter nbconvert --clear-output --inplace"
            message = f"{message}, in Jupyter or with `{command}`"
        yield Hit(first, line, f"{message}{count_more(list(shown))}", fix=fix)


def _clear_output(facts: Facts, path: str) -> Fix | None:
    """Clear all output, if the rest of the file can be written back as it was."""
    from json import dumps, loads

    original = facts.text(path)
    indent = re.match(r"\{\n([ \t]*)", original)

    def write(data: Any, like: str) -> str:
        end = "\n" if like.endswith("\n") else ""
        return dumps(data, ensure_ascii=False, indent=indent[1] if indent else None) + end

    def clear(text: str) -> str:
        data = loads(text)
        for cell in data["cells"]:
            if cell.get("cell_type") == "code":
                cell |= {"outputs": [], "execution_count": None}
        return write(data, text)

    if indent is None or write(facts.json(path).data, original) != original:
        return None
    return Fix.edit(path, clear)


@rule("FIL010", SHOULD, when=lambda facts: facts.is_checkout)
def names_differ(facts: Facts) -> Iterator[Hit]:
    """No two files have names that differ only in case.

    Why: On macOS and Windows, one of the two replaces the other, and git shows changes that nobody
    made.

    How: Rename one with `git mv`, or delete it.

    Source: [pre-commit](https://github.com/pre-commit/pre-commit-hooks#check-case-conflict).
    """
    seen: dict[str, str] = {}
    for path in facts.tracked:
        first = seen.setdefault(path.lower(), path)
        if first != path:
            message = f"macOS and Windows cannot keep this apart from {first}: rename or delete one"
            yield Hit(path, 1, message)
