"""Read the GitLab pipeline of a project: includes, `extends`, `default` and `!reference` resolved.

What is outside the project (remote includes, templates, components, files of other projects) is
listed but not followed, unless its text is at hand: a job that inherits from there is marked as
only partly known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from lisa_scaffold.formats.document import Document, Keys, Position
from lisa_scaffold.formats.gitlab_inputs import fill_in, find_refused
from lisa_scaffold.formats.yaml_data import Reference
from lisa_scaffold.project.gitlab import (
    FILE,
    Include,
    Job,
    Pipeline,
    Trouble,
    digest,
    flatten_script,
    list_mappings,
)
from lisa_scaffold.project.package import Place

if TYPE_CHECKING:
    from lisa_scaffold.project.files import Files


_GLOBAL_KEYS = frozenset(
    [
        *("after_script", "before_script", "cache", "default", "image", "include", "services"),
        *("spec", "stages", "types", "variables", "workflow"),
    ]
)
_DEFAULT_KEYS = (
    *("after_script", "artifacts", "before_script", "cache", "hooks", "id_tokens", "image"),
    *("interruptible", "retry", "services", "tags", "timeout"),
)
_DEEPEST = 11
"""Levels of ``extends`` that GitLab follows: https://docs.gitlab.com/ci/yaml/#extends."""
_MOST_FILES = 150
"""Files that GitLab includes: https://docs.gitlab.com/ci/yaml/#include."""
_MOST_JOBS = 5_000
_REFUSED = "so GitLab refuses the pipeline"
_MOST_VALUES = 400_000
_MOST_NESTED = 12  # files that include one another, and references to references


def read(files: Files, known: Mapping[str, str], variables: dict[str, str]) -> Pipeline:
    """The pipeline of a project.

    Parameters
    ----------
    files
        Its files.
    known
        The texts of components and remote files that are at hand, by their addresses.
    variables
        What GitLab itself sets and the project tells, such as its name: includes are named by it.
    """
    return _Reader(files, known, variables).read()


