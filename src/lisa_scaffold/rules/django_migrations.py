"""Django's migrations: what holds requests up while a release is under way.

Of each application the newest migration is looked at: what has been applied cannot be changed.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from lisa_scaffold.formats.document import Problem
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.rules.rule import SERVICE, SHOULD, Hit, rule

_NUMBERED = compile_lazily(r"\d+_\w+\.py")
_POSTGRES = compile_lazily(r"(?i)\bpostgres|\bpsycopg")
_INSTEAD = {"AddIndex": "AddIndexConcurrently", "AddConstraint": "AddConstraintNotValid"}


class Operation(NamedTuple):
    """What a migration does to a table that was there before: the file, the call, its name."""

    path: str
    call: ast.Call
    name: str

    def get(self, key: str, place: int) -> ast.expr | None:
        """An argument of it."""
        named = (each.value for each in self.call.keywords if each.arg == key)
        return next(named, self.call.args[place] if len(self.call.args) > place else None)


@cached_in_facts
def find_operations(facts: Facts) -> list[Operation]:
    """What the newest migration of each application does to tables that were there before."""
    folders: dict[str, list[str]] = defaultdict(list)
    for path in facts.paths("**/migrations/*.py"):
        folder, _, name = path.rpartition("/")
        if _NUMBERED.fullmatch(name):
            folders[folder].append(path)
    found = []
    for paths in folders.values():
        tree = facts.python(max(paths)) if len(paths) > 1 else None
        if tree is None or isinstance(tree, Problem):
            continue
        every = [Operation(max(paths), *each) for each in _calls(tree)]
        made = {_text(each.get("name", 0)) for each in every if each.name == "CreateModel"}
        found += [each for each in every if _text(each.get("model_name", 0)) not in made]
    return found


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name)):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            yield node, name


def _text(value: ast.expr | None) -> str:
    """The name of a model, which counts in any case."""
    return str(value.value).lower() if isinstance(value, ast.Constant) else ""


def _uses_postgres(facts: Facts) -> bool:
    paths = facts.paths("**/settings*.py", "**/settings/*.py", "**/requirements*.txt")
    return any(_POSTGRES.search(facts.text(path)) for path in [*paths, "pyproject.toml"])


@rule("DJA005", SHOULD, kinds=SERVICE, when=find_operations)
def migrations_do_not_lock(facts: Facts) -> Iterator[Hit]:
    """A migration does not lock a table while it reads all of it.

    Why: PostgreSQL lets nobody write to the table while an index is made, nor touch it while a
    constraint is checked: with a million rows the site stands still.

    How: Take the operation of `django.contrib.postgres.operations`, in a migration of its own with
    `atomic = False`; a constraint is checked by `ValidateConstraint` in the next one.

    Source: [Django: operations for PostgreSQL](https://docs.djangoproject.com/en/stable/ref/contrib/postgres/operations/).
    """
    if not _uses_postgres(facts):
        return
    for each in find_operations(facts):
        given = each.get("constraint", 1)
        told = given.func if isinstance(given, ast.Call) else None
        is_check = isinstance(told, ast.Attribute) and told.attr == "CheckConstraint"
        if each.name == "AddIndex" or (each.name == "AddConstraint" and is_check):
            message = f"{each.name} locks the table while it runs: use {_INSTEAD[each.name]}"
            yield Hit(each.path, each.call.lineno, message)


@rule("DJA006", SHOULD, kinds=SERVICE, when=find_operations)
def migrations_only_add(facts: Facts) -> Iterator[Hit]:
    """The version before works on the database as the migration leaves it.

    Why: While a release is under way, and after a way back, the version before is at work. It
    writes no column that it does not know, and asks for columns by their old names.

    How: Let a new column be empty, or give it a `db_default`. To rename: add, copy, and remove
    one release later. A field that is removed is told where the same migration adds another to its
    model, or copies data; one that is removed alone may have been of no use for long.

    Source: [Django: db_default](https://docs.djangoproject.com/en/stable/ref/models/fields/#db-default);
    [expand and contract](https://martinfowler.com/bliki/ParallelChange.html).
    """
    for each in _find_replaced(facts):
        message = (
            "the version before asks for this field, and what comes in its place comes in the same "
            "migration: remove it in the next release"
        )
        yield Hit(each.path, each.call.lineno, message)
    for each in find_operations(facts):
        if each.name in ("RenameField", "RenameModel"):
            what = "model" if each.name == "RenameModel" else "field"
            message = (
                f"the version before asks for the old name: add a {what}, and remove the old one "
                "in the next release"
            )
            yield Hit(each.path, each.call.lineno, message)
        field = each.get("field", 2) if each.name == "AddField" else None
        if isinstance(field, ast.Call) and _is_needed(field):
            message = "the version before writes rows without this: add `null=True` or `db_default`"
            yield Hit(each.path, each.call.lineno, message)


def _find_replaced(facts: Facts) -> Iterator[Operation]:
    """The fields that a migration removes in which their model gets others, or data are copied."""
    every = find_operations(facts)
    added = {
        (each.path, _text(each.get("model_name", 0))) for each in every if each.name == "AddField"
    }
    copying = {each.path for each in every if each.name in ("RunPython", "RunSQL")}
    for each in every:
        place = each.path, _text(each.get("model_name", 0))
        if each.name == "RemoveField" and (place in added or each.path in copying):
            yield each


def _is_needed(field: ast.Call) -> bool:
    """Whether each row needs a value, which only the new code gives."""
    kind = field.func.attr if isinstance(field.func, ast.Attribute) else ""
    told = {each.arg: each.value for each in field.keywords}
    null = told.get("null")
    is_null = null is not None and not (isinstance(null, ast.Constant) and null.value is False)
    is_known = kind.endswith("Field") or kind in ("ForeignKey", "OneToOneField")
    apart = ("ManyToManyField", "GeneratedField", "GenericRelation")
    return is_known and kind not in apart and not is_null and not {"db_default", None} & told.keys()
