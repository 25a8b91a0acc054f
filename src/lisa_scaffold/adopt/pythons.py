"""The Pythons that the template's tests run on: none that the project excludes, or leaves out."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping

from lisa_scaffold.adopt.customs import Custom
from lisa_scaffold.lines import join_names
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.requirement import allows
from lisa_scaffold.versions import normalize_name, split_requirement

# Where each file of the template names them, one behind the other.
_LISTS = {
    ".gitlab-ci.yml": compile_lazily(
        r'(?<=^\.pythons:\n  parallel:\n    matrix:\n      - PYTHON_VERSION:\n)(?: +- "3\.\d+"\n)+',
        re.MULTILINE,
    ),
    "noxfile.py": compile_lazily(r"(?<=^PYTHONS = \[)[^\]\n]+(?=\]$)", re.MULTILINE),
    "sonar-project.properties": compile_lazily(
        r"(?<=^sonar\.python\.version=)[\d., ]+$", re.MULTILINE
    ),
}
_ONE = {
    ".gitlab-ci.yml": ' +- "{}"\n',
    "noxfile.py": ', "{}"',
    "sonar-project.properties": ", {}",
}
_NAMED = compile_lazily(r"(?<![\w.])3\.(\d{1,2})(?!\d)|(?i:py|python)[-_]?3(\d{1,2})(?!\d)")
_ITEM = compile_lazily(r"\s*-\s*[\"']?3\.\d+[\"']?\s*")
_JOBS = (
    *(".travis.yml", ".github/workflows/*.yml", ".github/workflows/*.yaml", "tox.ini"),
    *(".circleci/config.yml", "azure-pipelines.yml", ".appveyor.yml", "appveyor.yml"),
)
_WORKFLOW = ".github/workflows/"
_COMMENT = compile_lazily(r"(?m)^[ \t]*#.*$")
_JOBS_OF_WORKFLOW = compile_lazily(r"(?m)^jobs:.*\n")
_JOB = compile_lazily(r"(?m)^(?=\S)")
_RUNS_TESTS = compile_lazily(
    r"(?i)\b(?:pytest|unittest|nosetests|nose2|tox|nox|ctest)\b|\bcoverage run\b|setup\.py test\b"
    r"|\b(?:run|make|just|hatch|invoke|inv|task|sh|bash) +[\w:./-]*test|/[\w-]*tests?\.(?:sh|py)\b"
)
_RUNS = compile_lazily(r"(?m)^\s+(?:script|run|steps):")
_LONGEST_MARKER = 500  # characters


# The first version that has wheels for a Python, by that one's minor version: an older one is built
# from source there, if at all.
_FIRST_WHEELS = {
    "numpy": {12: "1.26.0", 13: "2.1.0", 14: "2.3.2"},
    "pandas": {12: "2.1.1", 13: "2.2.3", 14: "2.3.3"},
    "scipy": {12: "1.11.2", 13: "1.14.1", 14: "1.16.1"},
}


def limit_pythons(
    facts: Facts, files: Mapping[str, bytes]
) -> tuple[dict[str, bytes], list[Custom]]:
    """Take Pythons out of what comes in that the project does not allow, or whose jobs leave out.

    Jobs for several Pythons say which ones the code is known to run on; a job for one says nothing
    of others.

    Parameters
    ----------
    facts
        The project.
    files
        What comes in.

    Returns
    -------
    tuple
        The files that change, and what to do about it.
    """
    named = _LISTS["noxfile.py"].search(files.get("noxfile.py", b"").decode())
    offered = re.findall(r"3\.\d+", named[0]) if named else []
    out, why = _find_unwanted(facts, offered)
    if not out or facts.has("noxfile.py") or ".pythons:" in facts.text(".gitlab-ci.yml"):
        return {}, []
    changed = {}
    for path, where in _LISTS.items():
        text = files.get(path, b"").decode("utf-8", "surrogateescape")
        names = "|".join(map(re.escape, out))
        one = _ONE[path].format(f"(?:{names})")
        new = where.sub(lambda found, one=one: re.sub(one, "", found[0]), text)  # type: ignore[misc]
        if new != text:
            changed[path] = new.encode("utf-8", "surrogateescape")
    text = (
        f"the tests do not run on {join_names(out)}: {why}. PYTHONS there and .pythons in "
        ".gitlab-ci.yml take what the code is ready for"
    )
    return changed, [Custom("noxfile.py", text, to_decide=True)]


def _find_unwanted(facts: Facts, offered: list[str]) -> tuple[list[str], str]:
    """The Pythons that the tests should not run on, and why; the oldest one stays."""
    package = facts.package
    if out := [each for each in offered[1:] if not package.allows_python(each)]:
        return out, f"the metadata say {package.pythons}"
    tested, path = _find_tested(facts)
    newest = max(tested, default=0)
    limits = [(newest, f"{path} tests up to 3.{newest}")] if len(tested) > 1 else []
    limits += _find_pinned(facts)
    for newest, why in sorted(limits):
        out = [each for each in offered[1:] if int(each[2:]) > newest]
        if out and f"3.{newest}" in offered:
            return out, why
    return [], ""


def _find_pinned(facts: Facts) -> Iterator[tuple[int, str]]:
    """The newest Pythons for which what is required has wheels, each with the requirement."""
    for text in facts.package.texts("dependencies"):
        parts = split_requirement(text.strip())
        first = _FIRST_WHEELS.get(normalize_name(parts["name"]), {}) if parts else {}
        if not parts or not first:
            continue
        bound = parts["spec"].strip().removeprefix("(").removesuffix(")")
        too_new = [
            minor
            for minor, version in first.items()
            if allows(bound, version) is False and _holds(parts["marker"] or "", minor)
        ]
        if too_new:
            path, _ = facts.package.place("dependencies")
            yield min(too_new) - 1, f"{path} requires {text.strip()}, which has no wheels for them"


def _holds(marker: str, minor: int) -> bool:
    """Whether a requirement with a marker is one on a Python."""
    marker = marker.strip().removeprefix(";").strip()
    if not marker or len(marker) > _LONGEST_MARKER:
        return not marker
    from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName

    python = {"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.0", "extra": ""}
    try:
        return Marker(marker).evaluate(python)
    except (InvalidMarker, UndefinedEnvironmentName):
        return False


def _find_tested(facts: Facts) -> tuple[set[int], str]:
    """The Pythons that the project's jobs name, as minor versions, and where the newest stands."""
    found: dict[int, str] = {}
    for path in dict.fromkeys((*facts.pipeline.files, *facts.paths(*_JOBS))):
        is_about = False
        for line in (each.partition(" #")[0] for each in _list_lines(facts, path)):
            is_about = "py" in line.lower() or (is_about and bool(_ITEM.fullmatch(line)))
            for dotted, joined in _NAMED.findall(line) if is_about else ():
                found.setdefault(int(dotted or joined), path)
    return {*found}, found[max(found)] if found else ""


def _list_lines(facts: Facts, path: str) -> list[str]:
    """The lines of a file with jobs, without those of jobs that run no tests.

    One that builds pages, or publishes, does so with any Python that will do.
    """
    text = _COMMENT.sub("", facts.text(path))
    if path.startswith(_WORKFLOW):
        # What stands above the jobs tells when they run; a job stands below `jobs:`.
        text = textwrap.dedent("".join(_JOBS_OF_WORKFLOW.split(text, 1)[1:]))
    elif path not in facts.pipeline.files:
        return facts.lines(path)
    jobs = (job for job in _JOB.split(text) if not _RUNS.search(job) or _RUNS_TESTS.search(job))
    return [line for job in jobs for line in job.splitlines()]
