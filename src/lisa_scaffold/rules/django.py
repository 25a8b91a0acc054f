"""Django: settings that must not reach people. What is for a desk or for tests is left alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from lisa_scaffold.formats.document import Problem
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.rules.compose import find_compose
from lisa_scaffold.rules.django_parts import find_unnamed, read_parts
from lisa_scaffold.rules.images import find_dockerfiles
from lisa_scaffold.rules.rule import SERVICE, SHOULD, Hit, is_made, rule

_SETTINGS = ("**/settings.py", "**/settings/**.py", "**/settings_*.py", "**/*_settings.py")
_NO_PROJECT = compile_lazily(
    r"(?:.*/)?(?:tests?|testing|testdata|fixtures|templates?|examples?|demo\w*|docs?|sandbox"
    r"|dev(?:el(?:opment)?)?(?:[-_]?(?:env\w*|project|server|site))?"
    r"|benchmarks?|node_modules|vendor|site-packages)/.*|.*[{}].*|(?:.*[/_])?tests?(?:_\w+)?\.py"
)
_PRODUCTION = compile_lazily(
    r"(?:.*/)?settings(?:/(?:\w+/)*|_)(?:pre_?)?(?:prod|production|staging)\.py"
    r"|(?:.*/)?(?:pre_?)?(?:prod|production|staging)_settings\.py"
)
_MARK = compile_lazily(r"\b(?:INSTALLED_APPS|ALLOWED_HOSTS|MIDDLEWARE|DATABASES|SECRET_KEY)\b")
_NAMED = compile_lazily(r"DJANGO_SETTINGS_MODULE[\"']?\s*(?:,|\]\s*=|=|:)\s*[\"']?([\w.]+)")


class Settings(NamedTuple):
    """Settings that a site runs with.

    Attributes
    ----------
    path
        The file.
    values
        What a name is set to in the end, where that is written there once and for all: neither
        under a condition, nor before an import that may change it.
    """

    path: str
    values: dict[str, ast.expr]


@cached_in_facts
def find_settings(facts: Facts) -> list[Settings]:
    """The settings that are certainly those of production.

    A name such as ``settings/production.py`` tells so. Where no file has one, it is the module that
    ``wsgi.py`` names, of a project that is run as an image and has no other settings.
    """
    paths = [
        path
        for path in facts.paths(*_SETTINGS)
        if not _NO_PROJECT.fullmatch(path) and _MARK.search(facts.text(path))
    ]
    if named := [path for path in paths if _PRODUCTION.fullmatch(path)]:
        return [each for path in named if (each := _read(facts, path))]
    only = _find_served(facts, paths)
    return [each for path in only if (each := _read(facts, path))]


def _find_served(facts: Facts, paths: list[str]) -> list[str]:
    """The only settings, where ``wsgi.py`` or ``asgi.py`` names them and nothing replaces them."""
    entries = facts.paths("**/wsgi.py", "**/asgi.py")
    named = {each for path in entries for each in _NAMED.findall(facts.text(path))}
    images = [each.path for each in find_dockerfiles(facts)]
    runs = [*images, *(each.path for each in find_compose(facts))]
    elsewhere = [*runs, *facts.paths("**/.env*", "**/*.env", "**/*.sh", "**/Procfile")]
    told = {each for path in elsewhere for each in _NAMED.findall(facts.text(path))}
    if len(named) != 1 or len(paths) != 1 or not runs or told - named:
        return []
    wanted = f"{min(named).replace('.', '/')}.py"
    path = paths[0]
    return paths if path == wanted or path.endswith(f"/{wanted}") else []


def _read(facts: Facts, path: str) -> Settings | None:
    tree = facts.python(path)
    if isinstance(tree, Problem):
        return None
    values: dict[str, ast.expr] = {}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign) and node.value:
            targets = [node.target]
        names = [each.id for each in targets if isinstance(each, ast.Name)]
        value = getattr(node, "value", None)
        values |= {name: value for name in names if isinstance(value, ast.expr)}
        if not names:
            # A condition, a loop, `from .local import *`, `env.read_env(...)`.
            _forget(values, node)
    return Settings(path, values)


def _forget(values: dict[str, ast.expr], node: ast.stmt) -> None:
    """Drop what a statement may set to something else."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
            values.pop(inner.id, None)
        is_open = isinstance(inner, ast.ImportFrom) and inner.names[0].name == "*"
        calls = inner.func if isinstance(inner, ast.Call) else None
        names = ("exec", "include", "locals", "globals", "vars")
        is_open |= isinstance(calls, ast.Name) and calls.id in names
        if is_open:
            values.clear()


