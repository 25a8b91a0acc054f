"""The environment that git runs in: what it must not be misled by, and must never start.

Three things can make git run a program: the configuration and hooks of the repository that it
looks at, an address that it fetches from, and what its surroundings are set to. The first is never
read where git might obey it (:mod:`lisa_scaffold.git.settings`); this module rules out the rest,
and takes the sting out of the few commands that have to find a repository by themselves.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

Variables = Mapping[str, str | None]

_PLACES = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX", "GIT_NAMESPACE"),
    *("GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE"),
    *("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS"),
    *("GIT_ICASE_PATHSPECS", "GIT_ATTR_SOURCE", "GIT_QUARANTINE_PATH", "GIT_EXTERNAL_DIFF"),
)

UNPLACED: Variables = dict.fromkeys(_PLACES)
"""Environment in which a repository is the one of its folder.

What a hook of another repository, or a shell, has set about places (``git rev-parse
--local-env-vars``, less settings) and pathspecs must not mislead.
"""

_SETTINGS = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    # Files of a project that look like a repository are files.
    ("safe.bareRepository", "explicit"),
    ("log.showSignature", "false"),
    ("submodule.recurse", "false"),
    # Neither of them has a place in a folder of ours, or the time to run in the user's.
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
)

TRANSPORTS = ("file", "git", "http", "https", "ssh")
"""How git may fetch; others (``ext::``, remote helpers) run a program that the address names."""

NOWHERE: Variables = {"GIT_DIR": os.devnull}
"""Environment in which git looks at no repository: not at the one of the current folder either."""


def _settings(before: int, settings: Iterable[tuple[str, str]]) -> dict[str, str | None]:
    """Settings as the environment gives them to git, after some that stand there already."""
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
"""Environment that makes git deaf to the user's settings: the same result for everybody."""

# Of git before 2.45 the second variable is unknown, and any word that the first names is that of a
# helper which a repository may have made a command of: so it is one that nobody can foresee.
OFFLINE = {"GIT_ALLOW_PROTOCOL": f"none-{os.urandom(8).hex()}", "GIT_NO_LAZY_FETCH": "1"}
"""Environment in which git fetches nothing: not what a partial clone lacks either."""


def online() -> Variables:
    """Environment in which git may fetch, by the transports that run nothing; or by the user's."""
    allowed = os.environ.get("GIT_ALLOW_PROTOCOL", ":".join(TRANSPORTS))
    lazy = os.environ.get("GIT_NO_LAZY_FETCH")
    return {"GIT_ALLOW_PROTOCOL": allowed, "GIT_NO_LAZY_FETCH": lazy}


def base() -> dict[str, str | None]:
    """What every git command gets, less where it asks for something else.

    The user's own settings stay: those of the home, and those that the environment gives.
    """
    given = os.environ.get("GIT_CONFIG_COUNT", "")
    return {
        **UNPLACED,
        **OFFLINE,
        # git's own messages are read in places: they must not depend on the user's language.
        "LC_ALL": "C.UTF-8",
        "GIT_TERMINAL_PROMPT": "0",
        **_settings(int(given) if given.isdecimal() else 0, _SETTINGS),
    }
