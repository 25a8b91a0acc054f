"""The chart of a generated pipeline: its own part by Helm and Kubernetes' schemas, and its jobs.

Airflow's own chart comes from no package index. An empty one of the same name stands in for it, so
that what is rendered here is the relay and the volume; its values are held to our schema alone.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..support.answers import answers, template
from ..support.tools import passes, run
from .parts import helm
from .test_chart import Object, find, pods, validate

CLUSTERS = ("cnes", "csc", "in2p3")
TAG = "--set-string=airflow.images.airflow.tag=1.2.3"
REF = "--set-string=airflow.dags.gitSync.ref=v1.2.3"
# The keys of the Secret that Airflow's chart asks for by itself.
OF_AIRFLOW = {"api-secret-key", "connection", "fernet-key", "jwt-secret"}


@dataclass(frozen=True)
class Chart:
    """A generated pipeline with the stand-in, and the program that renders its chart."""

    helm: Path
    root: Path

    def __call__(self, *words: str) -> str:
        """Call Helm; what it prints."""
        return passes(self.helm, *words, cwd=self.root)

    def objects(self, cluster: str, *values: str) -> list[Object]:
        """The objects of a release on a cluster."""
        told = (f"--values=kubernetes/clusters/{cluster}.yaml", TAG, REF, *values)
        rendered = self("template", "l1", "kubernetes", "--namespace=l1", *told)
        return list(yaml.safe_load_all(rendered))

    def refuses(self, *values: str) -> str:
        """What Helm says to values that must not pass."""
        done = run(self.helm, "template", "l1", "kubernetes", *values, cwd=self.root)
        assert done.returncode != 0, done.stdout
        return done.stdout


@pytest.fixture(scope="module", params=["image", "git"])
def chart(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Chart:
    """The chart as it is generated, wherever DAGs come from."""
    return make_chart(tmp_path_factory.mktemp("cluster") / "pipeline", dags_from=request.param)


def make_chart(root: Path, **given: str) -> Chart:
    """Generate a pipeline, with the stand-in in its chart."""
    template().render(answers(kind="pipeline", **given), root)
    add_stand_in(root)
    return Chart(helm.installed(), root)


def add_stand_in(root: Path) -> Path:
    """Write an empty chart where a pipeline's own one looks for Airflow's; its folder."""
    told = yaml.safe_load((root / "kubernetes/Chart.yaml").read_text(encoding="utf-8"))
    (needed,) = told["dependencies"]
    stand_in = root / "kubernetes/charts/airflow"
    stand_in.mkdir(parents=True)
    about = {"apiVersion": "v2", "name": needed["name"], "version": needed["version"]}
    (stand_in / "Chart.yaml").write_text(json.dumps(about), encoding="utf-8")
    defaults = {"dags": {"gitSync": {"enabled": False}}}
    (stand_in / "values.yaml").write_text(json.dumps(defaults), encoding="utf-8")
    return stand_in


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_helm_finds_no_fault(chart: Chart, cluster: str) -> None:
    values = f"--values=kubernetes/clusters/{cluster}.yaml"
    said = chart("lint", "--strict", "kubernetes", values, TAG, REF)
    assert "1 chart(s) linted, 0 chart(s) failed" in said


# The oldest that the chart takes, one between, and the newest that there are schemas of.
@pytest.mark.parametrize("version", ["1.30", "1.34", "1.37"])
def test_objects_follow_the_schemas_of_kubernetes(
    chart: Chart, version: str, tmp_path: Path
) -> None:
    objects = [each for cluster in CLUSTERS for each in chart.objects(cluster)]
    code, said = validate(objects, version, tmp_path)
    assert code == 0, said
    assert said.count(f" against version {version}\n") == len(objects)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("airflow.images.airflow.tag=latest", "'/airflow/images/airflow/tag': 'not' failed"),
        ("airflow.images.airflow.tag=", "airflow.images.airflow.tag: the version of the image"),
        ("airflow.executor=CeleryExecutor", "'/airflow/executor': value must be"),
        ("airflow.fernetKey=abc", "'/airflow/fernetKey': got string, want null"),
        ("airflow.jwtSecretName=", "'/airflow/jwtSecretName': minLength"),
        ("airflow.postgresql.enabled=true", "'/airflow/postgresql/enabled': value must be false"),
        ("airflow.createUserJob.defaultUser.password=x", "/password': value must be ''"),
        ("airflow.imagePullSecrets[0]=registry", "'/airflow/imagePullSecrets/0'"),
        ("global.store=s3.example.org", "'/global/store'"),
        ("relay.hots=r", "additional properties 'hots' not allowed"),
        ("relay.from=", "'/relay/from'"),
        ("steps.egress[0].ports[0].port=443", "'/steps/egress/0': missing property 'to'"),
        ("work.size=much", "'/work/size'"),
    ],
)
def test_values_that_make_no_sense_are_refused(chart: Chart, value: str, said: str) -> None:
    tag = TAG.replace("-string", "")
    assert said in chart.refuses(tag, REF, f"--set={value}")


def test_the_tag_of_git_is_asked_for(chart: Chart) -> None:
    values = yaml.safe_load((chart.root / "kubernetes/values.yaml").read_text(encoding="utf-8"))
    if "dags" in values["airflow"]:
        assert "airflow.dags.gitSync.ref: the tag" in chart.refuses(TAG)


# --- What no schema tells: whether objects fit each other -----------------------------------------


@pytest.fixture(params=CLUSTERS)
def objects(request: pytest.FixtureRequest, chart: Chart) -> list[Object]:
    return chart.objects(request.param)


def test_what_is_sent_to_the_relay_reaches_it(objects: list[Object]) -> None:
    relay = find(objects, "StatefulSet")
    name, template_of = relay["metadata"]["name"], relay["spec"]["template"]
    labels = template_of["metadata"]["labels"]
    (container,) = template_of["spec"]["containers"]
    (port,) = container["ports"]
    service, policy = find(objects, "Service"), find(objects, "NetworkPolicy", "l1-relay")
    for chosen in (
        relay["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"],
        policy["spec"]["podSelector"]["matchLabels"],
    ):
        assert chosen
        assert chosen.items() <= labels.items()
    (way,) = service["spec"]["ports"]
    (entry,) = policy["spec"]["ingress"]
    assert port == {"name": "http", "containerPort": 8090, "protocol": "TCP"}
    assert f"--port={port['containerPort']}" in container["command"]
    assert way["targetPort"] == entry["ports"][0]["port"] == port["name"]
    assert relay["spec"]["serviceName"] == service["metadata"]["name"]
    account = find(objects, "ServiceAccount")["metadata"]["name"]
    assert template_of["spec"]["serviceAccountName"] == account
    for each in (one for one in objects if one["kind"] == "Ingress"):
        (rule,), (tls,) = each["spec"]["rules"], each["spec"]["tls"]
        (path,) = rule["http"]["paths"]
        there = {"name": service["metadata"]["name"], "port": {"name": way["name"]}}
        assert path["backend"] == {"service": there}
        assert tls["hosts"] == [rule["host"]]
    assert name == "l1-relay"


def test_the_relay_speaks_to_the_api_server_and_to_nobody_else(objects: list[Object]) -> None:
    spec = find(objects, "NetworkPolicy", "l1-relay")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    api, names = spec["egress"]
    # The labels that Airflow's chart gives to its API server.
    chosen = {"component": "api-server", "release": "l1"}
    assert api["to"] == [{"podSelector": {"matchLabels": chosen}}]
    assert [each["port"] for each in (*api["ports"], *names["ports"])] == [8080, 53, 53]
    (container,) = find(objects, "StatefulSet")["spec"]["template"]["spec"]["containers"]
    told = {each["name"]: each["value"] for each in container["env"]}
    assert told["AIRFLOW_API"] == "http://l1-api-server:8080"


def test_steps_reach_nobody_but_whom_a_cluster_names(chart: Chart, tmp_path: Path) -> None:
    alone = {
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "step"}},
        "policyTypes": ["Ingress", "Egress"],
    }
    for cluster in CLUSTERS:
        policy = find(chart.objects(cluster), "NetworkPolicy", "l1-steps")
        assert policy["spec"] == alone
    rule = {"to": [{"ipBlock": {"cidr": "192.0.2.1/32"}}], "ports": [{"port": 443}]}
    objects = chart.objects("in2p3", f"--set-json=steps.egress={json.dumps([rule])}")
    told, names = find(objects, "NetworkPolicy", "l1-steps")["spec"]["egress"]
    assert (told, [each["port"] for each in names["ports"]]) == (rule, [53, 53])
    for version in ("1.30", "1.34", "1.37"):
        code, said = validate(objects, version, tmp_path)
        assert code == 0, said


def test_a_line_of_the_page_brings_the_policy_to_another_namespace(
    chart: Chart, tmp_path: Path
) -> None:
    page = (chart.root / "docs/sites.md").read_text(encoding="utf-8").replace("\\\n", "")
    (line,) = re.findall(r"(?m)^\$ (helm template .+)$", page)
    options = f"--values kubernetes/clusters/cnes.yaml {TAG} {REF}"
    line = line.replace("RELEASE", "l1").replace("OPTIONS", options)
    (tmp_path / "helm").symlink_to(chart.helm)
    (tmp_path / "kubectl").write_text('#!/bin/sh\necho "# $*"; exec cat\n', encoding="utf-8")
    (tmp_path / "kubectl").chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    said = passes("sh", "-c", line, cwd=chart.root, env=env)
    assert said.startswith("# apply --namespace NAMESPACE --filename -\n")
    assert yaml.safe_load(said)["metadata"] == {"name": "l1-steps"}


def test_pods_follow_the_restricted_standard(objects: list[Object]) -> None:
    """Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/."""
    ((name, pod),) = pods(objects)
    spec = pod["spec"]
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    (container,) = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert container["resources"].keys() == {"requests", "limits"}
    claims = find(objects, "StatefulSet", name)["spec"]["volumeClaimTemplates"]
    there = {each["name"] for each in spec["volumes"]}
    there |= {each["metadata"]["name"] for each in claims}
    assert {mount["name"] for mount in container["volumeMounts"]} == there


def test_with_a_queue_there_is_no_relay(tmp_path: Path) -> None:
    chart = make_chart(tmp_path / "pipeline", events="queue")
    for cluster in CLUSTERS:
        chart("lint", "--strict", "kubernetes", f"--values=kubernetes/clusters/{cluster}.yaml", TAG)
        kinds = sorted(each["kind"] for each in chart.objects(cluster))
        assert kinds == ["NetworkPolicy", "PersistentVolumeClaim"]
    asked_and_listed(chart)


def test_all_that_runs_is_told_the_store_and_the_secret_of_the_registry(tmp_path: Path) -> None:
    chart = make_chart(tmp_path / "pipeline")
    # As Airflow's own chart does: the text is a template, with the values of that chart.
    there = chart.root / "kubernetes/charts/airflow/templates/env.yaml"
    there.parent.mkdir()
    there.write_text("kind: Env\nenv:\n{{ tpl .Values.extraEnv . | indent 2 }}\n", encoding="utf-8")
    found = {}
    for cluster in CLUSTERS:
        (env,) = (each for each in chart.objects(cluster) if each["kind"] == "Env")
        told = {each["name"]: each.get("value") for each in env["env"]}
        found[cluster] = (told["AWS_ENDPOINT_URL_S3"], told.get("PIPELINE_PULL_SECRET"))
    assert found == {
        "cnes": ("https://s3.cnes.example.org", "registry"),
        "csc": ("https://s3.csc.example.org", None),
        "in2p3": ("https://s3.in2p3.example.org", None),
    }


def keys_of(told: Any) -> set[tuple[str, str]]:
    """The Secrets and keys that something refers to, wherever they stand in it."""
    if isinstance(told, dict):
        found = set().union(*map(keys_of, told.values())) if told else set()
        if told.keys() == {"name", "key"}:
            found.add((told["name"], told["key"]))
        if "secretName" in told and "items" in told:
            found |= {(told["secretName"], each["key"]) for each in told["items"]}
        return found
    if isinstance(told, list):
        return set().union(*map(keys_of, told)) if told else set()
    return set()


def test_the_page_names_every_key_of_the_secret(chart: Chart) -> None:
    asked_and_listed(chart)


def asked_and_listed(chart: Chart) -> None:
    """Hold the keys that a release asks for against those that the page lists."""
    values = yaml.safe_load((chart.root / "kubernetes/values.yaml").read_text(encoding="utf-8"))
    own = values["airflow"]
    written = re.sub(r"(?m)^.*\{\{- .*\n", "", own["extraEnv"]).replace("{{ $key }}", "given")
    written = re.sub(r"\{\{ .*? \}\}", "x", written)
    asked = keys_of([own, yaml.safe_load(written), chart.objects("in2p3")])
    names = {own[f"{each}SecretName"] for each in ("fernetKey", "apiSecretKey", "jwt")}
    assert {name for name, _ in asked} == {own["data"]["metadataSecretName"]} | names
    page = (chart.root / "docs/deploy.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| ((?:`[a-z-]+`(?:, )?)+) \|", page)
    listed = {key for row in rows for key in re.findall("`([a-z-]+)`", row)}
    assert listed == {key for _, key in asked} - {"given"} | OF_AIRFLOW


# --- The jobs -------------------------------------------------------------------------------------

RECORDER = """\
#!/bin/sh
for word; do printf '%s\\n' "$word"; done >> "$RECORDED"
"""


def script_of(chart: Chart, job: str) -> str:
    jobs = yaml.safe_load((chart.root / ".gitlab/ci/airflow.yml").read_text(encoding="utf-8"))
    return "set -e\n" + "\n".join(jobs[job]["script"])


def test_the_job_of_the_chart_passes(chart: Chart, tmp_path: Path) -> None:
    (tmp_path / "helm").symlink_to(chart.helm)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "LISA_NAMESPACE": "l1"}
    said = passes("sh", "-c", script_of(chart, "chart"), cwd=chart.root, env=env)
    assert said.count("1 chart(s) linted, 0 chart(s) failed") == len(CLUSTERS)


def test_the_job_of_the_manifests_finds_what_helm_takes(chart: Chart, tmp_path: Path) -> None:
    (tmp_path / "helm").symlink_to(chart.helm)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "LISA_NAMESPACE": "l1"}
    shutil.rmtree(chart.root / "reports", ignore_errors=True)
    said = run("nox", "-s", "manifests", cwd=chart.root).stdout
    assert "reports/manifests: nothing is rendered: CONTRIBUTING.md tells how" in said
    passes("sh", "-c", script_of(chart, "chart"), cwd=chart.root, env=env)
    # What follows is the line of the job.
    passes("nox", "-s", "manifests", cwd=chart.root)
    relay = chart.root / "kubernetes/templates/relay.yaml"
    text = relay.read_text(encoding="utf-8")
    relay.write_text(text.replace("imagePullPolicy:", "imagePulPolicy:"), encoding="utf-8")
    try:
        passes("sh", "-c", script_of(chart, "chart"), cwd=chart.root, env=env)
        done = run("nox", "-s", "manifests", cwd=chart.root)
    finally:
        relay.write_text(text, encoding="utf-8")
    assert done.returncode == 1
    assert "'imagePulPolicy' was unexpected" in done.stdout


def test_a_release_sets_one_value(chart: Chart, tmp_path: Path) -> None:
    program = tmp_path / "helm"
    program.write_text(RECORDER, encoding="utf-8")
    program.chmod(0o755)
    main = yaml.safe_load((chart.root / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    told = {"LISA_NAMESPACE": "l1", "CI_COMMIT_TAG": "v1.2.3", "CLUSTER": "cnes"}
    told |= {"RECORDED": str(tmp_path / "words"), "PATH": f"{tmp_path}:/usr/bin:/bin"}
    source = yaml.safe_load((chart.root / ".copier-answers.yml").read_text())["dags_from"]
    passes("sh", "-c", script_of(chart, "deploy"), cwd=chart.root, env=told)
    words = (tmp_path / "words").read_text(encoding="utf-8").splitlines()
    value = {"git": REF, "image": TAG}[source].partition("=")[2]
    assert words == [
        *("upgrade", "--install", "l1", "kubernetes", "--namespace", "l1"),
        *("--values", "kubernetes/clusters/cnes.yaml", "--set-string", value),
        *("--atomic", "--timeout", "20m", "--history-max", "10"),
    ]
    (matrix,) = main[".clusters"]["parallel"]["matrix"]
    assert sorted(matrix["CLUSTER"]) == list(CLUSTERS)
