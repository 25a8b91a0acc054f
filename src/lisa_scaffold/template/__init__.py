"""The template: where it is, its versions, its questions, and its rendering by Copier."""

from lisa_scaffold.template.blame import SOURCE_VARIABLE
from lisa_scaffold.template.rendering import (
    CANONICAL_URL,
    REQUIREMENT,
    Render,
    Surroundings,
    Template,
)
from lisa_scaffold.template.source import (
    Source,
    advise_newer,
    find_default_source,
    find_recorded_source,
    is_short_for,
    sort_versions,
)
from lisa_scaffold.versions import parse_version

__all__ = [
    "CANONICAL_URL",
    "REQUIREMENT",
    "SOURCE_VARIABLE",
    "Render",
    "Source",
    "Surroundings",
    "Template",
    "advise_newer",
    "find_default_source",
    "find_recorded_source",
    "is_short_for",
    "parse_version",
    "sort_versions",
]
