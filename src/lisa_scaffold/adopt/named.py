"""Answers to questions of any Copier template whose names are those of common practice.

The names are those of copier-uv, of Diamond's, LINCC's and Scientific Python's templates and of
others; what their questions mean is what a project's metadata says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lisa_scaffold.adopt import forge, infer
from lisa_scaffold.adopt.guess import Guess, RepositoryFacts
from lisa_scaffold.errors import LisaError
from lisa_scaffold.project.facts import Facts

_DISTRIBUTION = (
    *("dist_name", "distribution", "distribution_name", "package_distribution_name", "pypi_name"),
    *("python_package_distribution_name", "package_pip_name"),
)
_IMPORT_NAME = (
    *("import_name", "module", "module_name", "package_import_name", "package_name", "python_name"),
    *("python_package_import_name", "python_package_name"),
)
_MEANINGS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("friendly_name", "project_title", "title"): ("project_name", "distribution"),
    ("name", "project", "project_name"): ("project_name", "repository", "distribution"),
    ("github_repo", "project_slug", "repo_name", "repo", "repository_name", "slug"): (
        *("repository", "distribution", "import_name"),
    ),
    _DISTRIBUTION: ("distribution",),
    _IMPORT_NAME: ("import_name", "distribution"),
    ("cli_name", "command_line_name", "python_package_command_line_name"): (
        *("program", "distribution"),
    ),
    (
        *("description", "package_description", "project_description", "project_summary"),
        *("project_short_description", "short_description", "summary"),
    ): ("description",),
    ("author", "author_fullname", "author_name", "full_name", "maintainer", "maintainer_name"): (
        "author_name",
    ),
    ("author_email", "email", "maintainer_email"): ("author_email",),
    ("copyright_holder", "organization", "organisation", "project_organization"): (
        *("copyright_holder", "author_name"),
    ),
    ("copyright_date", "copyright_year", "year"): ("copyright_year",),
    ("copyright_license", "license", "open_source_license", "project_license"): ("license",),
    (
        *("author_username", "github_org", "github_user", "github_username", "gitlab_group"),
        *("namespace", "org", "repository_namespace", "username"),
    ): ("namespace",),
    (
        *("forge_host", "git_host", "git_platform", "git_provider", "repository_host"),
        *("repository_provider",),
    ): ("host",),
    ("project_url", "repo_url", "repository_url", "url"): ("url",),
    ("min_python_version", "minimum_python", "python_min", "python_version", "requires_python"): (
        "python_min",
    ),
}
_MEANING = {name: wanted for names, wanted in _MEANINGS.items() for name in names}


def find_facts(facts: Facts, repository_facts: RepositoryFacts) -> dict[str, Guess]:
    """What a project says of itself, under the names of our own questions and a few more.

    Of a project that says too little to be a package, nothing is known.
    """
    try:
        found = infer.infer_answers(facts, repository_facts, {})
    except LisaError:
        return {}
    if own := forge.find(facts, repository_facts, others=True):
        parts = {"host": own.host, "namespace": own.namespace, "repository": own.name}
        parts["url"] = own.url
        found |= {key: Guess(value, own.source) for key, value in parts.items()}
    scripts = facts.package.table("scripts")
    if scripts:
        path, line = facts.package.place("scripts", *[*scripts][:1])
        found["program"] = Guess(next(iter(scripts)), f"{path}:{line}")
    return found


def list_candidates(question: str, found: Mapping[str, Guess]) -> Iterator[Guess]:
    """What may be the answer to a question, by its name, the most likely first."""
    seen: list[Any] = []
    for key in _MEANING.get(question.lower(), ()):
        guess = found.get(key)
        if guess and guess.value and guess.value not in seen:
            seen.append(guess.value)
            yield guess
