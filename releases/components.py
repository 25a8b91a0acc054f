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
# Everything that a project can have. The one without is told by the inputs.
FULL: dict[str, dict[str, Any]] = {
    "package": {"docs": True, "container": True, "notebooks": True, "sonar": True},
    "image": {"sonar": True},
    "pipeline": {"sonar": True},
}
# An answer that takes jobs away, and the value of the input of that name where it does.
WITHOUT: dict[str, dict[str, bool]] = {
    "package": {
        "adopted": True,
        "container": False,
        "docs": False,
        "notebooks": False,
        "sonar": False,
    },
    "image": {"sonar": False},
    "pipeline": {"adopted": True, "sonar": False},
}
# What the inputs mean, with what they are for whoever says nothing. The Pythons are the render's.
INPUTS: dict[str, tuple[str, Any]] = {
    "version": ("Version of lisa-scaffold that judges: that of this component", None),
    "python": ("Oldest Python, that most jobs run on", "3.11"),
    "pythons": ("Pythons that the tests run on", []),
    "adopted": ("Whether the project is older than its template", False),
    "container": ("Whether there is a Dockerfile", True),
    "docs": ("Whether there are documentation pages", True),
    "notebooks": ("Whether there are notebooks", False),
    "sonar": ("Whether SonarQube analyses the code", True),
}
# What renders spell differently: a pattern, and how the component spells it.
VALUES = {
    # What is of one project alone stands there.
    r"  # The one project that publishes .*\n  LISA_PROJECT_SLUG: .*\n": "",
    r"(?<=lisa-scaffold\.git@)v[\w.-]+": "$[[ inputs.version ]]",
    r"(?<=library/python:)3\.\d+": "$[[ inputs.python ]]",
    r'(?<=PYTHON_VERSION: )"3\.\d+"': '"$[[ inputs.python ]]"',
    r'(?<=PYTHON_VERSION:)\n(?: +- "3\.\d+"\n)+': " $[[ inputs.pythons ]]\n",
    # A new version of the jobs is a change of the file that includes them.
    r"(?<=- )\.gitlab/ci/(?:airflow|container|images)\.yml\n": ".gitlab-ci.yml\n",
}


@cache
def _template() -> Template:
    with Source(str(ROOT)).open(Source(str(ROOT)).current()) as opened:
        return opened


def _render(kind: str, **given: Any) -> dict[str, str]:
    """The pipeline of a project: its files by their paths."""
    told = {"kind": kind, **FULL[kind], **given}
    answers = {each.key: each.value for each in _template().questions(told)}
    with tempfile.TemporaryDirectory() as folder:
        _template().render(answers, Path(folder, "project"))
        top = Path(folder, "project")
        paths = [top / ".gitlab-ci.yml", *sorted((top / JOBS).iterdir())]
        return {str(p.relative_to(top)): p.read_text(encoding="utf-8") for p in paths}


def make_component(kind: str) -> str:
    """The component for projects of a kind.

    Raises
    ------
    ValueError
        If the renders differ in a way that no input tells.
    """
    files = _render(kind)
    main = files.pop(".gitlab-ci.yml")
    parts = re.findall(rf"local: /({re.escape(JOBS)}/\S+)", main)
    guards, jobs = _find_guards(kind, files), _jobs(files)
    # The variables stand in a file that includes the others, and below it here.
    own = main[main.index("\nvariables:\n") + 1 : main.rindex("\n# The project's own jobs")]
    texts = [files[path] for path in parts] + [own]
    body = "\n".join(_guard(_inline_locks(text, files), guards, jobs) for text in texts)
    for pattern, value in VALUES.items():
        body = re.sub(pattern, value, body)
    pythons = re.findall(r'^ +- "(3\.\d+)"$', own, re.MULTILINE)
    declared = "".join(
        _declare(name, description, pythons if default == [] else default)
        for name, (description, default) in INPUTS.items()
        if f"$[[ inputs.{name} ]]" in body
    )
    return f"{HEADER}spec:\n  inputs:\n{declared}---\n{body}"


def _jobs(files: Mapping[str, str]) -> dict[str, Any]:
    """Every job that files define, hidden ones included."""
    found: dict[str, Any] = {}
    for path, text in files.items():
        if path.endswith(".yml"):
            found |= yaml_data.load(path, text).data
    return {name: job for name, job in found.items() if isinstance(job, dict)}


def _find_guards(kind: str, files: Mapping[str, str]) -> dict[str, dict[str, bool]]:
    """For each job that a project may go without: the inputs that take it away."""
    everything = _jobs(files)
    guards: dict[str, dict[str, bool]] = {}
    for answer, value in WITHOUT[kind].items():
        left = _jobs(_render(kind, **{answer: value}))
        for name in everything.keys() - left.keys():
            if not name.startswith("."):
                guards.setdefault(name, {})[answer] = value
        if changed := [name for name in left.keys() & everything if left[name] != everything[name]]:
            raise ValueError(f"{answer} changes the jobs {', '.join(sorted(changed))}")
    return guards


def _guard(text: str, guards: Mapping[str, Mapping[str, bool]], jobs: Mapping[str, Any]) -> str:
    """The text of jobs, with a rule in front of those of each job that may be gone without."""
    for name in sorted(guards.keys() & _jobs({"part.yml": text})):
        rules = "".join(
            f'    - if: \'"$[[ inputs.{answer} ]]" == "{str(value).lower()}"\'\n      when: never\n'
            for answer, value in guards[name].items()
        )
        start = text.index(f"\n{name}:\n") + len(f"\n{name}:\n")
        below = re.compile(r"\n(?=\S)").search(text, start)
        end = below.end() if below else len(text)
        job = text[start:end]
        if "  rules:\n" in job:
            job = job.replace("  rules:\n", f"  rules:\n{rules}", 1)
        else:
            extends = jobs[name]["extends"]
            parents = [extends] if isinstance(extends, str) else extends
            # Of several that have rules the last one counts.
            ruling = [each for each in parents if "rules" in jobs.get(each, {})]
            last = f"!reference [{ruling[-1]}, rules]" if ruling else "when: on_success"
            head, line, rest = re.split(r"(?m)(^  extends: .*\n)", job, maxsplit=1)
            job = f"{head}{line}  rules:\n{rules}    - {last}\n{rest}"
        text = text[:start] + job + text[end:]
    return text


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
    made = {f"{FOLDER}/{kind}.yml": make_component(kind) for kind in FULL}
    known = [f'  "{kind}": "{integrity(made[f"{FOLDER}/{kind}.yml"])}",\n' for kind in FULL]
    note = "{#- Made by `nox -s components`: the digests of the files in templates/. -#}\n"
    made[INTEGRITY] = f"{note}{{% set integrity = {{\n{''.join(known)}}} %}}\n"
    return made


if __name__ == "__main__":
    for path, text in make_files().items():
        (ROOT / path).write_text(text, encoding="utf-8")
