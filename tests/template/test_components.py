"""The components in templates/: made from the template, and the same pipeline as its files."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold.answer_limits import name_component
from lisa_scaffold.formats import yaml_data
from lisa_scaffold.project.facts import Facts, Given
from lisa_scaffold.project.gitlab import Job, Pipeline
from lisa_scaffold.project.gitlab_runs import SITUATIONS, Situation, job_runs
from lisa_scaffold.template.pristine import list_component_addresses

from ..conftest import ROOT
from ..support.answers import Answers, answers, template
from ..support.components import KNOWN, NAMES, TEXTS, VERSION
from ..support.files import contents
from ..support.sweeps import parameters, sampled
from ..support.tools import passes, program
from .conftest import ROWS

sys.path.append(str(ROOT / "releases"))

import components

GIVEN = {
    name: {"kind": "package", "compiled": "cython"} if name == "compiled" else {"kind": name}
    for name in NAMES
}


def test_they_are_made_from_the_template_as_it_stands() -> None:
    for path, text in components.make_files().items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, "run: nox -s components"


def test_gitlab_s_digest_of_a_file() -> None:
    # printf 'a: {}\n' | openssl dgst -sha256 -binary | openssl base64
    assert components.integrity("a: {}\n") == "sha256-WAofQKLAZfHAs/ZikHyozEGiqQlR1bMHxAIvOHkcYKE="


@pytest.mark.parametrize("name", NAMES)
def test_every_input_is_declared_used_and_told(name: str) -> None:
    declared = yaml_data.load("", TEXTS[name].partition("\n---\n")[0]).table("spec", "inputs")
    used = set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", TEXTS[name]))
    assert declared.keys() == used
    assert all(each["description"] for each in declared.values())
    assert {name for name, each in declared.items() if "default" not in each} == {"version"}


@pytest.mark.parametrize("name", NAMES)
def test_a_component_names_no_file_that_a_project_with_it_has_not(name: str) -> None:
    named = set(re.findall(r"\.gitlab/ci/?([\w.-]*)", TEXTS[name]))
    assert named == set()
    assert yaml_data.load("", TEXTS[name]).duplicates == ()


def test_they_follow_gitlab_s_schema(tmp_path: Path) -> None:
    for name in NAMES:
        header, _, body = TEXTS[name].partition("\n---\n")
        # The schema knows no inputs that are whole values, nor any in a key.
        body = re.sub(r"\$\[\[ inputs\.(pythons|interpreters) \]\]", '["3.11"]', body)
        body = body.replace("$[[ inputs.backend_variable ]]:", "LISA_BACKEND:")
        for part, text in ("header", header), ("body", body):
            (tmp_path / f"{name}-{part}.yml").write_text(text, encoding="utf-8")
    check = (program("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci")
    files = sorted(path.name for path in tmp_path.iterdir())
    passes(*check, "--data-transform", "gitlab-ci", *files, cwd=tmp_path)


def pipeline(given: Answers, folder: Path) -> Pipeline:
    """The pipeline of a project, as ``check`` reads it."""
    template().render(answers(**given), folder)
    return Facts.of(contents(folder), Given(tags=(), components=KNOWN)).pipeline


def without_form(job: Job, jobs: Mapping[str, Job]) -> dict[str, Any]:
    """What a job is, less what a component must say in another way than files."""
    data = {key: value for key, value in job.data.items() if key not in ("rules", "variables")}
    if "needs" in data:
        # What may be missing is waited for where it is there.
        plain = [need["job"] if is_optional(need) else need for need in data["needs"]]
        data["needs"] = [need for need in plain if isinstance(need, dict) or need in jobs]
    script = [each for each in job.get("before_script", []) if "lock.txt" not in each]
    data["before_script"] = [each for each in script if "--require-hashes" not in each]
    variables = job.get("variables", {})
    return {**data, "variables": {key: variables[key] for key in variables if key != "LOCK"}}


def is_optional(need: Any) -> bool:
    return isinstance(need, dict) and need.keys() == {"job", "optional"}


@sampled("row", list(ROWS), 12)
def test_a_component_is_the_same_pipeline_as_the_files(row: str, tmp_path: Path) -> None:
    files = pipeline({**ROWS[row], "ci_rules": "files"}, tmp_path / "files")
    component = pipeline({**ROWS[row], "ci_rules": "component"}, tmp_path / "component")
    assert component.jobs.keys() == files.jobs.keys()
    for name, job in files.jobs.items():
        other = component.jobs[name]
        assert without_form(other, component.jobs) == without_form(job, files.jobs)
        for situation in SITUATIONS:
            found = job_runs(component, other, situation)
            assert found == job_runs(files, job, situation), (name, situation.name)
    assert component.stages == files.stages
    assert component.rules == files.rules
    assert files.variables.items() <= component.variables.items()
    assert component.is_local
    assert component.troubles == ()


@pytest.mark.parametrize("kind", ["package", "pipeline", "service"])
def test_an_adopted_project_gets_what_its_files_had(kind: str, tmp_path: Path) -> None:
    given = {"kind": kind, "adopted": True, "docs": True}
    files = pipeline({**given, "ci_rules": "files"}, tmp_path / "files")
    component = pipeline({**given, "ci_rules": "component"}, tmp_path / "component")
    for situation in SITUATIONS:
        assert ran(component, situation) == ran(files, situation), situation.name


def ran(read: Pipeline, situation: Situation) -> set[str]:
    """The jobs that a situation runs."""
    return {name for name, job in read.jobs.items() if job_runs(read, job, situation)}


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_is_what_the_file_has(name: str, tmp_path: Path) -> None:
    given = {**GIVEN[name], "sonar": True}
    files = pipeline({**given, "ci_rules": "files"}, tmp_path / "files")
    component = pipeline({**given, "ci_rules": "component"}, tmp_path / "component")
    held = {name: job for name, job in files.jobs.items() if "LOCK" in job.get("variables", {})}
    assert held
    for job_name, job in held.items():
        text = (tmp_path / "files" / job.get("variables")["LOCK"]).read_text()
        pins = [line for line in text.splitlines() if not line.startswith("#")]
        other = component.jobs[job_name]
        assert other.get("variables")["LOCK"].splitlines() == pins
        commands = "\n".join(other.commands)
        assert """printf '%s' "$LOCK" > "$tools/lock.txt\"""" in commands
        assert '--require-hashes --requirement "$tools/lock.txt"' in commands


@pytest.mark.parametrize("given", parameters([*GIVEN.values(), *ROWS.values()], [*GIVEN.values()]))
def test_a_project_holds_at_most_six_lines(given: Answers, tmp_path: Path) -> None:
    for forge in "in2p3", "esa":
        folder = tmp_path / forge
        template().render(answers(**{**given, "forge": forge, "ci_rules": "component"}), folder)
        assert not (folder / ".gitlab/ci").exists()
        text = (folder / ".gitlab-ci.yml").read_text()
        lines = [line for line in text.splitlines() if line and "# " not in line]
        assert len(lines) <= 6
        (entry,) = yaml_data.load("", text).data["include"]
        name = name_component(given)
        named = list_component_addresses(name, VERSION, "gitlab.in2p3.fr")
        address = named[0 if forge == "in2p3" else -1]
        assert entry["component" if forge == "in2p3" else "remote"] == address
        digest = components.integrity(TEXTS[name])
        assert entry.get("integrity") == (None if forge == "in2p3" else digest)
