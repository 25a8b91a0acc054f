"""Tell what a template does wrong as one message, with the place in the template."""

from __future__ import annotations

import errno
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Protocol

from lisa_scaffold.errors import LisaError
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.shown import brief, visible
from lisa_scaffold.template.light import import_copier, quick_yaml
from lisa_scaffold.versions import shorten

SOURCE_VARIABLE = "LISA_SCAFFOLD_TEMPLATE"
"""Environment variable that names a mirror or a working copy of the template."""

_ADVICE = f"Choose another version with --to, or another source with {SOURCE_VARIABLE}."
_TEMPORARY = compile_lazily(r"/[^\s'\"]*/lisa-scaffold-[0-9a-f]{16}/[^/\s'\"]+/")
_LONGEST = 1000

# Trouble of the machine, whatever is rendered.
_MACHINE = frozenset(
    [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EACCES]
)

# Functions that work on a part of the template: the part, and the variable that names it.
_WORKS_ON = {
    "answer_questions": ("copier.yml: question ", "key"),
    "_ask": ("copier.yml: question ", "var_name"),
    "_render_file": ("", "src_relpath"),
    "_render_symlink": ("", "src_relpath"),
    "_render_path": ("", "relpath"),
    "match_exclude": ("copier.yml: _exclude", ""),
    "match_skip": ("copier.yml: _skip_if_exists", ""),
    "template_copy_root": ("copier.yml: _subdirectory", ""),
    "answers_relpath": ("copier.yml: _answers_file", ""),
    "envops": ("copier.yml: _envops", ""),
    "jinja_env": ("copier.yml: _envops", ""),
    "verify_copier_version": ("copier.yml: _min_copier_version", ""),
    "load_template_config": ("copier.yml", ""),
}


class Version(Protocol):
    """One version of a template: what a message about it names."""

    @property
    def recorded(self) -> str:
        """Its address, as a project records it."""

    @property
    def version(self) -> str:
        """The version."""

    @property
    def root(self) -> Path:
        """The folder that holds its files."""


@contextmanager
def template_errors(template: Version) -> Iterator[None]:
    """Tell an error of the template, whatever its expressions raise, as one message."""
    import_copier()
    from lisa_scaffold.template.copier_api import CopierError, UnsafeTemplateError

    try:
        # Some of Copier's errors print themselves, and its warnings are no news to our users.
        # What an extension of a trusted template prints must not mix with our output.
        with (
            quick_yaml(),
            redirect_stdout(StringIO()),
            redirect_stderr(StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    except LisaError:
        raise
    except UnsafeTemplateError as error:
        raise LisaError(
            f"{template.recorded}: version {template.version} of this template loads Jinja "
            "extensions, and those are code",
            "If you trust that source, run the command again with --trust.",
        ) from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _MACHINE:
            raise
        import traceback

        # Where nothing but our own code was at work, the failure is no fault of the template.
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        packages = {str(each.f_globals.get("__name__")).partition(".")[0] for each in frames}
        is_our_defect = packages <= {"lisa_scaffold", *sys.stdlib_module_names}
        if is_our_defect and not isinstance(error, CopierError):
            raise
        cause = _find_cause(error)
        why = f"{_find_place(cause, template.root)}{_describe(cause)}"
        if package := find_missing(cause):
            hint = advise_install(package)
            raise broken(template, why, hint, f"needs {package}, which is not here") from error
        raise broken(template, why) from error


def find_missing(error: BaseException) -> str:
    """The package whose module could not be imported, as pip knows it; empty for other errors.

    Nearly all packages of extensions have their module's name, with dashes.
    """
    for each in (error, error.__cause__, error.__context__):
        if isinstance(each, ModuleNotFoundError) and each.name:
            return each.name.partition(".")[0].replace("_", "-")
    return ""


def advise_install(package: str) -> str:
    """How a package gets to where a template's extensions are loaded."""
    return (
        f"Install it beside lisa-scaffold, if you trust it: pip install {visible(package)}, or "
        f"pipx inject lisa-scaffold {visible(package)}."
    )


def broken(template: Version, why: str, hint: str = _ADVICE, state: str = "is broken") -> LisaError:
    """The error that a version of a template is broken, or lacks something."""
    # Nobody knows the folders that a version lies in for a moment, nor finds them afterwards.
    # An expression may put as much as it likes into the message of its error.
    reason = _TEMPORARY.sub("", why[: 4 * _LONGEST].replace(f"{template.root}/", ""))
    place = template.root if (template.root / ".git").exists() else template.recorded
    version = shorten(template.version)
    return LisaError(
        f"{place}: version {version} of the template {visible(state)}: "
        f"{brief(' '.join(reason.split()), _LONGEST)}",
        hint,
    )


def _find_cause(error: Exception) -> BaseException:
    """What an extension needs, and has not: Copier tells of it in words of its own."""
    from lisa_scaffold.template.copier_api import ExtensionNotFoundError

    lacks = isinstance(error, ExtensionNotFoundError) and error.__context__
    return lacks or error


def _describe(error: BaseException) -> str:
    from jinja2 import TemplateError
    from pydantic import ValidationError
    from yaml import YAMLError

    from lisa_scaffold.template.copier_api import CopierError

    if isinstance(error, MemoryError):
        return "it takes more memory than there is for it"
    if isinstance(error, (CopierError, TemplateError, ValidationError, YAMLError)):
        cause = error.__cause__
        return f"{error}: {cause}" if isinstance(cause, ImportError) else str(cause or error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _find_place(error: BaseException, root: Path) -> str:
    """The file and line of a template that an error comes from, or else the setting or question."""
    import traceback

    found = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = Path(frame.f_code.co_filename)
        if "__jinja_exception__" in frame.f_globals:  # Jinja put its template in place of the code
            # The file may have been compiled in another folder: its path ends in the same way.
            parts = code.parts
            tails = (Path(*parts[at:]) for at in range(1, len(parts)))
            file = next((tail for tail in tails if (root / tail).is_file()), None)
            found = f"{file}:{line}: " if file else found
        elif code.is_relative_to(root):
            found = f"{code.relative_to(root)}:{line}: "  # of an extension
        elif frame.f_code.co_name in _WORKS_ON:
            what, variable = _WORKS_ON[frame.f_code.co_name]
            found = f"{what}{frame.f_locals.get(variable, '')}: "
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_file():
        with suppress(ValueError):
            return f"{Path(error.filename).relative_to(root)}:{error.lineno}: "
    cause = error.__cause__ or error
    if isinstance(cause, ImportError) and found in ("", "copier.yml: _envops: "):
        return "copier.yml: _jinja_extensions: "
    return found
