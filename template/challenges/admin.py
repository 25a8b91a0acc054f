"""What staff can edit in the browser."""

from __future__ import annotations

from django.contrib import admin

from challenges.models import Challenge, Dataset, Token


@admin.register(Challenge)
class ChallengeAdmin(admin.ModelAdmin[Challenge]):
    """Challenges."""

    list_display = ("title", "slug", "opened")
    prepopulated_fields = {"slug": ("title",)}  # noqa: RUF012 - so Django asks for it


@admin.register(Dataset)
class DatasetAdmin(admin.ModelAdmin[Dataset]):
    """Datasets; checksum and size come with the upload, from the interface for programs."""

    list_display = ("name", "challenge", "size", "doi", "published")
    list_filter = ("challenge",)
    readonly_fields = ("sha256", "size")

    def has_add_permission(self, *_: object) -> bool:
        """No: a dataset begins with an upload."""
        return False


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin[Token]):
    """Tokens, to take them away."""

    list_display = ("name", "owner", "expires")
    readonly_fields = ("name", "owner")

    def has_add_permission(self, *_: object) -> bool:
        """No: who needs one makes it."""
        return False
