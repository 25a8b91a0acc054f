"""The commands of a template, tasks and migrations, which are told and never run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lisa_scaffold.shown import brief
from lisa_scaffold.template.copier_api import cast_to_bool
from lisa_scaffold.versions import parse_version

if TYPE_CHECKING:
    from lisa_scaffold.template.worker import Quiet


def list_commands(worker: Quiet, since: str) -> tuple[str, ...]:
    """The commands that Copier would run in an update, as it would run them.

    Parameters
    ----------
    worker
        A worker that has rendered a version.
    since
        The version that the project has.

    Returns
    -------
    tuple
        A line each. Left out are those whose condition (``when``) is false, those of which nothing
        is left when they are rendered, and migrations to versions that are not passed on the way.
    """
    facts = {"version_from": since, "version_to": worker.template.commit or ""}
    parsed = {f"version_pep440_{name[8:]}": parse_version(text) for name, text in facts.items()}
    context: dict[str, Any] = {"_copier_operation": "update"}
    context |= {f"_{name}": value for name, value in {**facts, **parsed}.items()}
    config = worker.template.config_data
    tasks, migrations = (
        [each if isinstance(each, dict) else {"command": each} for each in config.get(name) or ()]
        for name in ("tasks", "migrations")
    )
    found = [_list_wanted(worker, each, "true", {**context, "_stage": "task"}) for each in tasks]
    for each in migrations:
        aim = each.get("version")
        if aim is not None:
            first, wanted, last = map(parse_version, (since, str(aim), facts["version_to"]))
            if not (first and wanted and last and first < wanted <= last):
                continue
            context |= {"_version_current": str(aim), "_version_pep440_current": wanted}
        for stage in ("before", "after"):
            # In Copier's older form a migration has a list for each stage.
            commands = [{"command": command} for command in each.get(stage) or ()]
            usual = "true" if commands else "{{ _stage == 'after' }}"
            for entry in commands or ([each] if "command" in each else []):
                found.append(_list_wanted(worker, entry, usual, {**context, "_stage": stage}))
    return tuple(dict.fromkeys(command for commands in found for command in commands))


def _list_wanted(
    worker: Quiet, entry: Mapping[str, Any], usual: str, context: dict[str, Any]
) -> Iterator[str]:
    """The command of an entry, unless its condition is false.

    Where an expression in it fails, however, it is shown unrendered: it is part of a note alone.
    """
    condition, command = entry.get("when", usual), entry.get("command")
    parts = [str(part) for part in (command if isinstance(command, list) else [command])]
    try:
        if isinstance(condition, str):
            condition = worker._render_string(condition, context)
        if not cast_to_bool(condition):
            return
        parts = [worker._render_string(part, context) for part in parts]
    except Exception:  # noqa: S110 - shown as it stands
        pass
    if any(part.strip() for part in parts):
        yield brief(shlex.join(parts) if isinstance(command, list) else parts[0].strip())
