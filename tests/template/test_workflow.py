"""A pipeline of Airflow: what it is made of, and what holds for all of its files together."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from pathspec import GitIgnoreSpec, PathSpec

from lisa_scaffold.project.facts import Facts, Given

from ..conftest import ROOT
from ..support.answers import answers, template
from ..support.components import KNOWN
from ..support.files import contents
from .conftest import Render

FILES = {
    *(".copier-answers.yml", ".dockerignore", ".editorconfig", ".git_archival.txt"),
    *(".gitattributes", ".gitignore", ".gitlab-ci.yml", ".hadolint.yaml"),
    *(f".gitlab/ci/{name}.yml" for name in ("airflow", "common", "compliance", "quality")),
    *(f".gitlab/ci/{name}.yml" for name in ("release", "security", "workflow")),
    ".gitlab/merge_request_templates/Default.md",
    *(f".gitlab/issue_templates/{name}.md" for name in ("Bug", "Feature")),
    *(".pre-commit-config.yaml", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "Dockerfile"),
    *("LICENSE", "README.md", "noxfile.py", "pyproject.toml", "steps.yaml"),
    "compose.yaml",
    "dags/noise.py",
    *(f"docs/{name}.md" for name in ("concepts", "deploy", "handbook", "sites")),
    *(f"kubernetes/{name}" for name in (".helmignore", "Chart.yaml", "values.yaml")),
    *("kubernetes/values.schema.json", "kubernetes/templates/relay.yaml"),
    "kubernetes/templates/steps.yaml",
    "kubernetes/templates/work.yaml",
    *(f"kubernetes/clusters/{name}.yaml" for name in ("cnes", "csc", "in2p3")),
    *(f"sites/{name}.yaml" for name in ("hpc", "kubernetes", "local")),
    *(f"steps/noise/{name}" for name in ("Dockerfile", "noise.py", "requirements.in")),
    *("steps/noise/example.csv", "steps/noise/requirements.txt"),
    *(f"tests/test_{name}.py" for name in ("chains", "dags", "desk", "operators", "receipts")),
    *(f"tests/test_{name}.py" for name in ("images", "relay", "steps", "store")),
    "tests/conftest.py",
}
MODULES = {
    *("__init__", "__main__", "command", "desk", "operators", "relay", "runs", "slurm", "steps"),
    *("images", "queues", "receipts", "store", "tasks"),
}
EXTRAS = {"renovate": "renovate.json", "conduct": "CODE_OF_CONDUCT.md", "security": "SECURITY.md"}


def text(render: Render, path: str) -> str:
    return render.files[path].decode()


def package_of(render: Render) -> str:
    return f"src/{render.answers['import_name'].replace('.', '/')}"


def files_of(render: Render) -> set[str]:
    """What a pipeline is made of, by its answers: nothing that is for packages changes it."""
    answered, package = render.answers, package_of(render)
    scanner = {"sonar-project.properties", ".gitlab/ci/sonar.yml", ".gitlab/ci/pysonar.txt"}
    wanted = FILES | {f"{package}/{name}.py" for name in MODULES}
    wanted |= {f"{package}/py.typed", *(f"{package}/schemas/{n}.json" for n in ("site", "steps"))}
    wanted |= scanner if answered["sonar"] else set()
    wanted |= {"LICENSE.GPL-3.0"} if answered["license"] == "LGPL-3.0-or-later" else set()
    wanted |= {EXTRAS[name] for name in answered["extras"] if name in EXTRAS}
    wanted |= {"tests/test_queue.py"} if answered["events"] == "queue" else set()
    if answered["ci_rules"] == "component":
        wanted = {path for path in wanted if not path.startswith(".gitlab/ci/")}
    return wanted


def test_it_has_its_own_files_and_none_of_a_package(workflow: Render) -> None:
    assert set(workflow.files) == files_of(workflow)


@pytest.mark.parametrize(("path", "schema"), [("steps.yaml", "steps"), ("sites/*.yaml", "site")])
def test_the_configuration_follows_the_schemas_that_come_with_it(
    path: str, schema: str, workflow: Render
) -> None:
    told = json.loads(text(workflow, f"{package_of(workflow)}/schemas/{schema}.json"))
    Draft202012Validator.check_schema(told)
    for found in sorted(workflow.root.glob(path)):
        data = yaml.safe_load(found.read_text(encoding="utf-8"))
        assert [each.message for each in Draft202012Validator(told).iter_errors(data)] == []


def names_imported(render: Render, path: str) -> set[str]:
    tree = ast.parse(text(render, path))
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return modules | {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }


def test_only_the_wiring_knows_airflow(workflow: Render) -> None:
    knowing = {
        path
        for path in workflow.files
        if path.endswith(".py") and not path.startswith("tests/")
        if any(name.partition(".")[0] == "airflow" for name in names_imported(workflow, path))
    }
    package = package_of(workflow)
    wiring = {f"{package}/{name}.py" for name in ("operators", "slurm", "tasks")}
    assert knowing == {"dags/noise.py", *wiring}


def test_the_relay_is_one_file_of_the_standard_library(workflow: Render) -> None:
    names = names_imported(workflow, f"{package_of(workflow)}/relay.py")
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_dags_and_steps_name_each_other(workflow: Render) -> None:
    steps: dict[str, Any] = yaml.safe_load(text(workflow, "steps.yaml"))["steps"]
    named = re.findall(r'^STEP = "(\w+)"$', text(workflow, "dags/noise.py"), re.MULTILINE)
    assert named == [*steps]
    pipeline = Facts.of(workflow.files, Given(tags=(), components=KNOWN)).pipeline
    built = {path.split("/")[1] for path in workflow.files if path.startswith("steps/")}
    assert pipeline.jobs["image-publish"].data["parallel"]["matrix"] == [{"IMAGE": ["", *built]}]
    assert built == {*steps}


def test_everything_names_the_same_airflow(workflow: Render) -> None:
    pipeline = Facts.of(workflow.files, Given(tags=(), components=KNOWN)).pipeline
    (matrix,) = pipeline.jobs["tests"].data["parallel"]["matrix"]
    versions = matrix["AIRFLOW_VERSION"]
    assert f"AIRFLOWS = {json.dumps(versions)}\n" in text(workflow, "noxfile.py")
    project = tomllib.loads(text(workflow, "pyproject.toml"))["project"]
    assert f"apache-airflow>={versions[0]},<4" in project["optional-dependencies"]["airflow"]
    python = workflow.answers["python_min"]
    image = f"docker.io/apache/airflow:{versions[-1]}-python{python}"
    assert f"ARG AIRFLOW_IMAGE={image}\n" in text(workflow, "Dockerfile")
    assert f'PYTHON = "{python}"\n' in text(workflow, "noxfile.py")
    assert ", ".join(versions) in text(workflow, "CONTRIBUTING.md")


def test_the_desk_is_built_from_the_images_of_the_project(workflow: Render) -> None:
    services = yaml.safe_load(text(workflow, "compose.yaml"))["services"]
    steps = yaml.safe_load(text(workflow, "steps.yaml"))["steps"]
    assert services["noise"]["image"] == steps["noise"]["image"]
    assert services["relay"]["entrypoint"][-1] == workflow.answers["import_name"]
    assert services["airflow"]["build"]["context"] == "."
    made = text(workflow, f"{package_of(workflow)}/desk.py")
    wanted = set(re.findall(r"\$\{([A-Z_]+)[:}]", text(workflow, "compose.yaml")))
    assert wanted == set(re.findall(r'^ {8}"([A-Z_]+)": ', made, re.MULTILINE))
    assert {"/secrets/", ".env"} <= set(text(workflow, ".gitignore").split())


def test_what_people_wire_is_seeded_and_what_carries_it_is_merged() -> None:
    table = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))["_lisa_ownership"]
    merged = [f"src/lisa/x/{name}.py" for name in sorted(MODULES - {"__init__", "__main__"})]
    merged.append("src/x/schemas/site.json")
    kept = ["dags/noise.py", "sites/local.yaml", "steps/noise/noise.py", "src/x/__init__.py"]
    # lisa-scaffold reads the table by the one, plain Copier `_skip_if_exists` by the other.
    for seeded in (
        GitIgnoreSpec.from_lines(table["seeded"]),
        PathSpec.from_lines("gitignore", table["seeded"]),
    ):
        assert list(seeded.match_files([*merged, "steps.yaml", *kept])) == kept
    locked = GitIgnoreSpec.from_lines(table["locked"])
    assert locked.match_file(".gitlab/ci/airflow.yml")


def test_names_and_addresses_come_from_the_answers(tmp_path: Path) -> None:
    told = answers(kind="pipeline", project_name="LISA Tides", forge="esa", namespace="a/B")
    template().render(told, tmp_path / "project")
    files = contents(tmp_path / "project")
    steps = yaml.safe_load(files["steps.yaml"])["steps"]
    assert steps["noise"]["image"] == "gitlab.esa.int:4567/a/b/lisa-tides/noise"
    assert b"from lisa_tides.tasks import (" in files["dags/noise.py"]


def test_no_two_files_say_where_the_store_and_the_pods_are(workflow: Render) -> None:
    sites = {
        Path(path).stem: yaml.safe_load(data)
        for path, data in workflow.files.items()
        if path.startswith("sites/")
    }
    assert sites.keys() == {"hpc", "kubernetes", "local"}
    assert not [name for name, each in sites.items() if "endpoint" in each["store"]]
    assert sites["kubernetes"]["settings"] == {"claim": "work"}
    # What a cluster's Airflow is connected to is what its site asks for.
    for path, data in workflow.files.items():
        if path.startswith("kubernetes/clusters/"):
            told = yaml.safe_load(data)["global"]
            settings = sites[told.get("site", "kubernetes")]["settings"]
            assert {settings.get("connection", "")} - {""} <= told.get("connections", {}).keys()


def test_the_handbook_says_how_each_secret_is_changed(workflow: Render) -> None:
    """Those that the cluster's page lists, which are those that the chart reads, and the desk's."""

    def keys(page: str) -> set[str]:
        rows = re.findall(r"(?m)^\| ((?:`[a-z-]+`(?:, )?)+) \|", page)
        return {key for row in rows for key in re.findall("`([^`]+)`", row)}

    handbook = text(workflow, "docs/handbook.md").partition("## Secrets\n")[2]
    listed = keys(text(workflow, "docs/deploy.md"))
    assert {"connection", "fernet-key", "jwt-secret", "store-secret-key"} < listed
    assert keys(handbook) == listed
    read = set(
        re.findall(r"name: [^,]+, key: ([a-z-]+) \}", text(workflow, "kubernetes/values.yaml"))
    )
    assert read
    assert read <= listed
    assert ("statefulset/" in handbook) == (workflow.answers["events"] == "push")
    made = re.findall(
        r'"([a-z]+_(?:key|password|token))"', text(workflow, package_of(workflow) + "/desk.py")
    )
    named = set(re.findall(r"`([a-z]+_(?:key|password|token))`", handbook))
    assert named
    assert named <= set(made)
