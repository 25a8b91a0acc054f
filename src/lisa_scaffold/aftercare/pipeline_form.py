"""A pipeline whose files become a component, or the other way round: what was set goes along.

Variables and hidden jobs, such as the matrix, stand in a project with a component only where it has
them otherwise: that one form of the template lacks them is no change that the template makes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lisa_scaffold.aftercare.answered import Change
from lisa_scaffold.aftercare.work import Work
from lisa_scaffold.formats.tree import Branch, Entry, Key, NotSure, read_value, write
from lisa_scaffold.git import SUBMODULE
from lisa_scaffold.merge.removed import find_entry_remarks
from lisa_scaffold.model import Note
from lisa_scaffold.project.gitlab import FILE

_VARIABLES = ("variables",)


def carry_settings(work: Work, change: Change) -> Iterator[Note]:
    """Let the base have what the project has set as the other form of the pipeline has it.

    So only the project has changed it: its values stay, and what it has taken out of them stays
    out. Told is what the project has taken out as a whole, and a component brings back.

    Parameters
    ----------
    work
        What people have written.
    change
        The answers and the renders; the base is changed.
    """
    if _is_component(change.before) == _is_component(change.after):
        return
    base, theirs = change.base.get(FILE), change.theirs.get(FILE)
    ours = work.store.contents(work.ours, [FILE]).get(FILE)
    if base is None or theirs is None or ours is None or ours.mode == SUBMODULE:
        return
    from lisa_scaffold.formats import yaml

    try:
        sides = [yaml.parse(blob.data.decode()) for blob in (base, ours, theirs)]
    except (NotSure, UnicodeDecodeError):
        return  # the merge says what is the matter
    change.base[FILE] = base._replace(data=write(_align(*sides)).encode())
    if _is_component(change.after):
        for name in _find_returning(*sides):
            yield Note(f"{name}: the project has taken it out; the component has it.", FILE)


def _is_component(answers: Mapping[str, Any]) -> bool:
    return answers.get("ci_rules") == "component"


def _align(base: Branch, ours: Branch, theirs: Branch) -> Branch:
    """The base, with variables and hidden jobs of the project as the target has them."""
    before, mine, after = map(_read_variables, (base, ours, theirs))
    variables = _take(before, mine, after, {*_index(mine)})
    entries = [
        entry._replace(node=variables) if entry.node is before else entry for entry in base.entries
    ]
    hidden = {key for key in _index(ours) if _is_hidden(key)}
    return _take(base._replace(entries=tuple(entries)), ours, theirs, hidden)


def _take(base: Branch, ours: Branch, theirs: Branch, keys: set[Key]) -> Branch:
    """A mapping of the base, with those members of the target's that one of the two has alone.

    What the project has as it was goes with the form that had it.
    """
    before, mine, after = map(_index, (base, ours, theirs))
    own = {
        key
        for key in keys & before.keys() - after.keys()
        if read_value(mine[key].node) != read_value(before[key].node)
        or {*find_entry_remarks(mine[key])} - {*find_entry_remarks(before[key])}
    }
    new = keys & after.keys() - before.keys()
    kept = [entry for entry in base.entries if entry.key not in own]
    return base._replace(entries=(*kept, *(each for each in theirs.entries if each.key in new)))


def _find_returning(base: Branch, ours: Branch, theirs: Branch) -> Iterator[str]:
    """The variables and hidden jobs of the files that are not in the project."""
    hidden = [key for key in _index(base) if _is_hidden(key)]
    yield from ("".join(key) for key in hidden if key not in _index(ours))
    before, mine, after = (_index(_read_variables(side)) for side in (base, ours, theirs))
    yield from ("".join(key) for key in before if key not in mine and key not in after)


def _read_variables(pipeline: Branch) -> Branch:
    """The variables of a pipeline; a mapping of none where there are none."""
    entry = _index(pipeline).get(_VARIABLES)
    if entry and isinstance(entry.node, Branch):
        return entry.node
    return Branch("map", False, "", (), "")


def _index(mapping: Branch) -> dict[Key, Entry]:
    return {entry.key: entry for entry in mapping.entries}


def _is_hidden(key: Key) -> bool:
    return "".join(key).startswith(".")
