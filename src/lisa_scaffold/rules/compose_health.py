"""Compose: whether the application itself tells that it works."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from posixpath import normpath

from lisa_scaffold.formats.dockerfile import Dockerfile, Stage
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
from lisa_scaffold.rules.images import find_dockerfiles
from lisa_scaffold.rules.rule import SERVICE, SHOULD, Hit, join_same, rule

Parts = list[Service]
"""One service, as each of the files of its folder describes it."""

# What stands before an application, or keeps its data, is none.
_BESIDE = frozenset(
    [
        *("caddy", "haproxy", "httpd", "nginx", "traefik", "varnish"),
        *("mariadb", "memcached", "mongo", "mysql", "postgres", "rabbitmq", "redis"),
    ]
)


@rule("CMP019", SHOULD, when=find_compose)
def application_tells_whether_it_works(facts: Facts) -> Iterator[Hit]:
    """The application tells whether it works.

    Why: Docker sees that a program has ended, and not that it hangs, or answers with errors alone:
    without a check its container is as good as any other, for `docker compose up --wait`, for a
    release and for who watches it.

    How: Add a `healthcheck` that asks it for a page of its own, or a `HEALTHCHECK` to its
    Dockerfile. In services all is meant that runs all the time and is built here; in other projects
    what starts again after a fault and is published, or stands behind a proxy that does not ask it
    itself. An image whose base may bring a check is not meant, nor is a proxy or a database, nor a
    file for a pipeline, for tests or for a desk.

    Source: [Docker: HEALTHCHECK](https://docs.docker.com/reference/dockerfile/#healthcheck).
    """
    message = "nothing tells whether it works once it has started: add a `healthcheck`"
    checked = {each.name for each in find_services(facts) if "healthcheck" in each.data}
    parts: dict[tuple[str, str], Parts] = defaultdict(list)
    for each in find_services(facts):
        folder = each.file.path[: each.file.path.rfind("/") + 1]
        if each.name not in checked and folder not in find_open(facts):
            parts[folder, each.name].append(each)
    yield from join_same(
        (
            Hit(lasting.file.path, lasting.line(), message)
            for found in parts.values()
            if (lasting := _find_lasting(facts, found)) and _lacks_check(facts, found)
        ),
        across=True,
    )


def _find_lasting(facts: Facts, parts: Parts) -> Service | None:
    """The part that says that a service runs all the time, if it does, and for others."""
    lasting = [each for each in parts if each.restarts and is_for_others(facts, each)]
    if not lasting or parts[0].is_of_one_task or any("extends" in each.data for each in parts):
        return None
    return lasting[0] if facts.kind in SERVICE or _is_reached(facts, parts) else None


def _is_reached(facts: Facts, parts: Parts) -> bool:
    """Whether people come to a service, and no proxy asks it whether it works."""
    if any("profiles" in each.data for each in parts):
        return False
    told = " ".join(str(each.data.get(key)) for each in parts for key in ("labels", "environment"))
    is_proxied = parts[0].name in _find_proxied(facts) or _TELLS_PROXY.search(told)
    is_published = any(each.data.get("ports") and is_for_others(facts, each) for each in parts)
    return bool(is_proxied or is_published) and not _ASKS.search(told)


# A proxy that reads of a container what it leads to, and one that asks it for its health.
_TELLS_PROXY = compile_lazily(r"\btraefik\.http\.|\bcaddy\.reverse_proxy\b|\bVIRTUAL_HOST\b")
_ASKS = compile_lazily(r"(?i)\bhealth_?check\b|\bhealth_(?:uri|path)\b|\bhttpchk\b")
_OF_PROXIES = (
    *("**/Caddyfile*", "**/*.caddy", "**/*nginx*", "**/*.conf", "**/*.conf.*", "**/*haproxy*"),
    "**/*traefik*",
)
_MOST_PROXIES = 200
_LEADS = compile_lazily(r"\b(?:reverse_proxy|proxy_pass|uwsgi_pass|server|url)\b")
_LED_TO = compile_lazily(r"(?<![\w.-])([A-Za-z][\w-]*):\d{2,5}\b")


@cached_in_facts
def _find_proxied(facts: Facts) -> frozenset[str]:
    """The names that the proxies of a project lead to, and do not ask for their health."""
    names: set[str] = set()
    for path in facts.paths(*_OF_PROXIES)[:_MOST_PROXIES]:
        if not _ASKS.search(facts.text(path)):
            leading = (line for line in facts.lines(path) if _LEADS.search(line))
            names |= {name for line in leading for name in _LED_TO.findall(line)}
    return frozenset(names)


def _lacks_check(facts: Facts, parts: Parts) -> bool:
    """Whether no image that a service is certainly made from has a check."""
    built = [each for each in parts if "build" in each.data]
    if not built:
        # Which image it is the place says: it may be any that is made here.
        is_own = any("$" in str(each.data.get("image", "")) for each in parts)
        dockers = find_dockerfiles(facts) if is_own and facts.kind in SERVICE else []
        every = [stage for docker in dockers for stage in docker.stages]
        return bool(every) and not any(map(_has_check, every))
    return all(_is_built_without(facts, each) for each in built)


def _is_built_without(facts: Facts, service: Service) -> bool:
    """Whether an image has no check, by its Dockerfile and by what that starts from."""
    docker, target = _find_dockerfile(facts, service)
    if docker is None:
        return False
    named = [each for each in docker.stages if target and each.name.lower() == target.lower()]
    chain = docker.chain(named[0] if named else docker.stages[-1])
    base = chain[-1].resolved
    # Official images bring no check, by their policy; of others nobody knows.
    is_plain = images.is_known(base) and "/" not in images.read(base).short
    is_other = base == "scratch" or images.read(base).short in _BESIDE
    return is_plain and not is_other and not any(map(_has_check, chain))


def _has_check(stage: Stage) -> bool:
    """Whether a stage says something of health, be it that there is to be no check."""
    return any(each.verb == "HEALTHCHECK" for each in stage.instructions)


def _find_dockerfile(facts: Facts, service: Service) -> tuple[Dockerfile | None, str]:
    """The Dockerfile that a service is built from, if it is seen, and the stage that it takes."""
    told = service.data["build"]
    build = told if isinstance(told, dict) else {"context": told}
    context, name = str(build.get("context", ".")), str(build.get("dockerfile", "Dockerfile"))
    folder = service.file.path[: service.file.path.rfind("/") + 1]
    path = normpath(f"{folder}{context}/{name}")
    found = None if "dockerfile_inline" in build else _index_dockerfiles(facts).get(path)
    return found, str(build.get("target", ""))


@cached_in_facts
def _index_dockerfiles(facts: Facts) -> dict[str, Dockerfile]:
    return {each.path: each for each in find_dockerfiles(facts)}