def _constant(value: ast.expr | None) -> object:
    """What is written out; ``...`` for what is worked out, or comes from outside."""
    return value.value if isinstance(value, ast.Constant) else ...


@rule("DJA001", SHOULD, when=find_settings, must_in=SERVICE)
def debug_is_off(facts: Facts) -> Iterator[Hit]:
    """Debugging is off where people come.

    Why: An error then shows its visitor the source, the settings and the queries; and each query
    stays in memory.

    How: Write `DEBUG = False`, or `DEBUG = os.environ.get("DEBUG") == "1"` for a desk.

    Source: [Django: deployment checklist](https://docs.djangoproject.com/en/stable/howto/deployment/checklist/#debug).
    """
    for each in find_settings(facts):
        value = each.values.get("DEBUG")
        if value and _constant(value) is True:
            message = "an error shows its visitor the source and settings: write `DEBUG = False`"
            yield Hit(each.path, value.lineno, message)


@rule("DJA002", SHOULD, when=find_settings, must_in=SERVICE)
def hosts_are_named(facts: Facts) -> Iterator[Hit]:
    """A site answers to its own names alone.

    Why: With `*` it takes over whatever name a request carries: links in its mails, such as those
    that reset a password, can be made to lead elsewhere.

    How: Name the hosts, or let the environment name them.

    Source: [Django: ALLOWED_HOSTS](https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts).
    """
    for each in find_settings(facts):
        value = each.values.get("ALLOWED_HOSTS")
        hosts = value.elts if isinstance(value, (ast.List, ast.Tuple)) else []
        if any(_constant(host) == "*" for host in hosts):
            message = "anybody chooses the site's name in its links: list its hosts instead of `*`"
            yield Hit(each.path, hosts[0].lineno, message)


_PLACEHOLDER = compile_lazily(
    r"(?i).*(?:change|replace|todo|your|placeholder|\{\{|\$\{|<\w).*", re.S
)


@rule("DJA003", SHOULD, when=find_settings, must_in=SERVICE)
def key_is_secret(facts: Facts) -> Iterator[Hit]:
    """The key of production does not stand in its settings.

    Why: Whoever has it can log in as anybody where sessions are kept in cookies, and forge what is
    signed: links that reset a password among them.

    How: Make a new one, and read it from the environment or from a file.

    Source: [Django: deployment checklist](https://docs.djangoproject.com/en/stable/howto/deployment/checklist/#secret-key).
    """
    for each in find_settings(facts):
        value = each.values.get("SECRET_KEY")
        key = _constant(value)
        if value and isinstance(key, str) and key and not _PLACEHOLDER.fullmatch(key):
            message = "everybody can read this key: replace it, and read it from the environment"
            yield Hit(each.path, value.lineno, message)


@rule("DJA004", SHOULD, when=find_settings, must_in=SERVICE)
def cookies_need_tls(facts: Facts) -> Iterator[Hit]:
    """A login's cookie goes over TLS alone.

    Why: Over an open line whoever listens takes the login over.

    How: Write `True`; a desk without TLS says otherwise in settings of its own. Django's default is
    `False`: a setting that no file names is meant where the others tell that the site speaks TLS.

    Source: [Django: deployment checklist](https://docs.djangoproject.com/en/stable/howto/deployment/checklist/#https).
    """
    for each in find_settings(facts):
        for name in _COOKIES:
            value = each.values.get(name)
            is_off = value is not None and _constant(value) is False
            if is_off or (_has_logins_by_tls(facts, each) and name in find_unnamed(facts)):
                message = f"a login may go over an open line: write `{name} = True`"
                yield Hit(each.path, value.lineno if value else 1, message)


