"""The chart of a generated service: by Helm, by Kubernetes' schemas, and as a whole."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..support.answers import answers, template
from ..support.tools import passes, program, run
from .parts import helm, node
from .parts.machine import need

Object = dict[str, Any]
# Kubernetes itself has no schema of these: they are defined by what a cluster installs.
FOREIGN = {"HTTPRoute", "Probe", "PrometheusRule", "ServiceMonitor"}
VALUES = {
    "default": (),
    "gateway": (
        *("--set=entry.kind=gateway", "--set=entry.gateway.name=public"),
        *("--set=monitoring.operator=true", "--set=monitoring.prober=blackbox.monitoring:9115"),
        "--set=image.pullSecret=registry",
    ),
    "without more": ("--set=backup.enabled=false",),
}


@dataclass(frozen=True)
class Chart:
    """The chart of a generated service, and the program that renders it."""

    helm: Path
    folder: Path

    def lint(self, *values: str) -> str:
        """Helm's own check; what it prints."""
        return passes(self.helm, "lint", "--strict", *values, self.folder, cwd=self.folder)

    def render(self, *values: str) -> list[Object]:
        """The objects that a release of these values has."""
        release = ("template", "ldc", "--namespace=site", *values)
        rendered = passes(self.helm, *release, self.folder, cwd=self.folder)
        return list(yaml.safe_load_all(rendered))

    def refuses(self, *values: str) -> str:
        """What Helm says to values that must not pass."""
        done = run(self.helm, "template", "ldc", *values, self.folder, cwd=self.folder)
        assert done.returncode != 0, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Chart:
    """The chart as it is generated."""
    root = tmp_path_factory.mktemp("chart") / "service"
    template().render(answers(kind="service"), root)
    return Chart(helm.installed(), root / "chart")


@pytest.fixture(params=VALUES)
def objects(request: pytest.FixtureRequest, chart: Chart) -> list[Object]:
    """The objects that the chart makes of each of these values."""
    return chart.render(*VALUES[request.param])


@pytest.mark.parametrize("values", VALUES.values(), ids=list(VALUES))
def test_helm_finds_no_fault(chart: Chart, values: tuple[str, ...]) -> None:
    assert "1 chart(s) linted, 0 chart(s) failed" in chart.lint(*values)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("replicas.min=1", "'/replicas/min': minimum: got 1, want 2"),
        ("image.tag=latest", "'/image/tag': 'not' failed"),
        ("imagee.tag=1", "additional properties 'imagee' not allowed"),
        ("host=-", "'/host'"),
        ("resources.limits.memory=much", "'/resources/limits/memory'"),
        ("entry.kind=port", "'/entry/kind'"),
        ("backup.repository=/here", "'/backup/repository'"),
        ("database.user=postgres", "'/database/user': 'not' failed"),
        ("database.owner=postgres", "'/database/owner': 'not' failed"),
        ("network.ports={0}", "'/network/ports/0'"),
        ("monitoring.prober=https://b", "'/monitoring/prober'"),
        ("entry.kind=gateway", "entry.gateway.name: the Gateway that people come in by"),
    ],
)
def test_values_that_make_no_sense_are_refused(chart: Chart, value: str, said: str) -> None:
    assert said in chart.refuses(f"--set={value}")


def validate(objects: list[Object], version: str, folder: Path) -> tuple[int, str]:
    """Hold objects against the schemas of a version of Kubernetes."""
    path = folder / "objects.yaml"
    path.write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    done = run(program("kubernetes-validate"), "--strict", "-k", version, path, cwd=folder)
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def everything(chart: Chart) -> list[Object]:
    """All objects that Kubernetes itself knows, of all these values."""
    made = [each for values in VALUES.values() for each in chart.render(*values)]
    return [each for each in made if each["kind"] not in FOREIGN]


# The oldest that the chart takes, one between, and the newest that there are schemas of.
@pytest.mark.parametrize("version", ["1.28", "1.32", "1.37"])
def test_objects_follow_the_schemas_of_kubernetes(
    everything: list[Object], version: str, tmp_path: Path
) -> None:
    code, said = validate(everything, version, tmp_path)
    assert code == 0, said
    assert said.count(f" against version {version}\n") == len(everything)