class _Reader:
    """Read the files of a pipeline and resolve its jobs."""

    def __init__(self, files: Files, known: Mapping[str, str], variables: dict[str, str]) -> None:
        self._files = files
        self._at_hand = known
        self._variables = variables
        self._documents: dict[str, Document] = {}
        self._includes: list[Include] = []
        self._troubles: dict[Trouble, None] = {}
        self._merged: dict[str, Any] = {}
        self._known: dict[str, tuple[dict[str, Any], bool, list[str]]] = {}
        self._defaults: dict[str, Any] = {}
        self._values = 0
        self._deep = False

    def read(self) -> Pipeline:
        """Read the whole pipeline."""
        if not self._files.has(FILE):
            return Pipeline()
        self._read_file(FILE, ())
        default = self._merged.get("default")
        default = default if isinstance(default, dict) else {}
        # Of the old form only some keys are global: `hooks` and `tags` may be jobs.
        settings = {key: value for key, value in self._merged.items() if key in _GLOBAL_KEYS}
        values = {key: default.get(key, settings.get(key)) for key in _DEFAULT_KEYS}
        self._defaults = {
            key: self._resolve(value, ()) for key, value in values.items() if value is not None
        }
        names = [
            str(name)
            for name, job in self._merged.items()
            if name not in _GLOBAL_KEYS and isinstance(job, dict)
        ]
        if len(names) > _MOST_JOBS:
            self._note(
                _find_place(self._documents, names[_MOST_JOBS]),
                f"more than {_MOST_JOBS} jobs: those from here on are not checked",
            )
        jobs = {name: self._make_job(name) for name in names[:_MOST_JOBS]}
        return Pipeline(
            tuple(path for path, document in self._documents.items() if path == document.path),
            includes=tuple(self._includes),
            jobs={name: job for name, job in jobs.items() if not job.is_hidden},
            hidden={name: job for name, job in jobs.items() if job.is_hidden},
            settings={key: self._resolve(value, ()) for key, value in settings.items()},
            troubles=tuple(self._troubles),
            documents=self._documents,
        )

    def _read_file(self, path: str, above: tuple[str, ...]) -> None:
        """Read the includes of a file, then the file itself, which takes precedence."""
        document = self._files.yaml(path)
        if path in self._documents:
            return
        data = document.data if isinstance(document.data, dict) else {}
        self._documents[path] = document
        if len(above) < _MOST_NESTED and len(self._documents) < _MOST_FILES:
            for include in _read_includes(document):
                if len(self._includes) >= _MOST_FILES:
                    self._note(
                        include.place, f"GitLab refuses more than {_MOST_FILES} includes: use fewer"
                    )
                    break
                found = include._replace(
                    address=self._expand(include), text=self._find_text(include)
                )
                self._includes.append(found)
                self._follow(self._includes[-1], (*above, path))
        # It comes after what it includes.
        self._documents[path] = self._documents.pop(path)
        self._merged = _merge(self._merged, data)

    def _expand(self, include: Include) -> str:
        """The address of an include, without variables where that leads to a file."""
        from lisa_scaffold.formats.dockerfile import resolve

        if include.form != "local" or "$" not in include.address:
            return include.address
        address = resolve(include.address, self._variables)
        return address if self._files.paths(address.lstrip("/")) else include.address

    def _find_text(self, include: Include) -> str:
        """What an include of another project brings; empty where it is not at hand."""
        if include.form not in ("component", "remote"):
            return ""
        if text := self._at_hand.get(include.address):
            return text
        # Wherever it comes from, GitLab takes nothing but what has this digest.
        said = include.entry.get("integrity") if include.form == "remote" else None
        return next((text for text in {*self._at_hand.values()} if digest(text) == said), "")

    def _follow(self, include: Include, above: tuple[str, ...]) -> None:
        is_included = self._is_included(include)
        if is_included is False:
            return
        if include.text:
            given = include.entry.get("inputs")
            given = given if isinstance(given, dict) else {}
            data = fill_in(include.text, given)
            path, line = include.place
            for why in find_refused(include.text, given):
                self._note(include.place, f"{why}, {_REFUSED}: correct `inputs`")
            # All of it stands where it is included: there people can change something.
            here: dict[Keys, Position] = {(): Position(line, 1)}
            self._documents[include.address] = Document(path, data, locate=lambda: here)
            self._merged = _merge(self._merged, data)
        if include.form != "local" or not include.is_known:
            return
        wanted = include.address.lstrip("/")
        found = self._files.paths(wanted) if "*" in wanted else [wanted]
        for path in found:
            if path in above:
                self._note(include.place, f"{wanted} includes itself, {_REFUSED}: delete this")
            elif self._files.has(path):
                self._read_file(path, above)
            elif is_included:
                self._note(include.place, f"{wanted} does not exist, {_REFUSED}: correct it")

    def _is_included(self, include: Include) -> bool | None:
        """Whether the rules of an include let it in; ``None`` where that depends."""
        if "rules" not in include.entry:
            return True
        for rule in list_mappings(include.entry["rules"]):
            patterns = flatten_script(rule.get("exists"))
            if patterns and not any(
                "$" in each or self._files.paths(each.lstrip("/")) for each in patterns
            ):
                continue
            if "if" in rule or "changes" in rule or any("$" in each for each in patterns):
                return None
            return rule.get("when") != "never"
        return False

    def _make_job(self, name: str) -> Job:
        """Make a job from what it extends, what it refers to, and the defaults."""
        own = self._merged.get(name)
        own = own if isinstance(own, dict) else {}
        data, is_fully_known, parents = self._extend(name, own, ())
        data = self._resolve(data, (name,)) or {}
        inherit = data.get("inherit")
        wanted = inherit.get("default", True) if isinstance(inherit, dict) else True
        for key, value in self._defaults.items():
            takes = key in wanted if isinstance(wanted, list) else wanted
            if key not in data and takes and self._has_room(value):
                data[key] = value
        # A job must not refer to the reader, and so to the facts that refer to the job: only a run
        # of the garbage collector would free them.
        find = partial(_find_place, self._documents, name)
        return Job(name, data, own, find, is_fully_known=is_fully_known, parents=tuple(parents))

    def _extend(
        self, name: str, own: dict[str, Any], above: tuple[str, ...]
    ) -> tuple[dict[str, Any], bool, list[str]]:
        """The data of a job with all that it extends, whether all of that is known, its parents."""
        if name in self._known:
            return self._known[name]
        data: dict[str, Any] = {}
        is_fully_known = True
        parents: list[str] = []

        def note(message: str) -> None:
            self._note(_find_place(self._documents, name, "extends"), message)

        for parent in flatten_script(own.get("extends")):
            if parent in (*above, name):
                note(f"{name} extends itself, {_REFUSED}: change `extends`")
                is_fully_known = False
                continue
            if len(above) >= _DEEPEST:
                if not self._deep:  # only the first excess is reported
                    self._deep = True
                    note(f"GitLab refuses more than {_DEEPEST} levels of `extends`: use fewer")
                is_fully_known = False
                continue
            job = self._merged.get(parent)
            if not isinstance(job, dict):
                is_fully_known = False
                if all(include.is_known for include in self._includes):
                    note(f"there is no job {parent}, {_REFUSED}: correct it")
                continue
            inherited, is_known, further = self._extend(parent, job, (*above, name))
            if not self._has_room(inherited):
                is_fully_known = False
                break
            data = _merge(data, inherited)
            is_fully_known = is_fully_known and is_known
            parents = list(dict.fromkeys([parent, *further, *parents]))
        rest = {key: value for key, value in own.items() if key != "extends"}
        self._known[name] = _merge(data, rest), is_fully_known, parents
        return self._known[name]

    def _has_room(self, value: Any) -> bool:
        """Count what a value consists of; whether the pipeline has no more than it may have.

        Once it has more, nothing is counted: each of thousands of jobs may take a long value over.
        """
        return self._values <= _MOST_VALUES and self._count(_count_values(value))

    def _count(self, more: int) -> bool:
        self._values += more
        if self._values - more <= _MOST_VALUES < self._values:
            self._note(
                Place(FILE, 1),
                f"expands to more than {_MOST_VALUES} values, so the rest is not checked",
            )
        return self._values <= _MOST_VALUES

    def _resolve(self, value: Any, above: tuple[Any, ...]) -> Any:
        """Replace each ``!reference`` in a value by what it refers to."""
        if not isinstance(value, Reference | list | dict):
            return value
        # A reference is a tuple of the keys that lead to what it refers to.
        if not self._count(len(value)):
            return []
        if isinstance(value, Reference):
            if value in above or len(above) > _MOST_NESTED:
                return []
            return self._resolve(self._look_up(value), (*above, value))
        if isinstance(value, list):
            items: list[Any] = []
            for item in value:
                resolved = self._resolve(item, above)
                if isinstance(item, Reference) and isinstance(resolved, list):
                    items += resolved
                else:
                    items.append(resolved)
            return items
        return {key: self._resolve(each, above) for key, each in value.items()}

    def _look_up(self, reference: Reference) -> Any:
        if not reference:
            return None
        found: Any = self._merged
        for at, key in enumerate(reference):
            if at == 1 and isinstance(found, dict) and "extends" in found:
                found = self._extend(reference[0], found, ())[0]
            found = found.get(key) if isinstance(found, dict) else None
        if found is None and all(include.is_known for include in self._includes):
            name = f"!reference [{', '.join(reference)}]"
            self._note(Place(FILE, 1), f"{name} leads nowhere, {_REFUSED}: correct it")
        return found

    def _note(self, place: Place, message: str) -> None:
        self._troubles[Trouble(place, message)] = None


