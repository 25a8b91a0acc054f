"""Compose: what Docker Compose refuses, and what should not run on a machine that others reach."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from posixpath import normpath
from typing import Any, NamedTuple

from lisa_scaffold.formats.document import Document
from lisa_scaffold.formats.interpolation import interpolate
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.rules import images
from lisa_scaffold.rules.invented import (
    is_invented,
    is_plain_word,
    is_said_of_secret,
    names_secret,
)
from lisa_scaffold.rules.rule import (
    MUST,
    SERVICE,
    SET_ASIDE,
    SHOULD,
    SHOWN,
    Hit,
    count_more,
    join_alike,
    rule,
)

FILES = tuple(
    f"**/{name}{more}.{end}"
    for name in ("compose", "docker-compose")
    for more in ("", ".*", "-*")
    for end in ("yaml", "yml")
)
# What is not run as it stands: templates, and what tests are made of.
_NO_COMPOSE = compile_lazily(
    r"(?:.*/)?(?:(?:[\w.]+[-_])?tests?|tests?[-_](?:containers?|env\w*|infra\w*|servers?|setup|stacks?)"
    r"|testdata|fixtures|templates?|node_modules|_?vendor(?:ed)?|third[-_]?party|extern)/.*|.*[{}].*|"
    + SHOWN
    + "|"
    + SET_ASIDE
)
_SAMPLE = compile_lazily(r".*\.(?:example|sample|dist|template|tmpl|tpl)(?:\.ya?ml)?|.*\.j2")
_TEMPLATE = compile_lazily(r".*\.(?:template|tmpl|tpl)(?:\.ya?ml)?")
_OWN = [(name, end) for name in ("compose", "docker-compose") for end in ("yaml", "yml")]
# https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json
_TOP = frozenset(
    [
        *("configs", "include", "jobs", "models", "name", "networks", "secrets", "services"),
        *("version", "volumes"),
    ]
)
_SERVICE = frozenset(
    [
        *("annotations", "attach", "blkio_config", "build", "cap_add", "cap_drop", "cgroup"),
        *("cgroup_parent", "command", "configs", "container_name", "cpu_count", "cpu_percent"),
        *("cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpus"),
        *("cpuset", "credential_spec", "depends_on", "deploy", "develop", "device_cgroup_rules"),
        *("devices", "dns", "dns_opt", "dns_search", "domainname", "entrypoint", "env_file"),
        *("environment", "expose", "extends", "external_links", "extra_hosts", "gpus"),
        *("group_add", "healthcheck", "hostname", "image", "init", "ipc", "isolation"),
        *("label_file", "labels", "links", "logging", "mac_address", "mem_limit"),
        *("mem_reservation", "mem_swappiness", "memswap_limit", "models", "network_mode"),
        *("networks", "oom_kill_disable", "oom_score_adj", "pid", "pids_limit", "platform"),
        *("ports", "post_start", "pre_start", "pre_stop", "privileged", "profiles", "provider"),
        *("pull_policy", "pull_refresh_after", "read_only", "restart", "runtime", "scale"),
        *("secrets", "security_opt", "shm_size", "stdin_open", "stop_grace_period"),
        *("stop_signal", "storage_opt", "sysctls", "tmpfs", "tty", "ulimits", "use_api_socket"),
        *("user", "userns_mode", "uts", "volume_driver", "volumes", "volumes_from"),
        "working_dir",
    ]
)
_THROWN_AWAY = compile_lazily(
    r"(?:.*/)?(?:\.devcontainer|\.?(?:ci|circleci|github|gitlab)|e2e|cypress|dev[-_]?(?:scripts?|tools?|env))/.*"
    r"|(?:.*/)?[^/]*[._-](?:ci|e2e|tests?|testing|cypress|dev|devel|development|local|travis|jenkins"
    r"|circleci|gitlab|github)[._-][^/]*",
    re.IGNORECASE,
)
# Servers that let in whoever reaches them, or whose password is all that keeps people out.
_DATABASES = {
    3306: "MySQL",
    5432: "PostgreSQL",
    6379: "Redis",
    9200: "Elasticsearch",
    11211: "memcached",
    27017: "MongoDB",
}
_OPEN = compile_lazily(r"(?:(?:0\.0\.0\.0|\[::\]):)?(?:\d*:)?(\d{1,5})(?:/tcp)?")


# What the comment at the top of a file says of where it is used.
_OF_DESK = compile_lazily(
    r"\b(?:do not|don't|never|not (?:to be|be|for)|should not|must not)\b[^.]{0,60}"
    r"\bprod(?:uction)?\b"
    r"|\b(?:only|just|meant|intended) for (?:local )?(?:development|testing|tests)\b"
    r"|\bfor (?:local )?(?:development|testing|tests)(?: and (?:development|testing|tests))? only\b"
    r"|\bfor local (?:development|testing|use)\b|\bcompose\b[^.]{0,40}\bfor (?:\w+ )?development\b"
    r"|\b(?:configuration|settings|setup|services|stack) for (?:a |the )?(?:local )?development\b",
    re.IGNORECASE,
)
_MOST_HEAD = 60
_OF_PRODUCTION = compile_lazily(r"[._-]prod(?:uction)?[._-][^/]*$")


def is_thrown_away(facts: Facts, path: str) -> bool:
    """Whether a file is for a pipeline, tests or a desk.

    By its name, by the comment on top, or by what the README beside it says of Compose.
    """
    if _THROWN_AWAY.fullmatch(path) or path in _find_of_desk(facts):
        return True
    # Airflow's own file warns on its top, and is copied with the warning.
    if _OF_PRODUCTION.search(path):
        return False
    head = takewhile(
        lambda line: not line.strip() or line.lstrip().startswith("#"),
        facts.lines(path)[:_MOST_HEAD],
    )
    return _OF_DESK.search(" ".join(line.strip("# \t") for line in head)) is not None


_RUNS_COMPOSE = compile_lazily(r"\bdocker[- ]compose\b(?!\.)")
_NAMES_FILE = compile_lazily(r"\bcompose[\w.-]{0,60}\.ya?ml\b")
_MAKES = compile_lazily(r"(?:^ {4}|\t|`|\$ )make [a-z]")
_AT_DESK = compile_lazily(
    r"\b(?:lo[ck]al(?:ly|t|host|e|es|ement)?|develop(?:ment|ers?|ing)?|entwicklung|contributing)\b",
    re.IGNORECASE,
)


@cached_in_facts
def _find_of_desk(facts: Facts) -> frozenset[str]:
    """The files that Compose takes by itself where a README tells of it at a desk alone."""
    found: set[str] = set()
    for path in facts.paths("**/README.md"):
        folder = path[: path.rfind("/") + 1]
        own = {f"{folder}{name}.{end}" for name, end in _OWN} & {*facts.files}
        if own and _tells_of_desk(facts, path):
            found |= own
    return frozenset(found)


def _tells_of_desk(facts: Facts, path: str) -> bool:
    """Whether each section of a page that tells of Compose is about one's own machine."""
    lines = [*enumerate(facts.lines(path), 1)]
    told = [number for number, line in lines if _RUNS_COMPOSE.search(line)]
    # Where `make` runs it, a page only names the files.
    if not told and any(_MAKES.search(line) for _, line in lines):
        told = [number for number, line in lines if _NAMES_FILE.search(line)]
    for number in told:
        level, titles = _DEEPEST, []
        for heading in reversed([each for each in facts.headings(path) if each.line <= number]):
            if heading.level < level:
                level = heading.level
                titles.append(heading.text)
        if not any(_AT_DESK.search(title) for title in titles):
            return False
    return bool(told)


