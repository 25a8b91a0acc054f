"""What Helm makes of the chart: whether Kubernetes takes it, and whether its parts fit together.

Helm renders it for each file of `values/`, here or, in the pipeline, in the job before this one.
"""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

Object = dict[str, Any]
CHART = Path(__file__).parents[1]
VALUES = sorted(Path(__file__).with_name("values").glob("*.yaml"))
RENDERED = CHART.parent / "reports/chart"
# Kubernetes has no schema of what a cluster installs besides.
FOREIGN = {"HTTPRoute", "Probe", "PrometheusRule", "ServiceMonitor"}
VERSIONS = ("1.28", "1.32", "1.37")
LASTING = {f"app.kubernetes.io/{name}" for name in ("component", "instance", "name")}


def helm(*words: str | Path) -> str:
    """Call Helm; what it prints."""
    program = shutil.which("helm")
    if program is None:
        message = "helm is missing, and reports/chart has not what it makes: see https://helm.sh"
        pytest.fail(message, pytrace=False)
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def render(values: Path) -> list[Object]:
    """Read the objects of a release with these values."""
    made = RENDERED / values.name
    if shutil.which("helm") or not made.is_file():
        text = helm("template", "ldc", CHART, "--namespace=site", f"--values={values}")
    else:
        text = made.read_text(encoding="utf-8")
    return [each for each in yaml.safe_load_all(text) if each]


@pytest.fixture(params=VALUES, ids=lambda path: path.stem)
def objects(request: pytest.FixtureRequest) -> list[Object]:
    """The objects of a release, for each of the values."""
    return render(request.param)