def _count_values(value: Any) -> int:
    """The number of values that a value consists of."""
    match value:
        case dict():
            return 1 + sum(map(_count_values, value.values()))
        case list():
            return 1 + sum(map(_count_values, value))
    return 1


def _read_includes(document: Document) -> Iterator[Include]:
    value = document.get("include")
    for index, entry in enumerate(value if isinstance(value, list) else [value]):
        keys: Keys = ("include", index) if isinstance(value, list) else ("include",)

        def find(keys: Keys = keys) -> Place:
            return Place(document.path, document.line(*keys))

        match entry:
            case str():
                form = "remote" if "://" in entry else "local"
                yield Include(form, entry, {form: entry}, find)
            case dict():
                forms = ("local", "remote", "template", "project", "component")
                # Of another form, such as an artifact, nobody knows here what it brings.
                form = next((each for each in (*forms, *map(str, entry)) if each in entry), "")
                if form:
                    yield Include(form, str(entry[form]), entry, find)


def _find_place(documents: dict[str, Document], name: str, *keys: str) -> Place:
    """The place of a job, or of a key of it, in the last file that has the job."""
    for document in reversed(documents.values()):
        if document.get(name) is not None:
            return Place(document.path, document.line(name, *keys))
    return Place(FILE, 1)


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Deep merge as in GitLab: mappings are merged, anything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = _merge(old, value) if both else value  # type: ignore[arg-type]
    return merged
