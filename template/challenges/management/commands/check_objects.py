"""``check_objects``: whether the store has what the database tells of, byte by byte if asked."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from challenges.models import Dataset
from service import store


class Command(BaseCommand):
    """Compares the store with the database."""

    help = "Compare the objects in the store with the published datasets of the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take one option."""
        parser.add_argument("--read", action="store_true", help="read each, and compare SHA-256")

    def handle(self, *_words: Any, **options: Any) -> None:
        """Tell each that is not as it should be."""
        wrong, looked_at, size = 0, 0, 0
        published = Dataset.objects.filter(published__isnull=False).select_related("challenge")
        for dataset in published.iterator():
            looked_at, size = looked_at + 1, size + dataset.size
            if fault := find_fault(dataset, read=options["read"]):
                wrong += 1
                self.stderr.write(f"{dataset.key}: {fault}")
        if wrong:
            message = f"{wrong} of {looked_at} objects are not as the database tells"
            raise CommandError(message)
        how = "were read and have" if options["read"] else "are there and have"
        told = "checksum" if options["read"] else "size"
        self.stdout.write(f"{looked_at} objects, {size} bytes: all {how} the right {told}")


def find_fault(dataset: Dataset, *, read: bool) -> str:
    """Find what is wrong with the object of a dataset; nothing: an empty text."""
    found = store.find_size(dataset.key)
    if found is None:
        return "is missing"
    if found != dataset.size:
        return f"has {found} bytes, and should have {dataset.size}"
    if read and store.hash_object(dataset.key) != dataset.sha256:
        return "has another content"
    return ""
