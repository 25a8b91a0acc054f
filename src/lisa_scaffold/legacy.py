"""Answers and merge base of a project that came from a Cookiecutter template.

Cookiecutter renders the former template, at the recorded commit and with the recorded context, so
that what people wrote since can be told from what the template wrote. Nothing else imports it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lisa_scaffold import files, git
from lisa_scaffold.errors import LisaError

CRUFT_FILE = ".cruft.json"
REPLAY_FILES = (".cookiecutter_replay.json", ".cookiecutter.json", "cookiecutter_replay.json")

NONE = "none"
"""What ``--from-cookiecutter`` says to leave a former template alone."""

# Names that widespread templates give to what we have answers for.
_SYNONYMS = {
    "project_name": ("project_name", "name", "project"),
    "distribution": ("project_slug", "repo_name", "repository_name", "distribution_name"),
    "import_name": ("package_name", "pkg_name", "module_name", "app_name", "import_name"),
    "description": ("project_short_description", "short_description", "description"),
    "author_name": ("full_name", "author", "author_name"),
    "author_email": ("email", "author_email"),
}


@dataclass(frozen=True)
class Former:
    """The template that a project was made from.

    Attributes
    ----------
    source
        Where its repository is.
    commit
        A hash, tag or branch of it; empty for the newest state.
    context
        The recorded answers.
    named_in
        What named it: a file of the project, or the option.
    directory
        The folder of the repository that holds the template, relative to it; usually empty.
    """

    source: str
    commit: str
    context: Mapping[str, Any]
    named_in: str
    directory: str = ""

    def __str__(self) -> str:
        """The source and its commit, as ``--from-cookiecutter`` takes them."""
        return f"{self.source}@{self.commit}" if self.commit else self.source


def find(root: Path, named: str | None = None) -> Former | None:
    """The Cookiecutter template that a project names, or that the user names for it.

    Parameters
    ----------
    root
        The project.
    named
        ``URL@REF``, which wins over what the project records; ``none`` for no template at all.

    Raises
    ------
    LisaError
        If a record cannot be read.
    """
    if named == NONE:
        return None
    recorded = _from_cruft(root) or _from_replay(root)
    if named is None:
        return recorded
    source, at, commit = named.rpartition("@")
    if not at or "/" in commit or ":" in commit:  # the @ of ssh's user@host:path
        source, commit = named, ""
    context = recorded.context if recorded else {}
    directory = recorded.directory if recorded else ""
    return Former(source, commit, context, "--from-cookiecutter", directory)


def _from_cruft(root: Path) -> Former | None:
    match _read(root, CRUFT_FILE):
        case None:
            return None
        case {"template": str(source), "commit": str(commit), **rest}:
            context = rest.get("context")
            answers = context.get("cookiecutter") if isinstance(context, dict) else None
            directory = rest.get("directory")
            folder = directory if isinstance(directory, str) else ""
            recorded = answers if isinstance(answers, dict) else {}
            return Former(source, commit, recorded, CRUFT_FILE, folder)
    raise LisaError(
        f"{root / CRUFT_FILE}: template or commit is missing, or no text",
        f"Bring the file back from git's history, or give --from-cookiecutter {NONE}.",
    )


def _from_replay(root: Path) -> Former | None:
    """What Cookiecutter recorded to make the same project again, where that is kept with it."""
    for name in REPLAY_FILES:
        match _read(root, name):
            case {"cookiecutter": {"_template": str(source), **context}}:
                commit = context.get("_checkout")
                answers = {str(key): value for key, value in context.items()}
                return Former(source, commit if isinstance(commit, str) else "", answers, name)
    return None


def _read(root: Path, path: str) -> Any:
    hint = f"Bring the file back from git's history, or give --from-cookiecutter {NONE}."
    try:
        content = files.read(root, path)
        return None if content is None else json.loads(content.decode())
    except LisaError as error:
        raise LisaError(error.message, hint) from error
    except (ValueError, RecursionError) as error:
        line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise LisaError(f"{root / path}{line}: no JSON that can be read", hint) from error


def answers(former: Former) -> dict[str, str]:
    """Our answers, as far as the recorded ones give them."""
    found = {}
    for key, names in _SYNONYMS.items():
        said = next((former.context[name] for name in names if name in former.context), None)
        if isinstance(said, str) and said and "{{" not in said:
            found[key] = said
    return found


def guessed(former: Former, answers: Mapping[str, Any]) -> Former:
    """The same with a context made from our answers, where none was recorded."""
    if former.context:
        return former
    context = {
        name: answers[key] for key, names in _SYNONYMS.items() if key in answers for name in names
    }
    return replace(former, context=context)


def render(former: Former, root: Path, folder: Path, *, trust: bool = False) -> Path:
    """Render the former template with Cookiecutter.

    Parameters
    ----------
    former
        The template; whoever calls has told the user its source.
    root
        The project: a relative source starts from there.
    folder
        An existing folder for the template's files and for the result.
    trust
        Whether its hooks may run, and its Jinja extensions may be loaded.

    Returns
    -------
    Path
        The rendered project.

    Raises
    ------
    LisaError
        If the template cannot be reached, is broken, or needs trust.
    """
    try:
        from cookiecutter.exceptions import CookiecutterException, UndefinedVariableInTemplate
        from cookiecutter.generate import generate_context, generate_files
        from cookiecutter.prompt import prompt_for_config
    except ImportError as error:
        raise LisaError(
            f"{former}: Cookiecutter is needed to render this former template",
            f"pip install 'lisa-scaffold[cookiecutter]', or give --from-cookiecutter {NONE}.",
        ) from error
    from jinja2 import TemplateError

    # Cookiecutter's own words about each variable are no news to our users.
    logging.getLogger("cookiecutter").setLevel(logging.ERROR)
    template = _fetch(former, root, folder)
    made = folder / "made"
    made.mkdir()
    try:
        _refuse_extensions(former, template, trust=trust)
        public = {key: value for key, value in former.context.items() if key[0] != "_"}
        context = generate_context(str(template / "cookiecutter.json"), None, public)
        # A hook may have recorded more than the template asks for.
        context["cookiecutter"] = {**public, **prompt_for_config(context, no_input=True)}
        context["cookiecutter"]["_template"] = former.source
        context["cookiecutter"]["_output_dir"] = str(made)
        generate_files(template, context, made, accept_hooks=trust)
    except UndefinedVariableInTemplate as error:
        raise _not_rendered(former, f"{error.message}: {error.error.message}") from error
    except (CookiecutterException, TemplateError, ValueError, OSError) as error:
        raise _not_rendered(former, str(error)) from error
    return next(made.iterdir())


def _not_rendered(former: Former, why: str) -> LisaError:
    return LisaError(
        f"{former}: the former template cannot be rendered: {' '.join(why.split())}",
        f"Name another commit with --from-cookiecutter URL@REF, or give {NONE} instead.",
    )


def _fetch(former: Former, root: Path, folder: Path) -> Path:
    """The files of the template at its commit."""
    from cookiecutter.config import BUILTIN_ABBREVIATIONS
    from cookiecutter.repository import expand_abbreviations

    address = expand_abbreviations(former.source, BUILTIN_ABBREVIATIONS)
    try:
        git.clone_bare(git.clonable(address, root, outside=root), folder / "former.git")
    except LisaError as error:
        raise LisaError(
            f"{former.source}: the former template cannot be reached ({error.message})",
            f"Check the network and your access, or give --from-cookiecutter {NONE} to do without.",
        ) from error
    try:
        git.export(folder / "former.git", former.commit or "HEAD", folder / "former")
    except git.GitError as error:
        raise LisaError(
            f"{former.source}: no commit {former.commit} there",
            "Name one that exists: --from-cookiecutter URL@REF.",
        ) from error
    template = folder / "former" / former.directory
    if (
        folder.resolve() not in template.resolve().parents
        or not (template / "cookiecutter.json").exists()
    ):
        raise LisaError(
            f"{former}: no cookiecutter.json there, so it is no Cookiecutter template",
            f"Name another with --from-cookiecutter URL@REF, or give {NONE} instead.",
        )
    return template


def _refuse_extensions(former: Former, folder: Path, *, trust: bool) -> None:
    """Raise LisaError where rendering would load code of the template without trust."""
    said = _read(folder, "cookiecutter.json")
    extensions = said.get("_extensions") if isinstance(said, dict) else None
    if extensions and not trust:
        listed = ", ".join(map(str, extensions))
        raise LisaError(
            f"{former}: this template loads Jinja extensions, and those are code: {listed}",
            "If you trust that source, run the command again with --trust.",
        )
