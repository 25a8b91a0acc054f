"""Answers and merge base of a project that came from a Cookiecutter template.

Cookiecutter renders the former template, at the recorded commit and with the recorded context. That
tells what people wrote since from what the template wrote. Only this module imports it.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from lisa_scaffold import apart, files, git
from lisa_scaffold.answer_limits import find_problem
from lisa_scaffold.errors import LisaError
from lisa_scaffold.template.blame import advise_install, find_missing
from lisa_scaffold.template.rendering import REQUIREMENT

CRUFT_FILE = ".cruft.json"
REPLAY_FILES = (".cookiecutter_replay.json", ".cookiecutter.json", "cookiecutter_replay.json")

OPTION = "--from-cookiecutter"
NONE = "none"
"""The value of ``--from-cookiecutter`` that ignores a former template."""

# The names of our answers in widespread templates.
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
        Where it is named: a file of the project, or the option.
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


def find_former(root: Path, named: str | None = None) -> Former | None:
    """The Cookiecutter template that a project names, or that the user names for it.

    Parameters
    ----------
    root
        The project.
    named
        ``URL@REF``, which wins over what the project records; ``URL`` alone: at the commit that it
        records, where it does so; ``none`` for no template at all.

    Raises
    ------
    LisaError
        If a record cannot be read.
    """
    if named == NONE:
        return None
    recorded = _find_recorded(root)
    if named is None:
        return recorded
    source, at, commit = named.rpartition("@")
    if not at or "/" in commit or ":" in commit:  # the @ of ssh's user@host:path
        source, commit = named, ""
    if recorded is None:
        return Former(source, commit, {}, OPTION)
    # Without a commit it is another place of the recorded template, as a mirror is.
    named_in = OPTION if commit or not recorded.commit else f"{OPTION}; {recorded.named_in}"
    commit = commit or recorded.commit
    return Former(source, commit, recorded.context, named_in, recorded.directory)


def _find_recorded(root: Path) -> Former | None:
    """The template in cruft's record, or in what Cookiecutter recorded to replay."""
    match _read(root, CRUFT_FILE):
        case None:
            pass
        case {"template": str(source), "commit": str(commit), **rest}:
            context, directory = rest.get("context"), rest.get("directory")
            answers = context.get("cookiecutter") if isinstance(context, dict) else None
            return Former(
                source,
                commit,
                answers if isinstance(answers, dict) else {},
                CRUFT_FILE,
                directory if isinstance(directory, str) else "",
            )
        case _:
            raise LisaError(
                f"{root / CRUFT_FILE}: template or commit is missing, or no text",
                f"Bring the file back from git's history, or give --from-cookiecutter {NONE}.",
            )
    for name in REPLAY_FILES:
        match _read(root, name):
            case {"cookiecutter": {"_template": str(source), **context}}:
                checkout = context.get("_checkout")
                replayed = {str(key): value for key, value in context.items()}
                return Former(source, checkout if isinstance(checkout, str) else "", replayed, name)
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


def map_answers(former: Former) -> dict[str, str]:
    """Those of our answers that follow from the recorded ones."""
    found = {}
    for key, names in _SYNONYMS.items():
        value = next((former.context[name] for name in names if name in former.context), None)
        if isinstance(value, str) and value and "{{" not in value and not find_problem(value):
            found[key] = value
    return found


def fill_context(former: Former, answers: Mapping[str, Any]) -> Former:
    """The same template, with a context made from our answers where none was recorded."""
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
        The template; the caller has told the user its source.
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
        # Here, and not in each process that renders.
        for name in ("environment", "exceptions", "generate", "prompt", "utils"):
            import_module(f"cookiecutter.{name}")
    except ImportError as error:
        raise LisaError(
            f"{former}: Cookiecutter is needed to render this former template",
            f'pip install "{REQUIREMENT.format("[cookiecutter]")}", '
            f"or give --from-cookiecutter {NONE}.",
        ) from error
    template = _fetch(former, root, folder)
    # Cookiecutter would follow a link out of the template; it looks for what it includes beside the
    # template's folder too, and behind links that stay inside.
    fetched = folder / "former"
    for place in fetched.rglob("*"):
        target = Path(os.path.realpath(place))
        if place.is_symlink() and not target.is_relative_to(os.path.realpath(fetched)):
            where = place.relative_to(fetched)
            raise _not_rendered(former, f"{where} is a link that leads out of the template")
    made, scripts = folder / "made", folder / "scripts"
    made.mkdir()
    scripts.mkdir()
    try:
        # In a process of its own, where Cookiecutter is patched, and bounded.
        return apart.run(
            lambda: _generate(former, template, made, scripts, trust=trust), bounded=not trust
        )
    except apart.ExhaustedError as error:
        raise _not_rendered(former, str(error)) from error


