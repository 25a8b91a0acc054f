"""Compose: what whoever breaks into a service, or comes past the proxy, gets besides."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.compose import (
    Service,
    find_compose,
    find_services,
    is_for_others,
)
from lisa_scaffold.rules.rule import MADE_TO_RUN, PIPELINE, SERVICE, SHOULD, Hit, is_made, rule

# What looks at other containers, starts some, or needs the machine itself for what it does.
_OF_MACHINE = compile_lazily(
    r"traefik|nginx-proxy|docker-gen|acme|letsencrypt|swag|caddy-docker|watchtower|portainer|dozzle"
    r"|socket-?proxy|dockerproxy|docker-proxy|autoheal|ofelia|cadvisor|exporter|agent|datadog|promtail"
    r"|alloy|vector|fluent|filebeat|metricbeat|telegraf|netdata|grafana|loki|runner|dind|(?:^|/)docker:"
    r"|buildkit|jenkins|drone|woodpecker|concourse|spawner|hub|airflow|dagster|prefect|k3[sd]|kind|kube"
    r"|minikube|localstack|lambda|judge|sandbox|executor|vpn|wireguard|tailscale|cvmfs|systemd|cron"
    r"|scheduler|daemon|fuse|nfs|samba|backup|registry|quickstart|sshd?$",
    re.IGNORECASE,
)
_SOCKET = compile_lazily(r"(?:/var)?/run/docker\.sock")
_ROOT = ("0", "root")
_AT_HOME = ("127.", "localhost:", "[::1]:")


def _is_published(service: Service) -> bool:
    """Whether a port of a service is open beyond its machine."""
    ports = service.data.get("ports")
    return any(map(_is_open, ports if isinstance(ports, list) else []))


def _is_open(port: Any) -> bool:
    """Whether a port is open beyond its machine, in either form."""
    if isinstance(port, dict):
        port = f"{port.get('host_ip') or '0.0.0.0'}:"  # noqa: S104 - looked for
    return not str(port).startswith(_AT_HOME)


@rule("CMP013", SHOULD, when=find_compose, must_in=SERVICE)
def machine_is_not_given_away(facts: Facts) -> Iterator[Hit]:
    """What is reached from outside does not have the whole machine.

    Why: Whoever breaks into a container that is privileged, or that has Docker's socket, has the
    machine, and all that runs on it. As root it is easier to get out of any container.

    How: Remove it. What a container needs of the machine is named in `cap_add` and `devices`; a
    proxy before Docker's socket lets through what is needed alone; `user` names an ordinary user.
    Runners, agents and proxies that are made for the socket are not meant, nor what runs once, nor
    a file for a pipeline, for tests or for a desk. In services all is looked at, in other projects
    what is published.

    Source: [Docker: security](https://docs.docker.com/engine/security/#docker-daemon-attack-surface).
    """
    for each in find_services(facts):
        is_reached = facts.kind in SERVICE or _is_published(each)
        names = (each.name, str(each.data.get("image", "")))
        is_made_for_it = each.is_of_one_task or any(map(_OF_MACHINE.search, names))
        if is_reached and not is_made_for_it and is_for_others(facts, each):
            yield from _find_given(each)


def _find_given(service: Service) -> Iterator[Hit]:
    """What a service has of its machine."""
    path = service.file.path
    if str(service.data.get("privileged")).lower() == "true":
        message = (
            "who breaks in here has the machine: remove it, or list what it needs in `cap_add`"
        )
        yield Hit(path, service.line("privileged"), message)
    volumes = service.data.get("volumes")
    for number, volume in enumerate(volumes if isinstance(volumes, list) else []):
        source = volume.get("source") if isinstance(volume, dict) else str(volume).split(":")[0]
        if isinstance(source, str) and _SOCKET.fullmatch(source):
            message = "who breaks in here has the machine: remove Docker's socket, or put a proxy "
            message += "before it that lets through what is needed alone"
            yield Hit(path, service.line("volumes", number), message)
    if str(service.data.get("user", "")).partition(":")[0] in _ROOT:
        yield Hit(
            path, service.line("user"), "it runs as root: write the number of an ordinary user"
        )


_TRUSTS = compile_lazily(
    r"POSTGRES_HOST_AUTH_METHOD=trust"
    r"|(?:MYSQL_ALLOW_EMPTY_PASSWORD|MARIADB_ALLOW_EMPTY_ROOT_PASSWORD)=(?:1|yes|true|on)",
    re.IGNORECASE,
)


@rule("CMP014", SHOULD, when=find_compose, must_in=SERVICE)
def databases_ask_for_passwords(facts: Facts) -> Iterator[Hit]:
    """A database asks for a password.

    Why: With `trust`, or without a password, whatever reaches it is its administrator: each other
    container in its network, and whoever breaks into one.

    How: Remove the setting, and give the password as a file: `POSTGRES_PASSWORD_FILE`. A file for
    a pipeline, for tests or for a desk is not meant.

    Source: [PostgreSQL's image](https://hub.docker.com/_/postgres#postgres_host_auth_method): not
    recommended.
    """
    for each in find_services(facts):
        if not is_for_others(facts, each):
            continue
        for key, said in _list_settings(each.data.get("environment")):
            if _TRUSTS.fullmatch(said):
                message = "it lets in whatever reaches it: remove this, and set a password"
                yield Hit(each.file.path, each.line("environment", key), message)


def _list_settings(told: Any) -> Iterator[tuple[str | int, str]]:
    """Key, and ``NAME=value`` in one, of each variable: YAML reads `yes` as true."""
    if isinstance(told, dict):
        yield from ((str(name), f"{name}={value}") for name, value in told.items())
    elif isinstance(told, list):
        yield from ((number, str(entry)) for number, entry in enumerate(told))


_PROXY = frozenset(["80", "443"])
# On which applications listen that a proxy stands before.
_BEHIND = frozenset(["3000", "5000", "8000", "8001", "8080", "8888", "9000"])
_PAIR = compile_lazily(r"(?:.*:)?(\d{1,5}):(\d{1,5})(?:/tcp)?")


@rule("CMP015", SHOULD, kinds=SERVICE, when=find_compose)
def nothing_is_open_beside_the_proxy(facts: Facts) -> Iterator[Hit]:
    """Where a proxy answers, the application behind it is not open as well.

    Why: Whoever asks the application itself passes by TLS, by the proxy's limits, and by what it
    keeps from strangers, such as `/metrics`.

    How: Leave the port out, since the proxy reaches the service by its name; or open it to the
    machine alone: `127.0.0.1:8000:8000`. A file for a pipeline, for tests or for a desk is not
    meant.

    Source: [Docker: port publishing](https://docs.docker.com/engine/network/port-publishing/).
    """
    # Files of one folder are read one over another.
    folders: dict[str, list[tuple[Service, int, str, str]]] = defaultdict(list)
    for each in find_services(facts):
        folders[each.file.path.rpartition("/")[0]] += [(each, *open_) for open_ in _list_open(each)]
    for opened in folders.values():
        if not any(host in _PROXY for _, _, host, _ in opened):
            continue
        for each, number, host, inner in opened:
            if {host, inner} <= _BEHIND and is_for_others(facts, each):
                message = (
                    "open to all beside 80 and 443: remove this, or write `127.0.0.1:` before it"
                )
                yield Hit(each.file.path, each.line("ports", number), message)


# What listens there asks nobody who he is, as it comes.
_ASKS_NOBODY = {
    "2019": "Caddy's administration",
    "2375": "Docker's API",
    "9090": "Prometheus",
    "9091": "Prometheus' push gateway",
    "9093": "Alertmanager",
    "9100": "the node exporter",
    "9115": "the blackbox exporter",
    "9187": "the PostgreSQL exporter",
}


@rule("CMP016", SHOULD, kinds=SERVICE, when=find_compose)
def what_asks_nobody_is_not_open(facts: Facts) -> Iterator[Hit]:
    """What operators look at and turn is open to them alone.

    Why: Caddy's administration, Prometheus and its exporters have no login: whoever reaches them
    reads what the site does, and makes the proxy lead wherever he likes.

    How: Leave the port out, or open it to the machine alone, `127.0.0.1:9090:9090`, and come
    through SSH. A file for a pipeline, for tests or for a desk is not meant.

    Source: [Prometheus: security model](https://prometheus.io/docs/operating/security/),
    [Caddy: admin](https://caddyserver.com/docs/caddyfile/options#admin).
    """
    for each in find_services(facts):
        ports = each.data.get("ports")
        for number, port in enumerate(ports if isinstance(ports, list) else []):
            inner = _read_inner(port)
            if inner in _ASKS_NOBODY and is_for_others(facts, each):
                what = f"{_ASKS_NOBODY[inner]} is open to everybody, and has no login"
                message = f"{what}: remove this, or write `127.0.0.1:` before it"
                yield Hit(each.file.path, each.line("ports", number), message)


_INNER = compile_lazily(
    r"(?:(?:0\.0\.0\.0|\[::\]):)?(?:(?:\d{0,5}|\$\{?\w*PORT\w*(?::?\?[^{}]*)?\}?):)?(\d{1,5})(?:/tcp)?"
)


def _read_inner(port: Any) -> str:
    """The port of a container that is open to everybody, in either form; empty for none."""
    if isinstance(port, dict):
        port = port.get("target") if _is_open(port) else None
    match = _INNER.fullmatch(str(port))
    return match[1] if match else ""


def _is_made_with_compose(facts: Facts) -> bool:
    """Whether the files of Compose are those that the template made, and what they are is known."""
    return bool(find_compose(facts)) and is_made(facts, MADE_TO_RUN)


@rule("CMP018", SHOULD, kinds=PIPELINE, when=_is_made_with_compose)
def desk_is_reached_from_itself(facts: Facts) -> Iterator[Hit]:
    """A pipeline's desk is reached from its own machine alone.

    Why: Whoever comes into Airflow at a desk starts containers there, with all that the machine
    has; and Docker opens a published port past the machine's firewall.

    How: Write `127.0.0.1:` before the port. A pipeline for others runs by the chart.

    Source: [Docker: port publishing](https://docs.docker.com/engine/network/port-publishing/).
    """
    for each in find_services(facts):
        ports = each.data.get("ports")
        for number, port in enumerate(ports if isinstance(ports, list) else []):
            if _is_open(port) and not _MAY_BE_HOME.match(str(port)):
                message = (
                    "whoever reaches this machine reaches its desk: write `127.0.0.1:` before it"
                )
                yield Hit(each.file.path, each.line("ports", number), message)


# A variable that may hold an address, and not a port.
_MAY_BE_HOME = compile_lazily(r"\$(?!\{?\w*PORT)")


@rule("CMP017", SHOULD, kinds=SERVICE, when=_is_made_with_compose)
def containers_may_do_little(facts: Facts) -> Iterator[Hit]:
    """A container has no more rights than it needs.

    Why: Whoever breaks into it goes on from there with what it may do: write what is run next, or
    use what the kernel gives to root.

    How: Let it have what the others have: `<<: *hardened`, or `cap_drop: [ALL]` and `read_only:
    true`. What it writes goes to `tmpfs` or a volume; what it needs of the kernel stands in
    `cap_add`.

    Source: [OWASP: Docker security](https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html).
    """
    dropping = {each.name for each in find_services(facts) if _drops_all(each)}
    for each in find_services(facts):
        if not is_for_others(facts, each):
            continue
        is_whole = each.data.keys() & {"build", "image"} and "extends" not in each.data
        if is_whole and each.name not in dropping:
            message = "it has rights of root that it may not need: add `cap_drop: [ALL]`"
            yield Hit(each.file.path, each.line(), message)
        if each.data.get("read_only") is False:
            message = "who breaks in here changes what is run: write `read_only: true`"
            yield Hit(each.file.path, each.line("read_only"), message)


def _drops_all(service: Service) -> bool:
    dropped = service.data.get("cap_drop")
    return isinstance(dropped, list) and "ALL" in {str(each).upper() for each in dropped}


def _list_open(service: Service) -> Iterator[tuple[int, str, str]]:
    """Place, port of the machine and port of the container, where one is open to others."""
    ports = service.data.get("ports")
    for number, port in enumerate(ports if isinstance(ports, list) else []):
        told = port
        if isinstance(port, dict):
            told = f"{port.get('published')}:{port.get('target')}"
        match = _PAIR.fullmatch(str(told)) if _is_open(port) else None
        if match:
            yield number, match[1], match[2]
