"""Compose: how services start, wait for each other, come back, and how much they may take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.rules import images
from lisa_scaffold.rules.compose import (
    Service,
    find_compose,
    find_open,
    find_services,
    is_for_others,
)
from lisa_scaffold.rules.rule import MUST, SERVICE, SHOULD, Hit, count_more, rule

_DATABASES = frozenset(
    [
        *("mariadb", "mongo", "mysql", "postgres", "rabbitmq", "redis", "valkey/valkey"),
        *("postgis/postgis", "timescale/timescaledb", "pgvector/pgvector"),
    ]
)
# Of Docker's official images none brings a check of its own, by their policy.
_UNCHECKED = frozenset(
    [
        *("mariadb", "mongo", "mysql", "postgres", "rabbitmq", "redis", "memcached"),
        *("caddy", "httpd", "nginx", "traefik"),
    ]
)
_SWARM = ("endpoint_mode", "labels", "mode", "placement", "rollback_config", "update_config")


def _names(facts: Facts, tells: Callable[[Service], Any]) -> frozenset[str]:
    """The names of services of which some file tells something: files are read one over another."""
    return frozenset(each.name for each in find_services(facts) if tells(each))


def _limits_memory(service: Service) -> bool:
    limits: Any = service.data
    for key in ("deploy", "resources", "limits"):
        limits = limits.get(key) if isinstance(limits, dict) else None
    return "mem_limit" in service.data or (isinstance(limits, dict) and "memory" in limits)


def _waits(service: Service) -> Iterator[tuple[str | int, str, str]]:
    """Key, name and condition of each service that another one waits for."""
    told = service.data.get("depends_on")
    if isinstance(told, dict):
        for name, how in told.items():
            condition = how.get("condition") if isinstance(how, dict) else None
            yield name, str(name), str(condition or "service_started")
    elif isinstance(told, list):
        for number, name in enumerate(told):
            yield number, str(name), "service_started"


def _find_images(facts: Facts, known: frozenset[str]) -> dict[str, str]:
    """The image of each service that is one of some known images, whatever file says so."""
    found = {}
    for each in find_services(facts):
        short = images.read(str(each.data.get("image", ""))).short
        if short in known:
            found[each.name] = short
    return found


@rule("CMP006", SHOULD, kinds=SERVICE, when=find_compose)
def services_come_back(facts: Facts) -> Iterator[Hit]:
    """What runs all the time starts again after a fault and after a restart of the machine.

    Why: Without a policy a container stays away until somebody notices.

    How: Add `restart: unless-stopped`; to what runs once, `restart: "no"`. What is published runs
    all the time, and so does what stands in a file whose other services start again, unless another
    one waits until it has ended, it has a profile, or its name tells of one task (`migrate`).

    Source: [Docker: restart policies](https://docs.docker.com/engine/containers/start-containers-automatically/).
    """
    comes_back = _names(facts, lambda each: each.restarts or "restart" in each.data)
    lasting = _find_lasting(facts)
    for each in find_services(facts):
        is_lasting = each.data.get("ports") or (each.file.path, each.name) in lasting
        if is_lasting and each.name not in comes_back:
            message = "after a fault it stays away: add `restart: unless-stopped`"
            yield Hit(each.file.path, each.line(), message)


@cached_in_facts
def _find_lasting(facts: Facts) -> frozenset[tuple[str, str]]:
    """File and name of what runs all the time, since what stands beside it does.

    A file that only adds to another one describes no service: it has neither image nor build.
    """
    ending = {
        name
        for each in find_services(facts)
        for _, name, condition in _waits(each)
        if condition == "service_completed_successfully"
    }
    of_profiles = _names(facts, lambda each: "profiles" in each.data)
    files = {each.file.path for each in find_services(facts) if each.restarts}
    return frozenset(
        (each.file.path, each.name)
        for each in find_services(facts)
        if each.file.path in files and is_for_others(facts, each)
        if each.data.keys() & {"image", "build"} and "extends" not in each.data
        if each.name not in ending | of_profiles and not each.is_of_one_task
    )


@rule("CMP007", MUST, when=find_compose)
def health_can_be_told(facts: Facts) -> Iterator[Hit]:
    """A service that others wait for until it is healthy has a health check.

    Why: Compose gives up when it is to wait for the health of a container without a check, and
    nothing that waits is started. Docker's official images bring none.

    How: Add a `healthcheck`, such as `test: [CMD, pg_isready]` for PostgreSQL.

    Source: [Compose: startup order](https://docs.docker.com/compose/how-tos/startup-order/);
    [official images](https://github.com/docker-library/faq#healthcheck).
    """
    checked = _names(facts, lambda each: "healthcheck" in each.data)
    built = _names(facts, lambda each: "build" in each.data)
    known = _find_images(facts, _UNCHECKED)
    if find_open(facts):
        return
    for each in find_services(facts):
        for key, name, condition in _waits(each):
            is_plain = name in known and name not in built and name not in checked
            if condition == "service_healthy" and is_plain:
                message = f"{known[name]} has no health check to wait for: add one to `{name}`"
                yield Hit(each.file.path, each.line("depends_on", key), message)


@rule("CMP008", SHOULD, when=find_compose, strict=True)
def databases_are_waited_for(facts: Facts) -> Iterator[Hit]:
    """Who needs a database starts once it answers.

    Why: A container counts as started long before the database in it takes connections: what
    starts at the same time fails now and then, and most of all on a new machine.

    How: Give the database a `healthcheck`, and wait for it with `condition: service_healthy`.

    Source: [Compose: startup order](https://docs.docker.com/compose/how-tos/startup-order/).
    """
    known = _find_images(facts, _DATABASES)
    waited = {
        (each.name, name)
        for each in find_services(facts)
        for _, name, condition in _waits(each)
        if condition == "service_healthy"
    }
    lines: dict[tuple[str, str], list[int]] = defaultdict(list)
    for each in find_services(facts):
        for key, name, _ in _waits(each):
            if name in known and (each.name, name) not in waited:
                lines[each.file.path, name].append(each.line("depends_on", key))
    for (path, name), found in lines.items():
        message = (
            f"`{name}` may not answer yet: add a health check to it, and here `condition: "
            f"service_healthy`{count_more(found)}"
        )
        yield Hit(path, found[0], message)


# What is read over the other files where a release is tried out, and not in production.
_OF_REHEARSAL = compile_lazily(r"(?i)[^/]*(?:pre-?prod|staging)[^/]*$")


@rule("CMP009", SHOULD, kinds=SERVICE, when=find_compose)
def memory_is_limited(facts: Facts) -> Iterator[Hit]:
    """What runs all the time may take only so much memory.

    Why: Without a limit one container can take all of the machine's memory, and the kernel then
    ends whatever it likes: often the database.

    How: Add `deploy: {resources: {limits: {memory: 512m}}}`, with twice of what it takes.

    Source: [Docker: resource constraints](https://docs.docker.com/engine/containers/resource_constraints/).
    """
    limited = _names(
        facts, lambda each: _limits_memory(each) and not _OF_REHEARSAL.search(each.file.path)
    )
    once = _names(facts, lambda each: "restart" in each.data and not each.restarts)
    lasting = _find_lasting(facts)
    for each in find_services(facts):
        is_lasting = each.restarts or (
            (each.file.path, each.name) in lasting and each.name not in once
        )
        if is_lasting and each.name not in limited and "extends" not in each.data:
            message = "it may take all memory of the machine: add `deploy.resources.limits.memory`"
            yield Hit(each.file.path, each.line(), message)


@rule("CMP010", SHOULD, when=find_compose, strict=True)
def keys_have_an_effect(facts: Facts) -> Iterator[Hit]:
    """No key stands in a file that Compose ignores.

    Why: Compose has not read `version` since 2020 and warns of it at each call. What Swarm alone
    understands looks as if updates were rolled out one by one, and is passed over.

    How: Remove it. `deploy/release` of a service of the template replaces containers one by one.

    Source: [Compose: version](https://docs.docker.com/reference/compose-file/version-and-name/);
    [Compose: deploy](https://docs.docker.com/reference/compose-file/deploy/).
    """
    for file in find_compose(facts):
        if "version" in file.data:
            message = "Compose ignores `version` and warns of it: remove the line"
            yield Hit(file.path, file.line("version"), message)
    # Who runs it by Swarm means what stands there; a service of the template is run by Compose.
    for each in find_services(facts) if facts.kind in SERVICE else ():
        deploy = each.data.get("deploy")
        for key in _SWARM:
            if isinstance(deploy, dict) and key in deploy:
                message = f"Compose ignores `{key}`, which Swarm alone understands: remove it"
                yield Hit(each.file.path, each.line("deploy", key), message)


@rule("CMP011", MUST, when=find_compose)
def names_are_for_one(facts: Facts) -> Iterator[Hit]:
    """A service with a container's name runs once.

    Why: Two containers cannot have the same name: Compose refuses the whole file.

    How: Remove `container_name`; `docker compose exec NAME` takes the name of the service.

    Source: [Compose: container_name](https://docs.docker.com/reference/compose-file/services/#container_name).
    """
    for each in find_services(facts):
        deploy = each.data.get("deploy")
        replicas = deploy.get("replicas") if isinstance(deploy, dict) else None
        counts = [each.data.get("scale"), replicas]
        is_many = any(isinstance(count, int) and count > 1 for count in counts)
        if is_many and each.data.get("container_name"):
            message = "Compose cannot give one name to several containers: remove `container_name`"
            yield Hit(each.file.path, each.line("container_name"), message)


_BACKUP = compile_lazily(r"(?i)(?:^|[-_./])(?:pg)?(?:db)?[-_]?backups?(?:$|[-_./:@])")
_RESTORES = compile_lazily(r"(?i)restor(?:e|ing)")
_OF_BACKUP = compile_lazily(
    r"(?i)backup|back(?:ed)?[- ]up|dump|database|postgres|psql|mysql|mariadb|mongo|redis|snapshot"
    r"|barman|pgbackrest|restic|borg|\bdb\b|\bwal\b|\bdata\b|volume|bucket"
)
_PAGES = ("**/*.md", "**/*.rst", "**/*.txt")
_CODE = ("**/*.sh", "**/*.py", "**/Makefile", "**/justfile")
_SCRIPTS = ("bin/*", "scripts/**", "docker/**", "deploy/**", "ops/**", "operations/**")


@rule("CMP012", SHOULD, when=find_compose)
def backups_are_restored(facts: Facts) -> Iterator[Hit]:
    """Where backups are made, something says how they are restored.

    Why: A backup that nobody has restored is a hope. Half of the faults (a wrong key, an empty
    dump, another version) are found only then.

    How: Write a script that restores into a fresh database and compares, and run it on a schedule.

    Source: [PostgreSQL: backup and restore](https://www.postgresql.org/docs/current/backup.html).
    """
    made = [
        each
        for each in find_services(facts)
        if _BACKUP.search(each.name) or _BACKUP.search(str(each.data.get("image", "")))
    ]
    if not made:
        return
    pages = facts.paths(*_PAGES)
    code = [*facts.paths(*_CODE, *_SCRIPTS), *(file.path for file in find_compose(facts))]
    if any(_RESTORES.search(path) for path in (*pages, *code)):
        return
    if any(_tells_of_restoring(facts, path, is_code=False) for path in pages):
        return
    if any(_tells_of_restoring(facts, path, is_code=True) for path in code):
        return
    message = "nothing here says how this backup is restored: write it down, and try it"
    yield Hit(made[0].file.path, made[0].line(), message)


_NEAR = 10
"""Lines around a word of which a sentence or a command may speak."""


def _tells_of_restoring(facts: Facts, path: str, *, is_code: bool) -> bool:
    """Whether a file tells of restoring data: in code by more than a comment.

    Much else is restored: a cache, a window, a setting, an old behaviour in a changelog.
    """
    if not _RESTORES.search(facts.text(path)):
        return False
    lines = list(facts.lines(path))
    for number, line in enumerate(lines):
        if not _RESTORES.search(line) or (is_code and line.lstrip().startswith("#")):
            continue
        near = lines[max(number - _NEAR, 0) : number + _NEAR + 1]
        if any(_OF_BACKUP.search(each) for each in near):
            return True
    return False
