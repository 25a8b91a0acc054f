"""Package indexes of a project's own: what the template's jobs install may be on none but those."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from lisa_scaffold.adopt import commands
from lisa_scaffold.adopt.customs import Custom
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.gitlab import list_mappings, to_text
from lisa_scaffold.shown import brief, redacted

_PUBLIC = compile_lazily(r"https?://(?:pypi\.org|pypi\.python\.org|files\.pythonhosted\.org)\b.*")
_ADDRESS = compile_lazily(r"https?://|\$")
_OPTION = compile_lazily(
    r"(?<![\w-])(?:(?P<only>--index-url|--default-index|-i)|--extra-index-url|--index)"
    r"(?:[ =]|(?<=-i))[ \t]*['\"]?(?P<url>(?:https?://|\$)[^\s'\"]{1,500})"
)
_ONLY = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL")
_VARIABLES = (*_ONLY, "PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
_SET = compile_lazily(rf"\b(?P<name>{'|'.join(_VARIABLES)})\s*=\s*['\"]?(?P<url>[^\s'\"]{{1,500}})")
_FILES = (
    *("**/*requirements*.txt", "**/*requirements*.in"),
    *("requirements/*.txt", "requirements/*.in"),
)
_KEYS = ("index-url", "extra-index-url")
_CONFIGURED = ("pip.conf", ".pip/pip.conf", "pip.ini", ".config/pip/pip.conf")
_MOST = 5


class _Index(NamedTuple):
    path: str
    url: str
    is_only: bool = False
    is_of_uv: bool = False


def find_indexes(facts: Facts) -> Iterator[Custom]:
    """Each index but the public one that the project installs from, and what to set for it."""
    found: dict[str, _Index] = {}
    for each in _list_indexes(facts):
        if _ADDRESS.match(each.url) and not _PUBLIC.fullmatch(each.url):
            found.setdefault(each.url.rstrip("/"), each)
    for each in [*found.values()][:_MOST]:
        names, who = "UV_INDEX and PIP_EXTRA_INDEX_URL", "what comes in"
        if each.is_only:
            names = "UV_DEFAULT_INDEX and PIP_INDEX_URL"
        elif each.is_of_uv:
            names, who = "PIP_EXTRA_INDEX_URL", "pip, in an image or where uv is missing,"
        text = (
            f"packages come from {brief(redacted(each.url), 200)}, and {who} asks the public index "
            f"alone: set {names} to it at your desk, and in GitLab under Settings > CI/CD > "
            "Variables, masked where it carries a password"
        )
        yield Custom(each.path, text, to_decide=True)


def _list_indexes(facts: Facts) -> Iterator[_Index]:
    yield from _list_configured(facts)
    for path in filter(facts.has, _CONFIGURED):
        for section, key in product(("global", "install"), _KEYS):
            words = to_text(facts.ini(path).get(section, key)).split()
            yield from (_Index(path, word, key == "index-url") for word in words)
    for path in (*facts.paths(*_FILES), "tox.ini"):
        yield from _read_text(path, facts.text(path))
    for path, scripts in commands.list_jobs(facts):
        for script in scripts:
            yield from _read_text(path, script)
    yield from _list_variables(facts)


def _list_configured(facts: Facts) -> Iterator[_Index]:
    """What ``pyproject.toml`` names."""
    pyproject, path = facts.pyproject, "pyproject.toml"
    for each in list_mappings(pyproject.get("tool", "poetry", "source")):
        is_only = each.get("default") is True or each.get("priority") in ("default", "primary")
        yield _Index(path, to_text(each.get("url")), is_only)
    for each in list_mappings(pyproject.get("tool", "pdm", "source")):
        yield _Index(path, to_text(each.get("url")))
    for each in list_mappings(pyproject.get("tool", "uv", "index")):
        yield _Index(path, to_text(each.get("url")), is_of_uv=True)
    for key in _KEYS:
        told = pyproject.get("tool", "uv", key)
        for url in told if isinstance(told, list) else [told]:
            yield _Index(path, to_text(url), is_of_uv=True)


def _read_text(path: str, text: str) -> Iterator[_Index]:
    for match in _OPTION.finditer(text):
        yield _Index(path, match["url"], bool(match["only"]))
    for match in _SET.finditer(text):
        yield _Index(path, match["url"], match["name"] in _ONLY)


def _list_variables(facts: Facts) -> Iterator[_Index]:
    """What variables of GitLab's pipeline name; a variable that another sets is its value."""
    pipeline = facts.pipeline
    tables: list[tuple[str, Any]] = [(pipeline.place("variables").path, dict(pipeline.variables))]
    tables += [(job.place.path, job.get("variables")) for job in pipeline.jobs.values()]
    for path, table in tables:
        for name in _VARIABLES:
            value = table.get(name) if isinstance(table, dict) else None
            for word in pipeline.expand(to_text(value)).split():
                yield _Index(path, word, name in _ONLY)
