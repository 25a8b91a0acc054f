"""The GitLab pipeline of a project: local includes, `extends`, `default` and `!reference` resolved.

What is outside the project (remote includes, templates, components, files of other projects) is
listed but not followed, unless its text is at hand: a job that inherits from there is marked as
only partly known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from lisa_scaffold.formats.document import Document, Keys, Position
from lisa_scaffold.formats.gitlab_inputs import fill_in
from lisa_scaffold.formats.yaml_data import Reference
from lisa_scaffold.project.package import Place

if TYPE_CHECKING:
    from lisa_scaffold.project.files import Files


FILE = ".gitlab-ci.yml"
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
_STAGES = (".pre", "build", "test", "deploy", ".post")
_DEEPEST = 11
"""Levels of ``extends`` that GitLab follows: https://docs.gitlab.com/ci/yaml/#extends."""
_MOST_NESTED = 12
_MINUTES = {"w": 7 * 24 * 60, "d": 24 * 60, "h": 60, "m": 1}
_MOST_FILES = 150
"""Files that GitLab includes: https://docs.gitlab.com/ci/yaml/#include."""
_MOST_JOBS = 5_000
_REFUSED = "so GitLab refuses the pipeline"
_MOST_COMMANDS = 2_000
_MOST_VALUES = 400_000


class Include(NamedTuple):
    """One entry of an ``include`` list.

    Attributes
    ----------
    form
        ``local``, ``remote``, ``template``, ``project`` or ``component``.
    address
        What it names.
    entry
        The whole entry.
    find
        Finds its place.
    text
        What it brings, where that is of another project and at hand all the same.
    """

    form: str
    address: str
    entry: Mapping[str, Any]
    find: Callable[[], Place]
    text: str = ""

    @property
    def place(self) -> Place:
        """Its place."""
        return self.find()

    @property
    def is_known(self) -> bool:
        """Whether what it brings can be read here."""
        return self.form == "local" or bool(self.text)