_DEEPEST = 7


_OF_ONE_TASK = compile_lazily(
    r"(?:migrat\w*|init\w*|setup|seed\w*|bootstrap\w*|provision\w*|load\w*|import\w*"
    r"|build\w*|compile\w*|collectstatic|static|assets?|create\w*|prepare\w*|job|once|task|command"
    r"|manage|cli|shell|tools?|utils?|tests?|e2e|lint|docs?|backup|restor\w*|dump|certs?|certbot)",
    re.IGNORECASE,
)


class Service(NamedTuple):
    """A service as one file describes it.

    Attributes
    ----------
    file
        The file.
    name
        Its name.
    data
        What stands below it.
    """

    file: Document
    name: str
    data: Mapping[str, Any]

    def line(self, *keys: str | int) -> int:
        """The line of a key of it."""
        return self.file.line("services", self.name, *keys)

    @property
    def restarts(self) -> bool:
        """Whether it is started again after a fault."""
        deploy = self.data.get("deploy")
        policy = self.data.get("restart")
        return bool(policy and policy != "no") or (
            isinstance(deploy, dict) and "restart_policy" in deploy
        )

    @property
    def is_of_one_task(self) -> bool:
        """Whether its name tells of something that is done once: ``migrate``, ``db-setup``."""
        return any(map(_OF_ONE_TASK.fullmatch, self.name.replace("_", "-").split("-")))


