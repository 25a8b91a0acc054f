"""The programs that a package installs, whichever file names them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lisa_scaffold.project.facts import Facts

_GROUPS = ("console_scripts", "gui_scripts")


def find_programs(facts: Facts) -> dict[str, str]:
    """Each program that is known without a build, with the place that names it."""
    package, cfg = facts.package, facts.ini("setup.cfg")
    found = {}
    for table in ("scripts", "gui-scripts"):
        for name in package.table(table):
            found[name] = "{}:{}".format(*package.place(table, name))
    # As setup.py has them: entry points by group, and files that are copied.
    place = "{}:{}".format(*package.place("entry-points"))
    found |= dict.fromkeys(_read_groups(package.get("entry-points")), place)
    place = "{}:{}".format(*package.place("scripts"))
    found |= dict.fromkeys((each.rpartition("/")[2] for each in package.texts("scripts")), place)
    for group in _GROUPS:
        named = _read_lines(cfg.get("options.entry_points", group))
        line = cfg.line("options.entry_points", group)
        found |= dict.fromkeys(named, f"{cfg.path}:{line}")
    return found


def _read_groups(value: Any) -> Iterator[str]:
    """The programs among entry points: groups with their lines, or one text with sections."""
    if isinstance(value, dict):
        for group in _GROUPS:
            yield from _read_lines(value.get(group))
    elif isinstance(value, str):
        group = ""
        for line in map(str.strip, value.split("\n")):
            if line.startswith("["):
                group = line.strip("[] ")
            elif group in _GROUPS:
                yield from _read_lines(line)


def _read_lines(value: Any) -> Iterator[str]:
    """The names in lines ``name = module:function``."""
    lines = value.split("\n") if isinstance(value, str) else value
    for line in lines if isinstance(lines, list | tuple) else ():
        name, sign, _ = str(line).partition("=")
        if sign and name.strip():
            yield name.strip()
