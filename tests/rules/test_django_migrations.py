"""Django's migrations: what locks, and what the version before cannot live with."""

from __future__ import annotations

import pytest

from ..support.checking import changed, clean, found

PATH = "shop/migrations/0002_more.py"
FILES = {
    ".copier-answers.yml": "_src_path: x\nkind: service\n",
    "shop/migrations/0001_initial.py": "",
    "shop/settings.py": 'ENGINE = "django.db.backends.postgresql"\n',
}


def migration(operation: str, *more: str) -> dict[str, str]:
    """A service with a second migration."""
    listed = "".join(f"        {each},\n" for each in (operation, *more))
    text = (
        "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n"
        f"    operations = [\n{listed}    ]\n"
    )
    return {**FILES, PATH: text}


INDEX = "migrations.AddIndex(model_name='item', index=models.Index(fields=['a'], name='b'))"
CHECK = "migrations.AddConstraint('item', models.CheckConstraint(condition=a, name='b'))"
NEEDED = "migrations.AddField('item', 'count', models.IntegerField(default=0))"


def test_a_fresh_service_passes() -> None:
    assert found(clean(kind="service"), "DJA") == []


@pytest.mark.parametrize("operation", [INDEX, CHECK])
def test_what_locks_a_table(operation: str) -> None:
    files = migration(operation)
    assert found(files, "DJA") == [("DJA005", PATH, 6)]
    # A table that has just been made is empty, and so is a history.
    assert found(migration("migrations.CreateModel(name='Item')", operation), "DJA") == []
    assert found(changed(files, {"shop/migrations/0001_initial.py": None}), "DJA") == []
    assert found({**files, "shop/migrations/0003_next.py": ""}, "DJA") == []
    assert found({**files, "shop/settings.py": ""}, "DJA") == []
    assert found({**files, ".copier-answers.yml": "_src_path: x\nkind: image\n"}, "DJA") == []


@pytest.mark.parametrize(
    "operation",
    [
        NEEDED,
        "migrations.AddField('item', 'of', field=models.ForeignKey(to='a.b', null=False))",
        "migrations.RenameField('item', 'a', 'b')",
        "migrations.RenameModel('Item', 'Thing')",
    ],
)
def test_what_the_version_before_cannot_live_with(operation: str) -> None:
    assert found(migration(operation), "DJA") == [("DJA006", PATH, 6)]


@pytest.mark.parametrize(
    "operation",
    [
        "AddIndexConcurrently('item', models.Index(fields=['a'], name='b'))",
        "migrations.AddConstraint('item', models.UniqueConstraint(fields=['a'], name='b'))",
        "migrations.AddField('item', 'a', models.IntegerField(db_default=0))",
        "migrations.AddField('item', 'a', models.IntegerField(null=True))",
        "migrations.AddField('item', 'a', models.ManyToManyField(to='a.b'))",
        "migrations.AddField('item', 'a', own.Unknown())",
        "migrations.AddField('item', 'a', models.IntegerField(**more))",
        "migrations.AddField('item', 'a', field)",
        "migrations.RemoveField('item', 'a')",
        "migrations.RunPython(work)",
    ],
)
def test_what_both_versions_can_live_with_or_nobody_can_tell(operation: str) -> None:
    assert found(migration(operation), "DJA") == []


OPTIONAL = "migrations.AddField('{}', 'b', models.IntegerField(null=True))"


@pytest.mark.parametrize(
    ("other", "is_found"),
    [
        (OPTIONAL.format("Item"), True),
        (OPTIONAL.format("thing"), False),
        ("migrations.RunPython(copy)", True),
        ("migrations.RunSQL('UPDATE item SET b = a')", True),
        ("migrations.RemoveField('item', 'c')", False),
        ("migrations.AlterField('item', 'b', models.IntegerField(null=True))", False),
    ],
)
def test_a_field_that_goes_in_the_migration_in_which_another_comes(
    other: str, *, is_found: bool
) -> None:
    files = migration("migrations.RemoveField(model_name='item', name='a')", other)
    assert found(files, "DJA") == [("DJA006", PATH, 6)] * is_found


def test_what_is_no_python_is_left_alone() -> None:
    assert found({**FILES, PATH: "class ("}, "DJA") == []
