"""Figures: made here from the database, drawn by the browser with the script that comes along."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import plotly.graph_objects as go
from django.db.models import Sum

from challenges.models import Challenge, Downloads


def count_days(challenge: Challenge) -> list[tuple[date, int]]:
    """How many downloads there were, day by day."""
    counts = Downloads.objects.filter(dataset__challenge=challenge).values_list("day")
    return [(day, total) for day, total in counts.annotate(Sum("count")).order_by("day")]


def draw_downloads(days: list[tuple[date, int]]) -> dict[str, Any]:
    """Draw a figure of them, as Plotly reads it."""
    bars = go.Bar(x=[str(day) for day, _ in days], y=[count for _, count in days])
    layout = {
        "template": "none",
        "margin": {"l": 56, "r": 16, "t": 16},
        "xaxis": {"title": {"text": "day"}, "type": "category"},
        "yaxis": {"title": {"text": "downloads"}, "rangemode": "tozero"},
    }
    drawn: dict[str, Any] = json.loads(go.Figure(bars, layout).to_json())
    return drawn
