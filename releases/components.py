"""Make the CI/CD components in ``templates/`` from the template: ``nox -s components`` runs this.

There is one source of the rules, ``template/.gitlab/ci``. A component is what the template renders
for a project that has everything, in one file, since a file that is included by its address can
include none beside it. Where renders differ, the component has an input: a job that a project may
go without has a rule in front of its own, and what two projects spell differently is a value.

Sources: https://docs.gitlab.com/ci/components/, https://docs.gitlab.com/ci/inputs/.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tempfile
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path
from typing import Any

from lisa_scaffold.formats import yaml_data
from lisa_scaffold.template import Source, Template

ROOT = Path(__file__).parents[1]
FOLDER = "templates"
INTEGRITY = "includes/integrity.jinja"
JOBS = ".gitlab/ci"
HEADER = """\
# Made from the template by `nox -s components`: nobody edits this file.
# All jobs of a project: see https://gitlab.in2p3.fr/LISA/lisa-scaffold/-/blob/main/docs/practice/ci.md
"""
# Everything that a project can have. The one without is told by the inputs. Compiled code changes
# jobs that every package has, and so has a component of its own.
_PACKAGE = {"kind": "package", "docs": True, "container": True, "notebooks": True, "sonar": True}
FULL: dict[str, dict[str, Any]] = {
    "package": _PACKAGE,
    "compiled": {**_PACKAGE, "compiled": "nanobind", "cuda": ["12", "13"]},
    "image": {"kind": "image", "sonar": True},
    "pipeline": {"kind": "pipeline", "sonar": True},
    "service": {"kind": "service", "sonar": True},
    "fleet": {"kind": "fleet", "sonar": True},
}
# Answers that take jobs away: for each input what it says then, and the answer of that name.
_ADOPTED = {"adopted": {"true": True}}
_SONAR = {"sonar": {"false": False}}
_PARTS = {**_SONAR, **{name: {"false": False} for name in ("container", "docs", "notebooks")}}
WITHOUT: dict[str, dict[str, dict[str, Any]]] = {
    "package": {**_ADOPTED, **_PARTS},
    "compiled": {**_PARTS, "cuda": {"": [], "12": ["12"], "13": ["13"]}},
    "image": _SONAR,
    "pipeline": {**_ADOPTED, **_SONAR},
    "service": {**_ADOPTED, **_SONAR},
    "fleet": _SONAR,
}
# What the inputs mean, with what they are for whoever says nothing. Lists are the render's.
INPUTS: dict[str, tuple[str, Any]] = {
    "version": ("Version of lisa-scaffold that judges: that of this component", None),
    "python": ("Oldest Python, that most jobs run on", "3.11"),
    "pythons": ("Pythons that the tests run on", re.compile(r'- "(3\.\d+)"')),
    "interpreters": ("Pythons that wheels are compiled with", re.compile(r"- (cp3\S+)")),
    "cuda": ("CUDA that there are wheels for: 12, 13, or 12 and 13; empty for none", ""),
    "backend_variable": ("Variable that chooses between CPU and GPU", "LISA_BACKEND"),
    "postgres": ("Release of PostgreSQL that the tests run on", "15.14"),
    "adopted": ("Whether the project is older than its template", False),
    "container": ("Whether there is a Dockerfile", True),
    "docs": ("Whether there are documentation pages", True),
    "notebooks": ("Whether there are notebooks", False),
    "sonar": ("Whether SonarQube analyses the code", True),
}
# What renders spell differently: a pattern, and how the component spells it.
VALUES = {
    # What is of one project alone stands there,
    r"  # The one project that publishes .*\n  LISA_PROJECT_SLUG: .*\n": "",
    # and so does what is true of one way to compile alone.
    r" The wheel of the last\n# uses the stable ABI .*\n": "\n",
    r"(?<=lisa-scaffold\.git@)v[\w.-]+": "$[[ inputs.version ]]",
    r"(?<=library/python:)3\.\d+": "$[[ inputs.python ]]",
    r'(?<=PYTHON_VERSION: )"3\.\d+"': '"$[[ inputs.python ]]"',
    r'(?<=PYTHON_VERSION:)\n(?: +- "3\.\d+"\n)+': " $[[ inputs.pythons ]]\n",
    r"(?<=INTERPRETER:)\n(?: +- cp3\d+-cp3\d+\n)+": " $[[ inputs.interpreters ]]\n",
    r"(?<=LISA_PYTHON_IMAGE:)3\.\d+|(?<=wheel-tests-)3\.\d+": "$[[ inputs.python ]]",
    r"(?<=library/postgres:)[\d.]+": "$[[ inputs.postgres ]]",
    r"(?m)^    \w+_BACKEND: cuda$": "    $[[ inputs.backend_variable ]]: cuda",
    # A new version of the jobs is a change of the file that includes them.
    r"(?<=- )\.gitlab/ci/(?:airflow|container|images|service)\.yml\n": ".gitlab-ci.yml\n",
}


@cache
def _template() -> Template:
    with Source(str(ROOT)).open(Source(str(ROOT)).current()) as opened:
        return opened


def _render(name: str, **given: Any) -> dict[str, str]:
    """The pipeline of a project: its files by their paths."""
    told = {**FULL[name], **given}
    answers = {each.key: each.value for each in _template().questions(told)}
    with tempfile.TemporaryDirectory() as folder:
        _template().render(answers, Path(folder, "project"))
        top = Path(folder, "project")
        paths = [top / ".gitlab-ci.yml", *sorted((top / JOBS).iterdir())]
        return {str(p.relative_to(top)): p.read_text(encoding="utf-8") for p in paths}


def make_component(name: str) -> str:
    """The component of that name.

    Raises
    ------
    ValueError
        If the renders differ in a way that no input tells.
    """
    files = _render(name)
    main = files.pop(".gitlab-ci.yml")
    parts = re.findall(rf"local: /({re.escape(JOBS)}/\S+)", main)
    guards, jobs = _find_guards(name, files), _jobs(files)
    # The variables stand in a file that includes the others, and below it here.
    own = main[main.index("\nvariables:\n") + 1 : main.rindex("\n# The project's own jobs")]
    texts = [files[path] for path in parts] + [own]
    body = "\n".join(_guard(_inline_locks(text, files), guards, jobs) for text in texts)
    for pattern, value in VALUES.items():
        body = re.sub(pattern, value, body)
    declared = "".join(
        _declare(key, description, _find_default(default, own))
        for key, (description, default) in INPUTS.items()
        if f"$[[ inputs.{key} ]]" in body
    )
    return f"{HEADER}spec:\n  inputs:\n{declared}---\n{body}"


def _find_default(default: Any, own: str) -> Any:
    """What an input is for whoever says nothing; a list is that of the render."""
    if isinstance(default, re.Pattern):
        return default.findall(own)
    return default


def _jobs(files: Mapping[str, str]) -> dict[str, Any]:
    """Every job that files define, hidden ones included."""
    found: dict[str, Any] = {}
    for path, text in files.items():
        if path.endswith(".yml"):
            found |= yaml_data.load(path, text).data
    return {name: job for name, job in found.items() if isinstance(job, dict)}


def _find_guards(name: str, files: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    """For each job that a project may go without: the inputs that say so, and their values."""
    everything = _jobs(files)
    guards: dict[str, list[tuple[str, str]]] = {}
    for answer, values in WITHOUT[name].items():
        for spelled, value in values.items():
            left = _jobs(_render(name, **{answer: value}))
            gone = everything.keys() - left.keys()
            for job in sorted(gone):
                if not job.startswith("."):
                    guards.setdefault(job, []).append((answer, spelled))
            changed = [
                job
                for job in sorted(left.keys() & everything)
                if left[job] != _without(everything[job], gone)
            ]
            if changed:
                raise ValueError(f"{answer} changes the jobs {', '.join(changed)}")
    return guards


def _without(job: Mapping[str, Any], gone: AbstractSet[str]) -> dict[str, Any]:
    """A job that waits for none that is gone, and takes nothing from it."""
    return {
        key: [each for each in value if not (isinstance(each, str) and each in gone)]
        if key in ("dependencies", "needs")
        else value
        for key, value in job.items()
    }


def _guard(text: str, guards: Mapping[str, list[tuple[str, str]]], jobs: Mapping[str, Any]) -> str:
    """The text of jobs, with a rule in front of those of each job that may be gone without.

    Jobs that stay then wait for it where it is there.
    """
    for name, job in _jobs({"part.yml": text}).items():
        for needed in job.get("needs", []):
            if isinstance(needed, str) and not {*guards.get(needed, ())} <= {*guards.get(name, ())}:
                text = _make_optional(text, name, needed)
    for name in sorted(guards.keys() & _jobs({"part.yml": text})):
        rules = "".join(
            f'    - if: \'"$[[ inputs.{answer} ]]" == "{spelled}"\'\n      when: never\n'
            for answer, spelled in guards[name]
        )
        start, end = _find_job(text, name)
        job = text[start:end]
        if "  rules:\n" in job:
            job = job.replace("  rules:\n", f"  rules:\n{rules}", 1)
        else:
            extends = jobs[name].get("extends", [])
            parents = [extends] if isinstance(extends, str) else extends
            # Of several that have rules the last one counts.
            ruling = [each for each in parents if "rules" in jobs.get(each, {})]
            last = f"!reference [{ruling[-1]}, rules]" if ruling else "when: on_success"
            head, line, rest = re.split(r"(?m)(^  (?:extends|stage): .*\n)", job, maxsplit=1)
            job = f"{head}{line}  rules:\n{rules}    - {last}\n{rest}"
        text = text[:start] + job + text[end:]
    return text


def _find_job(text: str, name: str) -> tuple[int, int]:
    """Where the lines of a job stand, below its name."""
    start = text.index(f"\n{name}:\n") + len(f"\n{name}:\n")
    below = re.compile(r"\n(?=\S)").search(text, start)
    return start, below.end() if below else len(text)


def _make_optional(text: str, name: str, needed: str) -> str:
    """The text of jobs, of which one waits for another only where that one is there."""
    start, end = _find_job(text, name)
    above, below = text[start:end].split("  needs:\n", 1)
    line = f"    - {needed}\n"
    below = below.replace(line, f"    - job: {needed}\n      optional: true\n", 1)
    return f"{text[:start]}{above}  needs:\n{below}{text[end:]}"


def _inline_locks(text: str, files: Mapping[str, str]) -> str:
    """The text of jobs, with the locks that they name: a component brings no files."""

    def inline(match: re.Match[str]) -> str:
        lines = [line for line in files[match[2]].splitlines() if not line.startswith("#")]
        return f"{match[1]}LOCK: |\n" + "".join(f"{match[1]}  {line}\n" for line in lines)

    text = re.sub(r"(?m)^( +)LOCK: (\S+)\n", inline, text)
    written = """    - printf '%s' "$LOCK" > "$tools/lock.txt"\n"""
    install = '    - >-\n      "$tools/bin/python" -I -m pip install'
    text = text.replace(install, written + install)
    return text.replace('--requirement "$LOCK"', '--requirement "$tools/lock.txt"')


def _declare(name: str, description: str, default: Any) -> str:
    """The lines that declare an input."""
    lines = [f"    {name}:\n", f'      description: "{description}"\n']
    if isinstance(default, bool):
        lines += ["      type: boolean\n", f"      default: {str(default).lower()}\n"]
    elif isinstance(default, list):
        items = ", ".join(f'"{each}"' for each in default)
        lines += ["      type: array\n", f"      default: [{items}]\n"]
    elif default is not None:
        lines.append(f'      default: "{default}"\n')
    return "".join(lines)


def integrity(text: str) -> str:
    """What ``include: remote`` compares a file with: https://docs.gitlab.com/ci/yaml/#includeintegrity."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def make_files() -> dict[str, str]:
    """All that is made from the template, by its path: the components, and their digests."""
    made = {f"{FOLDER}/{name}.yml": make_component(name) for name in FULL}
    known = [f'  "{name}": "{integrity(made[f"{FOLDER}/{name}.yml"])}",\n' for name in FULL]
    note = "{#- Made by `nox -s components`: the digests of the files in templates/. -#}\n"
    made[INTEGRITY] = f"{note}{{% set integrity = {{\n{''.join(known)}}} %}}\n"
    return made


if __name__ == "__main__":
    for path, text in make_files().items():
        (ROOT / path).write_text(text, encoding="utf-8")
