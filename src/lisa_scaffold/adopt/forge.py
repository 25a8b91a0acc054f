"""Where a project's repository is hosted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lisa_scaffold.adopt.guess import RepositoryFacts
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts

KNOWN = {"gitlab.in2p3.fr": "in2p3", "gitlab.esa.int": "esa"}
_ADDRESS = compile_lazily(
    r"(?:(?:https?|ssh|git)://(?:[^@/\s]*@)?|(?:(?<![\w.-])[\w.-]++@))(?P<host>[\w.-]+\.[a-z]+)"
    r"(?::\d+(?=/)|(?=:))?[:/]+(?P<path>[^\s?#\"'<>)\]]+)"
)
_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
_PATH = compile_lazily(rf"{_PART}(?:/{_PART})+")
_NOT_GITLAB = ("github.com", "bitbucket.org", "codeberg.org", "sourceforge.net")
_ROUTES = compile_lazily(r"/(?:-|badges|blame|blob|builds|commits|edit|files|raw|refs|tree|wikis)/")
"""What may follow a project in an address: GitLab reserves these words, and takes no project so."""
_OWN = compile_lazily(r"\bclone\b|/badges/")
"""What a README says of its own repository, and hardly of another one."""
_URL_KEYS = ("source", "repository", "code", "homepage", "home", "issue")


class Forge(NamedTuple):
    """A GitLab project: forge, host, group, name there, and where the project says so."""

    forge: str
    host: str
    namespace: str
    name: str
    source: str

    @property
    def url(self) -> str:
        """Address of the project's page."""
        return f"https://{self.host}/{self.namespace}/{self.name}"


def find(facts: Facts, repository_facts: RepositoryFacts, *, others: bool = False) -> Forge | None:
    """The GitLab project that a project names as its own, if any.

    Parameters
    ----------
    facts, repository_facts
        The project.
    others
        Whether it may be a project of another forge, such as GitHub.
    """
    remote = repository_facts.remote
    if found := _read(remote, "git remote", is_remote=True, others=others):
        return found
    read = (_read(text, source, others=others) for text, source in _texts(facts))
    return next((found for found in read if found), None)


def _texts(facts: Facts) -> Iterator[tuple[str, str]]:
    """Texts that may name the repository, each with its place, the most reliable first."""

    def rank(key: str) -> int:
        words = (at for at, word in enumerate(_URL_KEYS) if word in key.lower())
        return next(words, len(_URL_KEYS))

    package = facts.package
    urls = package.get("urls")
    if isinstance(urls, dict):
        for key in sorted(urls, key=rank):
            yield str(urls[key]), "{}:{}".format(*package.place("urls", key))
    citation = facts.yaml("CITATION.cff")
    code = str(citation.get("repository-code") or "")
    yield code, f"CITATION.cff:{citation.line('repository-code')}"
    for path in facts.paths("README*"):
        for number, line in enumerate(facts.lines(path), 1):
            spelled = line.lower().replace("_", "-")
            if package.name in spelled if package.name else _OWN.search(spelled):
                yield line, f"{path}:{number}"


def _read(text: str, source: str, *, is_remote: bool = False, others: bool = False) -> Forge | None:
    """The first project on a forge that a text names.

    Parameters
    ----------
    is_remote
        Whether the text is the address of a repository, on whatever host; otherwise the host must
        look like a GitLab.
    others
        Whether other forges count, too.
    """
    for match in _ADDRESS.finditer(text):
        host = match["host"].lower()
        is_gitlab = host in KNOWN or "gitlab" in host or "git." in host
        is_other = host in _NOT_GITLAB
        if not (others if is_other else is_gitlab or is_remote):
            continue
        path = _ROUTES.split(match["path"], 1)[0]
        path = path.strip("/").removesuffix(".git").rstrip(".,;:")
        if _PATH.fullmatch(path):
            namespace, _, name = path.rpartition("/")
            return Forge(KNOWN.get(host, "gitlab"), host, namespace, name, source)
    return None


def make_slug(path: str) -> str:
    """A path as GitLab writes it in ``CI_PROJECT_PATH_SLUG``."""
    return re.sub(r"[^a-z0-9]", "-", path.lower())[:63].strip("-")
