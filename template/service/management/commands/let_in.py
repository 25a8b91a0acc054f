"""``let_in``: let the role DB_APP_USER, as which the service runs, work with what was migrated."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from service import roles
from service.environment import read


class Command(BaseCommand):
    """Lets the service in."""

    help = "Let the role of the service work with the tables of the one that migrates."

    def handle(self, *_words: Any, **_options: Any) -> None:
        """Grant, where the database has roles."""
        if connection.vendor == "postgresql":
            with transaction.atomic():
                roles.let_in(connection.connection, read("DB_APP_USER", ""))
