"""Which address leads where."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import include, path

# The admin has no limit on wrong passwords, the login page has one.
admin.site.login = login_required(admin.site.login)  # type: ignore[method-assign]
handler500 = "service.errors.tell_failure"

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("challenges.urls")),
]
