"""Web services: their files, what Compose and Helm are told, and that the parts fit together."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..support.tools import program, run
from .conftest import Render
from .test_image import locked

LEFTOVERS = re.compile(
    r"acceleration|LISA_(?:PUBLISH_INDEX|ZENODO|CDE_IMAGE)|publish-package|\bsdist\b|MANIFEST"
    r"|git_archival|--editable|\[project\]|build-system"
)
PLACES = ("desk", "preproduction", "production")


class Compose(yaml.SafeLoader):
    """Reads Compose's own tags as what stands behind them."""


def _untagged(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else None


Compose.add_multi_constructor("!", _untagged)


def text(render: Render, path: str) -> str:
    return render.files[path].decode()


def compose(render: Render, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(text(render, name), Compose)  # noqa: S506 - a safe one
    return loaded


def test_no_file_speaks_of_a_package(service: Render) -> None:
    skipped = r"\.copier-answers|\.gitignore|LICENSE|requirements|Caddyfile"
    looked_at = [path for path in service.files if not re.search(skipped, path)]
    found = {path: words for path in looked_at if (words := LEFTOVERS.findall(text(service, path)))}
    assert found == {}


def test_scripts_can_be_run_and_are_shell(service: Render) -> None:
    modes = {path: (service.root / path).stat().st_mode & 0o111 for path in service.files}
    scripts = {path for path, mode in modes.items() if mode}
    assert scripts == {
        *("bin/migrate", "bin/serve"),
        *(f"deploy/{name}" for name in ("compose", "drift", "release", "remote", "secrets")),
    }
    for script in scripts:
        subprocess.run(["bash", "-n", service.root / script], check=True)


def test_the_lock_has_what_the_images_ask_for(service: Render) -> None:
    groups = tomllib.loads(text(service, "pyproject.toml"))["dependency-groups"]
    asked = {canonicalize_name(Requirement(each).name) for each in groups["service"]}
    has = {canonicalize_name(name) for name, _ in locked(service.root / "requirements.txt")}
    assert asked - has == set()


def test_every_secret_is_defined_and_made(service: Render) -> None:
    base = compose(service, "compose.yaml")
    desk = compose(service, "compose.desk.yaml")
    defined = {**base["secrets"], **desk["secrets"]}
    services = [*base["services"].values(), *desk["services"].values()]
    used = {name for each in services for name in each.get("secrets", [])}
    assert used == set(defined)
    made = text(service, "deploy/secrets")
    for secret in defined.values():
        assert re.search(rf"\b{re.escape(Path(secret['file']).name)}\b", made) or re.match(
            r"secrets/backup_s3_(access|secret)_key", secret["file"]
        )
    assert "/secrets/" in text(service, ".gitignore").split()


def test_settings_that_compose_needs_are_given_for_each_place(service: Render) -> None:
    for place in PLACES:
        files = ["compose.yaml", f"compose.{place}.yaml"]
        wanted = {
            name
            for path in files
            for name in re.findall(r"\$\{([A-Z0-9_]+):\?\}", text(service, path))
        }
        given = set(re.findall(r"(?m)^([A-Z0-9_]+)=.", text(service, f"deploy/{place}.env")))
        exported = {"MIGRATE_IMAGE"}
        assert wanted - given - exported == set(), place


@pytest.mark.parametrize("place", PLACES)
def test_what_runs_for_long_is_watched_bounded_and_confined(service: Render, place: str) -> None:
    running = dict(compose(service, "compose.yaml")["services"])
    for name, more in compose(service, f"compose.{place}.yaml")["services"].items():
        running[name] = {**running.get(name, {}), **more}
    for name, each in running.items():
        assert each["cap_drop"] == ["ALL"], name
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert each["deploy"]["resources"]["limits"], name
        assert not re.search(r":latest|:-[^:}]*}$", str(each.get("image", ""))), name
        if each["restart"] != "no":
            assert each["restart"] == "unless-stopped", name
            assert each["healthcheck"], name


def test_only_the_proxy_is_reached_from_outside(service: Render) -> None:
    base = compose(service, "compose.yaml")
    assert [name for name, each in base["services"].items() if "ports" in each] == ["proxy"]
    assert base["services"]["db"]["networks"] == ["back"]
    assert base["networks"]["back"] == {"internal": True}
    desk = compose(service, "compose.desk.yaml")["services"]["proxy"]["ports"]
    assert all(port.startswith("127.0.0.1:") for port in desk)


def follows_schema(render: Render, values: dict[str, Any], folder: Path) -> bool:
    path = folder / "values.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    schema = render.root / "chart/values.schema.json"
    check = (program("check-jsonschema"), "--schemafile", schema, path)
    return run(*check, cwd=folder).returncode == 0


@pytest.mark.parametrize(
    ("wrong", "is_right"),
    [
        ({}, True),
        ({"replicas": {"min": 1, "max": 4}}, False),
        ({"image": {"repository": "a/b", "tag": "latest"}}, False),
        ({"host": "https://a.b"}, False),
        ({"surprise": True}, False),
    ],
)
def test_the_values_of_the_chart_follow_their_schema(
    rendered: Callable[[str], Render], tmp_path: Path, wrong: dict[str, Any], is_right: bool
) -> None:
    render = rendered("service00")
    values = yaml.safe_load(text(render, "chart/values.yaml"))
    assert follows_schema(render, {**values, **wrong}, tmp_path) == is_right


def test_the_log_of_the_database_is_kept_where_the_answer_is_so(service: Render) -> None:
    is_kept = service.answers["recovery"] == "moment"
    parts = compose(service, "compose.yaml")
    production = compose(service, "compose.production.yaml")
    assert ("operations/recovery.py" in service.files) == is_kept
    assert ("recovery" in parts["services"]) == is_kept
    assert ("RecoveryNotProven" in text(service, "monitoring/rules.yml")) == is_kept
    assert ("any moment" in text(service, "operations/README.md").lower()) == is_kept
    # What a place says in its own file stands instead of what all have.
    for each in parts, production:
        assert ("hba_file=/etc/postgresql/pg_hba.conf" in str(each["services"]["db"])) == is_kept


def test_each_alert_leads_to_words_for_operators(service: Render) -> None:
    rules = yaml.safe_load(text(service, "monitoring/rules.yml"))["groups"][0]["rules"]
    titles = re.findall(r"(?m)^### (.+)$", text(service, "operations/README.md"))
    known = {title.lower().replace(" ", "-") for title in titles}
    linked = {rule["annotations"]["runbook"].partition("#")[2] for rule in rules}
    assert linked == known


@pytest.mark.parametrize("name", ["compose", "drift", "release", "remote", "secrets"])
def test_a_script_of_the_deployment_says_how_it_is_called(
    name: str, service: Render, tmp_path: Path
) -> None:
    done = run("bash", _lay_out(service, tmp_path) / name, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout.startswith(f"usage: deploy/{name} ")


def test_without_a_release_there_is_none_to_go_back_to(service: Render, tmp_path: Path) -> None:
    place = _lay_out(service, tmp_path)
    done = run("bash", place / "release", "production", "--back", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (
        1,
        "Nothing has been released in production from here yet.\n",
    )


def _lay_out(service: Render, folder: Path) -> Path:
    """The folder ``deploy`` of a service, in a folder."""
    for path in service.files:
        if path.startswith("deploy/"):
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text(service, path))
    return folder / "deploy"


def test_the_pages_load_nothing_from_elsewhere(service: Render) -> None:
    pages = [path for path in service.files if path.endswith((".html", ".js", ".css"))]
    assert pages
    elsewhere = re.compile(r"(?:src|href)=\"(?:https?:)?//(?!doi\.org)")
    assert [path for path in pages if elsewhere.search(text(service, path))] == []
