"""What ``lisa-scaffold update`` shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lisa_scaffold.lines import Paint, count, join_names, strip_style
from lisa_scaffold.model import Change
from lisa_scaffold.project import Project
from lisa_scaffold.report import machine
from lisa_scaffold.report.changes import Changes, build_changes_page
from lisa_scaffold.report.document import SHOWN_AGAIN, Document, Item, Section, as_markdown, as_text
from lisa_scaffold.shown import harmless, redacted, visible
from lisa_scaffold.sync.outcome import LOCKED, Conflict, Renewal, Synced, patch
from lisa_scaffold.verbs.update import Updated
from lisa_scaffold.versions import shorten

# What a person has to look at comes first.
HEADINGS = {
    "conflict": "In conflict",
    "merged": "Merged (both had changed them)",
    "kept": "Kept as the project has them",
    "left out": "Left out (the project does without them)",
    "updated": "Updated (the project had not changed them)",
    "corrected": "Corrected (they name a package that has another name now)",
    "added": "Added",
    "renamed": "Renamed",
    "removed": "Removed",
}

UNCHANGED = "The project has all of this already: nothing changes."

_MOST_QUOTED = 60
"""Lines of one file that the message of a commit repeats."""

PUT_BACK = "As the template has them (locked; the project had changed them)"

RECOPIED = "Rendered anew (what people wrote there is in git's history)"


def compose_document(updated: Updated) -> Document:
    """The update for people: what happens to which file and why, notes, what was not taken."""
    old, new = shorten(updated.project.version), shorten(updated.version)
    title = f"At {new}, with other answers."
    if updated.project.version != updated.version:
        ahead = f", {count(updated.commits, 'commit')} ahead" if updated.commits else ""
        title = f"From {old} to {new}{ahead}."
    return Document(title, tuple(_list_sections(updated)))


def _list_sections(updated: Updated) -> Iterator[Section]:
    synced = updated.synced
    notes: dict[str, list[str]] = {}
    for note in updated.notes:
        notes.setdefault(note.path, []).append(note.text)
    gone = [each for each in synced.changes if each.status == "left out" and each.path not in notes]
    headings = {**HEADINGS, "updated": RECOPIED} if updated.recopied else HEADINGS
    locked = {each.path for each in updated.notes if each.text.startswith(LOCKED)}
    for status, heading in headings.items():
        changes = [each for each in synced.changes if each.status == status and each not in gone]
        for is_locked, named in ((True, PUT_BACK), (False, heading)):
            parts = [each for each in changes if (each.path in locked) is is_locked]
            if parts:
                said = (_describe(each, synced, notes.pop(each.path, [])) for each in parts)
                yield Section(named, tuple(said), urgent=status == "conflict")
    rest = [Item(text, path) for path, texts in notes.items() for text in texts]
    if gone:
        files = "1 file" if len(gone) == 1 else f"{len(gone)} files"
        named = join_names(visible(each.path) for each in gone)
        stay = "stays" if len(gone) == 1 else "stay"
        rest.append(Item(f"{files} of the template {stay} away, as before: {named}."))
    if rest:
        yield Section("Notes", tuple(rest))
    if synced.patches:
        heading = "Not taken, as patches that git apply takes"
        yield Section(heading, code="\n".join(synced.patches.values()), language="diff")
    if synced.quotations:
        quoted = (Item("", path, code=lines) for path, lines in synced.quotations.items())
        yield Section("Not taken, for lines that the project has not", tuple(quoted))
    if updated.changelog:
        yield Section("Changelog of the template", folded=updated.changelog)


def _describe(change: Change, synced: Synced, notes: list[str]) -> Item:
    """A file with what there is to say of it: one fact on its line, several below it."""
    place = f"{change.was} -> {change.path}" if change.was else change.path
    conflict = synced.conflicts.get(change.path)
    facts = [*([_count(conflict)] if conflict else []), *notes]
    if len(facts) == 1:
        return Item(facts[0], place)
    return Item("", place, tuple(map(Item, facts)))


def _count(conflict: Conflict) -> str:
    return "1 place" if conflict.places == 1 else f"{conflict.places} places"


def write_text(updated: Updated, width: int = 0, paint: Paint = strip_style) -> str:
    """The update as text; see :func:`~lisa_scaffold.report.document.as_text`."""
    return as_text(compose_document(updated), width, paint)


def write_markdown(updated: Updated) -> str:
    """The update as Markdown."""
    return as_markdown(compose_document(updated))


def write_html(updated: Updated) -> str:
    """The update as a page, with both versions of every file side by side."""
    name = visible(updated.project.root.name)
    title = f"{name}: from {shorten(updated.project.version)} to {shorten(updated.version)}"
    notes: dict[str, list[str]] = {}
    for note in updated.notes:
        notes.setdefault(note.path, []).append(note.text)
    rest = [Item(text) for text in notes.get("", ())]
    known = {each.path for each in updated.synced.changes}
    rest += [
        Item(text, path)
        for path, texts in notes.items()
        if path and path not in known
        for text in texts
    ]
    synced = updated.synced
    left = [Item(task.text, task.path) for task in synced.tasks]
    left += [Item(_hint_lock("", renewal), path) for path, renewal in synced.stale.items()]
    sections = [Section("Left for you to correct", tuple(left), urgent=True)] if left else []
    if rest:
        sections.append(Section("Notes", tuple(rest)))
    if updated.changelog:
        sections.append(Section("Changelog of the template", folded=updated.changelog))
    changes = Changes(synced, updated.before, notes)
    return build_changes_page("update", title, changes, sections)


def tell_applied(updated: Updated) -> str:
    """What was and was not changed, and what to do, after the update was put into the work tree."""
    # What is left to do stands last: that is seen where the rest has scrolled away.
    hint = f"\n{SHOWN_AGAIN}{_list_tasks(updated.synced)}{_hint_locks(updated.synced)}"
    if not updated.synced.conflicts:
        return (
            "The update is staged; nothing is committed. Look at it with: git diff --staged\n"
            f"Keep it with: git commit; undo it with: git reset --merge{hint}"
        )
    return (
        f"The update is staged, but for {_sum_conflicts(updated.synced)}, with markers there; "
        "nothing is committed.\n"
        "Go through them with: lisa-scaffold resolve; git mergetool or an editor does as well.\n"
        f"Then: git commit. Undo the whole update with: git reset --merge{hint}"
    )


def compose_kept(updated: Updated, each: Iterable[Updated]) -> tuple[str, str]:
    """The report that is kept, and what is left to be done beside conflicts.

    Parameters
    ----------
    updated
        The update, which may be the sum of several.
    each
        These.
    """
    left = f"{_list_tasks(updated.synced, where='')}{_hint_locks(updated.synced)}"
    return "\n\n".join(map(write_text, each)), left.lstrip("\n")


def _list_tasks(synced: Synced, where: str = ", as told above") -> str:
    """That something is left to do, as the notes say."""
    paths = [*dict.fromkeys(each.path for each in synced.tasks)]
    if not paths:
        return ""
    return f"\nLeft for you to correct{where}: {', '.join(map(visible, paths))}"


def _hint_locks(synced: Synced) -> str:
    """What renews the locks that are out of date."""
    return "".join(f"\n{_hint_lock(path, renewal)}" for path, renewal in synced.stale.items())


def _hint_lock(path: str, renewal: Renewal) -> str:
    """What renews a lock, and where that is due."""
    where = f", {renewal.where}," if renewal.where else ""
    return f"Renew{f' {visible(path)}' if path else ''}{where} with: {renewal.command}"


def tell_tried(updated: Updated) -> str:
    """What a dry run has changed, and what the update would."""
    synced = updated.synced
    number = len(synced.shown())
    files = "1 file" if number == 1 else f"{number} files"
    left = f", with {_sum_conflicts(synced)}" if synced.conflicts else ""
    said = f"A dry run: nothing was changed. Without --dry-run, {files} would be{left}."
    return f"{said}{_list_tasks(synced)}{_hint_locks(synced)}"


def tell_beginning(project: Project, version: str) -> str:
    """What an update is about, before anything is asked."""
    name = visible(project.root.name)
    versions = f"from {shorten(project.version)} to {shorten(version)}"
    return f"Updates {name} {versions} of {redacted(project.source)}."


def _sum_conflicts(synced: Synced) -> str:
    files, places = len(synced.conflicts), sum(each.places for each in synced.conflicts.values())
    said = "1 conflict" if places == 1 else f"{places} conflicts"
    return f"{said} in {'1 file' if files == 1 else f'{files} files'}"


def tell_committed(updated: Updated, branch: str) -> str:
    """What to do after the update was committed on a branch."""
    message = f"The update is committed on the branch {branch}; nothing else has changed."
    hint = f"{_list_tasks(updated.synced)}{_hint_locks(updated.synced)}"
    if not updated.synced.conflicts:
        return f"{message}{hint}"
    return (
        f"{message} It has {_sum_conflicts(updated.synced)}:\n"
        f"there the project's lines stand; the commit message holds the template's.{hint}"
    )


def commit_message(updated: Updated) -> str:
    """Message of the commit on a branch, with what is not in its files."""
    parts = [
        f"Update the template from {shorten(updated.project.version)} to "
        f"{shorten(updated.version)}",
        write_text(updated),
    ]
    command = f"lisa-scaffold update --to {updated.version}"
    for path, conflict in updated.synced.conflicts.items():
        if conflict.ours and conflict.theirs:
            what = f"{visible(path)} has the project's lines where both sides differ"
            lines = patch(path, conflict.ours, conflict.theirs).splitlines()
            side = "\n".join(lines[:_MOST_QUOTED])
            if (more := len(lines) - _MOST_QUOTED) > 0:
                side += f"\n… {more} more lines: {command} puts them between markers"
            parts.append(f"{what}; the template's side of the conflict:\n\n{side}")
        else:
            # A whole file is no message.
            parts.append(f"{visible(path)} is as the project has it: {command} has the template's.")
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
        "notes": [str(note) for note in updated.notes] if updated else [],
        "tasks": [str(note) for note in synced.tasks],
        "patches": synced.patches,
        "quotations": synced.quotations,
        "changelog": updated.changelog if updated else "",
    }
    return machine.as_json(result)
