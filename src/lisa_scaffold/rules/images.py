"""Container images: where they are described, their names, and how long they are maintained."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.rules.rule import SET_ASIDE, SHOWN
from lisa_scaffold.sharing import shared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from lisa_scaffold.formats.dockerfile import Dockerfile

DOCKERFILES = (
    *("**/Dockerfile", "**/Containerfile", "**/Dockerfile.*", "**/Containerfile.*"),
    *("**/*.Dockerfile", "**/*.dockerfile"),
)
# Names that end so are made into Dockerfiles, or belong to one; those of tests may be anything.
_NO_DOCKERFILE = compile_lazily(
    r".*\.(?:j2|jinja2?|tmpl|template|tpl|in|md|sh|py|dockerignore|orig|rej|bak)"
    r"|(?:.*/)?(?:(?:[\w.]+[-_])?tests?|tests?[-_](?:containers?|images?|infra\w*|data)|testdata"
    r"|fixtures|templates?|node_modules|_?vendor(?:ed)?|third[-_]?party|extern)/.*|.*[{}].*"
    # What pages show to readers, who name their own image.
    r"|docs?/(?:[\w-]+/){0,2}(?:\w+_)?(?:recipe|sample|snippet|tutorial)s?(?:_\w+)?/.*|"
    + SHOWN
    + "|"
    + SET_ASIDE
)


@cached_in_facts
def find_dockerfiles(facts: Facts) -> list[Dockerfile]:
    """The Dockerfiles of a project, wherever they are and whatever they are called."""
    paths = (path for path in facts.paths(*DOCKERFILES) if not _NO_DOCKERFILE.fullmatch(path))
    # What has statements of a template language is made into a Dockerfile.
    whole = (path for path in paths if "{%" not in facts.text(path))
    return [each for path in whole if (each := facts.dockerfile(path))]


_MOVING = frozenset(
    [
        *("latest", "stable", "edge", "nightly", "main", "master", "dev", "rolling", "testing"),
        *("unstable", "slim", "alpine", "dind", "debug", "rootless", "lts", "current", "mainline"),
    ]
)
"""Words that name no version: a tag of nothing else is moved."""
_DISTRIBUTION = compile_lazily(
    r"(?:.*/)?(?:debian|ubuntu|buildpack-deps|minideb|devcontainers/base)(?:-slim)?"
)
_HAS_VERSIONS = compile_lazily(
    r"(?:c?python|pypy|uv|poetry|node|golang|rust|ruby|php|perl|openjdk|gcc|postgres|postgis|nginx"
    r"|redis|mariadb|mysql|httpd|tomcat|elixir|erlang|r-ver)(?:-slim)?"
)
_OFFICIAL = compile_lazily(
    r"(?:(?:docker\.io|index\.docker\.io|registry-1\.docker\.io)/)?(?:library/)?"
)


class Image(NamedTuple):
    """An image: its repository, tag and digest, each empty where it is not named."""

    repository: str
    tag: str
    digest: str

    @property
    def short(self) -> str:
        """The repository, without the server of an official image."""
        return _OFFICIAL.sub("", self.repository, count=1)


def read(name: str) -> Image:
    """Read the name of an image."""
    rest, _, digest = name.partition("@")
    head, slash, last = rest.rpartition("/")
    repository, _, tag = last.partition(":")
    return Image(f"{head}{slash}{repository}", tag, digest)


# Capitals may stand in the name of a server alone: what has others is a word to be replaced.
_NAME = compile_lazily(
    r"(?:(?:localhost|[\w-]*[.:][\w.:-]*|\[[\da-fA-F:]+\](?::\d+)?)/)?[a-z\d][a-z\d._-]*(?:/[a-z\d._-]+)*"
    r"(?::[\w.-]+)?(?:@\w+:\w+)?"
)


def is_known(name: str) -> bool:
    """Whether a name is that of an image, in full: no variable or placeholder is left in it."""
    return _NAME.fullmatch(name) is not None


def explain_change(name: str) -> str:
    """Why an image may change without notice; empty where it is pinned or not known."""
    if not is_known(name) or name == "scratch" or is_left_open(name):
        return ""
    image = read(name)
    if image.digest:
        return ""
    if not image.tag:
        return f"the image {name} may change any day: add a version tag"
    # The name of a release is a version of the distribution, and of nothing else that has its own.
    has_own = "/" not in image.short or _HAS_VERSIONS.fullmatch(image.short.rpartition("/")[2])
    is_distribution = _DISTRIBUTION.fullmatch(image.short) or not has_own
    moving = _MOVING if is_distribution else _MOVING | _NAMES.keys()
    moves = all(word in moving for word in image.tag.split("-"))
    return f"the image {name} may change any day: use a version tag" if moves else ""


# The last day on which a release got free fixes.
_ENDS: dict[str, dict[str, str]] = {
    "python": {
        "2": "2020-01-01",
        "3.5": "2020-09-30",
        "3.6": "2021-12-23",
        "3.7": "2023-06-27",
        "3.8": "2024-10-07",
        "3.9": "2025-10-31",
        "3.10": "2026-10-31",
        "3.11": "2027-10-31",
        "3.12": "2028-10-31",
        "3.13": "2029-10-31",
        "3.14": "2030-10-31",
    },
    "debian": {
        "8": "2020-06-30",
        "9": "2022-06-30",
        "10": "2024-06-30",
        "11": "2026-08-31",
        "12": "2028-06-30",
        "13": "2030-06-30",
    },
    "ubuntu": {
        "14.04": "2019-04-25",
        "16.04": "2021-04-30",
        "18.04": "2023-05-31",
        "20.04": "2025-05-31",
        "22.04": "2027-04-30",
        "24.04": "2029-04-30",
    },
    "alpine": {
        **dict.fromkeys(("3.10", "3.11", "3.12", "3.13", "3.14"), "2023-05-01"),
        "3.15": "2023-11-01",
        "3.16": "2024-05-23",
        "3.17": "2024-11-22",
        "3.18": "2025-05-09",
        "3.19": "2025-11-01",
        "3.20": "2026-04-01",
        "3.21": "2026-11-01",
        "3.22": "2027-05-01",
    },
    "centos": {"6": "2020-11-30", "7": "2024-06-30", "8": "2021-12-31"},
    "node": {
        **dict.fromkeys(("8", "10", "12", "14"), "2023-04-30"),
        "16": "2023-09-11",
        "18": "2025-04-30",
        "20": "2026-04-30",
        "22": "2027-04-30",
    },
}
_NAMES = {
    "jessie": "8",
    "stretch": "9",
    "buster": "10",
    "bullseye": "11",
    "bookworm": "12",
    "trixie": "13",
    "trusty": "14.04",
    "xenial": "16.04",
    "bionic": "18.04",
    "focal": "20.04",
    "jammy": "22.04",
    "noble": "24.04",
    "centos7": "7",
    "centos8": "8",
}
_REPLACED = {
    "gcr.io/kaniko-project/executor": "ghcr.io/osscontainertools/kaniko",
    "registry.gitlab.com/gitlab-org/release-cli": "registry.gitlab.com/gitlab-org/cli",
}
"""Unmaintained images, and what replaces them."""

_WORD = compile_lazily(r"[a-z]+\d?|\d+(?:\.\d+)*")


def explain_end(name: str, today: date | None) -> str:
    """Why an image is no longer maintained; empty where it is, or is not known."""
    if not is_known(name):
        return ""
    image = read(name)
    if image.repository in _REPLACED:
        return f"{image.repository} is no longer maintained: use {_REPLACED[image.repository]}"
    for system, version, label in _find_systems(image) if today else ():
        ends = _ENDS[system]
        parts = version.split(".")
        end = ends.get(".".join(parts[:2])) or ends.get(parts[0])
        if end and today and end < today.isoformat():
            return f"{label} has had no security fixes since {end}: use a newer version"
    return ""


_IN_TAG = compile_lazily(
    r"(?:^|[-_.])(ubuntu|debian|alpine|centos|python)-?(\d+(?:\.\d+)*)(?![A-Za-z\d.])"
)


def _find_systems(image: Image) -> Iterator[tuple[str, str, str]]:
    """What an image has by its name and tag: the system, its version, and both in words."""
    words = _WORD.findall(image.tag)
    if image.short in _ENDS and words:
        version = _NAMES.get(words[0], words[0])
        yield image.short, version, f"{image.short.title()} {version}"
    for word in words[1:] if image.short in _ENDS else words:
        named = _NAMES.get(word)
        if named and not word.startswith("centos"):
            system = "ubuntu" if "." in named else "debian"
            yield system, named, f"{system.title()} {named} ({word})"
    # Of any image: `cuda:12.1-devel-ubuntu20.04`, `airflow:2.5-python3.8`.
    for system, version in _IN_TAG.findall(image.tag):
        yield system, version, f"{system.title()} {version}"


_PYTHON = compile_lazily(r"(\d+)\.(\d+)(?!\d)")


def find_python(name: str) -> tuple[int, int] | None:
    """The Python of an image, by its name and tag: of Python's own, or of `uv:python3.11-slim`."""
    image = read(name)
    own = (version for system, version, _ in _find_systems(image) if system == "python")
    match = _PYTHON.match(next(own, ""))
    return (int(match[1]), int(match[2])) if match else None


