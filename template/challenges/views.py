"""The pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib.auth.decorators import login_required
from django.db.models import Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from challenges import plots
from challenges.models import Challenge, Dataset, Token
from service import limits, store

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@require_safe
def show_challenges(request: HttpRequest) -> HttpResponse:
    """List the challenges."""
    return render(request, "challenges/index.html", {"challenges": Challenge.objects.all()})


@require_safe
def show_challenge(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a challenge and its datasets."""
    challenge = get_object_or_404(Challenge, slug=slug)
    datasets = challenge.datasets.filter(published__isnull=False)
    counted = datasets.annotate(total=Coalesce(Sum("downloads__count"), 0))
    return render(
        request, "challenges/challenge.html", {"challenge": challenge, "datasets": counted}
    )


@require_safe
def plot_downloads(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how often the datasets of a challenge were downloaded, day by day."""
    challenge = get_object_or_404(Challenge, slug=slug)
    days = plots.count_days(challenge)
    shown = {"challenge": challenge, "days": days, "figure": plots.draw_downloads(days)}
    return render(request, "challenges/plot.html", shown)


@never_cache
@login_required
@require_safe
def download(request: HttpRequest, number: int) -> HttpResponse:
    """Count a download, and send the browser to the store."""
    if refused := limits.refuse_too_many(request):
        return refused
    published = Dataset.objects.select_related("challenge").filter(published__isnull=False)
    dataset = get_object_or_404(published, pk=number)
    dataset.count_download()
    return redirect(store.sign_download(dataset.key, dataset.name))


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def manage_tokens(request: HttpRequest) -> HttpResponse:
    """Show one's tokens, make one, or take one away."""
    person = cast("User", request.user)
    made = ""
    if name := request.POST.get("name", "").strip():
        made = Token.make(person, name[:100])
    elif request.POST.get("delete", "").isdecimal():
        person.tokens.filter(pk=request.POST["delete"]).delete()
    shown = {"made": made, "tokens": person.tokens.order_by("name")}
    return render(request, "challenges/tokens.html", shown)