@cached_in_facts
def find_compose(facts: Facts) -> list[Document]:
    """The files of Docker Compose, as far as they can be read and have services.

    Their variables have the values that the file ``.env`` beside them gives, or else their
    defaults; what the machine alone can tell stays as it is written.
    """
    found = []
    for file in _find_written(facts):
        known = facts.env(f"{file.path[: file.path.rfind('/') + 1]}.env").data
        plain = {name: value for name, value in known.items() if "$" not in value}
        found.append(Document(file.path, interpolate(file.data, plain), locate=file.locate))
    return found


@cached_in_facts
def _find_written(facts: Facts) -> list[Document]:
    """The same as they are written."""
    paths = (path for path in facts.paths(*FILES) if not _NO_COMPOSE.fullmatch(path))
    whole = (path for path in paths if not _TEMPLATE.fullmatch(path))
    return [each for path in whole if (each := facts.yaml(path)).table("services")]


def find_services(facts: Facts) -> Iterator[Service]:
    """Every service, as each of the files describes it."""
    return _list_services(find_compose(facts))


def find_written(facts: Facts) -> Iterator[Service]:
    """The same, with variables as they are written."""
    return _list_services(_find_written(facts))


def _list_services(files: Iterable[Document]) -> Iterator[Service]:
    for file in files:
        for name, data in file.table("services").items():
            if isinstance(data, dict):
                yield Service(file, str(name), data)


@cached_in_facts
def find_built(facts: Facts) -> list[re.Pattern[str]]:
    """The names of the images that commands or files of Compose build, without tags."""
    services = [each.data for each in find_written(facts)]
    named = [str(each["image"]) for each in services if "build" in each and "image" in each]
    named += _list_unnamed(facts)
    return [*images.find_built(facts), *images.make_patterns(named)]


def _list_unnamed(facts: Facts) -> Iterator[str]:
    """How Compose calls the images that it builds and no file names: ``project-service``."""
    projects: dict[str, set[str]] = defaultdict(set)
    for file in _find_written(facts):
        folder = file.path.rpartition("/")[0]
        projects[folder] |= {str(file.data.get("name", "")), folder.rpartition("/")[2]} - {""}
    for each in find_written(facts):
        if "build" in each.data and "image" not in each.data:
            for project in projects[each.file.path.rpartition("/")[0]]:
                yield from (f"{project}{mark}{each.name}" for mark in "-_")


