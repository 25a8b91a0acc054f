"""What reads versions from git's tags, or tags them, in another form than ``vX.Y.Z``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts

_EXAMPLE = "v1.2.3"
_MOST = 300  # characters of a pattern
_NESTED = compile_lazily(r"[+*}][^)]{0,99}\)[+*{]")

# Prefixes, patterns and forms of tags: where each tool has its own.
_PREFIXES = (("versioneer", "tag_prefix"), ("setuptools-git-versioning", "tag_prefix"))
_PATTERNS = (
    ("setuptools_scm", "tag_regex"),
    ("setuptools-scm", "tag_regex"),
    ("vcs-versioning", "tag_regex"),
    ("hatch", "version", "tag-pattern"),
    ("hatch", "version", "raw-options", "tag_regex"),
    ("pdm", "version", "tag_regex"),
    ("poetry-dynamic-versioning", "pattern"),
)
_FORMS = (
    ("bumpversion", "tag_name"),
    ("commitizen", "tag_format"),
    ("semantic_release", "tag_format"),
)
_BUMPS = (".bumpversion.cfg", "setup.cfg")
_IN_SETUP = compile_lazily(r"""\btag_prefix\s{0,9}=\s{0,9}["']([^"'\n]{0,99})["']""")
_FIELD = compile_lazily(r"\{\w*\}|\$\{?version\}?")


def find_other(facts: Facts) -> Iterator[tuple[str, str]]:
    """Each setting by which ``v1.2.3`` would be no tag of a version, with its file."""
    tool = facts.pyproject.table("tool")
    in_setup = _IN_SETUP.search(facts.text("setup.py"))
    prefixes = [
        ("setup.cfg", "tag_prefix", facts.ini("setup.cfg").get("versioneer", "tag_prefix")),
        ("setup.py", "tag_prefix", in_setup[1] if in_setup else None),
        *(("pyproject.toml", keys[-1], _get(tool, keys)) for keys in _PREFIXES),
    ]
    forms = [
        *(("pyproject.toml", keys[-1], _get(tool, keys)) for keys in _FORMS),
        *((path, "tag_name", facts.ini(path).get("bumpversion", "tag_name")) for path in _BUMPS),
    ]
    patterns = [("pyproject.toml", keys[-1], _get(tool, keys)) for keys in _PATTERNS]
    for judge, settings in ((_strips, prefixes), (_makes, forms), (_matches, patterns)):
        for path, name, value in settings:
            if isinstance(value, str) and not judge(value):
                yield path, name


def _get(tool: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        tool = tool.get(key) if isinstance(tool, dict) else None
    return tool


def _strips(prefix: str) -> bool:
    return prefix == "v"


def _matches(pattern: str) -> bool:
    """Whether a pattern takes the tag for a version: one that could take long is believed."""
    if not pattern or len(pattern) > _MOST or _NESTED.search(pattern):
        return True
    try:
        return re.match(pattern, _EXAMPLE) is not None
    except (re.error, RecursionError, OverflowError):
        return True


def _makes(form: str) -> bool:
    """Whether a form of tags, such as ``v{new_version}``, makes such a one; empty for none."""
    return not form or _FIELD.sub("1.2.3", form, count=1) == _EXAMPLE
