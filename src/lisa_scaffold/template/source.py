"""Where a template's bytes come from, and which versions there are."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cached_property
from pathlib import Path

from lisa_scaffold import files, git, workplace
from lisa_scaffold.errors import LisaError
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.shown import redacted
from lisa_scaffold.template.blame import SOURCE_VARIABLE
from lisa_scaffold.template.rendering import CANONICAL_URL, REQUIREMENT, Template, is_ours
from lisa_scaffold.versions import parse_version

PACKAGE = Path(__file__).parents[1]
BUNDLE = PACKAGE / "template.bundle"

_RELEASES = "releases/versions.toml"
_COMMITS = "releases.json"

# A hash, alone or as `git describe` gives it; a word such as "cafe" is none.
_HASH = compile_lazily(r"(.+-\d+-g)?[0-9a-f]{7,64}")


_FILTER_FAILED = compile_lazily(r"\bfilter\b.*\bfailed\b")
_MOST_SUBMODULES, _DEEPEST = 20, 30
_MOST_TAGS = 100  # are copied one by one


class Source:
    """Where a template's bytes come from, and what projects record.

    Attributes
    ----------
    location
        A working copy (a folder with ``copier.yml``), or anything that git can clone from: the
        bundle in the wheel, the path of a repository or its address.
    recorded
        The address that projects record as ``_src_path``.
    project
        The folder of the project that records it; its content is never taken for a template.
    """

    def __init__(
        self, location: str, recorded: str = CANONICAL_URL, project: Path | None = None
    ) -> None:
        self.location = location
        self.recorded = recorded
        self.project = project

    @property
    def _address(self) -> git.Address:
        try:
            return git.make_clonable(self.location, outside=self.project)
        except LisaError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: LisaError) -> LisaError:
        # Unlike Path.is_dir, it takes a name that is too long for no folder.
        is_folder = not git.is_address(self.location) and os.path.isdir(self.location)  # noqa: PTH112
        if self.ours:
            hint = (
                f"Check {SOURCE_VARIABLE}: it takes a folder with copier.yml, or a git repository."
            )
        elif "does not appear to be a git repository" in error.message and is_folder:
            hint = "That folder is no git repository: an update needs the template's versions."
        elif isinstance(error, git.GitError):
            hint = f"Check the network and your access. {' '.join(error.message.split())}"
        else:
            where = f" in {self.project / '.copier-answers.yml'}" if self.project else ""
            hint = f"Check _src_path{where}: {error.message}. {error.hint}"
        return LisaError(f"{self.location}: no template can be read there", hint)

    @cached_property
    def tags(self) -> dict[str, str]:
        """Every tag of the repository, fetched once, each with the hash that it points to.

        Raises
        ------
        LisaError
            If the repository cannot be reached.
        """
        try:
            return git.list_remote_tags(self._address)
        except git.GitError as error:
            raise self._unreachable(error) from error

    @property
    def ours(self) -> bool:
        """Whether this is the template of lisa-scaffold, and not another Copier template."""
        return is_ours(self.recorded)

    @property
    def _read_from(self) -> str:
        """The address to name where something is wrong with what was read there."""
        return self.location if self.ours and os.environ.get(SOURCE_VARIABLE) else self.recorded

    @cached_property
    def working_copy(self) -> Path | None:
        """The folder of a working copy of our template; None for any other source."""
        if not self.ours or git.is_address(self.location):
            return None
        folder = Path(self.location)
        return folder.resolve() if (folder / "copier.yml").is_file() else None

    @cached_property
    def _recorded_releases(self) -> dict[str, str]:
        """The commit of each released version that a working copy tells of; a clone may lack tags.

        Raises
        ------
        LisaError
            If the table cannot be read.
        """
        content = files.read(self.working_copy, _RELEASES) if self.working_copy else None
        try:
            table = tomllib.loads((content or b"").decode())
            return {version: str(row["commit"]) for version, row in table.items()}
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise LisaError(
                f"{self.location}: {_RELEASES} is no table of versions ({error!r})",
                "Bring the file back from git's history.",
            ) from error

    def is_working(self, version: str) -> bool:
        """Whether a version means the present files of the working copy."""
        return bool(self.working_copy) and version == self.current()

    def commit_of(self, version: str) -> str | None:
        """The hash that a version stands for; None of the present files, and where nobody knows.

        Raises
        ------
        LisaError
            If the repository cannot be reached.
        """
        if self.is_working(version):
            return None
        return self.tags.get(version) or self._recorded_releases.get(version)

    def find_released(self, version: str) -> str:
        """The commit of the repository that a released version is; empty where nobody knows.

        The commits of the bundle in the wheel are others: a file beside it names these.

        Raises
        ------
        LisaError
            If the repository cannot be reached, or a table of versions cannot be read.
        """
        if Path(self.location) == BUNDLE:
            try:
                table = json.loads(files.read(PACKAGE, _COMMITS) or b"{}")
            except ValueError:  # no table, no commit
                return ""
            return str(table.get(version, ""))
        return self._recorded_releases.get(version) or self.tags.get(version, "")

    def current(self) -> str:
        """The version that a project gets where none is asked for.

        Returns
        -------
        str
            Of a working copy, the version in its ``pyproject.toml``, which stands for its present
            files; of the bundle, the version of this package; of any other repository, the newest
            version tag. Another template without one has its newest commit.

        Raises
        ------
        LisaError
            If the repository cannot be reached or has no version.
        """
        if self.working_copy:
            return _declared_version(self.working_copy)
        if Path(self.location) == BUNDLE:
            from importlib.metadata import version as installed_version

            return f"v{installed_version('lisa-scaffold')}"
        if not self.ours and not sort_versions(self.tags, ours=False):
            return git.find_remote_head(self._address)
        return self.versions()[-1]

    def versions(self) -> list[str]:
        """All versions, oldest first.

        Raises
        ------
        LisaError
            If the repository cannot be reached or has no version.
        """
        recorded = self._recorded_releases
        try:
            tags = sort_versions({**recorded, **self.tags}, ours=self.ours)
        except LisaError:
            if not self.working_copy:
                raise
            tags = []
        if self.working_copy:
            current = _declared_version(self.working_copy)
            tags = [*(tag for tag in tags if tag != current), current]
        if not tags:
            raise LisaError(
                f"{self.location}: no version of the template there",
                "A version is a git tag such as v1.2.3; this repository has none.",
            )
        return tags

    def has(self, version: str) -> bool:
        """Whether a name is that of a version: a tag or a hash, never a branch.

        A branch means something else tomorrow: the next update would have no base.

        Raises
        ------
        LisaError
            If the repository cannot be reached.
        """
        if parse_version(version) or _HASH.fullmatch(version):
            return True  # whether it exists is seen when it is opened
        return version in self.tags

    def spell(self, version: str) -> str:
        """A version as its tag is written: people leave the ``v`` out, or add one.

        Raises
        ------
        LisaError
            If the repository cannot be reached.
        """
        if parse_version(version) is None:
            return version
        other = version[1:] if version.startswith("v") else f"v{version}"
        if self.ours:
            return other if git.VERSION_TAG.fullmatch(other) else version
        return other if version not in self.tags and other in self.tags else version

    def find_branch(self, name: str) -> str | None:
        """The newest commit of a branch; None where there is none of that name.

        Raises
        ------
        LisaError
            If the repository cannot be reached.
        """
        if not re.fullmatch(r"[\w.][\w./+@#-]{0,200}", name):
            return None
        try:
            return git.find_remote_tip(self._address, name)
        except git.GitError as error:
            raise self._unreachable(error) from error

    @contextmanager
    def history(self, *wanted: str) -> Iterator[Path]:
        """A copy of the repository with its whole history, and with the versions that are wanted.

        Raises
        ------
        LisaError
            If the repository cannot be reached.
        """
        with workplace.folder() as folder:
            self._clone(wanted, folder / "repository")
            yield folder / "repository"

    @contextmanager
    def open(self, version: str | None = None) -> Iterator[Template]:
        """The template at one version (the current one where none is named).

        Raises
        ------
        LisaError
            If there is no such version, or the source cannot be reached.
        """
        with self.open_all(self.spell(version) if version else self.current()) as (template,):
            yield template

    @contextmanager
    def open_all(self, *versions: str) -> Iterator[tuple[Template, ...]]:
        """The template at several versions, fetched once.

        Raises
        ------
        LisaError
            If there is no such version, or the source cannot be reached.
        """
        with self._copied(versions) as folder:
            yield tuple(self._open_one(version, folder) for version in versions)

    @contextmanager
    def open_each(
        self, *versions: str
    ) -> Iterator[Callable[[str], AbstractContextManager[Template]]]:
        """What opens one of several versions at a time, which are fetched once.

        Of many versions nobody needs the files of all at once, and each may have many.

        Raises
        ------
        LisaError
            If the source cannot be reached; from what it yields, if there is no such version.
        """
        with self._copied(versions) as folder:

            @contextmanager
            def open_one(version: str) -> Iterator[Template]:
                opened = self._open_one(version, folder)
                try:
                    yield opened
                finally:
                    if opened.root.is_relative_to(folder):
                        shutil.rmtree(opened.root)

            yield open_one

    @contextmanager
    def _copied(self, versions: Sequence[str]) -> Iterator[Path]:
        """A folder with a copy of the repository, or of it some versions."""
        with workplace.folder() as folder:
            if committed := [version for version in versions if not self.is_working(version)]:
                self._copy(committed, folder / "repository")
            yield folder

    def _copy(self, versions: Sequence[str], repository: Path) -> None:
        """Copy the repository, or of it some versions: nothing that is set up in it holds there."""
        address = self._address
        is_folder = address.is_local and Path(address.url).is_dir()
        # Each name costs git a look at all others, and many versions share most of their history.
        if is_folder and len(versions) <= _MOST_TAGS:
            wanted = {version: f"refs/tags/{version}" for version in versions}
            for version, commit in self._recorded_releases.items():
                if version in wanted and version not in self.tags:
                    wanted[version] = commit
            try:
                git.copy_tags(address, wanted, repository)
                return
            except git.GitError:
                # One of them is a hash, or there is no such tag: the whole history tells.
                shutil.rmtree(repository)
        self._clone(versions, repository)

    def _clone(self, versions: Iterable[str], repository: Path) -> None:
        """Copy the whole history, and where a version is none of it what was ever proposed."""
        try:
            git.clone_bare(self._address, repository)
        except git.GitError as error:
            raise self._unreachable(error) from error
        if any(_HASH.fullmatch(each) and not git.commit_of(repository, each) for each in versions):
            with suppress(git.GitError):  # whoever opens the version says that there is none
                git.fetch_requests(self._address, repository)

    def _open_one(self, version: str, folder: Path) -> Template:
        if self.working_copy and self.is_working(version):
            return Template(version, self.working_copy, self.recorded)
        repository = folder / "repository"
        root = folder / str(len(list(folder.iterdir())))
        # Ours was named by the user or came with the package, never by a project.
        bounded = not self.ours
        try:
            # A tag, or else a hash; a branch of that name is never taken for one.
            commit = f"refs/tags/{version}"
            try:
                submodules = git.export(repository, commit, root, bounded=bounded)
            except git.GitError as error:
                commit = self._recorded_releases.get(version, version)
                if not _HASH.fullmatch(commit) or _FILTER_FAILED.search(error.message):
                    raise
                submodules = git.export(repository, commit, root, bounded=bounded)
        except git.TooLargeError as error:
            raise LisaError(
                f"{self._read_from}: version {version} of the template has {error.message}",
                f"Choose another version with --to, or another source with {SOURCE_VARIABLE}.",
            ) from error
        except git.GitError as error:
            if _FILTER_FAILED.search(error.message):
                raise LisaError(
                    f"{self._read_from}: version {version}: a file of the template goes through a "
                    f"filter of yours, and that failed: {' '.join(error.message.split())}",
                    "Mend the filter in your git configuration: git config --global --list.",
                ) from error
            of = "" if self.ours else f" {self.recorded}"
            raise LisaError(
                f"{version}: no such version of the template{of}",
                self._advise_versions(),
            ) from error
        if submodules:
            self._add_submodules(repository, commit, submodules, root, self.location)
        return Template(version, root, self.recorded, repository)

    def _advise_versions(self) -> str:
        """What to do where a version is none."""
        try:
            return f"Versions here: {', '.join(self.versions()[-12:])}."
        except LisaError:
            return (
                "The template has no tags, and no such commit either: its history may have been "
                "written anew. Put the commit that the project was made from as _commit into the "
                "answers file."
            )

    def _add_submodules(
        self, git_dir: Path, commit: str, wanted: Mapping[str, str], root: Path, above: str
    ) -> None:
        """Put the files of submodules into their folders, as a checkout has them.

        Nothing on this machine is fetched: an address in somebody's template must not copy the
        user's other repositories into a project (git refuses that as well).
        """
        places = root.parent / f"{root.name}-modules-{len(list(root.parent.iterdir()))}"
        places.mkdir()
        try:
            addresses = git.list_submodule_addresses(git_dir, commit)
        except git.GitError:
            addresses = {}
        for number, (path, oid) in enumerate(wanted.items()):
            named = git.resolve_address(above, addresses.get(path, ""))
            copy, checkout = places / f"{number}.git", places / str(number)
            try:
                address = git.make_clonable(named)
                if address.is_local or number >= _MOST_SUBMODULES or len(copy.parts) > _DEEPEST:
                    raise LisaError("not fetched", "It has to be in the network.")
                git.clone_bare(address, copy)
                inner = git.export(copy, oid, checkout)
            except LisaError as error:
                shown = redacted(named) or "without an address"
                raise LisaError(
                    f"{self._read_from}: {path} is a submodule of the template ({shown}), and "
                    "cannot be fetched",
                    f"{' '.join(error.message.split())}. {error.hint}",
                ) from error
            (root / path).rmdir()
            checkout.rename(root / path)
            if inner:
                self._add_submodules(copy, oid, inner, root / path, named)


def find_default_source() -> Source:
    """The source named by the environment, or else the one that came with this package.

    Raises
    ------
    LisaError
        If this installation carries no template.
    """
    if named := os.environ.get(SOURCE_VARIABLE):
        return Source(named)
    if BUNDLE.is_file():
        return Source(str(BUNDLE))
    checkout = Source(str(PACKAGE.parents[1]))
    if checkout.working_copy:
        return checkout
    raise LisaError(
        f"{BUNDLE}: the template is missing from this installation",
        f"Install lisa-scaffold again, or set {SOURCE_VARIABLE} to a copy of its repository.",
    )


def find_recorded_source(recorded: str, project: Path = Path(), *, trust: bool = False) -> Source:
    """The source that a project records; for our own template, the default one.

    Parameters
    ----------
    recorded
        What the project records as ``_src_path``.
    project
        The project's folder, which a relative path starts from.
    trust
        Whether it may lie in the project's own checkout.
    """
    # Copier's shortcuts written out, as git clones them.
    location = recorded.removeprefix("git+")
    for shortcut, host in (("gh:", "https://github.com/"), ("gl:", "https://gitlab.com/")):
        if recorded.startswith(shortcut):
            location = f"{host}{recorded.removeprefix(shortcut).removesuffix('.git')}.git"
            break
    else:
        if "\0" in recorded:
            raise LisaError(
                f"{project / '.copier-answers.yml'}: _src_path is no address",
                "Bring the file back from git's history.",
            )
        is_path = not git.is_address(recorded) and os.path.lexists(project / recorded)
        if recorded.startswith("~") or is_path:
            # Where there is no such user, Path.expanduser raises.
            location = str(project / os.path.expanduser(recorded))  # noqa: PTH111
    source = Source(location, recorded, None if trust else project)
    if not source.ours:
        return source
    # A token that our address was once cloned with is not needed any more, and not recorded again.
    address = recorded if redacted(recorded) == recorded else CANONICAL_URL
    return Source(find_default_source().location, address)


def advise_newer() -> str:
    """How somebody comes to a newer version of our template."""
    if os.environ.get(SOURCE_VARIABLE):
        return f"bring what {SOURCE_VARIABLE} names up to date, or unset that variable"
    return f'pip install --upgrade "{REQUIREMENT.format("")}"'


def sort_versions(tags: Iterable[str], *, ours: bool) -> list[str]:
    """The tags that are released versions, oldest first.

    Parameters
    ----------
    tags
        All tags of a repository.
    ours
        Whether versions are written ``vX.Y.Z``, as ours are; others follow PEP 440.
    """
    found = {tag: version for tag in tags if (version := parse_version(tag))}
    if ours:
        found = {tag: found[tag] for tag in found if git.VERSION_TAG.fullmatch(tag)}
    return sorted((tag for tag in found if not found[tag].is_prerelease), key=found.__getitem__)


def is_short_for(recorded: str, commit: str) -> bool:
    """Whether a recorded version stands for a commit: its hash, perhaps cut short."""
    found = _HASH.fullmatch(recorded)
    return found is not None and not found[1] and commit.startswith(recorded)


def _declared_version(working_copy: Path) -> str:
    try:
        content = files.read(working_copy, "pyproject.toml") or b""
        return f"v{tomllib.loads(content.decode())['project']['version']}"
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise LisaError(
            f"{working_copy / 'pyproject.toml'}: no [project] version there ({error!r})",
            "A working copy of the template names its version in its pyproject.toml.",
        ) from error
