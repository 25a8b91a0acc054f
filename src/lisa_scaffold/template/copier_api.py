"""Copier's inner interface: the only module that imports Copier.

Its public functions clone a template, start git processes for each file and ask in a dialogue of
their own. What has no public way is named here, each with the reason, so that a new version of
Copier can be judged in one place; ``pyproject.toml`` allows one minor version for that.

Whoever imports this module calls :func:`lisa_scaffold.template.light.import_copier` first. Beside
the names below we call, or override, these methods, which have no public counterpart either:

- ``Worker._ask`` and ``_answers_to_remember``: the answers that are recorded;
- ``Worker._check_unsafe``: refuse extensions before they are loaded;
- ``Worker._external_data``: refuse to read outside the project in words of ours;
- ``Worker._render_allowed``: see every path before it is written;
- ``Worker._render_context`` and ``_render_string``: compute once what is the same for every file;
- ``Worker._sync_git_index_executable_bit``: start no git process for a file;
- ``Question._formatted_choices``: the choices of a question, without asking it.
"""

from copier import Phase

# The environment that texts are compiled for, and what its `yield` tag leaves behind: there is no
# public way to render one text, let alone to keep it compiled.
from copier._jinja_ext import SandboxedEnvironment, get_yield_context

# `run_copy` takes an address to clone, not files that are at hand, and only the operation tells a
# template that it is rendered for an update: `run_update` needs a repository, and merges by itself.
from copier._main import Worker, as_operation

# `load_settings` reads the user's settings, which may trust sources and change defaults.
from copier._settings import SettingsModel

# The files of one version with their settings: nothing public reads a `copier.yml`.
from copier._template import Template as CopierTemplate

# How the condition of a command is read.
from copier._tools import cast_to_bool

# Data that is read when it is used; what a question without a default has as one.
from copier._types import MISSING, LazyDict

# The questionnaire: nothing public lists the questions, or the answers that hold for them.
from copier._user_data import DEFAULT_DATA, AnswersMap
from copier._user_data import Question as CopierQuestion
from copier.errors import (
    ConfigFileError,
    CopierError,
    ExtensionNotFoundError,
    ForbiddenPathError,
    UnsafeTemplateError,
    UserMessageError,
)

__all__ = [
    "DEFAULT_DATA",
    "MISSING",
    "AnswersMap",
    "ConfigFileError",
    "CopierError",
    "CopierQuestion",
    "CopierTemplate",
    "ExtensionNotFoundError",
    "ForbiddenPathError",
    "LazyDict",
    "Phase",
    "SandboxedEnvironment",
    "SettingsModel",
    "UnsafeTemplateError",
    "UserMessageError",
    "Worker",
    "as_operation",
    "cast_to_bool",
    "get_yield_context",
]
