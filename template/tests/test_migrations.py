"""The history of the database: complete, and passable in both directions."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

OURS = ("challenges", "service")


def test_no_change_of_the_models_lacks_its_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("app", OURS)
def test_migrations_go_back_and_forth(app: str) -> None:
    call_command("migrate", app, "zero", verbosity=0)
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes())
    call_command("migrate", app, verbosity=0)
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