_COOKIES = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE")
_SPEAKS_TLS = compile_lazily(
    r"(?m)^(?:SECURE_PROXY_SSL_HEADER[ \t]*=[ \t]*\(|SECURE_SSL_REDIRECT[ \t]*=[ \t]*True\b"
    r"|SECURE_HSTS_SECONDS[ \t]*=[ \t]*[1-9])"
)
_SESSIONS = compile_lazily(r"\bSessionMiddleware\b")
_MARKS_COOKIES = compile_lazily(r"(?i)\bproxy_cookie_\w+|\bset-cookie\b")


def _has_logins_by_tls(facts: Facts, settings: Settings) -> bool:
    """Whether settings, all of which are seen, keep sessions, and say that a site speaks TLS."""
    said = read_parts(facts, settings.path)
    return bool(
        _SPEAKS_TLS.search(said)
        and _SESSIONS.search(said)
        and not _MARKS_COOKIES.search(_read_fronts(facts))
    )


# Whatever answers before Django may redirect, and send the header, itself.
_FRONTS = (
    *("**/Caddyfile*", "**/*.caddy", "**/*.conf", "**/*.conf.*", "**/*nginx*", "**/*traefik*"),
    *("**/*compose*.y*ml", "**/values*.y*ml", "**/*ingress*", "**/fly.toml", "**/app.yaml"),
    *("**/*.tf", "**/.htaccess", "**/render.yaml", "**/Procfile"),
)
_MOST_FRONTS = 200
_TO_TLS = compile_lazily(
    r"(?i)https|force_ssl|ssl[-_]redirect|:443|redirectscheme|\btls\b|caddy|letsencrypt|certbot|heroku"
)
_SENDS_HSTS = compile_lazily(r"(?i)strict-transport-security|stsSeconds|\bhsts\b")
_REASON = compile_lazily(
    r"(?i)prox|nginx|caddy|traefik|apache|haproxy|balancer|ingress|\b[ea]lb\b|cloud|upstream"
    r"|front|heroku|server|terminat|already|handled|behind"
)


@rule("DJA007", SHOULD, when=find_settings)
def site_needs_tls(facts: Facts) -> Iterator[Hit]:
    """A site is visited over TLS alone.

    Why: Whoever comes by `http` is served over an open line, password and all; and without HSTS a
    browser comes that way again and again.

    How: Write `SECURE_SSL_REDIRECT = True` and `SECURE_HSTS_SECONDS = 31536000`. Where something in
    front of Django does it, say so in a comment there, if no file of the project shows it. In a
    service of the template the header may not be missing either.

    Source: [Django: deployment checklist](https://docs.djangoproject.com/en/stable/howto/deployment/checklist/#https).
    """
    fronts = _read_fronts(facts)
    for each in find_settings(facts):
        for name, wrong, right, done in (
            ("SECURE_SSL_REDIRECT", False, "True", _TO_TLS),
            ("SECURE_HSTS_SECONDS", 0, "31536000", _SENDS_HSTS),
        ):
            value = each.values.get(name)
            message = f"visitors may come over an open line: write `{name} = {right}`"
            if done.search(fronts):
                continue
            if is_made(facts, SERVICE) and name in find_unnamed(facts):
                yield Hit(each.path, 1, message)
            if value is None or not _is_just(value, wrong):
                continue
            near = facts.lines(each.path)[max(value.lineno - _ABOVE, 0) : value.lineno]
            if not any(_REASON.search(line.partition("#")[2]) for line in near):
                yield Hit(each.path, value.lineno, message)


@cached_in_facts
def _read_fronts(facts: Facts) -> str:
    """What the files say of all that may answer before Django."""
    return "\n".join(map(facts.text, facts.paths(*_FRONTS)[:_MOST_FRONTS]))


_ABOVE = 4


def _is_just(value: ast.expr, wanted: bool | int) -> bool:
    """Whether exactly this is written out: ``0`` is not ``False``."""
    said = _constant(value)
    return type(said) is type(wanted) and said == wanted