@cached_in_facts
def find_open(facts: Facts) -> frozenset[str]:
    """Folders in which Compose reads more than is seen: what each machine has, or other folders."""
    found = set()
    for file in find_compose(facts):
        folder = file.path[: file.path.rfind("/") + 1]
        services = file.table("services").values()
        takes = any(isinstance(each, dict) and "extends" in each for each in services)
        samples = facts.paths(*(f"{folder}{name}*.*" for name in ("compose", "docker-compose")))
        own = (f"{folder}{name}.override.{end}" for name, end in _OWN)
        if (
            takes
            or "include" in file.data
            or any(_SAMPLE.fullmatch(path) for path in samples)
            or any(facts.ignores(path) for path in own)
        ):
            found.add(folder)
    return frozenset(found)


@rule("CMP001", MUST, when=find_compose)
def keys_are_known(facts: Facts) -> Iterator[Hit]:
    """Compose knows every key of a service.

    Why: Compose refuses the whole file for a key that it does not know, or that stands one level
    too high or too low.

    How: Look the key up in the reference; what is your own begins with `x-`.

    Source: [Compose file reference](https://docs.docker.com/reference/compose-file/services/).
    """
    for file in find_compose(facts):
        for key in file.data:
            if str(key) not in _TOP and not str(key).startswith("x-"):
                message = "Compose refuses this key at the top: move it, or begin it with `x-`"
                yield Hit(file.path, file.line(key), message)
    for each in find_services(facts):
        for key in each.data:
            name = str(key)
            if name not in _SERVICE and name != "<<" and not name.startswith("x-"):
                message = "Compose refuses this key in a service: correct it, or remove it"
                yield Hit(each.file.path, each.line(key), message)


@rule("CMP002", MUST, when=find_compose)
def names_are_defined(facts: Facts) -> Iterator[Hit]:
    """Networks, secrets and configs that a service names are defined.

    Why: Compose refuses the whole project for a name that nothing defines.

    How: Define it at the top of this file, or of one that is always read with it.

    Source: [Compose file reference](https://docs.docker.com/reference/compose-file/).
    """
    defined: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for file in find_compose(facts):
        folder = file.path[: file.path.rfind("/") + 1]
        for kind in ("networks", "secrets", "configs"):
            defined[folder] |= {(kind, str(name)) for name in file.table(kind)}
    for each in find_written(facts):
        folder = each.file.path[: each.file.path.rfind("/") + 1]
        if folder in find_open(facts) or not _is_whole(facts, each.file):
            continue
        for kind in ("networks", "secrets", "configs"):
            for number, name in enumerate(_named(each.data.get(kind))):
                known = (kind, name) in defined[folder] or "$" in name
                if not known and (kind, name) != ("networks", "default"):
                    message = f"Compose refuses a name that nothing defines: add it to `{kind}`"
                    yield Hit(each.file.path, each.line(kind, number), message)


_STARTS = ("image", "build", "extends", "provider")


def _is_whole(facts: Facts, file: Document) -> bool:
    """Whether a file, with those beside it, says of each of its services what runs.

    What another folder has more of is read with a file from there: `-f compose.yaml -f ci/a.yaml`.
    """
    folder = file.path[: file.path.rfind("/") + 1]
    beside = [each for each in find_compose(facts) if each.path.rpartition("/")[0] == folder[:-1]]
    started = {
        name
        for each in beside
        for name, data in each.table("services").items()
        if isinstance(data, dict) and any(key in data for key in _STARTS)
    }
    return file.table("services").keys() <= started and not _is_of_another(facts, file)


def _is_of_another(facts: Facts, file: Document) -> bool:
    """Whether the folders that a file builds from are there from the top, and not from its own."""
    folder = file.path.rpartition("/")[0]
    told = [each.get("build") for each in file.table("services").values() if isinstance(each, dict)]
    contexts = [each.get("context") if isinstance(each, dict) else each for each in told]
    places = [normpath(each) for each in contexts if isinstance(each, str) and each[:1] != "/"]
    return any(
        each in facts.folders and normpath(f"{folder}/{each}") not in facts.folders
        for each in places
        if folder
    )


