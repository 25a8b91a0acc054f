"""The environment that git runs in: nothing in it misleads git, or makes it start a program.

Three things can make git run a program: the configuration and hooks of the repository that it
looks at, an address that it fetches from, and its environment. Git never sees the first where it
might obey (:mod:`lisa_scaffold.git.settings`); this module rules out the others, and makes the few
commands safe that have to find a repository by themselves.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

Variables = Mapping[str, str | None]

_PLACES = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX", "GIT_NAMESPACE"),
    *("GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE"),
    *("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS"),
    *("GIT_ICASE_PATHSPECS", "GIT_ATTR_SOURCE", "GIT_QUARANTINE_PATH", "GIT_EXTERNAL_DIFF"),
    # Which file `git config` reads, in place of those that hold.
    *("GIT_CONFIG", "GIT_INTERNAL_SUPER_PREFIX"),
)

# What changes what git prints, or lets it pass by references and objects that are broken.
_MOODS = (
    *("GIT_DIFF_OPTS", "GIT_MERGE_VERBOSITY", "GIT_PRINT_SHA1_ELLIPSIS", "GIT_CURL_VERBOSE"),
    *("GIT_REF_PARANOIA", "GIT_COMMIT_GRAPH_PARANOIA"),
)

UNPLACED: Variables = dict.fromkeys(_PLACES)
"""Environment in which the repository of a folder is the one that it lies in.

Places (``git rev-parse --local-env-vars``, without settings) and pathspecs that a hook of another
repository, or a shell, has set must not mislead.
"""

_SETTINGS = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    # Files of a project that look like a repository are files.
    ("safe.bareRepository", "explicit"),
    ("log.showSignature", "false"),
    ("submodule.recurse", "false"),
    # Git would start a thread for each processor, and each takes memory, which is bounded.
    ("pack.threads", "4"),
    # Pointless in a temporary folder, and too slow in the user's.
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
)

TRANSPORTS = ("file", "git", "http", "https", "ssh")
"""How git may fetch; others (``ext::``, remote helpers) run a program that the address names."""

NOWHERE: Variables = {"GIT_DIR": os.devnull}
"""Environment in which git looks at no repository: not at the one of the current folder either."""


def _settings(before: int, settings: Iterable[tuple[str, str]]) -> dict[str, str | None]:
    """Variables that give settings to git, after those that are there already."""
    variables: dict[str, str | None] = {}
    number = before
    for key, value in settings:
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
        number += 1
    return {**variables, "GIT_CONFIG_COUNT": str(number)}


ALONE: Variables = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_PARAMETERS": None,
    "GIT_ATTR_NOSYSTEM": "1",
    **_settings(0, (*_SETTINGS, ("core.attributesFile", os.devnull))),
}
"""Environment in which git ignores the user's settings: the same result for everybody."""


def add_settings(settings: Iterable[tuple[str, str]]) -> Variables:
    """The same environment with some settings of the user's."""
    return {**ALONE, **_settings(int(ALONE["GIT_CONFIG_COUNT"] or 0), settings)}


# Git before 2.45 does not know the second variable, and takes the word in the first for the name of
# a helper, which a repository may define as a command: so it is a word that nobody can foresee.
OFFLINE = {"GIT_ALLOW_PROTOCOL": f"none-{os.urandom(8).hex()}", "GIT_NO_LAZY_FETCH": "1"}
"""Environment in which git fetches nothing, not even what a partial clone lacks."""


# Who prepares an answer says so every five seconds, in five bytes (uploadpack.keepAlive).
_SLOW = {"GIT_HTTP_LOW_SPEED_LIMIT": "1", "GIT_HTTP_LOW_SPEED_TIME": "120"}


def allow_network() -> Variables:
    """Environment in which git may fetch: by transports that run nothing, or by the user's."""
    allowed = os.environ.get("GIT_ALLOW_PROTOCOL", ":".join(TRANSPORTS))
    lazy = os.environ.get("GIT_NO_LAZY_FETCH")
    slow = {name: os.environ.get(name, value) for name, value in _SLOW.items()}
    return {"GIT_ALLOW_PROTOCOL": allowed, "GIT_NO_LAZY_FETCH": lazy, **slow}


def count_settings() -> int:
    """How many settings the environment gives to git; none where git would refuse them."""
    given = re.fullmatch("[0-9]{1,6}", os.environ.get("GIT_CONFIG_COUNT", ""))
    number = int(given[0]) if given else 0
    names = (f"GIT_CONFIG_{what}_{at}" for at in range(number) for what in ("KEY", "VALUE"))
    return number if all(name in os.environ for name in names) else 0


def _silence() -> dict[str, None]:
    """Variables by which git tells what it does where its messages are read: not into a file."""
    return {
        name: None
        for name in os.environ
        if name.startswith("GIT_TRACE") and not os.environ[name].startswith("/")
    }


def make_base() -> dict[str, str | None]:
    """The environment of every git command, unless it asks for something else.

    The user's own settings stay: those in the home folder, and those in the environment.
    """
    return {
        **UNPLACED,
        **dict.fromkeys(_MOODS),
        **_silence(),
        **OFFLINE,
        # Some of git's messages are parsed: they must not depend on the user's language.
        "LC_ALL": "C.UTF-8",
        "GIT_TERMINAL_PROMPT": "0",
        **_settings(count_settings(), _SETTINGS),
    }
