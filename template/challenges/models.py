"""Challenges, datasets, downloads, tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone


class Challenge(models.Model):
    """One challenge, with its own page."""

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    opened = models.DateField(default=timezone.localdate)

    class Meta:
        ordering = ("-opened", "slug")

    def __str__(self) -> str:
        """Name it."""
        return self.title

    def get_absolute_url(self) -> str:
        """Say where its page is."""
        return reverse("challenge", args=[self.slug])


class Dataset(models.Model):
    """One file of a challenge; people see it once it is published."""

    challenge = models.ForeignKey(Challenge, models.PROTECT, related_name="datasets")
    name = models.CharField(max_length=200, validators=[RegexValidator(r"^[\w.-]+\Z")])
    sha256 = models.CharField(max_length=64, validators=[RegexValidator(r"^[0-9a-f]{64}\Z")])
    size = models.PositiveBigIntegerField(help_text="bytes")
    doi = models.CharField(
        max_length=200, blank=True, validators=[RegexValidator(r"^10\.\d{4,9}/[\w.;()/:-]+\Z")]
    )
    published = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint("challenge", "name", name="one_of_a_name"),)

    def __str__(self) -> str:
        """Name it."""
        return self.name

    @property
    def key(self) -> str:
        """Where the store has it: another content is another object."""
        return f"{self.challenge.slug}/{self.sha256}/{self.name}"

    def count_download(self) -> None:
        """Count one download, also where others do so at the same time."""
        if settings.READ_ONLY:
            return
        day = timezone.localdate()
        with transaction.atomic():
            self.downloads.get_or_create(day=day)
            self.downloads.filter(day=day).update(count=F("count") + 1)


class Downloads(models.Model):
    """How often a dataset was downloaded on a day; by whom, nobody needs to know."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="downloads")
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "downloads"
        constraints = (models.UniqueConstraint("dataset", "day", name="one_count_a_day"),)

    def __str__(self) -> str:
        """Name it."""
        return f"{self.dataset} on {self.day}"


class Token(models.Model):
    """What a program shows in the place of a person; of the token itself only a digest is kept."""

    DAYS = 365

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    expires = models.DateTimeField()

    def __str__(self) -> str:
        """Name it."""
        return self.name

    @classmethod
    def make(cls, owner: models.Model, name: str) -> str:
        """Make one, and tell it: nobody can later.

        Parameters
        ----------
        owner
            The person.
        name
            What it is for.
        """
        token = f"lisa_{secrets.token_urlsafe(32)}"
        expires = timezone.now() + timedelta(days=cls.DAYS)
        cls.objects.create(owner=owner, name=name, digest=cls._digest(token), expires=expires)
        return token

    @classmethod
    def find(cls, token: str) -> Token | None:
        """Find the record of a token that is still valid."""
        valid = cls.objects.filter(expires__gt=timezone.now(), owner__is_active=True)
        return valid.select_related("owner").filter(digest=cls._digest(token)).first()

    @staticmethod
    def _digest(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()
