"""What comes into a source distribution because git has it, and nobody asked for it there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lisa_scaffold.adopt.customs import Custom
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import manifest
from lisa_scaffold.project.facts import Facts

_PBR = compile_lazily(r"(?<![\w.-])pbr(?![\w-])")
# What people who unpack it may read, and what a build reads.
_WELCOME = compile_lazily(
    r"[^/]+\.(?:md|rst)|CITATION\.cff|LICENSE|pyproject\.toml|docs/.*|tests?/.*|.*/py\.typed"
)
_HATCH = ("tool", "hatch", "build", "targets", "sdist")


def find_shipped(facts: Facts, paths: Iterable[str]) -> Iterator[Custom]:
    """The lines that keep files out of a source distribution which git alone decides on.

    Parameters
    ----------
    facts
        The project before it is adopted.
    paths
        The paths that the adoption writes.
    """
    if not facts.package.form:
        return
    new = [path for path in paths if not facts.has(path) and not _WELCOME.fullmatch(path)]
    told = (
        "git decides what a source distribution holds ({}), which grows by what comes in. "
        "To leave that out: "
    )
    if who := _find_reader(facts):
        listed = manifest.read(facts)
        found = [path for path in new if listed.includes(path, offered=True)]
        files, folders = _group(facts, found)
        lines = [f"`exclude {' '.join(files)}`"] * bool(files)
        lines += [f"`prune {folder}`" for folder in folders]
        if lines:
            text = f"{told.format(who)}{' and '.join(lines)}"
            yield Custom(manifest.FILE, text, to_decide=True)
    elif facts.package.backend == "hatchling" and not _is_limited(facts):
        files, folders = _group(facts, new)
        value = ", ".join(quoted(f"/{each}") for each in (*files, *folders))
        if value:
            text = f"{told.format('hatchling')}`exclude = [{value}]` under [{'.'.join(_HATCH)}]"
            yield Custom("pyproject.toml", text, to_decide=True)


def _find_reader(facts: Facts) -> str:
    """What gives setuptools the files of git, and obeys ``MANIFEST.in``; empty for nothing."""
    requires = " ".join(map(str, facts.pyproject.items("build-system", "requires")))
    if _PBR.search(requires) or _PBR.search(facts.text("setup.py")):
        return "pbr"
    is_setuptools = facts.package.backend == "setuptools"
    return "setuptools-scm" if is_setuptools and manifest.offers_all(facts) else ""


def _is_limited(facts: Facts) -> bool:
    """Whether the project says itself what its source distribution holds."""
    table = facts.pyproject.table(*_HATCH)
    above = facts.pyproject.table(*_HATCH[:3])
    return any(
        key in each for key in ("include", "only-include", "exclude") for each in (table, above)
    )


def _group(facts: Facts, paths: Iterable[str]) -> tuple[list[str], list[str]]:
    """Paths as files, and as the folders that are new as a whole."""
    files: list[str] = []
    folders: list[str] = []
    for path in sorted(paths):
        top, _, rest = path.partition("/")
        is_new = rest and top not in facts.folders
        (folders if is_new else files).append(top if is_new else path)
    return files, [*dict.fromkeys(folders)]
