"""Compose: whether Caddy, as the files lead it, speaks TLS with those who come."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import normpath
from typing import NamedTuple

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.rules.compose import Service, find_services, is_for_others
from lisa_scaffold.rules.rule import SERVICE, SHOULD, Hit, rule

_PLACES = ("/etc/caddy", "/etc/caddy/Caddyfile")
_OPEN_TLS = compile_lazily(r"(?:(?:0\.0\.0\.0|\[::\]):)?443:\d{1,5}(?:/(?:tcp|udp))?")


class Site(NamedTuple):
    """A block of a Caddyfile.

    Attributes
    ----------
    line
        Where its addresses begin.
    addresses
        None where it has settings for all.
    first
        The line of the first of its lines.
    body
        Its lines, without comments.
    """

    line: int
    addresses: tuple[str, ...]
    first: int
    body: tuple[str, ...]


@cached_in_facts
def _find_caddyfiles(facts: Facts) -> list[str]:
    """The files that lead a Caddy to which people come by 443."""
    services = [each for each in find_services(facts) if is_for_others(facts, each)]
    opening = {each.name for each in services if any(map(_opens_tls, _list(each, "ports")))}
    mounted = (path for each in services if each.name in opening for path in _mount(facts, each))
    return [*dict.fromkeys(mounted)]


def _list(service: Service, key: str) -> list[object]:
    told = service.data.get(key)
    return told if isinstance(told, list) else []


def _opens_tls(port: object) -> bool:
    if isinstance(port, dict):
        port = f"{port.get('host_ip') or '0.0.0.0'}:{port.get('published')}:1"  # noqa: S104 - looked for
    return _OPEN_TLS.fullmatch(str(port)) is not None


def _mount(facts: Facts, service: Service) -> Iterator[str]:
    """The Caddyfile that a service mounts, alone or in its folder."""
    folder = service.file.path[: service.file.path.rfind("/") + 1]
    for volume in _list(service, "volumes"):
        source, _, target = str(volume).partition(":")
        if isinstance(volume, dict):
            source, target = str(volume.get("source")), str(volume.get("target"))
        target = target.partition(":")[0].rstrip("/")
        path = normpath(f"{folder}{source}{'/Caddyfile' if target == _PLACES[0] else ''}")
        if target in _PLACES and source[:1] != "/" and path in facts.files:
            yield path


@rule("CMP020", SHOULD, when=_find_caddyfiles, must_in=SERVICE)
def proxy_speaks_tls(facts: Facts) -> Iterator[Hit]:
    """People come to Caddy's sites by TLS.

    Why: What is sent over an open line, passwords included, is read and changed by whoever is
    between; and a site at `http://` is not led to TLS either.

    How: Write the name alone, `site.example.org`: Caddy then fetches a certificate, and leads those
    who come by `http` to it. Meant are the files that Compose gives to a Caddy whose port 443 is
    open, for sites that lead to something: not those of this machine or of a network within, nor
    one that sends people on, nor what has the same name at TLS, nor where another proxy stands in
    front (`trusted_proxies`).

    Source: [Caddy: automatic HTTPS](https://caddyserver.com/docs/automatic-https).
    """
    for path in _find_caddyfiles(facts):
        yield from _judge(path, _read_sites(facts.lines(path)))


def _judge(path: str, sites: list[Site]) -> Iterator[Hit]:
    """What a Caddyfile has at open lines."""
    texts = ["\n".join(site.body) for site in sites]
    if any(map(_OF_FRONT.search, texts)):
        return
    names = [[*map(_read_address, site.addresses)] for site in sites]
    serving = [
        (site, name, is_open)
        for site, text, named in zip(sites, texts, names, strict=True)
        if _SERVES.search(text) and not _LEADS_ELSEWHERE.search(text)
        for name, is_open in named
        if not _WITHIN.fullmatch(name)
    ]
    if serving and not any(map(_MAY_HAVE_TLS.search, texts)):
        for site in (each for each in sites if not each.addresses):
            for number, line in enumerate(site.body, site.first):
                if _OFF.fullmatch(line):
                    yield Hit(path, number, "no site here speaks TLS: remove `auto_https off`")
                    return
    safe = {name for named in names for name, is_open in named if not is_open}
    for site, name, is_open in serving:
        if is_open and name not in safe:
            message = f"people come over an open line: write `{name}` without `http://`"
            yield Hit(path, site.line, message)


_OFF = compile_lazily(r"\s*auto_https\s+off\s*")
_MAY_HAVE_TLS = compile_lazily(r"(?m)^[ \t]*(?:tls|import)\b")
# Another proxy stands in front.
_OF_FRONT = compile_lazily(r"(?m)^[ \t]*trusted_proxies\b")
_SERVES = compile_lazily(r"(?m)^[ \t]*(?:reverse_proxy|php_fastcgi|file_server)\b")
# It sends people on, is reached from the machine alone, or may do either by what is read there.
_LEADS_ELSEWHERE = compile_lazily(r"(?m)^[ \t]*(?:redir|bind|import|abort)\b|\bhttps://\{")
# The machine itself, a number, a name without a domain, and names that are for networks within.
_WITHIN = compile_lazily(
    r"(?i)|[\w-]+|\[[\da-f:]+\]|[\d.]+|[*\w.-]+\.(?:localhost|local|internal|intranet|lan|home|test"
    r"|arpa|localdomain|corp|onion|private)"
)
_ADDRESS = compile_lazily(
    r"(?:(https?)://)?((?:\{[^{}]*\}|[^:/{}\[\]]|\[[^\]]*\])*)(?::(\d+))?(?:/.*)?"
)


def _read_address(address: str) -> tuple[str, bool]:
    """The name in an address, and whether it is for those who come without TLS, by port 80."""
    match = _ADDRESS.fullmatch(address)
    scheme, name, port = match.groups() if match else (None, "", None)
    return name, port in (None, "80") and (scheme == "http" or (not scheme and port == "80"))


def _read_sites(lines: list[str]) -> list[Site]:
    """The blocks of a Caddyfile, those of settings with no address; none where it is unclear.

    Without a block the first line has the addresses, and the others are the site.
    """
    sites: list[Site] = []
    addresses: list[str] = []
    body: list[str] = []
    depth = start = first = 0
    for number, line in enumerate(lines, 1):
        words = line.split() if not line.lstrip().startswith("#") else []
        if depth == 0 and words:
            start = start if addresses else number
            addresses += " ".join(words).replace(",", " ").split()
            if words[-1] == "{":
                depth, first, body = 1, number + 1, []
                addresses.pop()
            elif words[0] == "import":
                # Of what is read there, nothing is known.
                sites.append(Site(number, (), number, (line,)))
                addresses = []
            elif not words[-1].endswith(","):
                alone = Site(start, tuple(addresses), number + 1, tuple(lines[number:]))
                return [] if sites else [alone]
        elif depth:
            depth -= words[:1] == ["}"]
            if depth == 0:
                sites.append(Site(start, tuple(addresses), first, tuple(body)))
                addresses = []
            depth += words[-1:] == ["{"]
            body.append(line if words else "")
    return [] if depth or addresses else sites
