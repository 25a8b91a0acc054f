"""Where a project has its code and its tests, and the name that people import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from lisa_scaffold.adopt import compiling, loose
from lisa_scaffold.adopt.guess import Guess, squeezed
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.layout import holds_tests, is_only_called_so

_PATH = compile_lazily(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_NAME = compile_lazily(r"[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z_][A-Za-z0-9_]*)*")
_TEST = compile_lazily(r"(test_[^/]*|[^/]*_test|tests?)\.py")
_FOLDERS = ("test", "tests")
TEST_FILES = ("test_*.py", "*_test.py")
_COLLECTED = compile_lazily(r"(?:.*/)?(?:test_[^/]*|[^/]*_test)\.py")
"""What pytest takes for a module of tests where nothing tells it more."""

_PYTEST_FILES = (
    *(("pytest.ini", "pytest"), (".pytest.ini", "pytest"), ("tox.ini", "pytest")),
    ("setup.cfg", "tool:pytest"),
)


class Code(NamedTuple):
    """A package: its import name, the folder (or file) of its code, and who says so."""

    import_name: str
    folder: str
    source: str

    @property
    def root(self) -> str:
        """The folder that imports start from; a dot for the project's own."""
        depth = self.import_name.count(".") + 1
        return "/".join(self.folder.split("/")[:-depth]) or "."

    @property
    def path(self) -> str:
        """The template's ``code_path``: the root where it is a folder, or else the package."""
        return self.root if self.root != "." else self.folder


def find_packages(facts: Facts, distribution: str = "") -> list[Code]:
    """The packages of a project, the most likely main one first.

    What the build backend is told comes before what the folders look like. The distribution's name
    is that of the metadata, unless another is given.
    """
    wanted = squeezed(distribution or facts.package.name)

    def is_usable(code: Code) -> bool:
        return bool(_NAME.fullmatch(code.import_name) and _PATH.fullmatch(code.folder))

    found = list(filter(is_usable, _configured_packages(facts)))
    if not found:
        for name, folder in facts.layout.folders.items():
            # With the whole name in the last folder, those above it are no namespace.
            last = name.rpartition(".")[2]
            found.append(Code(last if squeezed(last) == wanted else name, folder, folder))
        found = list(filter(is_usable, found))
    if not found:
        # A folder without an __init__.py, or a module: setuptools takes what it is told to.
        told = (*facts.package.texts("packages"), *facts.package.texts("py-modules"))
        found = [code for name in told for code in find_named(facts, name)]
    sizes = Counter(
        code.folder for code in found for path in facts.files if path.startswith(f"{code.folder}/")
    )

    def rank(code: Code) -> tuple[bool, bool, int]:
        """By likeness to the distribution's name, then by number of files."""
        name = squeezed(code.import_name)
        is_alike = bool(wanted) and (name in wanted or wanted in name)
        return name != wanted, not is_alike, -sizes[code.folder]

    return sorted(dict.fromkeys(found), key=rank)


def find_named(facts: Facts, name: str) -> list[Code]:
    """The package or the lone module of a name, where it has no ``__init__.py`` or is one file."""
    path = name.replace(".", "/")
    for root in ("src/", "") if _NAME.fullmatch(name) else ():
        folder = f"{root}{path}"
        if any(facts.paths(f"{folder}/**/*{suffix}") for suffix in (".py", *compiling.SOURCES)):
            return [Code(name, folder, folder)]
        if facts.has(f"{folder}.py"):
            return [Code(name, f"{folder}.py", f"{folder}.py")]
    return []


def is_undiscovered(facts: Facts, code: Code) -> bool:
    """Whether a lone module has others beside it, and setuptools is not told which to install."""
    is_told = facts.has("setup.py", "setup.cfg") or facts.pyproject.get("tool", "setuptools")
    beside = [path for path in loose.find_scripts(facts) if path != code.folder]
    is_alone = code.root != "." or not code.folder.endswith(".py") or not beside
    return not is_alone and not is_told and facts.package.backend == "setuptools"


def is_clear(found: list[Code], distribution: str) -> bool:
    """Whether the first of some packages is beyond doubt the main one of a distribution."""
    if len(found) <= 1:
        return len(found) == 1
    wanted = squeezed(distribution)
    same = [code for code in found if squeezed(code.import_name) == wanted]
    near = [code for code in found if wanted and squeezed(code.import_name) in wanted]
    tops = {code.import_name.split(".")[0] for code in found}
    return len(same) == 1 or (not same and len(near) == 1) or len(tops) == 1


def _configured_packages(facts: Facts) -> Iterator[Code]:
    """The packages that the build backend's settings name."""
    pyproject = facts.pyproject
    for keys in (
        ("tool", "scikit-build", "wheel", "packages"),
        ("tool", "hatch", "build", "targets", "wheel", "packages"),
    ):
        for folder in (*pyproject.table(*keys).values(), *pyproject.items(*keys)):
            source = f"pyproject.toml:{pyproject.line(*keys)}"
            yield from _package_below(facts, str(folder).strip("/"), source)
    for package in pyproject.items("tool", "poetry", "packages"):
        match package:
            case {"include": str(name), **rest}:
                start = str(rest.get("from", "")).strip("/")
                folder = f"{start}/{name}" if start else name
                line = pyproject.line("tool", "poetry", "packages")
                yield from _package_below(facts, folder, f"pyproject.toml:{line}")
    for keys in (("tool", "flit", "module", "name"), ("tool", "flit", "metadata", "module")):
        if isinstance(name := pyproject.get(*keys), str):
            source = f"pyproject.toml:{pyproject.line(*keys)}"
            path = name.replace(".", "/")
            for folder in (f"src/{path}", path):
                if any(each.startswith(f"{folder}/") for each in facts.files):
                    yield Code(name, folder, source)
                elif facts.has(f"{folder}.py"):
                    yield Code(name, f"{folder}.py", source)


