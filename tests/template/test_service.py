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

from lisa_scaffold.project.facts import Facts, Given

from ..support.answers import answers
from ..support.answers import template as make
from ..support.components import KNOWN
from ..support.tools import commit_all, git, program, run
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


def test_a_provider_is_asked_for_a_mail_unless_the_place_names_other_scopes(
    service: Render,
) -> None:
    scopes = "openid profile email groups"
    told = compose(service, "compose.yaml")["x-settings"]["OIDC_SCOPES"]
    assert told == f"${{OIDC_SCOPES:-{scopes}}}"
    assert f'read("OIDC_SCOPES", "{scopes}")' in text(service, "service/settings.py")


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


def test_what_the_service_reads_compose_passes_on(service: Render) -> None:
    modules = [path for path in service.files if re.fullmatch(r"service/\w+\.py", path)]
    reads = re.compile(r"\bread(?:_list)?\(\s*\"([A-Z0-9_]+)\"")
    read = {name for path in modules for name in reads.findall(text(service, path))}
    passed = {name.removesuffix("_FILE") for name in compose(service, "compose.yaml")["x-settings"]}
    # The image knows its version, and the rest is as Compose's own network has it.
    fixed = {"VERSION", "DB_FILE", "DB_NAME", "DB_PORT", "DB_USER", "DB_CONNECT_SECONDS", "PROXIES"}
    # A secret that was replaced is given by hand, for the days in which both hold.
    assert read - passed - fixed == {"OLD_SECRET_KEYS"}
    assert passed - read == set()


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


def test_the_proxy_is_asked_itself_whether_it_is_well(service: Render) -> None:
    asked = compose(service, "compose.yaml")["services"]["proxy"]["healthcheck"]["test"][-1]
    assert asked.startswith("http://127.0.0.1:")
    assert f"\n{asked} {{\n    bind 127.0.0.1\n" in text(service, "deploy/Caddyfile")


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
    assert ("RecoveryNotProven" in text(service, "chart/rules.yml")) == is_kept
    assert ("any moment" in text(service, "operations/README.md").lower()) == is_kept
    assert ("replication" in text(service, "deploy/pg_hba.conf")) == is_kept
    assert ("deploy/recovery.sql" in service.files) == is_kept
    # What a place says in its own file stands instead of what all have.
    for each in parts, production:
        assert ("max_slot_wal_keep_size" in str(each["services"]["db"])) == is_kept
        assert "hba_file=/etc/postgresql/pg_hba.conf" in each["services"]["db"]["command"]


def test_nothing_but_the_database_itself_has_its_administrator(service: Render) -> None:
    parts = compose(service, "compose.yaml")["services"]
    roles = {
        name: each["environment"].get("DB_USER", "service")
        for name, each in parts.items()
        if "DB_HOST" in each.get("environment", {})
    }
    owners = {"migrate", "backup"} | ({"recovery"} if "recovery" in parts else set())
    assert roles == {
        "blue": "service",
        "green": "service",
        **dict.fromkeys(owners, "service_owner"),
    }
    for name, each in parts.items():
        secrets = {one for one in each.get("secrets", []) if one.startswith("db_")}
        if name == "db":
            assert secrets == {"db_admin_password", "db_owner_password", "db_password"}
            assert each["environment"]["POSTGRES_USER"] == "postgres"
            assert (
                "./deploy/roles.sql:/docker-entrypoint-initdb.d/1-roles.sql:ro" in each["volumes"]
            )
        elif name in roles:
            expected = "db_owner_password" if name in owners else "db_password"
            assert secrets == {expected}, name
            assert each["environment"]["DB_PASSWORD_FILE"] == f"/run/secrets/{expected}"