def test_a_name_that_kubernetes_does_not_know_is_found(chart: Chart, tmp_path: Path) -> None:
    wrong = chart.render()
    find(wrong, "Deployment")["spec"]["template"]["spec"]["containers"][0]["Image"] = "x"
    code, said = validate(wrong, "1.32", tmp_path)
    assert code == 1
    assert "'Image' was unexpected" in said


# --- What clusters define besides -----------------------------------------------------------------


def validate_foreign(objects: list[Object], folder: Path) -> tuple[int, str]:
    """Hold objects against the schemas that the Prometheus operator and the Gateway API bring."""
    path = folder / "foreign.json"
    path.write_text(json.dumps(objects), encoding="utf-8")
    script = node.installed("crds") / "validate.mjs"
    done = run(node.node() / "bin/node", script, path, cwd=folder)
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def foreign(chart: Chart) -> list[Object]:
    """The objects whose kinds a cluster installs."""
    made = chart.render(*VALUES["gateway"])
    return [each for each in made if each["kind"] in FOREIGN]


def test_objects_follow_the_schemas_of_who_defines_them(
    foreign: list[Object], tmp_path: Path
) -> None:
    code, said = validate_foreign(foreign, tmp_path)
    assert code == 0, said
    assert said.splitlines() == [f"{each['kind']} follows its schema" for each in foreign]
    assert {each["kind"] for each in foreign} == FOREIGN


@pytest.mark.parametrize("kind", sorted(FOREIGN))
def test_a_value_of_another_type_is_found_there(
    foreign: list[Object], kind: str, tmp_path: Path
) -> None:
    wrong = copy.deepcopy(find(foreign, kind))
    match kind:
        case "HTTPRoute":
            wrong["spec"]["rules"][0]["backendRefs"][0]["port"] = "http"
        case "Probe":
            wrong["spec"]["targets"]["staticConfig"]["static"] = "https://site.example.org"
        case "PrometheusRule":
            wrong["spec"]["groups"][0]["rules"][0]["labels"] = ["page"]
        case "ServiceMonitor":
            wrong["spec"]["endpoints"][0]["port"] = 80
    code, said = validate_foreign([wrong], tmp_path)
    assert (code, said.startswith(f"{kind}: ")) == (1, True), said


# Of two services whose names differ, one is gone; beside them a third that is another's.
ALERTS = """\
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'up{job="JOB", namespace="site", instance="a"}', values: '1x10 0x60'}
      - {series: 'up{job="ldc", namespace="other", instance="a"}', values: '1x90'}
      - {series: 'probe_success{job="ldc-probe", namespace="site", instance="x"}', values: '0x90'}
      - {series: 'probe_success{job="ldc-probe", namespace="other", instance="y"}', values: '0x90'}
    alert_rule_test:
      - eval_time: 5m
        alertname: ServiceGone
        exp_alerts: []
      - eval_time: 30m
        alertname: ServiceGone
        exp_alerts:
          - exp_labels: {severity: page, service: ldc, namespace: site}
            exp_annotations:
              summary: No container of the service answers Prometheus
              runbook: operations/README.md#the-site-does-not-answer
      - eval_time: 30m
        alertname: SiteUnreachable
        exp_alerts:
          - exp_labels: {severity: page, service: ldc, job: ldc-probe, namespace: site, instance: x}
            exp_annotations:
              summary: x does not answer from outside
              runbook: operations/README.md#the-site-does-not-answer
"""


def test_alerts_fit_the_names_that_the_cluster_gives(
    chart: Chart, foreign: list[Object], tmp_path: Path
) -> None:
    monitor, service = find(foreign, "ServiceMonitor"), find(chart.render(), "Service")
    # The operator names a job by the Service, where nothing else is said.
    assert not {"jobLabel", "namespaceSelector"} & monitor["spec"].keys()
    job = service["metadata"]["name"]
    spec = find(foreign, "PrometheusRule")["spec"]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    said = passes(need("promtool"), "check", "rules", "rules.yml", cwd=tmp_path)
    assert "SUCCESS: 6 rules found" in said
    (tmp_path / "alerts.yml").write_text(ALERTS.replace("JOB", job), encoding="utf-8")
    assert "SUCCESS" in passes(need("promtool"), "test", "rules", "alerts.yml", cwd=tmp_path)
    assert find(foreign, "Probe")["spec"]["jobName"] == "ldc-probe"


