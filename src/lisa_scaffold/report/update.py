"""What ``lisa-scaffold update`` shows."""

from __future__ import annotations

from lisa_scaffold.report import machine
from lisa_scaffold.shown import harmless, visible
from lisa_scaffold.sync.trees import Conflict, Synced, patch
from lisa_scaffold.verbs.update import Updated

HEADINGS = {
    "updated": "Updated (the project had not changed them)",
    "merged": "Merged (both had changed them)",
    "added": "Added",
    "renamed": "Renamed",
    "removed": "Removed",
    "kept": "Kept as the project has them",
    "conflict": "In conflict",
}


def text(updated: Updated) -> str:
    """The update for people: versions, changelog, what happens to which file, notes."""
    parts = [f"From {updated.project.version} to {updated.version}."]
    if updated.changelog:
        lines = (f"  {line}".rstrip() for line in updated.changelog.splitlines())
        parts.append("\n".join(lines))
    for status, heading in HEADINGS.items():
        changed = [
            f"  {f'{visible(change.was)} -> ' if change.was else ''}{visible(change.path)}"
            for change in updated.synced.changes
            if change.status == status
        ]
        if changed:
            parts.append("\n".join([heading, *changed]))
    if updated.notes:
        notes = (note.replace("\n", "\n  ") for note in updated.notes)
        parts.append("\n".join(["Notes", *(f"  - {note}" for note in notes)]))
    return harmless("\n\n".join(parts))


def applied(updated: Updated) -> str:
    """What to do after the update was applied to the work tree."""
    conflicts = updated.synced.conflicts
    if not conflicts:
        return (
            "The update is staged. Look at it with: git diff --staged\n"
            "Keep it with: git commit; undo it with: git reset --merge"
        )
    listed = "\n".join(f"  {visible(path)}: {_count(each)}" for path, each in conflicts.items())
    return (
        f"In conflict, with markers in the file:\n{listed}\n"
        "Resolve them (git mergetool, or an editor), then: git add FILE, and git commit.\n"
        "Undo the whole update with: git reset --merge"
    )


def _count(conflict: Conflict) -> str:
    return "1 place" if conflict.places == 1 else f"{conflict.places} places"


def committed(updated: Updated, branch: str) -> str:
    """What to do after the update was committed on a branch."""
    message = f"The update is committed on the branch {branch}."
    conflicts = "\n".join(f"  {visible(path)}" for path in updated.synced.conflicts)
    if not conflicts:
        return message
    return (
        f"{message}\nIn conflict:\n{conflicts}\n"
        "There the project's lines stand; the commit message holds the template's."
    )


def patches(synced: Synced) -> str:
    """The changes that were not taken, as patches."""
    return "\n".join(synced.patches.values())


def commit_message(updated: Updated) -> str:
    """Message of the commit on a branch, with what is not in its files."""
    parts = [
        f"Update the template from {updated.project.version} to {updated.version}",
        text(updated),
    ]
    if updated.synced.patches:
        parts.append(f"Changes that were not taken:\n\n{patches(updated.synced)}")
    for path, conflict in updated.synced.conflicts.items():
        if conflict.ours and conflict.theirs:
            what = f"{visible(path)} has the project's lines where both sides differ"
            side = patch(path, conflict.ours, conflict.theirs)
        else:
            what = f"{visible(path)} is as the project has it"
            side = conflict.stages[3].data.decode(errors="replace").replace("\r\n", "\n")
        parts.append(f"{what}; the template's side of the conflict:\n\n{side}")
    # The history is read in terminals, too.
    return harmless("\n\n".join(parts)) + "\n"


def as_json(updated: Updated | None, version: str) -> str:
    """The machine-readable form, ``lisa-scaffold/update/1``.

    Parameters
    ----------
    updated
        The update; ``None`` where there was nothing to do.
    version
        The version that the project has then.
    """
    synced = updated.synced if updated else Synced()
    changes = [
        {
            "path": change.path,
            "status": change.status,
            **({"was": change.was} if change.was else {}),
        }
        for change in synced.changes
    ]
    result = {
        "schema": "lisa-scaffold/update/1",
        "from": updated.project.version if updated else version,
        "to": version,
        "changes": changes,
        "conflicts": list(synced.conflicts),
        "places": {path: conflict.places for path, conflict in synced.conflicts.items()},
        "notes": list(updated.notes) if updated else [],
        "patches": synced.patches,
    }
    return machine.as_json(result)