# The `python3` that a system's own packages are.
_PYTHONS = {
    "debian": {"10": (3, 7), "11": (3, 9), "12": (3, 11), "13": (3, 13)},
    "ubuntu": {"18.04": (3, 6), "20.04": (3, 8), "22.04": (3, 10), "24.04": (3, 12)},
}


def find_system_python(name: str) -> tuple[str, tuple[int, int]] | None:
    """What an image of Debian or Ubuntu is called in words, and the Python of the system."""
    image = read(name)
    for _, version, label in _find_systems(image):
        pythons = _PYTHONS.get(image.short, {})
        if found := pythons.get(version) or pythons.get(version.split(".")[0]):
            return label, found
        break
    return None


_BUILDS = compile_lazily(
    r"\b(?:docker|podman|buildah|nerdctl) (?:buildx |image )?(?:build|bud)\b"
    r"(?:\\\n|[^\n;&|]){0,800}?\s(?:-t|--tag)[= ][\"']?((?:\$\([^()\n]{0,100}\)|\$(?!\()"
    r"|[^\s\"'$]){1,200})"
)
_MOST_BUILDS = 50
# A variable of the shell or of Compose, with all that may be done to it, or what a command says.
_UNKNOWN = compile_lazily(r"\$\{[^{}]{0,100}\}|\$\([^()]{0,100}\)|\$\w+")