def test_without_a_prober_no_alert_waits_for_one(chart: Chart) -> None:
    (group,) = find(chart.render("--set=monitoring.operator=true"), "PrometheusRule")["spec"][
        "groups"
    ]
    assert [each["alert"] for each in group["rules"]] == [
        *("ServiceGone", "ManyErrors", "SlowAnswers", "BackupNotProven")
    ]


# --- What no schema tells: whether objects fit each other -----------------------------------------


def find(objects: list[Object], kind: str, name: str = "") -> Object:
    """The object of a kind; of several the one of that name."""
    found = [each for each in objects if each["kind"] == kind]
    (one,) = [each for each in found if not name or each["metadata"]["name"] == name]
    return one


def pods(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """What each workload makes its pods from, by the workload's name."""
    for each in objects:
        spec = (
            each["spec"]["jobTemplate"]["spec"] if each["kind"] == "CronJob" else each.get("spec")
        )
        if spec and "template" in spec:
            yield each["metadata"]["name"], spec["template"]


def chosen(
    objects: list[Object], selector: Mapping[str, str], more: Sequence[Object] = ()
) -> set[str]:
    """The workloads whose pods a selector chooses; an empty one is no answer here."""
    assert selector
    assert {each["operator"] for each in more} <= {"In"}
    return {
        name
        for name, pod in pods(objects)
        if selector.items() <= (labels := pod["metadata"]["labels"]).items()
        and all(labels.get(each["key"]) in each["values"] for each in more)
    }


def misfits(objects: list[Object]) -> list[str]:
    """The selectors that choose other pods than they are for, and the references to nothing."""
    web = find(objects, "Deployment")
    spec, name = web["spec"]["template"]["spec"], web["metadata"]["name"]
    budget = find(objects, "PodDisruptionBudget")
    (spread,) = spec["topologySpreadConstraints"]
    selectors = {
        "Deployment": web["spec"]["selector"]["matchLabels"],
        "Service": find(objects, "Service")["spec"]["selector"],
        "PodDisruptionBudget": budget["spec"]["selector"]["matchLabels"],
        "spread": spread["labelSelector"]["matchLabels"],
    }
    found = [key for key, each in selectors.items() if chosen(objects, each) != {name}]
    bound = sorted(each for policy in policies(objects) for each in bound_by(objects, policy))
    if bound != sorted(made for made, _ in pods(objects)):
        found.append("NetworkPolicy")
    target = find(objects, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    if target != {"apiVersion": web["apiVersion"], "kind": web["kind"], "name": name}:
        found.append("HorizontalPodAutoscaler")
    return [*found, *wrong_accounts(objects, spec["serviceAccountName"]), *wrong_ways_in(objects)]


def policies(objects: list[Object]) -> list[Object]:
    """The policies on who may talk with whom."""
    return [each["spec"] for each in objects if each["kind"] == "NetworkPolicy"]


def bound_by(objects: list[Object], policy: Object) -> set[str]:
    """The workloads whose pods a policy binds."""
    selector = policy["podSelector"]
    return chosen(objects, selector["matchLabels"], selector.get("matchExpressions", ()))


def wrong_accounts(objects: list[Object], account: str) -> Iterator[str]:
    """Accounts that are named, and are not there."""
    there = {each["metadata"]["name"] for each in objects if each["kind"] == "ServiceAccount"}
    if account not in there:
        yield "serviceAccountName"


def wrong_ways_in(objects: list[Object]) -> Iterator[str]:
    """What sends requests to something else than the service, or the service to no port."""
    service = find(objects, "Service")
    (port,) = service["spec"]["ports"]
    (container,) = find(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    if port["targetPort"] not in {each["name"] for each in container["ports"]}:
        yield "targetPort"
    name, labels = service["metadata"]["name"], service["metadata"]["labels"]
    for kind, spec in ((each["kind"], each.get("spec", {})) for each in objects):
        match kind:
            case "Ingress":
                (rule,), (tls,) = spec["rules"], spec["tls"]
                (path,) = rule["http"]["paths"]
                way = {"service": {"name": name, "port": {"name": port["name"]}}}
                fits = path["backend"] == way and tls["hosts"] == [rule["host"]]
            case "HTTPRoute":
                (rule,) = spec["rules"]
                fits = rule["backendRefs"] == [{"name": name, "port": port["port"]}]
            case "ServiceMonitor":
                (endpoint,) = spec["endpoints"]
                is_chosen = spec["selector"]["matchLabels"].items() <= labels.items()
                fits = is_chosen and endpoint["port"] == port["name"]
            case _:
                fits = True
        if not fits:
            yield kind


def test_selectors_and_references_lead_to_what_they_mean(objects: list[Object]) -> None:
    assert misfits(objects) == []


def relabel(objects: list[Object]) -> None:
    labels = find(objects, "Deployment")["spec"]["template"]["metadata"]["labels"]
    labels["app.kubernetes.io/component"] = "other"


def widen(objects: list[Object]) -> None:
    """Let requests go to the pods of the migration too."""
    del find(objects, "Service")["spec"]["selector"]["app.kubernetes.io/component"]


def narrow(objects: list[Object]) -> None:
    """Let the restore's pods out of the policy."""
    (bound,) = find(objects, "NetworkPolicy", "ldc-backup")["spec"]["podSelector"][
        "matchExpressions"
    ]
    bound["values"].remove("restore")


def rename_port(objects: list[Object]) -> None:
    find(objects, "Service")["spec"]["ports"][0] |= {"name": "web", "targetPort": "web"}


def rename(objects: list[Object]) -> None:
    find(objects, "Service")["metadata"]["name"] = "other"


def scale_other(objects: list[Object]) -> None:
    find(objects, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] = "other"


def rename_account(objects: list[Object]) -> None:
    find(objects, "ServiceAccount")["metadata"]["name"] = "other"


CHANGES: dict[Callable[[list[Object]], None], list[str]] = {
    relabel: ["Deployment", "Service", "PodDisruptionBudget", "spread", "NetworkPolicy"],
    widen: ["Service"],
    narrow: ["NetworkPolicy"],
    rename_port: ["targetPort", "Ingress"],
    rename: ["Ingress"],
    scale_other: ["HorizontalPodAutoscaler"],
    rename_account: ["serviceAccountName"],
}


def test_a_reference_that_leads_elsewhere_is_seen_though_schemas_say_nothing(
    chart: Chart, tmp_path: Path
) -> None:
    made, changed = chart.render(*VALUES["default"]), list[Object]()
    for change, found in CHANGES.items():
        objects = copy.deepcopy(made)
        change(objects)
        assert misfits(objects) == found, change.__name__
        changed += objects
    code, said = validate(changed, "1.32", tmp_path)
    assert code == 0, said


# --- What the chart's own tests, in the repository that has it, see of the same -------------------

WEB = '{{- include "selector" . | nindent %d }}\n%sapp.kubernetes.io/component: web\n'
EDITS = {
    # File, text, what is written instead, how often the text stands before it.
    "the pods' label": ("service", "        app.kubernetes.io/component: web", "web", "other", 0),
    "the Deployment's selector": ("service", WEB % (6, " " * 6), "web", "other", 0),
    "the Service's selector": ("service", WEB % (4, " " * 4), "web", "migrate", 0),
    "a Service for all pods": (
        "service",
        WEB % (4, " " * 4),
        "app.kubernetes.io/component: web",
        "",
        0,
    ),
    "the budget's selector": ("service", WEB % (6, " " * 6), "web", "other", 1),
    "the spread's selector": ("service", WEB % (14, " " * 14), "web", "other", 0),
    "a selector with the version": ("service", WEB % (6, " " * 6), "selector", "labels", 1),
    "the Service's port": ("service", "- { name: http, port: 80", "http", "web", 0),
    "the port that it leads to": ("service", "targetPort: http", "http", "web", 0),
    "the container's port": ("service", "{ name: http, containerPort", "http", "web", 0),
    "the number of that port": ("service", "containerPort: 8000", "8000", "8080", 0),
    "the port of a probe": ("service", "path: /readyz, port: http", "http", "web", 0),
    "the Service's name": ("service", "kind: Service\nmetadata:\n  name: {{", "{{", "a-{{", 0),
    "the account's name": (
        "service",
        "kind: ServiceAccount\nmetadata:\n  name: {{",
        "{{",
        "a-{{",
        0,
    ),
    "what is scaled": ("service", "kind: Deployment, name: {{", "{{", "a-{{", 0),
    "whom a policy binds": ("network", WEB % (6, " " * 6), "web", "other", 0),
    "a policy for migrations": ("network", "component: migrate", "migrate", "web", 0),
    "a policy for backups": ("network", "[backup, restore]", ", restore", "", 0),
    "the port that a policy opens": ("network", "port: 8000", "8000", "80", 0),
    "the port of the Ingress": ("entry", "port: { name: http }", "http", "web", 0),
    "the port of the route": ("entry", "port: 80 }", "80", "8000", 0),
    "the Service behind the Ingress": (
        "entry",
        "service:\n                name: {{",
        "{{",
        "a-{{",
        0,
    ),
    "the port that is measured": ("operators", "- { port: http", "http", "web", 0),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=list(EDITS))
def test_tests_of_the_repository_see_one_name_that_leads_elsewhere(
    chart: Chart, edit: tuple[str, str, str, str, int], tmp_path: Path
) -> None:
    name, place, old, new, before = edit
    copied = Chart(chart.helm, tmp_path / "service/chart")
    shutil.copytree(chart.folder, copied.folder)
    path = copied.folder / f"templates/{name}.yaml"
    parts = path.read_text(encoding="utf-8").split(place)
    assert (place.count(old), len(parts) > before + 1) == (1, True)
    head, tail = place.join(parts[: before + 1]), place.join(parts[before + 1 :])
    path.write_text(head + place.replace(old, new) + tail, encoding="utf-8")
    # Helm's own check, and Kubernetes' schemas, have nothing against it.
    assert "0 chart(s) failed" in copied.lint()
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "helm").symlink_to(chart.helm)
    env = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    told = ("--config-file=chart/tests/pytest.ini", "-p", "no:cacheprovider", "chart/tests")
    done = run(
        *(sys.executable, "-m", "pytest", "-q", *told, "-k", "lead_to or takes_it and 1.32"),
        cwd=tmp_path / "service",
        env=env,
    )
    failed = set(re.findall(r"(?m)^FAILED \S+::(\w+)", done.stdout))
    assert failed == {"test_selectors_and_names_lead_to_what_they_mean"}, done.stdout


def test_pods_follow_the_restricted_standard_and_their_volumes_are_there(
    objects: list[Object],
) -> None:
    """Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/."""
    seen = set()
    for name, pod in pods(objects):
        spec = pod["spec"]
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        volumes = {volume["name"]: volume.keys() for volume in spec["volumes"]}
        assert set().union(*volumes.values()) == {"name", "emptyDir"}
        (container,) = spec["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        assert container["resources"].keys() == {"requests", "limits"}
        assert {mount["name"] for mount in container["volumeMounts"]} == volumes.keys()
        secret = [one for one in container["env"] if one["name"].endswith(("PASSWORD", "KEY"))]
        assert [one for one in secret if "value" in one] == []
        seen.add(name)
    assert seen >= {"ldc", "ldc-migrate"}


def told(pod: Object) -> dict[str, Any]:
    """What a pod is told by its environment: later words win over earlier ones, as in a pod."""
    (container,) = pod["spec"]["containers"]
    named = [one["name"] for one in container["env"]]
    assert len(named) == len(set(named)), "a name is there twice"
    return {one["name"]: one.get("value", one.get("valueFrom")) for one in container["env"]}


def test_the_owner_of_the_tables_migrates_and_backs_up_and_the_service_is_another(
    objects: list[Object],
) -> None:
    owner = {"secretKeyRef": {"name": "lisa-data-challenge-owner", "key": "DB_PASSWORD"}}
    for name, pod in pods(objects):
        env = told(pod)
        roles = [env.get(each) for each in ("DB_USER", "DB_APP_USER", "DB_PASSWORD")]
        is_service = name == "ldc"
        assert roles == (
            ["service", None, None] if is_service else ["service_owner", "service", owner]
        ), name
        assert (env["DB_HOST"], env["DB_PORT"]) == ("postgres", "5432")


# --- Who may talk with whom -----------------------------------------------------------------------

ELSEWHERE = (
    *(
        "--set=database.port=6432",
        "--set=store.endpoint=http://store:9000",
        "--set=network.ports={8443}",
    ),
    *(
        "--set-string=settings.MAIL_PORT=465",
        "--set=settings.OIDC_ISSUER=https://login.lisa:5556/dex",
    ),
    "--set=settings.SENTRY_DSN=https://key@errors.lisa/1",
    *("--set=backup.repository=s3:https://b:9443/b", "--set=backup.restoreFrom=s3:http://old/b"),
    "--set=network.database[0].ipBlock.cidr=10.0.0.7/32",
)
PORTS = {
    (): {
        "ldc": [53, 53, 5432, 443, 587],
        "ldc-migrate": [53, 53, 5432],
        "ldc-backup": [53, 53, 5432, 443],
        "ldc-restore": [53, 53, 5432, 443],
    },
    ELSEWHERE: {
        "ldc": [53, 53, 6432, 9000, 5556, 443, 465, 8443],
        "ldc-migrate": [53, 53, 6432],
        "ldc-backup": [53, 53, 6432, 9443, 80],
        "ldc-restore": [53, 53, 6432, 9443, 80],
    },
}


@pytest.mark.parametrize("values", PORTS, ids=["default", "elsewhere"])
def test_pods_may_ask_for_what_their_settings_name_and_nothing_else(
    chart: Chart, values: tuple[str, ...]
) -> None:
    made = chart.render(*values)
    found: dict[str, list[int]] = {}
    for policy in policies(made):
        assert policy["policyTypes"] == ["Ingress", "Egress"]
        ports = [port["port"] for way in policy["egress"] for port in way["ports"]]
        found |= dict.fromkeys(bound_by(made, policy), ports)
        to = [way["to"] for way in policy["egress"] if "to" in way]
        assert to == ([[{"ipBlock": {"cidr": "10.0.0.7/32"}}]] if values else [])
    assert found == PORTS[values]
    asked = {
        name for policy in policies(made) if "ingress" in policy for name in bound_by(made, policy)
    }
    assert asked == {"ldc"}


# --- The pipeline's account -----------------------------------------------------------------------

EVERY = {"get", "list", "watch", "create", "update", "patch", "delete"}
READ = {"get", "list", "watch"}


@pytest.fixture(scope="module")
def deployer(chart: Chart) -> list[Object]:
    """The objects that an administrator applies for the pipeline."""
    path = chart.folder.parent / "operations/deployer.yaml"
    listed: list[Object] = yaml.safe_load(path.read_text(encoding="utf-8"))["items"]
    return listed


def resource(each: Object) -> tuple[str, str]:
    """The group and the name by which rights tell of a kind of objects."""
    group = each["apiVersion"].rpartition("/")[0]
    kind: str = each["kind"].lower()
    if kind.endswith("y"):
        return group, f"{kind[:-1]}ies"
    return group, f"{kind}es" if kind.endswith("s") else f"{kind}s"


def test_the_pipeline_may_write_what_a_release_has_and_nothing_else(
    chart: Chart, deployer: list[Object]
) -> None:
    """A release writes all that the chart has, so that no rights can be among it."""
    made = [each for values in VALUES.values() for each in chart.render(*values)]
    rules = find(deployer, "Role")["rules"]
    rights = {
        (group, name): set(rule["verbs"])
        for rule in rules
        for group in rule["apiGroups"]
        for name in rule["resources"]
    }
    written = {key for key, verbs in rights.items() if verbs - READ}
    # In these Helm keeps its records.
    assert written == {resource(each) for each in made} | {("", "configmaps")}
    assert all(rights[key] == EVERY for key in written)
    assert all(rights[key] == READ for key in rights.keys() - written)
    assert {group for group, _ in written} & {"rbac.authorization.k8s.io"} == set()


def test_the_rights_are_those_of_the_account(deployer: list[Object], tmp_path: Path) -> None:
    account, role, binding = deployer
    name = account["metadata"]["name"]
    assert role["metadata"]["name"] == binding["roleRef"]["name"] == name
    namespace = "lisa-data-challenge"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": name, "namespace": namespace}]
    assert name == f"{namespace}-deployer"
    code, said = validate(deployer, "1.32", tmp_path)
    assert code == 0, said
