"""The facts of a project that rules look at: read once, parsed once, immutable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, wraps
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from lisa_scaffold import git
from lisa_scaffold.formats.document import Document
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.files import Cache, Files
from lisa_scaffold.project.recorded import ANSWERS_FILE
from lisa_scaffold.project.tree import Disk, Memory, Overlay, Tree

if TYPE_CHECKING:
    from datetime import date

    from lisa_scaffold.project.automation import Automation
    from lisa_scaffold.project.gitlab import Pipeline
    from lisa_scaffold.project.layout import Layout
    from lisa_scaffold.project.marks import Mark
    from lisa_scaffold.project.package import Package
    from lisa_scaffold.project.settings import Settings


_BUILT_UNLESS = (("poetry", "package-mode"), ("pdm", "distribution"))
SETTINGS_OF_BUILDS = (*_BUILT_UNLESS, ("uv", "package"))
"""Settings of tools that say whether a project is a package; by default most take it for one."""

_OF_INSTALLATION = frozenset(
    [
        *("version", "dependencies", "optional-dependencies", "scripts", "gui-scripts"),
        "entry-points",
    ]
)
_BUILDERS = frozenset(("setuptools", "setuptools_scm", "hatch", "pdm", "flit", "poetry", "maturin"))
"""Tables of tools that build packages."""

KINDS = ("package", "image", "pipeline", "service", "fleet")
"""The kinds of projects that the template makes."""

_GENERATED = compile_lazily(
    r"(?i)\bauto(?:matically )?[-_ ]?generated\b|@generated\b|\bdo not (?:edit|modify|change)\b"
)
_MOST_HEAD = 2_000  # characters

T = TypeVar("T")


class Pristine(NamedTuple):
    """What the template made of the recorded answers, at the recorded version.

    Attributes
    ----------
    version
        The version.
    locked
        The content of every locked file.
    commit
        The commit that the version is; empty where that is not known.
    """

    version: str
    locked: Mapping[str, bytes]
    commit: str = ""


class Given(NamedTuple):
    """What no file of the project tells, passed in by the caller of the rules.

    Attributes
    ----------
    tags
        The git tags; ``None``: ask git.
    head_tags
        The tags of the current commit.
    pristine
        The render of the recorded version; ``None`` where it is not known.
    components
        What the recorded version offers for a pipeline to include, by its addresses.
    wrong_answers
        Recorded answers that the recorded version does not take, each with the reason.
    not_rendered
        Why the recorded version cannot be rendered; empty where it can, or nobody tried.
    is_of_other
        Whether the recorded version is one of another template.
    today
        The date, for what expires; ``None``: nothing does.
    unused
        Numbers of the waivers that no finding needed.
    """

    tags: tuple[str, ...] | None = None
    head_tags: tuple[str, ...] = ()
    pristine: Pristine | None = None
    components: Mapping[str, str] = MappingProxyType({})
    wrong_answers: tuple[tuple[str, str], ...] = ()
    not_rendered: str = ""
    is_of_other: bool = False
    today: date | None = None
    unused: frozenset[int] = frozenset()


class Facts(Files):
    """The facts of one project: its files, and what they say.

    Attributes
    ----------
    given
        What no file of it tells.
    """

    def __init__(
        self, tree: Tree, root: Path | None, given: Given, *, read: Cache | None = None
    ) -> None:
        super().__init__(tree, root, read=read)
        self.given = given
        self._found: dict[Callable[[Facts], Any], Any] = {}

    @classmethod
    def read(
        cls,
        root: Path,
        given: Given | None = None,
        listed: Mapping[str, str | None] | None = None,
    ) -> Facts:
        """The facts of a folder.

        Parameters
        ----------
        root
            The folder.
        given
            What no file of it tells.
        listed
            As of :class:`~lisa_scaffold.project.tree.Disk`.

        Raises
        ------
        LisaError
            If git refuses the folder.
        """
        return cls(Disk(root, listed), root, given or Given())

    @classmethod
    def of(cls, files: Mapping[str, str | bytes], given: Given | None = None) -> Facts:
        """The facts of files in memory, all of them tracked."""
        contents = {
            path: content.encode() if isinstance(content, str) else content
            for path, content in files.items()
        }
        return cls(Memory(contents), None, given or Given(tags=()))

    def changed(self, changes: Mapping[str, bytes | None]) -> Facts:
        """The facts after a change of some files (``None``: removed)."""
        return Facts(
            Overlay(self.tree, changes), self.root, self.given, read=self._read.without(changes)
        )

    def with_given(self, **given: Any) -> Facts:
        """The same facts with some of ``given`` replaced."""
        return Facts(self.tree, self.root, self.given._replace(**given), read=self._read)

    def cached(self, find: Callable[[Facts], T]) -> T:
        """What a function finds in these facts; it is called only once."""
        if find not in self._found:
            self._found[find] = find(self)
        found: T = self._found[find]
        return found

    # --- What the files say ----------------------------------------------------------------------

    @cached_property
    def answers(self) -> Mapping[str, Any]:
        """The answers that a project made from the template records; empty for any other."""
        answers = self.yaml(ANSWERS_FILE).data
        return answers if isinstance(answers, dict) and "_src_path" in answers else {}

    @property
    def is_of_template(self) -> bool:
        """Whether the project was made from this template, not from another one of Copier."""
        return bool(self.answers) and not self.given.is_of_other

    @cached_property
    def kind(self) -> str:
        """The kind of the project: as answered, or else ``package``, ``image`` or empty.

        Whoever records a kind that there is none of does not choose the rules by it.
        """
        answered = self.answers.get("kind") if self.is_of_template else None
        if answered in KINDS:
            return str(answered)
        if self.package.form or self.pyproject.get("build-system"):
            return "package"
        if self.has("Dockerfile", "Containerfile"):
            return "image"
        return "package" if answered is not None else ""

    @cached_property
    def package(self) -> Package:
        """The metadata of the Python package, in one form whatever file states it."""
        from lisa_scaffold.project import metadata

        return metadata.read(self)

    @cached_property
    def is_built(self) -> bool:
        """Whether a package may be made of it: not where its tool only installs what it needs."""
        data = self.pyproject
        # uv builds a project without a build system only where it is told to.
        uses_uv = "uv" in data.table("tool") or self.has("uv.lock")
        by_uv = data.get("tool", "uv", "package", default=data.get("build-system") or not uses_uv)
        told = (by_uv, *(data.get("tool", *keys) for keys in _BUILT_UNLESS))
        return all(each is None or bool(each) for each in told) and not self._holds_nothing

    @property
    def _holds_nothing(self) -> bool:
        """Whether a wheel is told to hold nothing: an application that only names what it needs."""
        own = self.pyproject.table("tool", "setuptools")
        listed = [own.get(key) for key in ("packages", "py-modules", "ext-modules", "data-files")]
        if self.package.form == "project" and own and not self.has("setup.py", "setup.cfg"):
            return listed[0] == [] and not any(listed)
        if self.pyproject.get("tool", "hatch", "build", "targets", "wheel", "bypass-selection"):
            return True
        dynamic = "version" in self.pyproject.items("project", "dynamic")
        return self.tells_tools_alone or (dynamic and not self._knows_builder)

    @property
    def _knows_builder(self) -> bool:
        knows = "build-system" in self.pyproject.data or self.has(
            "setup.py", "setup.cfg", "uv.lock"
        )
        told = self.pyproject.get("tool", "uv", "package")
        return knows or bool(told) or bool(_BUILDERS & self.pyproject.table("tool").keys())

    @property
    def tells_tools_alone(self) -> bool:
        """Whether a table ``[project]`` only tells tools about a repository that nobody installs.

        It has no version, and nothing that an installation would bring or do. What lies below
        ``src`` is imported by nobody without one.
        """
        table = self.pyproject.table("project")
        dynamic = self.pyproject.items("project", "dynamic")
        stated = {*table, *map(str, dynamic)}
        alone = bool(table) and not stated & _OF_INSTALLATION and not self._knows_builder
        return alone and self.layout.style != "src"

    @cached_property
    def layout(self) -> Layout:
        """Where the package's modules are, and their names."""
        from lisa_scaffold.project import layout

        return layout.read(self, self.package)

    @cached_property
    def licences(self) -> Mapping[str, tuple[str, ...]]:
        """The licences whose texts the project's licence files hold, by file."""
        from lisa_scaffold.project import licences

        return licences.read(self)

    def is_generated(self, path: str) -> bool:
        """Whether a comment at the top of a file says that a tool writes it."""
        head = self.text(path)[:_MOST_HEAD].split("\n")
        comments = takewhile(lambda line: not line or line.startswith("#"), head)
        return any(_GENERATED.search(line) for line in comments)

    @property
    def is_unpacked(self) -> bool:
        """Whether this is an unpacked source distribution: it need not hold the whole project."""
        return self.has("PKG-INFO")

    @property
    def is_checkout(self) -> bool:
        """Whether the whole project is here: files in git, not a source distribution."""
        return bool(self.tracked) and not self.is_unpacked

    @cached_property
    def is_repository(self) -> bool:
        """Whether this is the top of a git repository, be it an empty one."""
        if self.root is None or not (self.root / ".git").exists():
            return self.root is None and bool(self.tracked)
        # With a commit and no file, nobody has checked it out yet.
        return bool(self.files) or not git.find_head(self.root)

    @cached_property
    def marks(self) -> Mapping[str, tuple[Mark, ...]]:
        """Lines that may be part of a conflict or hold a secret, by file."""
        from lisa_scaffold.project import marks

        return marks.read(self)

    @cached_property
    def pipeline(self) -> Pipeline:
        """The GitLab pipeline, its includes and inheritance resolved."""
        from lisa_scaffold.project import gitlab_reader

        return gitlab_reader.read(self, self.given.components, self._predefined)

    @property
    def _predefined(self) -> dict[str, str]:
        """Variables that GitLab sets in each pipeline of a project, as its answers tell them."""
        namespace, name = (str(self.answers.get(key, "")) for key in ("namespace", "distribution"))
        known = {
            "CI_PROJECT_NAME": name,
            "CI_PROJECT_NAMESPACE": namespace,
            "CI_PROJECT_PATH": f"{namespace}/{name}",
            "CI_PROJECT_ROOT_NAMESPACE": namespace.partition("/")[0],
        }
        return known if namespace and name else {}

    @cached_property
    def automation(self) -> Automation:
        """The files that tell which tools run: locally, at a commit, in CI."""
        from lisa_scaffold.project import automation

        own = automation.read(self, self.pipeline)
        return own.joined(self.above.automation) if self.above else own

    @property
    def sonar(self) -> Document:
        """``sonar-project.properties``."""
        return self.properties("sonar-project.properties")

    @property
    def hooks(self) -> Document:
        """``.pre-commit-config.yaml``."""
        return self.yaml(".pre-commit-config.yaml")

    @cached_property
    def settings(self) -> Settings:
        """What the project sets for lisa-scaffold itself: selection and waivers."""
        from lisa_scaffold.project import settings

        return settings.read(self)

    # --- What git says ---------------------------------------------------------------------------

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """Every tag; none in a folder without git."""
        return self._tags[0]

    @cached_property
    def head_tags(self) -> tuple[str, ...]:
        """The tags of the current commit."""
        return self._tags[1]

    @cached_property
    def above(self) -> Facts | None:
        """The project at the top of the repository, where this one is a folder in it."""
        if self.root is None or not self.tracked or (self.root / ".git").exists():
            return None
        top = next((each for each in self.root.resolve().parents if (each / ".git").exists()), None)
        return Facts.read(top) if top else None

    def has_here_or_above(self, *paths: str) -> bool:
        """Whether one of these files is here, or at the top of the repository."""
        return self.has(*paths) or bool(self.above and self.above.has(*paths))

    @cached_property
    def unfinished(self) -> frozenset[str]:
        """Paths that differ from the current commit; none in a folder without git."""
        if self.root is None or not self.tracked:
            return frozenset()
        repository = git.find_repository(self.root)
        prefix = repository.prefix
        changed = (path for path in git.read_status(repository) if path.startswith(prefix))
        return frozenset(path.removeprefix(prefix) for path in changed)

    @cached_property
    def _tags(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if self.given.tags is not None or self.root is None:
            return self.given.tags or (), self.given.head_tags
        return git.list_tags(self.root)


def cached_in_facts(find: Callable[[Facts], T]) -> Callable[[Facts], T]:
    """Decorate a function so that it is called only once for the same facts."""

    @wraps(find)
    def look_up(facts: Facts) -> T:
        return facts.cached(find)

    return look_up