def follows(objects: list[Object], version: str, folder: Path) -> str:
    """Hold objects against the schemas of a version of Kubernetes; what is wrong."""
    known = [each for each in objects if each["kind"] not in FOREIGN]
    path = folder / "objects.yaml"
    path.write_text(yaml.safe_dump_all(known), encoding="utf-8")
    program = Path(sys.executable).with_name("kubernetes-validate")
    command: list[str | Path] = [program, "--strict", "-k", version, path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert known
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_it(objects: list[Object], version: str, tmp_path: Path) -> None:
    assert follows(objects, version, tmp_path) == ""


def test_a_name_that_kubernetes_does_not_know_is_found(tmp_path: Path) -> None:
    made = render(VALUES[0])
    find(made, "Deployment")["spec"]["template"]["spec"]["containers"][0]["Image"] = "x"
    assert "'Image' was unexpected" in follows(made, VERSIONS[0], tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"replicas": {"min": 1, "max": 2}},
        {"image": {"repository": "a", "tag": "latest"}},
        {"database": {"user": "postgres"}},
        {"surprise": 1},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_values_that_make_no_sense_are_refused(wrong: Object) -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    check = jsonschema.Draft7Validator(schema)
    check.validate(values)
    ((key, value),) = wrong.items()
    if isinstance(value, dict):
        value = {**values[key], **value}
    with pytest.raises(jsonschema.ValidationError):
        check.validate({**values, key: value})


# --- Whether its parts fit together, which no schema tells ----------------------------------------


def find(objects: list[Object], kind: str) -> Object:
    """Find the one object of a kind."""
    (one,) = (each for each in objects if each["kind"] == kind)
    return one


def pods(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """What each workload makes its pods from, by the workload's name."""
    for each in objects:
        spec = each.get("spec", {})
        spec = spec["jobTemplate"]["spec"] if each["kind"] == "CronJob" else spec
        if "template" in spec:
            yield each["metadata"]["name"], spec["template"]


def chosen(
    objects: list[Object], selector: Mapping[str, str], more: Sequence[Object] = ()
) -> set[str]:
    """The workloads whose pods a selector chooses."""
    assert selector
    return {
        name
        for name, pod in pods(objects)
        if selector.items() <= (labels := pod["metadata"]["labels"]).items()
        and all(labels.get(each["key"]) in each["values"] for each in more)
    }


def misfits(objects: list[Object]) -> list[str]:
    """The selectors that choose other pods than they are for, and the names that lead nowhere."""
    web, service = find(objects, "Deployment"), find(objects, "Service")
    spec, name = web["spec"]["template"]["spec"], web["metadata"]["name"]
    (spread,), (container,) = spec["topologySpreadConstraints"], spec["containers"]
    budget = find(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"]
    selectors = {
        "Deployment": web["spec"]["selector"]["matchLabels"],
        "Service": service["spec"]["selector"],
        "PodDisruptionBudget": budget,
        "spread": spread["labelSelector"]["matchLabels"],
    }
    found = [key for key, each in selectors.items() if chosen(objects, each) != {name}]
    # What differs from release to release, such as a version, can be in no selector.
    found += [f"{key}: version" for key, each in selectors.items() if not each.keys() <= LASTING]
    policies = [each["spec"] for each in objects if each["kind"] == "NetworkPolicy"]
    bound = [bound_by(objects, each) for each in policies]
    if sorted(one for each in bound for one in each) != sorted(one for one, _ in pods(objects)):
        found.append("NetworkPolicy")
    listens = {each["containerPort"] for each in container["ports"]}
    let_in = [
        each for policy in policies for way in policy.get("ingress", ()) for each in way["ports"]
    ]
    if {each["port"] for each in let_in} != listens:
        found.append("NetworkPolicy: port")
    if find(objects, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] != name:
        found.append("HorizontalPodAutoscaler")
    if find(objects, "ServiceAccount")["metadata"]["name"] != spec["serviceAccountName"]:
        found.append("ServiceAccount")
    named = {each["name"] for each in container["ports"]}
    asked = {key: each["httpGet"]["port"] for key, each in container.items() if "Probe" in key}
    (port,) = service["spec"]["ports"]
    asked["targetPort"] = port["targetPort"]
    return [*found, *(key for key, each in asked.items() if each not in named), *strays(objects)]


def bound_by(objects: list[Object], policy: Object) -> set[str]:
    """The workloads whose pods a policy binds."""
    selector = policy["podSelector"]
    return chosen(objects, selector["matchLabels"], selector.get("matchExpressions", ()))


def strays(objects: list[Object]) -> Iterator[str]:
    """What sends people, or who measures, to something else than the service and its port."""
    service = find(objects, "Service")
    name, labels = service["metadata"]["name"], service["metadata"]["labels"]
    (port,) = service["spec"]["ports"]
    for kind, spec in ((each["kind"], each.get("spec", {})) for each in objects):
        fits = True
        if kind == "Ingress":
            (rule,), (tls,) = spec["rules"], spec["tls"]
            ways = [each["backend"] for each in rule["http"]["paths"]]
            fits = ways == [{"service": {"name": name, "port": {"name": port["name"]}}}]
            fits = fits and tls["hosts"] == [rule["host"]]
        elif kind == "HTTPRoute":
            ways = [each for rule in spec["rules"] for each in rule["backendRefs"]]
            fits = ways == [{"name": name, "port": port["port"]}]
        elif kind == "ServiceMonitor":
            fits = spec["selector"]["matchLabels"].items() <= labels.items()
            fits = fits and {each["port"] for each in spec["endpoints"]} == {port["name"]}
        if not fits:
            yield kind


def test_selectors_and_names_lead_to_what_they_mean(objects: list[Object]) -> None:
    assert misfits(objects) == []


def test_a_label_that_is_another_is_found() -> None:
    made = copy.deepcopy(render(VALUES[0]))
    labels = find(made, "Deployment")["spec"]["template"]["metadata"]["labels"]
    labels["app.kubernetes.io/component"] = "other"
    assert misfits(made) == [
        *("Deployment", "Service", "PodDisruptionBudget", "spread", "NetworkPolicy")
    ]


def test_pods_follow_the_restricted_standard_and_have_limits(objects: list[Object]) -> None:
    """Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/."""
    seen = list(pods(objects))
    assert seen
    for name, pod in seen:
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            }, name
            assert container["resources"].keys() == {"requests", "limits"}, name
            named = [each["name"] for each in container["env"]]
            assert len(named) == len(set(named)), name