def _named(listed: Any) -> list[str]:
    """The names that a service lists, in either form."""
    entries = list(listed) if isinstance(listed, list | dict) else []
    names = [entry.get("source") if isinstance(entry, dict) else entry for entry in entries]
    return [name for name in names if isinstance(name, str)]


@rule("CMP003", SHOULD, when=find_compose)
def images_are_pinned(facts: Facts) -> Iterator[Hit]:
    """Images that Compose pulls are pinned to a version.

    Why: Without a tag, or with `latest`, the next `docker compose pull` may bring a new major
    version, and a database of another one does not start on the old files.

    How: Name the version: `postgres:17.6`. A file for a pipeline, for tests or for a desk is not
    meant, nor one that mounts the whole project to be edited or starts a server for that; in
    projects of the template it is.

    Source: [Compose in production](https://docs.docker.com/compose/how-tos/production/).
    """
    yield from join_alike(_find_moving(facts))


def _find_moving(facts: Facts) -> Iterator[Hit]:
    """The images that may change, of each service that pulls one."""
    for each in find_services(facts):
        # In a project that the template made, a tool raises the versions of a desk's images too.
        if not facts.is_of_template and not is_for_others(facts, each):
            continue
        image = each.data.get("image")
        is_pulled = isinstance(image, str) and "$" not in image and not _is_built(each)
        is_pulled = is_pulled and not _is_named_elsewhere(facts, each)
        repository = images.read(str(image)).repository
        is_built = any(name.fullmatch(repository) for name in find_built(facts))
        if is_pulled and not is_built and (message := images.explain_change(str(image))):
            yield Hit(each.file.path, each.line("image"), message)


def _is_built(service: Service) -> bool:
    """Whether a service, or one of the same file that it extends, is built."""
    seen: set[str] = set()
    name, data = service.name, service.data
    while "build" not in data and name not in seen:
        seen.add(name)
        base = data.get("extends")
        base = base.get("service") if isinstance(base, dict) and "file" not in base else base
        name = base if isinstance(base, str) else name
        known = service.file.table("services").get(name)
        data = known if isinstance(known, dict) else {}
    return "build" in data


_OPEN_VERSION = compile_lazily(r".*:\$(?:\w+|\{[^{}]*\})")


def _is_named_elsewhere(facts: Facts, service: Service) -> bool:
    """Whether whoever runs an image names it, and a default only lets it be tried out.

    So it is with a version in projects that the template did not make, and where tests are run.
    """
    said = str(facts.yaml(service.file.path).get("services", service.name, "image"))
    is_version = not facts.is_of_template and _OPEN_VERSION.fullmatch(said)
    return "$" in said and bool(is_version or is_thrown_away(facts, service.file.path))


@rule("CMP004", SHOULD, when=find_compose, must_in=SERVICE)
def no_secret_in_the_environment(facts: Facts) -> Iterator[Hit]:
    """No secret stands in a file of Compose.

    Why: It is in git, for everybody who ever gets a copy.

    How: Change it, then give it as a file (`secrets`), or let the environment tell it: `${NAME:?}`.
    A file that by its name (`compose.dev.yaml`), the comment on its top or the README is for a
    pipeline, for tests or for a desk is not meant, nor are plain words in one that mounts the whole
    project to be edited or starts a server for that (`runserver`, `--reload`), nor a password that
    is the name of its user where no port leads to the service. In projects of the template the
    default of a variable is looked at too.

    Source: [Compose: secrets](https://docs.docker.com/compose/how-tos/use-secrets/).
    """
    lines: dict[tuple[str, str], list[int]] = defaultdict(list)
    for each in find_written(facts):
        path = each.file.path
        if is_thrown_away(facts, path):
            continue
        defaults = _find_defaults(each)
        environment = each.data.get("environment")
        # Others give defaults for whoever tries a program out.
        told = [
            *_environment(interpolate(environment, {}) if facts.is_of_template else environment)
        ]
        if any(_UNGUARDED.fullmatch(f"{name}={value}") for _, name, value in told):
            continue
        for key, name, value in told:
            is_secret = names_secret(name) and not is_said_of_secret(name, value)
            is_told = "$" not in value and not is_invented(value) and value not in defaults
            if is_told and path in find_desks(facts) and is_plain_word(value):
                continue
            if is_secret and is_told:
                lines[path, name].append(each.line("environment", key))
    for (path, name), found in lines.items():
        message = f"everybody can read {name} here: change it, then use `secrets`"
        found.sort()
        yield Hit(path, found[0], f"{message}{count_more(found)}")