def _package_below(facts: Facts, folder: str, source: str) -> Iterator[Code]:
    """The package in a folder: of a namespace without files, the only package in it, if any."""
    name = folder.rpartition("/")[2]
    while below := [
        path[len(folder) + 1 :] for path in facts.files if path.startswith(f"{folder}/")
    ]:
        inner = {path.split("/")[0] for path in below}
        packages = [each for each in inner if facts.has(f"{folder}/{each}/__init__.py")]
        if any("/" not in path for path in below) or len(packages) != 1:
            yield Code(name, folder, source)
            return
        name, folder = f"{name}.{packages[0]}", f"{folder}/{packages[0]}"


def find_tests(facts: Facts, code_path: str) -> Guess:
    """The folder (or file) of the tests, and who says so; empty where there are none."""
    stated: dict[str, Guess] = {}
    for each in _list_testpaths(facts):
        path = each.value.strip("/").removeprefix("./")
        if _PATH.fullmatch(path) and any(file.startswith(f"{path}/") for file in facts.files):
            stated[path] = Guess(path, each.source)
    if stated:
        # Examples, or pages, that are run as well may stand before the tests.
        named = (path for path in stated if path.rpartition("/")[2] in _FOLDERS)
        return stated[next(named, next(iter(stated)))]
    found: dict[str, list[str]] = {}
    for path in facts.files:
        *folders, name = path.split("/")
        is_inside = path.startswith((f"{code_path}/", "test/", "tests/")) or not folders
        if is_inside and _TEST.fullmatch(name):
            # They count for the uppermost folder of tests, or else for their own.
            tops = (at for at, each in enumerate(folders, 1) if each in _FOLDERS)
            place = "/".join(folders[: next(tops, len(folders))]) or path
            found.setdefault(place, []).append(path)
    for place, paths in [*found.items()]:
        # One module in a folder of others: these are no tests.
        if len(paths) == 1 and place.rpartition("/")[2] not in _FOLDERS:
            found[paths[0]] = found.pop(place)
    usable = {place: paths for place, paths in found.items() if _PATH.fullmatch(place)}
    if not usable:
        return Guess("", "no tests found")
    # A script may be called like a test: `download_test.py`.
    real = [place for place, paths in usable.items() if any(holds_tests(facts, p) for p in paths)]
    kept = real or [place for place in usable if place.rpartition("/")[2] in _FOLDERS]
    if not kept:
        script = min(path for paths in usable.values() for path in paths)
        return Guess("", f"no tests found: {script} is only called like some", sure=False)
    # Folders before lone modules, nearest to the top first, then where most of them are.
    best = min(
        kept,
        key=lambda place: (place.endswith(".py"), place.count("/"), -len(usable[place]), place),
    )
    is_named = best.rpartition("/")[2] in _FOLDERS
    is_one = len(real) == 1 or not best.endswith(".py")
    return Guess(best, best, sure=is_named or (best in real and is_one))


def _list_testpaths(facts: Facts) -> Iterator[Guess]:
    """What pytest is told of where the tests are, by any of its files."""
    for file, section in _PYTEST_FILES:
        document = facts.ini(file)
        if isinstance(text := document.get(section, "testpaths"), str):
            source = f"{file}:{document.line(section, 'testpaths')}"
            yield from (Guess(each, source) for each in text.split())
    for keys in (("tool", "pytest", "ini_options", "testpaths"), ("tool", "pytest", "testpaths")):
        setting = facts.pyproject.get(*keys)
        listed = setting.split() if isinstance(setting, str) else setting
        source = f"pyproject.toml:{facts.pyproject.line(*keys)}"
        for path in listed if isinstance(listed, list) else []:
            yield Guess(str(path), source)


def states_test_files(facts: Facts) -> bool:
    """Whether pytest is told by which names modules of tests go."""
    files = any(facts.ini(path).get(section, "python_files") for path, section in _PYTEST_FILES)
    keys = (("tool", "pytest", "ini_options"), ("tool", "pytest"))
    return files or any(facts.pyproject.get(*each, "python_files") for each in keys)


def find_uncollected(facts: Facts, test_path: str) -> list[str]:
    """The modules of tests that pytest passes over, for their names, where it takes none."""
    paths = [test_path] if facts.has(test_path) else facts.paths(f"{test_path}/**/*.py")
    if not test_path or any(map(_COLLECTED.fullmatch, paths)):
        return []
    return [path for path in paths if _TEST.fullmatch(path.rpartition("/")[2])]


def find_lookalikes(facts: Facts, folder: str) -> list[str]:
    """The scripts that pytest takes for modules of tests, and runs as it imports them.

    Parameters
    ----------
    facts
        The project.
    folder
        Where pytest looks; empty: everywhere, unless its settings name places.
    """
    named = [each.value.strip("/").removeprefix("./") for each in _list_testpaths(facts)]
    folders = named or [folder]
    return [
        path
        for path in facts.paths(*(f"{each}/**/*.py" if each else "**/*.py" for each in folders))
        if _COLLECTED.fullmatch(path) and is_only_called_so(facts, path)
    ]
