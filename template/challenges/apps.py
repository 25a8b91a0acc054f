"""The application, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class Challenges(AppConfig):
    """Challenges and their datasets."""

    name = "challenges"
    verbose_name = "Data challenges"