# Where a search engine asks nobody for a password, its password is none.
_UNGUARDED = compile_lazily(
    r"(?:plugins\.security\.disabled|DISABLE_SECURITY_PLUGIN)=[\"']?true[\"']?"
    r"|xpack\.security\.enabled=[\"']?false[\"']?",
    re.IGNORECASE,
)


def _find_defaults(service: Service) -> set[str]:
    """The names of users and databases: what a password may be where no port leads to a service."""
    told = _environment(service.data.get("environment"))
    is_open = service.data.get("ports")
    return set() if is_open else {said for _, name, said in told if _OF_NAME.search(name)}


_OF_NAME = compile_lazily(r"(?:^|_)(?:USER(?:NAME)?|DB|DATABASE)$", re.IGNORECASE)


@cached_in_facts
def find_desks(facts: Facts) -> frozenset[str]:
    """The files that are for a desk."""
    return frozenset(each.path for each in find_compose(facts) if _is_for_desk(each))


def is_for_others(facts: Facts, service: Service) -> bool:
    """Whether a service is for a machine that others reach: not for a desk, nor for tests."""
    path = service.file.path
    return not is_thrown_away(facts, path) and path not in find_desks(facts)


def _is_for_desk(file: Document) -> bool:
    """Whether a file is for a desk: it mounts all that an image is built from, to be edited.

    Or what it starts is a server that only who edits needs. A folder of settings is mounted to be
    read, beside images that are built elsewhere.
    """
    services = file.table("services").values()
    if not _OF_PRODUCTION.search(file.path) and any(map(_serves_who_edits, services)):
        return True
    is_built = any(isinstance(each, dict) and "build" in each for each in services)
    for each in services:
        volumes = each.get("volumes") if isinstance(each, dict) else None
        mounted = volumes if isinstance(volumes, list) else ()
        sources = [_read_source(one) for one in mounted if is_built or not _is_read_only(one)]
        build = each.get("build") if isinstance(each, dict) else None
        context = build.get("context") if isinstance(build, dict) else build
        whole = {".", normpath(context) if isinstance(context, str) else "."}
        if any(source in _HERE or (source and normpath(source) in whole) for source in sources):
            return True
    return False


_HERE = ("$PWD", "${PWD}")
# Servers that begin anew with each change of a file, or show to everybody what a program holds.
_OF_EDITING = compile_lazily(
    r"\bmanage\.py\s+runserver(?:_plus)?\b|\s--(?:auto-?)?reload\b|\bwatch(?:files|medo)\b|\bnodemon\b"
    r"|\b(?:npm|yarn|pnpm)\s+(?:run\s+)?(?:dev|watch|start:dev|serve:dev)\b|\bfastapi\s+dev\b"
    r"|\bflask\s[^\n]{0,200}--debug\b|\bdebugpy\b|\bng\s+serve\b|\bwebpack(?:-dev-server|\s+serve)\b"
)
_OF_DEVELOPMENT = compile_lazily(
    r"(?:FLASK|NODE|RAILS|APP|DJANGO)_ENV=(?:dev|development|local)", re.IGNORECASE
)