def test_each_alert_leads_to_words_for_operators(service: Render) -> None:
    groups = yaml.safe_load(text(service, "chart/rules.yml"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    titles = re.findall(r"(?m)^### (.+)$", text(service, "operations/README.md"))
    known = {title.lower().replace(" ", "-") for title in titles}
    linked = {rule["annotations"]["runbook"].partition("#")[2] for rule in rules}
    assert linked == known


def test_prometheus_asks_what_its_rules_and_its_compose_file_name(service: Render) -> None:
    rules = text(service, "chart/rules.yml")
    told = yaml.safe_load(text(service, "monitoring/prometheus.yml"))
    jobs = {each["job_name"]: each for each in told["scrape_configs"]}
    assert set(re.findall(r'job="(\w+)"', rules)) == set(jobs)
    (found,) = jobs["service"]["dns_sd_configs"]
    base = compose(service, "compose.yaml")
    on_front = {name for name in found["names"] if "front" in base["services"][name]["networks"]}
    assert (on_front, found["port"]) == ({"blue", "green"}, 8000)
    beside = compose(service, "monitoring/compose.yaml")
    # The same rules as on Kubernetes, by the same path in the repository and in the container.
    assert told["rule_files"] == ["../chart/rules.yml"]
    assert beside["services"]["prometheus"]["volumes"][:2] == [
        ".:/etc/prometheus:ro",
        "../chart/rules.yml:/etc/chart/rules.yml:ro",
    ]
    assert beside["networks"]["service"] == {"external": True, "name": "${PROJECT:?}_front"}
    assert [each["ports"] for each in beside["services"].values() if "ports" in each] == [
        ["127.0.0.1:${PROMETHEUS_PORT:-9090}:9090"]
    ]
    assert (
        jobs["probe"]["relabel_configs"][-1]["replacement"].partition(":")[0] in beside["services"]
    )
    modules = yaml.safe_load(text(service, "monitoring/blackbox.yml"))["modules"]
    assert set(jobs["probe"]["params"]["module"]) == set(modules)


@pytest.mark.parametrize("name", ["compose", "drift", "release", "remote", "secrets"])
def test_a_script_of_the_deployment_says_how_it_is_called(
    name: str, service: Render, tmp_path: Path
) -> None:
    done = run("bash", _lay_out(service, tmp_path) / name, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout.startswith(f"usage: deploy/{name} ")


@pytest.mark.parametrize("name", ["compose", "drift", "release", "secrets"])
def test_a_place_that_is_not_there_is_told(name: str, service: Render, tmp_path: Path) -> None:
    more = ["1.0.0"] if name == "release" else []
    done = run("bash", _lay_out(service, tmp_path) / name, "nowhere", *more, cwd=tmp_path)
    said = "There is no place nowhere: no compose.nowhere.yaml.\n"
    assert (done.returncode, done.stdout) == (2, said)
    assert not (tmp_path / "secrets").exists()


def test_without_a_release_there_is_none_to_go_back_to(service: Render, tmp_path: Path) -> None:
    place = _lay_out(service, tmp_path)
    done = run("bash", place / "release", "production", "--back", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (
        1,
        "Nothing has been released in production from here yet.\n",
    )


def _lay_out(service: Render, folder: Path) -> Path:
    """The folder ``deploy`` of a service and its Compose files, in a folder."""
    for path in service.files:
        if re.match(r"deploy/|compose", path):
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text(service, path))
            (folder / path).chmod((service.root / path).stat().st_mode)
    return folder / "deploy"


# What the scripts ask Docker for, and what they are told: all runs as the files say. The last
# argument of what starts a version is its container.
DOCKER = """\
#!/bin/bash
echo "$*" >>"$LOG"
case "$*" in
    *" config --services") printf '%s\\n' proxy db backup ;;
    *" config --hash "*) printf '%s 1\\n' proxy db backup blue green ;;
    *" ps --quiet "* | "container ls "*) echo id ;;
    *" --wait-timeout "*) [ -z "${BAD:-}" ] ;;
    "image ls "*) [ -z "${DEAF:-}" ] && printf "${*: -1} %s\\n" T 0.8.0 0.9.0 1.0.0 2.0.0 10.0.0 ;;
    "image rm "*:0.8.0) echo conflict: a container uses it >&2; exit 1 ;;
esac
"""


class Machine:
    """A clone of a service's repository of two versions, where Docker notes what it is asked."""

    def __init__(self, service: Render, folder: Path) -> None:
        origin = folder / "origin"
        origin.mkdir()
        _lay_out(service, origin)
        for place in PLACES[1:]:
            settings = origin / f"deploy/{place}.env"
            settings.write_text(settings.read_text().replace("example.org", "lisa.test"))
        (origin / ".gitignore").write_text("/secrets/\n/state/\n", encoding="utf-8")
        commit_all(origin)
        git("tag", "v1.0.0", cwd=origin)
        with (origin / "deploy/production.env").open("a", encoding="utf-8") as file:
            file.write("OIDC_NAME=LISA\n")
        commit_all(origin)
        git("tag", "v2.0.0", cwd=origin)
        self.root = folder / "clone"
        git("clone", "--quiet", str(origin), str(self.root), cwd=folder)
        (self.root / "secrets").mkdir()
        tools = folder / "tools"
        tools.mkdir()
        for name, words in {"docker": DOCKER, "sleep": "#!/bin/sh\n"}.items():
            (tools / name).write_text(words, encoding="utf-8")
            (tools / name).chmod(0o755)
        self.log = folder / "log"
        self.env = {"PATH": f"{tools}:/usr/bin:/bin", "LOG": str(self.log)}

    def __call__(self, script: str, *words: str, **env: str) -> tuple[int, list[str]]:
        """Call a script; its exit code, and the lines that it prints."""
        done = run(f"deploy/{script}", *words, cwd=self.root, env={**self.env, **env})
        return done.returncode, done.stdout.splitlines()

    def asked(self) -> list[str]:
        """What Docker was asked for."""
        return self.log.read_text(encoding="utf-8").splitlines()

    @property
    def version(self) -> str:
        """The tag of what is checked out."""
        return git("describe", "--tags", "--exact-match", cwd=self.root).strip()


@pytest.fixture
def machine(renders: list[Render], tmp_path: Path) -> Machine:
    return Machine(next(each for each in renders if each.answers["kind"] == "service"), tmp_path)


AS_IT_SAYS = "production runs {} as the repository says."


@pytest.mark.parametrize("by", ["hand", "pipeline"])
def test_a_version_comes_with_its_files_whoever_releases_it(machine: Machine, by: str) -> None:
    def release(version: str, **env: str) -> tuple[int, list[str]]:
        if by == "hand":
            return machine("release", "production", version, **env)
        words = "back" if version == "--back" else f"release {version}"
        return machine("remote", "production", SSH_ORIGINAL_COMMAND=words, **env)

    assert release("1.0.0") == (0, ["1.0.0 answers in production, as blue; before it: nothing."])
    assert machine.version == "v1.0.0"
    assert release("2.0.0") == (0, ["2.0.0 answers in production, as green; before it: 1.0.0."])
    assert machine.version == "v2.0.0"
    assert machine("drift", "production") == (0, [AS_IT_SAYS.format("2.0.0")])
    assert release("--back") == (0, ["1.0.0 answers in production, as blue; before it: 2.0.0."])
    assert machine.version == "v1.0.0"
    assert machine("drift", "production") == (0, [AS_IT_SAYS.format("1.0.0")])
    code, said = release("2.0.0", BAD="yes")
    assert (code, machine.version) == (1, "v1.0.0")
    assert said[0].startswith("2.0.0 does not get ready; 1.0.0 goes on.")
    code, said = release("3.0.0")
    assert (code, machine.version) == (1, "v1.0.0")
    assert said[-1] == "There is no v3.0.0 in this repository: VERSION is X.Y.Z or a commit."


@pytest.mark.parametrize("kind", ["tag", "branch"])
def test_no_tag_or_branch_passes_for_a_version_or_a_commit(machine: Machine, kind: str) -> None:
    """Whoever may push may give either any name: that of the commit that is about to come."""
    tags = [git("rev-parse", f"v{each}.0.0", cwd=machine.root).strip() for each in (1, 2)]
    origin = machine.root.with_name("origin")
    for name in (tags[0][:8], *(["v1.0.0"] if kind == "branch" else [])):
        git(kind, name, "v2.0.0", cwd=origin)
        git(kind, "--force", name, "v2.0.0", cwd=machine.root)
    for version in ("1.0.0", tags[0][:8]):
        words = f"release {version}"
        code, said = machine("remote", "preproduction", SSH_ORIGINAL_COMMAND=words)
        assert (code, said[-1].partition(" ")[0]) == (0, version)
        assert git("rev-parse", "HEAD", cwd=machine.root).strip() == tags[0]
        assert machine("drift", "preproduction") == (0, [f"pre{AS_IT_SAYS.format(version)}"])
    code, said = machine("release", "production", "main")
    assert (code, said[-1]) == (
        1,
        "There is no main in this repository: VERSION is X.Y.Z or a commit.",
    )


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("release {commit}", "{commit} is not X.Y.Z: production takes versions alone."),
        ("release main", "main is not X.Y.Z: production takes versions alone."),
        ("release --back", "--back is not X.Y.Z: production takes versions alone."),
        ("release", "'' is not X.Y.Z: production takes versions alone."),
        ("bash", "This key may: release VERSION, back, drift."),
    ],
)
def test_a_key_of_production_releases_versions_alone(
    machine: Machine, asked: str, told: str
) -> None:
    commit = git("rev-parse", "--short=8", "v1.0.0", cwd=machine.root).strip()
    words = asked.format(commit=commit)
    refused = (2, [told.format(commit=commit)])
    assert machine("remote", "production", SSH_ORIGINAL_COMMAND=words) == refused
    assert not (machine.root / "state").exists()


@pytest.mark.parametrize("place", PLACES[1:])
def test_nothing_is_released_before_the_addresses_are_ours(
    machine: Machine, service: Render, place: str
) -> None:
    begun = text(service, f"deploy/{place}.env")
    origin = machine.root.with_name("origin")
    (origin / f"deploy/{place}.env").write_text(begun, encoding="utf-8")
    commit_all(origin)
    git("tag", "v3.0.0", cwd=origin)
    code, said = machine("release", place, "3.0.0")
    named = "BACKUP_REPOSITORY MAIL_FROM MAIL_HOST S3_ENDPOINT SITE_HOST TLS"
    assert (code, said[-1]) == (
        1,
        f"example.org is nobody's: set {named} in deploy/{place}.env, and release again.",
    )
    assert not machine.log.exists()
    assert git("tag", "--points-at", "HEAD", cwd=machine.root).split() == ["v2.0.0"]
    # What a machine says of its own wins.
    (machine.root / "state").mkdir(exist_ok=True)
    own = "".join(f"{name}=ours.test\n" for name in named.split())
    (machine.root / f"state/{place}.env").write_text(own, encoding="utf-8")
    assert machine("release", place, "3.0.0")[0] == 0


def test_how_large_containers_may_grow_is_a_setting_in_every_place(service: Render) -> None:
    for place in PLACES[1:]:
        more = compose(service, f"compose.{place}.yaml")["services"]
        assert [name for name, each in more.items() if "deploy" in each] == []
    for name, each in compose(service, "compose.yaml")["services"].items():
        limits = each["deploy"]["resources"]["limits"]
        begin = {"blue": "APP", "green": "APP", "migrate": "APP", "recovery": "BACKUP"}
        of = begin.get(name, name.upper())
        assert re.fullmatch(rf"\${{{of}_CPUS:-\d}}", limits["cpus"]), name
        assert re.fullmatch(rf"\${{{of}_MEMORY:-\d+[mg]}}", limits["memory"]), name


def test_no_rule_asks_for_what_an_environment_alone_knows(service: Render) -> None:
    """GitLab evaluates rules before it knows the environment of a job."""
    jobs = Facts.of(service.files, Given(tags=(), components=KNOWN)).pipeline.jobs
    deploying = {name: job.data for name, job in jobs.items() if "environment" in job.data}
    assert set(deploying) == {"preproduction", "production", "drift"}
    for name, data in deploying.items():
        asking = [rule for rule in data["rules"] if "LISA_DEPLOY" in str(rule)]
        assert asking == [{"if": '$LISA_DEPLOY != "true"', "when": "never"}], name
        assert "LISA_DEPLOY_KEY" in str(data["before_script"]), name


def test_a_release_leaves_the_database_and_the_proxy_as_they_run(machine: Machine) -> None:
    machine("release", "production", "1.0.0")
    machine.log.unlink()
    machine("release", "production", "2.0.0")
    called = [line.partition("compose.production.yaml ")[2] for line in machine.asked()]
    started = [words for words in called if words.startswith(("up ", "run "))]
    assert started == [
        "up --detach --wait --no-recreate db",
        "run --rm --no-deps --no-TTY migrate",
        "up --detach --no-deps --no-recreate proxy",
        "up --detach --no-deps --force-recreate --wait --wait-timeout 120 green",
        "up --detach --no-deps backup",
    ]


def test_a_good_release_removes_images_of_versions_long_gone(machine: Machine) -> None:
    def removed(place: str, version: str, **env: str) -> tuple[int, list[str]]:
        machine.log.unlink(missing_ok=True)
        code, _ = machine("release", place, version, **env)
        asked = [line.split() for line in machine.asked() if line.startswith("image rm")]
        assert all(len(words) == 3 for words in asked), "an image is removed by force"
        return code, [words[2].removeprefix(repository) for words in asked]

    settings = (machine.root / "deploy/production.env").read_text(encoding="utf-8")
    (repository,) = re.findall("(?m)^REPOSITORY=(.*)", settings)
    first = ["0.8.0", "0.9.0", "2.0.0", "10.0.0"]
    then = ["0.8.0", "0.9.0", "10.0.0"]
    for version, gone in ("1.0.0", first), ("2.0.0", then), ("--back", then):
        assert removed("production", version) == (
            0,
            [f"{part}:{each}" for part in ("", "/backup") for each in gone],
        )
    assert removed("production", "2.0.0", BAD="yes") == (1, [])
    assert removed("production", "2.0.0", DEAF="yes") == (0, [])
    # What could not be pulled again stays.
    assert removed("production", "1.0.0", PULL="no") == (0, [])
    assert removed("desk", "1.0.0") == (0, [])


def test_prometheus_leaves_the_network_before_it_is_removed(service: Render) -> None:
    page = text(service, "operations/README.md")
    begin = "docker compose --env-file deploy/PLACE.env --file monitoring/compose.yaml"
    blocks = re.findall(r"(?ms)^ *```sh\n(.*?)^ *```", page)
    (lines,) = (
        [line.strip() for line in block.splitlines()]
        for block in blocks
        if "deploy/compose PLACE down" in block
    )
    here = lines.index("deploy/compose PLACE down")
    assert (lines[here - 1], lines[-1]) == (f"{begin} down", f"{begin} up --detach")


def test_a_private_clone_gets_its_token_outside_of_its_address(service: Render) -> None:
    page = text(service, "operations/README.md")
    order = [page.index(each) for each in ("read_repository", "credential.helper", "git clone")]
    assert order == sorted(order)
    assert not re.search(r"https://[^/\s]*@|remote set-url", page)


def test_files_of_another_version_are_told(machine: Machine) -> None:
    machine("release", "production", "2.0.0")
    git("checkout", "--quiet", "v1.0.0", cwd=machine.root)
    (machine.root / "compose.production.local.yaml").write_text("services: {}\n")
    assert machine("drift", "production") == (
        1,
        [
            "drift: files differ from v2.0.0:",
            "M\tdeploy/production.env",
            "?\tcompose.production.local.yaml",
        ],
    )
    git("tag", "--delete", "v2.0.0", cwd=machine.root)
    assert machine("drift", "production") == (
        1,
        ["drift: there is no v2.0.0 here to compare with: git fetch --tags origin"],
    )


def test_settings_of_a_machine_are_no_drift_and_hold_no_release_up(machine: Machine) -> None:
    machine("release", "production", "1.0.0")
    (machine.root / "state/production.env").write_text("# for a while\nREAD_ONLY=yes\nA=1\n")
    assert machine("drift", "production") == (
        0,
        ["Of this machine alone, by state/production.env: READ_ONLY A", AS_IT_SAYS.format("1.0.0")],
    )
    machine.log.unlink()
    assert machine("release", "production", "2.0.0")[0] == 0
    begin = "compose --env-file deploy/production.env --env-file state/production.env --file"
    composed = [line for line in machine.asked() if line.startswith("compose --")]
    assert composed
    assert [line for line in composed if not line.startswith(begin)] == []


def test_what_was_edited_in_the_clone_is_kept_and_told(machine: Machine) -> None:
    machine("release", "production", "1.0.0")
    path = machine.root / "deploy/production.env"
    path.write_text("edited\n")
    code, said = machine("release", "production", "2.0.0")
    assert (code, machine.version, path.read_text()) == (1, "v1.0.0", "edited\n")
    assert said[-1] == (
        'Files were edited here, and v2.0.0 has others: "git status" lists them. Settings of this'
        " machine alone belong in state/production.env."
    )
    assert machine("drift", "production") == (
        1,
        ["drift: files differ from v1.0.0:", "M\tdeploy/production.env"],
    )


def test_without_compose_that_is_what_is_said(machine: Machine) -> None:
    docker = Path(machine.env["PATH"].partition(":")[0]) / "docker"
    docker.write_text("#!/bin/sh\necho unknown flag >&2\nexit 125\n")
    assert machine("compose", "production", "ps") == (
        2,
        [
            'There is no Compose here: "docker compose version" fails. Install Docker\'s Compose'
            " plugin, 2.24 or newer."
        ],
    )


def test_the_pages_load_nothing_from_elsewhere(service: Render) -> None:
    pages = [path for path in service.files if path.endswith((".html", ".js", ".css"))]
    assert pages
    elsewhere = re.compile(r"(?:src|href)=\"(?:https?:)?//(?!doi\.org)")
    assert [path for path in pages if elsewhere.search(text(service, path))] == []


def test_renovate_finds_each_image_that_a_service_names(tmp_path: Path) -> None:
    make().render(answers(kind="service", extras=["renovate"]), tmp_path)
    settings = json.loads((tmp_path / "renovate.json").read_text())
    assert settings["extends"] == ["config:recommended", "docker:pinDigests"]
    (manager,) = settings["customManagers"]
    (pattern,) = (each.replace("(?<", "(?P<") for each in manager["matchStrings"])
    pipeline = (tmp_path / ".gitlab-ci.yml").read_text()
    variables = yaml.load(pipeline, Compose)["variables"]  # noqa: S506 - a safe one
    images = {value for name, value in variables.items() if name.endswith("_IMAGE")}
    found = [each.groupdict() for each in re.finditer(pattern, pipeline)]
    assert {f"{each['depName']}:{each['currentValue']}" for each in found} == images
    assert any(each["depName"] == "docker.io/library/postgres" for each in found)
    # What it writes is found again, with a digest and at a port.
    pinned = '_IMAGE: "registry.example.org:5000/a/b:1.2-c@sha256:' + "0" * 64 + '"'
    match = re.fullmatch(pattern, pinned)
    assert match
    assert match.groups() == ("registry.example.org:5000/a/b", "1.2-c", f"sha256:{'0' * 64}")
    # Of Compose it reads an image, or the default of a variable that may name another one.
    for path in [*tmp_path.glob("compose*.yaml"), tmp_path / "monitoring/compose.yaml"]:
        for each in re.findall(r"(?m)^ +image: (.*)$", path.read_text()):
            assert re.fullmatch(r"\$\{\w+:(\?.*|-docker\.io/[\w/-]+:v?\d[\d.]+)\}", each), each


def test_renovate_leaves_to_people_what_needs_them(tmp_path: Path) -> None:
    make().render(answers(kind="service", extras=["renovate"]), tmp_path)
    rules = json.loads((tmp_path / "renovate.json").read_text())["packageRules"]
    held = {
        name: rule["matchUpdateTypes"]
        for rule in rules
        if rule.get("enabled") is False
        for name in ("docker.io/library/postgres", "docker.io/library/debian", "python", "caddy")
        if re.search(rule["matchPackageNames"][0].strip("/"), name)
    }
    both = ["major", "minor"]
    assert held == {
        "docker.io/library/postgres": ["major"],
        "docker.io/library/debian": both,
        "python": both,
    }