@cached_in_facts
def find_built(facts: Facts) -> list[re.Pattern[str]]:
    """The names of the images that commands in scripts, tasks or texts build, without tags."""
    paths = facts.paths("**/*.sh", "**/Makefile", "**/?ustfile", "**/README*", *DOCKERFILES)
    texts = [facts.automation.text, *map(facts.text, paths)]
    return make_patterns(name for text in texts for name in _find_built_names(text))


@shared
def _find_built_names(text: str) -> list[str]:
    """The names that commands in a text build, as written and with what the text itself sets."""
    names: list[str] = _BUILDS.findall(text)
    open_names = [name for name in names if "$" in name]
    if not open_names:
        return names
    # Of several values the first one is taken: it may be another in another case.
    values = dict(reversed(_ASSIGNED.findall(text)))
    for _ in range(_MOST_ROUNDS):
        open_names = [_replace_variables(name, values)[:_LONGEST_NAME] for name in open_names]
    return [*names, *open_names]


_ASSIGNED = compile_lazily(
    r"(?m)^[ \t]*(?:(?:export|readonly|local|ARG|ENV)[ \t]+)?([A-Za-z_]\w{0,100})[ \t]*"
    r"(?:[:?]?=|:[ \t])[ \t]*[\"']?([\w./:@${}()-]{1,200})[\"']?[ \t]*(?:#.*)?$"
)
_NAMED = compile_lazily(r"\$(?:\{(\w{1,101})\}|\((\w{1,101})\)|(\w{1,101}))")
_MOST_ROUNDS = 3
_LONGEST_NAME = 500


def _replace_variables(text: str, values: Mapping[str, str]) -> str:
    """A text with the values of its variables, as far as they are known."""
    return _NAMED.sub(lambda each: values.get(each[1] or each[2] or each[3], each[0]), text)


def make_patterns(names: Iterable[str]) -> list[re.Pattern[str]]:
    """What matches the repositories of images in whose names there may be variables."""
    # Where a variable stands anything may, and what is only one may be any image.
    parts = [_UNKNOWN.split(read(_UNKNOWN.sub("$x", name)).repository) for name in names]
    known = dict.fromkeys(tuple(each) for each in parts if re.search(r"\w", each[0]))
    return [re.compile("[^/:]*".join(map(re.escape, each))) for each in [*known][:_MOST_BUILDS]]


# What stands where an argument has to be given, and is no image.
_NO_IMAGE = compile_lazily(
    r"(?:error|please|required?|undefined|unset|unknown|missing|override|changeme|invalid|none|todo"
    r"|placeholder|set|must|fixme|specify|provide)(?:[_-]\w[\w-]*)?",
    re.IGNORECASE,
)


def is_left_open(name: str) -> bool:
    """Whether a word stands for an image that whoever builds has to name."""
    return _NO_IMAGE.fullmatch(name) is not None


_FOR_TESTS = compile_lazily(
    r"\b(?:docker ?files?|docker|containers?|images?|servers?|services|fixtures)\b[^.#]{0,80}"
    r"\b(?:for|in|during|by)\s(?:\w+[\s-]){0,3}tests?(?:ing)?\b(?!\s\w+ing)",
    re.IGNORECASE,
)
_MOST_FIRST = 1000


@cached_in_facts
def serve_tests(facts: Facts) -> bool:
    """Whether the README begins with that the images are for tests: their secrets are none."""
    path = facts.first("README.md", "README.rst", "README", "readme.md")
    if not path or not find_dockerfiles(facts) or facts.package.form:
        return False
    return _FOR_TESTS.search(facts.text(path)[:_MOST_FIRST]) is not None