def _serves_who_edits(service: Any) -> bool:
    """Whether a service starts what only who edits a program needs, or says so."""
    if not isinstance(service, dict):
        return False
    started = [service.get(key) for key in ("command", "entrypoint")]
    texts = [" ".join(map(str, each)) if isinstance(each, list) else str(each) for each in started]
    told = _environment(service.get("environment"))
    return any(map(_OF_EDITING.search, texts)) or any(
        _OF_DEVELOPMENT.fullmatch(f"{name}={value}") for _, name, value in told
    )


def _is_read_only(volume: Any) -> bool:
    """Whether a volume is mounted to be read alone, in either form."""
    if isinstance(volume, dict):
        return volume.get("read_only") is True
    return isinstance(volume, str) and "ro" in volume.rpartition(":")[2].split(",")


def _read_source(volume: Any) -> str:
    """What a volume mounts, in either form."""
    if isinstance(volume, dict):
        return str(volume.get("source", ""))
    return volume.partition(":")[0] if isinstance(volume, str) else ""


def _environment(told: Any) -> Iterator[tuple[str | int, str, str]]:
    """Key, name and value of each variable, in either form."""
    if isinstance(told, dict):
        for name, value in told.items():
            if isinstance(name, str) and isinstance(value, str):
                yield name, name, value
    elif isinstance(told, list):
        for number, entry in enumerate(told):
            if isinstance(entry, str) and "=" in entry:
                name, _, value = entry.partition("=")
                yield number, name, value


@rule("CMP005", SHOULD, when=find_compose, must_in=SERVICE)
def databases_are_not_open(facts: Facts) -> Iterator[Hit]:
    """No database is open to the network.

    Why: Docker opens a published port to everybody who reaches the machine, past its firewall.

    How: Leave `ports` out, since services reach each other by their names; or publish it to the
    machine alone: `127.0.0.1:5432:5432`. A file for a pipeline, for tests or for a desk is not
    meant, nor one that mounts the whole project to be edited or starts a server for that.

    Source: [Docker: port publishing](https://docs.docker.com/engine/network/port-publishing/).
    """
    for each in find_services(facts):
        ports = each.data.get("ports")
        path = each.file.path
        if is_thrown_away(facts, path) or path in find_desks(facts):
            continue
        for number, port in enumerate(ports if isinstance(ports, list) else []):
            if database := _DATABASES.get(_read_open_port(port)):
                database = _name_in(str(each.data.get("image", ""))) or database
                # An address alone would be read as the port of the machine.
                before = "127.0.0.1:" if ":" in str(port) else "127.0.0.1::"
                remedy = (
                    "add `host_ip: 127.0.0.1`"
                    if isinstance(port, dict)
                    else (f"write `{before}` before it")
                )
                message = f"{database} is open to everybody: remove this, or {remedy}"
                yield Hit(path, each.line("ports", number), message)


# What listens where another database is known to.
_OTHERS = {
    "opensearch": "OpenSearch",
    "mariadb": "MariaDB",
    "valkey": "Valkey",
    "keydb": "KeyDB",
    "dragonfly": "Dragonfly",
    "ferretdb": "FerretDB",
    "percona": "Percona Server",
}


def _name_in(image: str) -> str:
    """The database whose name stands in that of an image; empty where none is known."""
    return next((name for word, name in _OTHERS.items() if word in image.lower()), "")


def _read_open_port(port: Any) -> int:
    """The port of a container that is open to everybody, in either form; 0 for none."""
    if isinstance(port, dict):
        is_open = port.get("host_ip") in (None, "", "0.0.0.0", "::")  # noqa: S104 - looked for
        is_open &= str(port.get("protocol", "tcp")) == "tcp"
        port = port.get("target") if is_open else None
    match = _OPEN.fullmatch(str(port)) if isinstance(port, str | int) else None
    return int(match[1]) if match else 0
