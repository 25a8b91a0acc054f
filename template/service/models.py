"""What operations record."""

from __future__ import annotations

from django.db import models


class BackupProof(models.Model):
    """A backup that was restored into another database, and was equal there.

    ``operations/backup.py`` writes it; an alert follows from the age of the newest one.
    """

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    name = models.CharField(max_length=100)
    rows = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        """Name the backup."""
        return self.name
