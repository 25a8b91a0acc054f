"""Where a project's repository is hosted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lisa_scaffold.adopt.guess import RepositoryFacts
from lisa_scaffold.project.facts import Facts

KNOWN = {"gitlab.in2p3.fr": "in2p3", "gitlab.esa.int": "esa"}
_ADDRESS = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^@/\s]*@)?|(?:(?<![\w.-])[\w.-]++@))(?P<host>[\w.-]+\.[a-z]+)"
    r"(?::\d+(?=/)|(?=:))?[:/]+(?P<path>[^\s?#\"'<>)\]]+)"
)
_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
_PATH = re.compile(rf"{_PART}(?:/{_PART})+")
_SITES = ("github.com", "bitbucket.org", "codeberg.org", "sourceforge.net")
_URL_KEYS = ("source", "repository", "code", "homepage", "home", "issue")


class Home(NamedTuple):
    """Where the repository is: host, group and name of the project there, and who says so."""

    forge: str
    host: str
    namespace: str
    name: str
    source: str

    @property
    def url(self) -> str:
        """Address of the project's page."""
        return f"https://{self.host}/{self.namespace}/{self.name}"


def find(facts: Facts, repository_facts: RepositoryFacts) -> Home | None:
    """The GitLab project that a project says it is, if it is one."""
    return next(_homes(facts, repository_facts), None)


def _homes(facts: Facts, repository_facts: RepositoryFacts) -> Iterator[Home]:
    if repository_facts.remote and (
        home := _read(repository_facts.remote, "git remote", whole=True)
    ):
        yield home
    package = facts.package
    urls = package.get("urls")
    named = urls if isinstance(urls, dict) else {}
    for key in sorted(named, key=_rank):
        if home := _read(str(named[key]), "{}:{}".format(*package.place("urls", key))):
            yield home
    citation = facts.yaml("CITATION.cff")
    if home := _read(
        str(citation.get("repository-code") or ""),
        f"CITATION.cff:{citation.line('repository-code')}",
    ):
        yield home
    for path in facts.paths("README*"):
        for number, line in enumerate(facts.lines(path), 1):
            if facts.package.name and facts.package.name not in line.lower().replace("_", "-"):
                continue
            if home := _read(line, f"{path}:{number}"):
                yield home


def _rank(key: str) -> int:
    low = key.lower()
    return next((i for i, word in enumerate(_URL_KEYS) if word in low), len(_URL_KEYS))


def _read(text: str, source: str, *, whole: bool = False) -> Home | None:
    """The first GitLab project that a text names.

    Parameters
    ----------
    whole
        Whether the text is the address of a repository, on whatever host: else the host has to
        look like GitLab's.
    """
    for match in _ADDRESS.finditer(text):
        host = match["host"].lower()
        gitlab = host in KNOWN or "gitlab" in host or "git." in host
        if not (gitlab or (whole and host not in _SITES)):
            continue
        path = match["path"].partition("/-/")[0].partition("/badges/")[0]
        path = path.strip("/").removesuffix(".git").rstrip(".,;:")
        if _PATH.fullmatch(path):
            namespace, _, name = path.rpartition("/")
            return Home(KNOWN.get(host, "gitlab"), host, namespace, name, source)
    return None


def slug(path: str) -> str:
    """A path as GitLab spells it in ``CI_PROJECT_PATH_SLUG``."""
    return re.sub(r"[^a-z0-9]", "-", path.lower())[:63].strip("-")
