"""The files of a project: each read once and parsed once, within bounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from posixpath import dirname, normpath
from typing import TYPE_CHECKING, Any, TypeVar

from lisa_scaffold import git
from lisa_scaffold.bounds import DEEP, LONG, explain_crowded_python, has_long_number, is_deep_python
from lisa_scaffold.formats import readers
from lisa_scaffold.formats.document import Document, Problem, decoded
from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.formats.markdown import Heading, find_headings
from lisa_scaffold.project.globs import translate_glob
from lisa_scaffold.project.tree import File, Tree
from lisa_scaffold.sharing import shared

if TYPE_CHECKING:
    import ast

    from lisa_scaffold.formats.dockerfile import Dockerfile
    from lisa_scaffold.formats.notebook import Cells

T = TypeVar("T")

MAX_TEXT = 1_000_000
"""The size in bytes above which no file is read."""

MAX_LINES = 50_000
"""The number of lines above which no text is read: rules may look at each several times."""

_WILD = frozenset("*?")
_MOST_IGNORE_QUERIES = 200

# As many as Linux follows.
_MOST_LINKS = 40

_MOST_CACHED = 32_000_000

_OF_TEXT_ALONE = frozenset(["lines", "headings", "Python"])
"""Forms of a file in which its path does not stand."""

_FEW = 256  # files whose paths are compared once with each pattern, for all projects


class Cache:
    """What has been read, bounded; trees that differ in some files share the rest."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.parsed: dict[tuple[str, str], Any] = {}
        self._size = 0

    def keep(self, path: str, text: str) -> str:
        """Remember a text while there is room."""
        if self._size + len(text) <= _MOST_CACHED:
            self.texts[path] = text
            self._size += len(text)
        return text

    def without(self, paths: Mapping[str, Any]) -> Cache:
        """The same, but for some files."""
        rest = Cache()
        for path, text in self.texts.items():
            if path not in paths:
                rest.keep(path, text)
        rest.parsed = {key: found for key, found in self.parsed.items() if key[1] not in paths}
        return rest