class Job:
    """A job, or a hidden one that others extend.

    Attributes
    ----------
    name
        Its name.
    data
        Its keys, with all that it inherits.
    own
        Its own keys.
    find
        Finds its place.
    is_fully_known
        Whether all that it inherits from is known.
    parents
        Names of the jobs that it extends, the nearest first, all the way up.
    """

    def __init__(  # noqa: PLR0913 - the traits of a job, each by its name
        self,
        name: str,
        data: Mapping[str, Any],
        own: Mapping[str, Any],
        find: Callable[[], Place],
        *,
        is_fully_known: bool = True,
        parents: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.data = data
        self.own = own
        self.find = find
        self.is_fully_known = is_fully_known
        self.parents = parents

    @property
    def place(self) -> Place:
        """Its place."""
        return self.find()

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or the default."""
        return self.data.get(key, default)

    @property
    def is_hidden(self) -> bool:
        """Whether it never runs by itself."""
        return self.name.startswith(".")

    @property
    def stage(self) -> str:
        """Its stage."""
        stage = self.data.get("stage")
        return stage if isinstance(stage, str) else "test"

    @property
    def image(self) -> str:
        """The name of its image; empty where it names none."""
        match self.data.get("image"):
            case str(name) | {"name": str(name)}:
                return name
        return ""

    @cached_property
    def commands(self) -> list[str]:
        """Every command that it runs, in order."""
        scripts = (self.data.get(key) for key in ("before_script", "script", "after_script"))
        return [command for script in scripts for command in flat(script)[:_MOST_COMMANDS]]

    @property
    def rules(self) -> list[dict[str, Any]]:
        """Its rules."""
        return _mappings(self.data.get("rules"))

    @property
    def needed_jobs(self) -> Iterator[tuple[str, str]]:
        """The jobs of its pipeline that must exist, each with the key that says so."""
        for name in flat(self.data.get("dependencies")):
            yield "dependencies", name
        needs = self.data.get("needs")
        for need in needs if isinstance(needs, list) else []:
            match need:
                case str():
                    yield "needs", need
                case {"optional": True} | {"pipeline": _} | {"project": _}:
                    continue
                case {"job": str(name)}:
                    yield "needs", name

    @property
    def minutes(self) -> int:
        """Its timeout, such as ``1h 30m``, in minutes; 0 where it has none."""
        timeout = self.data.get("timeout")
        pattern = r"(\d{1,6})\s*(weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|m)\b"
        parts = re.findall(pattern, timeout[:100]) if isinstance(timeout, str) else []
        return sum(int(number) * _MINUTES[unit[0]] for number, unit in parts)

    @property
    def reports(self) -> dict[str, Any]:
        """The reports among its artifacts."""
        artifacts = self.data.get("artifacts")
        reports = artifacts.get("reports") if isinstance(artifacts, dict) else None
        return reports if isinstance(reports, dict) else {}

    @property
    def services(self) -> list[str]:
        """The names of the images of its services."""
        services = self.data.get("services")
        names = (
            each.get("name") if isinstance(each, dict) else each
            for each in (services if isinstance(services, list) else [])
        )
        return [name for name in names if isinstance(name, str)]


class Trouble(NamedTuple):
    """Something in the pipeline that cannot be resolved."""

    place: Place
    message: str


class Pipeline:
    """A pipeline.

    Attributes
    ----------
    files
        Its files, in the order in which they are read; empty where there is no pipeline.
    includes
        Every entry of an ``include`` list.
    jobs
        The jobs that may run, by name.
    hidden
        The jobs that others extend.
    settings
        The global keys: ``stages``, ``workflow``, ``variables``, ``default``, …
    troubles
        What cannot be resolved: a missing file or parent, a cycle.
    """

    def __init__(  # noqa: PLR0913 - the parts of a pipeline, each by its name
        self,
        files: tuple[str, ...] = (),
        *,
        includes: tuple[Include, ...] = (),
        jobs: Mapping[str, Job] = MappingProxyType({}),
        hidden: Mapping[str, Job] = MappingProxyType({}),
        settings: Mapping[str, Any] = MappingProxyType({}),
        troubles: tuple[Trouble, ...] = (),
        documents: Mapping[str, Document] = MappingProxyType({}),
    ) -> None:
        self.files = files
        self.includes = includes
        self.jobs = jobs
        self.hidden = hidden
        self.settings = settings
        self.troubles = troubles
        self._documents = documents

    def __bool__(self) -> bool:
        """Whether there is a pipeline."""
        return bool(self.files)

    @property
    def is_local(self) -> bool:
        """Whether none of it is outside the project, or what is can be read all the same."""
        return all(include.is_known for include in self.includes)

    @property
    def is_complete(self) -> bool:
        """Whether there are jobs, and nothing outside of the project adds to them."""
        return bool(self.jobs) and self.is_local

    @property
    def stages(self) -> list[str]:
        """Its stages in their order."""
        stages = self.settings.get("stages")
        return [str(each) for each in stages] if isinstance(stages, list) else list(_STAGES)

    @cached_property
    def variables(self) -> dict[str, str]:
        """The global variables as text."""
        variables = self.settings.get("variables")
        return {
            str(name): _to_text(value)
            for name, value in (variables if isinstance(variables, dict) else {}).items()
        }

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules of its workflow."""
        workflow = self.settings.get("workflow")
        return _mappings(workflow.get("rules")) if isinstance(workflow, dict) else []

    def place(self, *keys: str | int) -> Place:
        """The place of a global key, a job, or a key of a job, in the last file that has it."""
        for document in reversed([*self._documents.values()]):
            if document.get(keys[0]) is not None:
                return Place(document.path, document.line(*keys))
        return Place(self.files[0] if self.files else FILE, 1)

    def place_of(self, job: Job, *keys: str | int) -> Place:
        """The place of a key of a job: in the job, or in the nearest one that it inherits from."""
        for name in (job.name, *job.parents):
            for document in reversed([*self._documents.values()]):
                if document.get(name, *keys) is not None:
                    return Place(document.path, document.line(name, *keys))
        return job.place

    def expand(self, text: str, job: Job | None = None) -> str:
        """Expand the variables in a text whose values the pipeline itself sets."""
        from lisa_scaffold.formats.dockerfile import resolve

        variables = job.get("variables") if job else None
        own = (
            {str(k): _to_text(v) for k, v in variables.items()}
            if isinstance(variables, dict)
            else {}
        )
        known = {**self.variables, **own}
        for _ in range(_MOST_NESTED):
            expanded = resolve(text, known)
            if expanded == text:
                break
            text = expanded
        return text


def flat(script: Any) -> list[str]:
    """The commands of a script, which may be nested lists."""
    match script:
        case str():
            return [script]
        case list():
            return [command for part in script for command in flat(part)]
    return []


def _mappings(value: Any, depth: int = 0) -> list[dict[str, Any]]:
    """The mappings of a list; GitLab takes lists in it, as anchors make them."""
    if not isinstance(value, list) or depth > _MOST_NESTED:
        return []
    return [
        inner
        for each in value
        for inner in ([each] if isinstance(each, dict) else _mappings(each, depth + 1))
    ]


def read(files: Files, known: Mapping[str, str]) -> Pipeline:
    """The pipeline of a project.

    Parameters
    ----------
    files
        Its files.
    known
        The texts of components and remote files that are at hand, by their addresses.
    """
    return _Reader(files, known).read()


def _to_text(value: Any) -> str:
    match value:
        case {"value": inner}:
            return str(inner)
        case bool():
            return str(value).lower()
        case dict() | None:
            return ""
    return str(value)


class _Reader:
    """Read the files of a pipeline and resolve its jobs."""

    def __init__(self, files: Files, known: Mapping[str, str]) -> None:
        self._files = files
        self._at_hand = known
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
                is_elsewhere = include.form in ("component", "remote")
                text = self._at_hand.get(include.address, "") if is_elsewhere else ""
                self._includes.append(include._replace(text=text))
                self._follow(self._includes[-1], (*above, path))
        # It comes after what it includes.
        self._documents[path] = self._documents.pop(path)
        self._merged = _merge(self._merged, data)

    def _follow(self, include: Include, above: tuple[str, ...]) -> None:
        is_included = self._is_included(include)
        if is_included is False:
            return
        if include.text:
            given = include.entry.get("inputs")
            data = fill_in(include.text, given if isinstance(given, dict) else {})
            path, line = include.place
            # All of it stands where it is included: there people can change something.
            here: dict[Keys, Position] = {(): Position(line, 1)}
            self._documents[include.address] = Document(path, data, locate=lambda: here)
            self._merged = _merge(self._merged, data)
        if include.form != "local" or "$" in include.address:
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
        for rule in _mappings(include.entry["rules"]):
            patterns = flat(rule.get("exists"))
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

        for parent in flat(own.get("extends")):
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
                for form in ("local", "remote", "template", "project", "component"):
                    if form in entry:
                        yield Include(form, str(entry[form]), entry, find)
                        break


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
