"""Applications: what is run from its own repository, and never installed from an index."""

from __future__ import annotations

import re

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts

_PUBLISHES = compile_lazily(
    r"\btwine\b|pypi|\b(?:uv|poetry|flit|pdm|hatch|maturin)\s+publish\b", re.IGNORECASE
)
# What says of whom a package is for, and of what, is for the readers of an index.
_OF_INDEX = compile_lazily(r"(?!(?:Programming Language|License|Private) ::).*")


@cached_in_facts
def is_application(facts: Facts) -> bool:
    """Whether a project is run where it is: a Django site, DAGs, or what a chart installs.

    One that something publishes, or that says of itself what indexes show, is a package too.
    """
    if any(map(_OF_INDEX.fullmatch, facts.package.texts("classifiers"))):
        return False
    has_dags = any("airflow" in facts.text(path) for path in facts.paths("dags/**.py"))
    is_run = facts.has("manage.py") or has_dags or any(facts.paths("**/Chart.yaml"))
    return is_run and _PUBLISHES.search(facts.automation.text) is None