class Files:
    """The files of one project.

    A file that is missing, too large, binary or malformed reads as an empty one, and so does one
    with too many lines or a number of too many digits: rules about its content see nothing. Why a
    file could not be parsed is in its document's ``problem``.

    Attributes
    ----------
    tree
        Which there are, and their bytes.
    root
        The folder; ``None`` for files in memory.
    """

    def __init__(self, tree: Tree, root: Path | None, *, read: Cache | None = None) -> None:
        self.tree = tree
        self.root = root
        self._read = read or Cache()
        self._ignored: dict[str, bool] = {}

    @property
    def files(self) -> Mapping[str, File]:
        """Every file that is tracked, or neither tracked nor ignored, by its path."""
        return self.tree.files

    @cached_property
    def tracked(self) -> tuple[str, ...]:
        """Paths that git has; none in a folder without git."""
        return tuple(path for path, file in self.files.items() if file.tracked)

    def has(self, *paths: str) -> bool:
        """Whether one of these files is there."""
        return any(path in self.files for path in paths)

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that a file is in."""
        found: set[str] = set()
        for path in self.files:
            folder = path.rpartition("/")[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(found)

    def first(self, *paths: str) -> str | None:
        """The first of these files that is there."""
        return next((path for path in paths if path in self.files), None)

    def paths(self, *patterns: str) -> list[str]:
        """Paths that one of the patterns describes.

        In a pattern ``*`` and ``?`` stand for anything but a slash, ``**/`` for any folders. Of a
        file and the links to it, all of them described, the file alone is listed.
        """
        if not any(_WILD & set(pattern) for pattern in patterns):
            return self._list_once([path for path in self.files if path in patterns])
        matcher = _path_matcher if len(self.files) > _FEW else _path_matcher_once
        folder, *others = {dirname(pattern) for pattern in patterns}
        if not others and not _WILD & set(folder) and not any("**" in each for each in patterns):
            names = matcher(tuple(pattern.rpartition("/")[2] for pattern in patterns))
            within = self._by_folder.get(folder, ())
            return self._list_once([path for path in within if names(path.rpartition("/")[2])])
        described = matcher(patterns)
        return self._list_once([path for path in self.files if described(path)])

    @cached_property
    def _by_folder(self) -> Mapping[str, Sequence[str]]:
        """The files of each folder: rules may ask for some beside each of thousands."""
        found: dict[str, list[str]] = {}
        for path in self.files:
            found.setdefault(dirname(path), []).append(path)
        return found

    def _list_once(self, paths: list[str]) -> list[str]:
        """Paths without those links whose target is among them, or that another one leads to."""
        if not self._links or self._links.keys().isdisjoint(paths):
            return paths
        targets = {path: self.real_path(path) for path in paths if path in self._links}
        seen: set[str | None] = {path for path in paths if path not in targets}
        listed = []
        for path in paths:
            target = targets.get(path)
            if target is None or target not in seen:
                listed.append(path)
            seen.add(target)
        return listed

    @staticmethod
    def describes(pattern: str, path: str) -> bool:
        """Whether a pattern, as :meth:`paths` takes it, describes a path."""
        return bool(_path_matcher((pattern,))(path))

    def content(self, path: str) -> bytes | None:
        """The bytes of a file; ``None`` where it is missing or larger than ``MAX_TEXT``."""
        file = self.files.get(path)
        if file is None or file.size > MAX_TEXT:
            return None
        content = self.tree.read(path)
        # A link is as large as its target's name.
        return content if content is None or len(content) <= MAX_TEXT else None

    def text(self, path: str) -> str:
        """The text of a file, its lines ended by a newline; empty where there is none."""
        if path in self._read.texts:
            return self._read.texts[path]
        return self.keep_text(path, self.content(path) or b"")

    def keep_text(self, path: str, content: bytes) -> str:
        """Remember the text of a file that somebody has read, and return it."""
        return self._read.keep(path, _read_text(content))

    def explain_excess(self, path: str) -> str:
        """Why a file is too much to be read; empty where it is not."""
        file = self.files.get(path)
        if file and file.size > MAX_TEXT:
            return f"larger than {MAX_TEXT // 1_000_000} MB"
        return "" if self.text(path) else _find_excess(decoded(self.content(path) or b""))

    def lines(self, path: str) -> list[str]:
        """The lines of a file without their ends; a file that ends in one has no line after it."""
        return self._parsed("lines", path, _split_lines)

    def _parsed(self, form: str, path: str, parse: Callable[[str, str], T]) -> T:
        key = (form, path)
        if key not in self._read.parsed:
            named = "" if form in _OF_TEXT_ALONE else path
            self._read.parsed[key] = _parse(parse, named, self.text(path))
        found: T = self._read.parsed[key]
        return found

    def _document(self, form: str, path: str, parse: Callable[[str, str], Document]) -> Document:
        if not self.text(path):
            beyond = self.explain_excess(path)
            return Document(path, problem=Problem(path, 1, beyond, form) if beyond else None)
        return self._parsed(form, path, parse)

    def toml(self, path: str) -> Document:
        """A TOML file."""
        return self._document("TOML", path, readers.read_toml)

    def yaml(self, path: str) -> Document:
        """A YAML file."""
        from lisa_scaffold.formats import yaml_data

        return self._document("YAML", path, yaml_data.load)

    def ini(self, path: str) -> Document:
        """A file of sections with keys, such as ``setup.cfg``; keys are in lower case."""
        return self._document("INI", path, readers.read_ini)

    def json(self, path: str) -> Document:
        """A JSON file, such as a notebook."""
        return self._document("JSON", path, readers.read_json)

    def notebook(self, path: str) -> Cells:
        """The cells of code of a notebook, which is read where it is larger than other files."""
        from lisa_scaffold.formats.notebook import MAX_NOTEBOOK, Cells, read_notebook

        key = ("notebook", path)
        if key not in self._read.parsed:
            file, content = self.files.get(path), None
            if file and file.size <= MAX_NOTEBOOK:
                content = self.tree.read(path, MAX_NOTEBOOK)
            large = Cells(problem=f"larger than {MAX_NOTEBOOK // 1_000_000} MB" if file else "")
            self._read.parsed[key] = large if content is None else read_notebook(content)
        found: Cells = self._read.parsed[key]
        return found

    def properties(self, path: str) -> Document:
        """A file of ``key=value`` lines."""
        return self._document("properties", path, readers.read_properties)

    def env(self, path: str) -> Document:
        """A file of ``NAME=value`` lines, such as ``.env``."""
        return self._document("env", path, readers.read_env)

    def headings(self, path: str) -> tuple[Heading, ...]:
        """The headings of a Markdown file."""
        return self._parsed("headings", path, _find_headings)

    def python(self, path: str) -> ast.Module | Problem:
        """The syntax tree of a Python file (an empty one where it is missing), or the problem."""
        found = self._parsed("Python", path, _parse_python)
        return found._replace(path=path) if isinstance(found, Problem) else found

    @property
    def pyproject(self) -> Document:
        """``pyproject.toml``."""
        return self.toml("pyproject.toml")

    def dockerfile(self, path: str = "Dockerfile") -> Dockerfile:
        """The instructions of a Dockerfile; none where it is missing."""
        from lisa_scaffold.formats import dockerfile

        return self._parsed("Dockerfile", path, dockerfile.parse)

    def ignores(self, path: str) -> bool:
        """Whether ``.gitignore`` covers a path, whether or not the path exists.

        Each query may be a process: after too many of them, further paths count as ignored.
        """
        if path not in self._ignored:
            if len(self._ignored) >= _MOST_IGNORE_QUERIES:
                is_ignored = True
            elif self.root and self.tracked:
                is_ignored = bool(self.paths("**/.gitignore")) and git.ignores(self.root, path)
            else:
                is_ignored = self._ignore_file(path)
            self._ignored[path] = is_ignored
        return self._ignored[path]

    @cached_property
    def _ignore_file(self) -> Callable[[str], bool]:
        return match_patterns(self.lines(".gitignore"))

    def real_path(self, path: str) -> str | None:
        """A path with every link on its way followed; ``None`` where one leads out of here."""
        if not self._links:
            return path
        for _ in range(_MOST_LINKS):
            parts = path.split("/")
            heads = ("/".join(parts[:end]) for end in range(1, len(parts) + 1))
            link = next((head for head in heads if head in self._links), None)
            if link is None:
                return path
            path = normpath(f"{dirname(link)}/{self._links[link]}{path[len(link) :]}").lstrip("/")
            if self._links[link].startswith("/") or path.startswith(".."):
                return None
        return None

    @cached_property
    def _links(self) -> Mapping[str, str]:
        return {path: file.target for path, file in self.files.items() if file.link}

    def in_submodule(self, path: str) -> bool:
        """Whether a path lies in another repository."""
        return any(f"{path}/".startswith(f"{folder}/") for folder in self.submodules)

    @cached_property
    def submodules(self) -> frozenset[str]:
        """Folders in which another repository lies."""
        pairs = (line.partition("=") for line in self.lines(".gitmodules"))
        return frozenset(
            value.split()[0] for key, _, value in pairs if key.strip() == "path" and value.strip()
        )


@lru_cache(maxsize=512)
def _path_matcher(patterns: Sequence[str]) -> Callable[[str], Any]:
    return re.compile("|".join(map(translate_glob, patterns))).fullmatch


@lru_cache(maxsize=512)
def _path_matcher_once(patterns: Sequence[str]) -> Callable[[str], Any]:
    return lru_cache(maxsize=_FEW)(_path_matcher(patterns))


def _split_lines(_path: str, text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _find_headings(_path: str, text: str) -> tuple[Heading, ...]:
    return find_headings(text)


@shared
def _parse(parse: Callable[[str, str], T], path: str, text: str) -> T:
    return parse(path, text)


@shared
def _read_text(content: bytes) -> str:
    text = decoded(content)
    return "" if _find_excess(text) else text


def _find_excess(text: str) -> str:
    """Why a text is too much for rules to look at; empty where it is not."""
    if text.count("\n") > MAX_LINES:
        return f"more than {MAX_LINES} lines"
    return LONG if has_long_number(text) else ""


def _parse_python(path: str, text: str) -> ast.Module | Problem:
    import ast
    import warnings

    if beyond := explain_crowded_python(text):
        return Problem(path, 1, beyond, "Python")
    try:
        with warnings.catch_warnings():
            # An invalid escape in a string is not ours to report.
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        return Problem(path, 1, DEEP, "Python") if is_deep_python(tree) else tree
    except SyntaxError as error:
        return Problem(path, error.lineno or 1, error.msg, "Python")
    except (ValueError, RecursionError, MemoryError) as error:
        deep = isinstance(error, RecursionError | MemoryError)
        return Problem(path, 1, DEEP if deep else str(error), "Python")


def is_there(files: Files, path: str) -> bool:
    """Whether a file or folder exists, or may exist as far as can be told.

    A path that git ignores may be made by a build, one in a submodule is in another repository,
    and what a pattern matches is not looked up.
    """
    if path in ("", ".") or re.search(r"[*?\[{$]", path) or path in files.files:
        return True
    real = files.real_path(path)
    if real is None or real in files.files or files.in_submodule(real):
        return True
    return real.rstrip("/") in files.folders or files.ignores(path)
