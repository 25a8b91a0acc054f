"""``prepare_desk``: buckets, an administrator, and a challenge to look at. Does nothing twice."""

from __future__ import annotations

import hashlib
from typing import Any

from allauth.account.models import EmailAddress
from botocore.exceptions import ClientError
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.utils import timezone

from challenges.models import Challenge, Dataset
from service import store
from service.environment import read

MAIL = "admin@example.org"


class Command(BaseCommand):
    """Prepares a desk."""

    help = "Make buckets, an administrator, and a challenge to look at."

    def handle(self, *_words: Any, **_options: Any) -> None:
        """Make what is not there yet."""
        client = store.make_client("endpoint")
        for name in (settings.STORE["bucket"], "backups"):
            try:
                client.head_bucket(Bucket=name)
            except ClientError:
                client.create_bucket(Bucket=name)
        people = get_user_model()
        if not people.objects.filter(email=MAIL).exists():
            admin = people.objects.create_superuser("admin", MAIL, read("ADMIN_PASSWORD"))
            EmailAddress.objects.create(user=admin, email=MAIL, verified=True, primary=True)
        example, _ = Challenge.objects.get_or_create(
            slug="example", defaults={"title": "Example", "description": "A challenge to look at."}
        )
        content = b"frequency,strain\n0.001,1e-20\n"
        digest = hashlib.sha256(content).hexdigest()
        dataset, _ = Dataset.objects.get_or_create(
            challenge=example,
            name="noise.csv",
            defaults={"sha256": digest, "size": len(content), "published": timezone.now()},
        )
        client.put_object(Bucket=settings.STORE["bucket"], Key=dataset.key, Body=content)
        self.stdout.write(f"https://{settings.SITE_HOST}, as {MAIL} with secrets/admin_password")