def _generate(former: Former, template: Path, made: Path, scripts: Path, *, trust: bool) -> Path:
    """Let Cookiecutter render; it cannot leave its folder, whatever names the template gives."""
    from cookiecutter.exceptions import UndefinedVariableInTemplate, UnknownExtension
    from cookiecutter.generate import generate_context, generate_files
    from cookiecutter.prompt import prompt_for_config
    from jinja2.exceptions import SecurityError

    # Cookiecutter's messages about each variable are of no interest to our users.
    logging.getLogger("cookiecutter").setLevel(logging.ERROR)
    # It works in the template's folder, from which no module may be imported by accident.
    sys.path[:] = [place for place in sys.path if Path(place).is_absolute()]
    apart.write_below(made, scripts)
    if trust:
        sys.path.append(str(template))
        tempfile.tempdir = str(scripts)  # rendered hooks go there
    else:
        _use_sandbox(former)
    try:
        public = {key: value for key, value in former.context.items() if not key.startswith("_")}
        context = generate_context(str(template / "cookiecutter.json"), None, public)
        # A hook may have recorded more than the template asks for.
        answers = {**public, **prompt_for_config(context, no_input=True)}
        answers |= {"_template": former.source, "_checkout": former.commit or None}
        answers |= {"_repo_dir": str(template), "_output_dir": str(made)}
        data = {"cookiecutter": answers}
        project = Path(generate_files(template, data, made, accept_hooks=trust))
    except (LisaError, MemoryError):
        raise
    except UndefinedVariableInTemplate as error:
        raise _not_rendered(former, f"{error.message}: {error.error.message}") from error
    except UnknownExtension as error:
        if not (package := find_missing(error)):
            raise _not_rendered(former, str(error)) from error
        raise LisaError(
            f"{former}: this template needs {package}, which is not here ({error})",
            f"{advise_install(package)} Without it: --from-cookiecutter {NONE}.",
        ) from error
    except SecurityError as error:
        raise LisaError(
            f"{former}: this template does what the sandbox forbids: {error}",
            "If you trust that source, run the command again with --trust.",
        ) from error
    except apart.OutsideError as error:
        raise _not_rendered(former, f"it writes outside of the project: {error}") from error
    except Exception as error:
        raise _not_rendered(former, str(error) or type(error).__name__) from error
    _refuse_git(former, made, project)
    return project


def _refuse_git(former: Former, made: Path, project: Path) -> None:
    """Raise LisaError where a template has written into a folder of git's own."""
    for place in (project, *project.rglob("*")):
        if any(map(files.is_git_folder, place.relative_to(made).parts)):
            raise _not_rendered(former, f"it writes into a folder of git's own: {place.name}")


def _use_sandbox(former: Former) -> None:
    """Let Cookiecutter use Jinja's sandbox for everything that this process renders."""
    from cookiecutter import utils
    from cookiecutter.environment import ExtensionLoaderMixin
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    from lisa_scaffold.template.sandbox import confine

    class Sandboxed(ExtensionLoaderMixin, SandboxedEnvironment):  # type: ignore[misc]
        """Cookiecutter's environment, in which no expression can run code."""

        rendered = 0

        def __init__(self, **options: Any) -> None:
            super().__init__(undefined=StrictUndefined, **options)
            confine(self)

        def _read_extensions(self, context: dict[str, Any]) -> list[str]:
            extensions: list[str] = super()._read_extensions(context)
            if extensions:
                raise LisaError(
                    f"{former}: this template loads Jinja extensions, and those are code: "
                    f"{', '.join(extensions)}",
                    "If you trust that source, run the command again with --trust.",
                )
            return extensions

        def concat(self, parts: Iterable[str]) -> str:
            """Put a rendered text together, as Jinja does for everything that it renders."""
            text = "".join(parts)
            Sandboxed.rendered += len(text)
            if Sandboxed.rendered > apart.MOST_WRITTEN:
                raise apart.ExhaustedError(f"it writes more than {apart.MOST_WRITTEN} bytes")
            return text

    utils.StrictEnvironment = Sandboxed


def _not_rendered(former: Former, why: str) -> LisaError:
    return LisaError(
        f"{former}: the former template cannot be rendered: {' '.join(why.split())}",
        f"Name another commit with --from-cookiecutter URL@REF, or give {NONE} instead.",
    )


def _is_name(text: str) -> bool:
    """Whether a command can be given a text at all: JSON holds a NUL, and halves of characters."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def _fetch(former: Former, root: Path, folder: Path) -> Path:
    """The files of the template at its commit."""
    from cookiecutter.config import BUILTIN_ABBREVIATIONS
    from cookiecutter.repository import expand_abbreviations

    if not all(map(_is_name, (former.source, former.commit, former.directory))):
        raise LisaError(
            f"{former.named_in}: template, commit or directory has characters of no name",
            f"Mend it, or give --from-cookiecutter {NONE} to do without.",
        )
    address = expand_abbreviations(former.source, BUILTIN_ABBREVIATIONS)
    try:
        git.clone_bare(git.make_clonable(address, root, outside=root), folder / "former.git")
    except LisaError as error:
        raise LisaError(
            f"{former.source}: the former template cannot be reached ({error.message})",
            f"Check the network and your access, or give --from-cookiecutter {NONE} to do without.",
        ) from error
    try:
        git.export(folder / "former.git", former.commit or "HEAD", folder / "former")
    except git.TooLargeError as error:
        raise _not_rendered(former, f"it has {error.message}") from error
    except git.GitError as error:
        raise LisaError(
            f"{former.source}: no commit {former.commit} there",
            "Name one that exists: --from-cookiecutter URL@REF.",
        ) from error
    repository = folder / "former"
    template = repository / former.directory
    inside = Path(os.path.realpath(template)).is_relative_to(os.path.realpath(repository))
    if not inside or not (template / "cookiecutter.json").is_file():
        raise LisaError(
            f"{former}: no cookiecutter.json there, so it is no Cookiecutter template",
            f"Name another with --from-cookiecutter URL@REF, or give {NONE} instead.",
        )
    return template
