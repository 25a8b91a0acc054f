"""Addresses of the challenges."""

from __future__ import annotations

from django.urls import path

from challenges import views
from challenges.api import api

urlpatterns = [
    path("", views.show_challenges, name="challenges"),
    path("challenges/<slug:slug>/", views.show_challenge, name="challenge"),
    path("challenges/<slug:slug>/downloads/", views.plot_downloads, name="plot"),
    path("datasets/<int:number>/", views.download, name="download"),
    path("tokens/", views.manage_tokens, name="tokens"),
    path("api/", api.urls),
]
