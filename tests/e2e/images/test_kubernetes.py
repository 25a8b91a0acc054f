"""A generated service on an API server, with a kubelet: applied, released, undone, refused."""

from __future__ import annotations

import copy
import http.client
import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ...support.tools import passes
from ..parts import prometheus_operator as operator
from ..parts.compose import NAME, make_stack, wait_for
from ..parts.docker import Docker
from ..parts.kubernetes import Cluster
from ..parts.site import INSTALL, RELEASE, UPGRADE, VALUES, Site, beside, ended, get, prepared
from ..test_chart import find, validate

pytestmark = pytest.mark.heavy

Object = dict[str, Any]


@pytest.fixture(scope="module")
def site(
    docker: Docker, kubernetes: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A namespace as the page prepares it, with a database and a store beside it."""
    root = make_stack(docker, tmp_path_factory.mktemp("service")).root
    passes("deploy/secrets", "desk", cwd=root)
    with (
        beside(docker, root) as addresses,
        prepared(kubernetes, root, VALUES % addresses) as made,
    ):
        yield made


# --- What schemas take, and a server does not -----------------------------------------------------


def relabel(objects: list[Object]) -> Object:
    web = find(objects, "Deployment")
    web["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] = "other"
    return web


def mount_nothing(objects: list[Object]) -> Object:
    web = find(objects, "Deployment")
    web["spec"]["template"]["spec"]["volumes"][0]["name"] = "other"
    return web


def start_again(objects: list[Object]) -> Object:
    job = find(objects, "Job")
    job["spec"]["template"]["spec"]["restartPolicy"] = "Always"
    return job


def shrink(objects: list[Object]) -> Object:
    scaler = find(objects, "HorizontalPodAutoscaler")
    scaler["spec"]["maxReplicas"] = 1
    return scaler


def ask_for_more(objects: list[Object]) -> Object:
    """More memory asked for than there may be."""
    web = find(objects, "Deployment")
    (container,) = web["spec"]["template"]["spec"]["containers"]
    container["resources"]["requests"]["memory"] = "1Gi"
    return web


def never_tell(objects: list[Object]) -> Object:
    backup = find(objects, "CronJob", f"{RELEASE}-backup")
    backup["spec"]["schedule"] = "17 25 * * *"
    return backup


WRONG: dict[Callable[[list[Object]], Object], str] = {
    relabel: "`selector` does not match template `labels`",
    mount_nothing: "spec.template.spec.containers[0].volumeMounts[0].name: Not found",
    start_again: 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure"',
    shrink: "spec.maxReplicas: Invalid value: 1: must be greater than or equal to `minReplicas`",
    ask_for_more: "must be less than or equal to memory limit",
    never_tell: "spec.schedule: Invalid value",
}


@pytest.mark.parametrize("change", WRONG, ids=lambda change: change.__name__)
def test_what_schemas_take_and_no_cluster_does_is_refused(
    site: Site, change: Callable[[list[Object]], Object], tmp_path: Path
) -> None:
    made = site.render()
    wrong = copy.deepcopy(change(made))
    assert WRONG[change] in site.cluster.refuses(wrong, folder=tmp_path)
    newer = {
        "policy/v1beta1": "policy/v1",
        "autoscaling/v2beta2": "autoscaling/v2",
        "batch/v1beta1": "batch/v1",
    }
    wrong["apiVersion"] = newer.get(wrong["apiVersion"], wrong["apiVersion"])
    code, said = validate([wrong], "1.28", tmp_path)
    assert code == 0, said


# --- Releases -------------------------------------------------------------------------------------


def version(address: str) -> tuple[int, str]:
    """Status of an answer of a pod, and the version that it names."""
    status, page = get(address, "/")
    named = re.search(r"Version ([\w.]+)", page)
    return status, named[1] if named else page


@contextmanager
def asked(site: Site) -> Iterator[list[tuple[int, str]]]:
    """Ask for a page without a pause, of the pods that a Service would send it to."""
    answers: list[tuple[int, str]] = []
    ended = threading.Event()

    def ask() -> None:
        for turn in itertools.count():
            if ended.is_set():
                return
            there = site.addresses()
            try:
                answers.append(version(there[turn % len(there)]))
            except (OSError, ZeroDivisionError, http.client.HTTPException) as error:
                answers.append((0, repr(error)))
            time.sleep(0.1)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        ended.set()
        thread.join()


def test_a_release_is_made_replaced_taken_back_and_undone(site: Site) -> None:
    cluster = site.cluster
    site.follow(INSTALL)
    # The autoscaler has two at least, and both get requests.
    wait_for(lambda: len(site.addresses()) == 2, 180)
    assert [get(each, "/readyz")[0] for each in site.addresses()] == [200, 200]
    assert [version(each) for each in site.addresses()] == [(200, "1.0.0")] * 2
    with asked(site) as answers:
        site.follow(f"{UPGRADE} --atomic --timeout 10m", tag="2.0.0")
        assert site.image() == f"{NAME}:2.0.0"
        said = site.fails(f"{UPGRADE} --atomic --timeout 10m", tag="3.0.0")
        assert "rolled back" in said
        assert site.image() == f"{NAME}:2.0.0"
        cluster("helm", "rollback", RELEASE, "1", "--wait", "--timeout=150s")
        assert site.image() == f"{NAME}:1.0.0"
    told = json.loads(cluster("helm", "history", RELEASE, "--output=json"))
    assert [(each["revision"], each["status"]) for each in told] == [
        *((1, "superseded"), (2, "superseded"), (3, "failed")),
        *((4, "superseded"), (5, "deployed")),
    ]
    assert set(answers) == {(200, "1.0.0"), (200, "2.0.0")}
    print(f"{len(answers)} requests, none failed")  # noqa: T201
    # Nothing keeps what Helm knows but the ConfigMaps that the page says.
    kept = cluster.get("secrets")["items"]
    assert not [each for each in kept if each["type"].startswith("helm")]


def test_pods_run_as_the_chart_says(site: Site) -> None:
    """What holds a container, as the kubelet told Docker."""
    (name, *_) = (
        each["metadata"]["name"]
        for each in site.cluster.get("pods", "--selector=app.kubernetes.io/component=web")["items"]
    )
    script = "id -u; id -g; touch /here; touch /tmp/x && echo written; grep CapEff /proc/1/status"
    code, said = site.cluster.tries("kubectl", "exec", name, "--", "sh", "-c", script)
    assert code == 0, said
    lines = said.splitlines()
    assert lines[:2] == ["10001", "10001"]
    assert "touch: cannot touch '/here': Read-only file system" in lines
    assert lines[-2:] == ["written", "CapEff:\t0000000000000000"]


def test_the_site_reads_and_writes_rows_and_the_owner_has_the_tables(site: Site) -> None:
    python = ("kubectl", "exec", f"deploy/{RELEASE}", "--", "python3", "manage.py", "shell")
    ask = "from django.db import connection as c; k = c.cursor(); k.execute({!r}); print(*k)"

    def tries(statement: str) -> tuple[int, str]:
        return site.cluster.tries(*python, "--verbosity=0", "--command", ask.format(statement))

    role = "SELECT rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    code, said = tries(role)
    assert (code, said.splitlines()[-1]) == (0, "('service', False, False)")
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    code, said = tries(owners)
    assert (code, said.splitlines()[-1]) == (0, "('service_owner',)")
    for statement in (
        "CREATE TABLE mine ()",
        "CREATE DATABASE mine",
        "DELETE FROM django_migrations",
    ):
        code, said = tries(statement)
        assert (code, "permission denied" in said) == (1, True), said


def test_the_page_sees_the_end_of_a_job_that_fails(site: Site) -> None:
    # There is no backup yet that could be restored.
    site.follow(f"kubectl create job --from=cronjob/{RELEASE}-restore move")
    assert site.follow(ended("move")).split() == ["Failed"]
    assert site.follow("kubectl logs job/move")


# --- The pipeline's account -----------------------------------------------------------------------

MAY_NOT = [
    ("get", "secrets"),
    ("create", "secrets"),
    ("create", "pods"),
    ("create", "pods", "--subresource=exec"),
    ("patch", "roles"),
    ("create", "rolebindings"),
    ("create", "serviceaccounts", "--subresource=token"),
    ("get", "nodes"),
    ("list", "namespaces"),
    ("get", "pods", "--namespace=default"),
    ("get", "secrets", "--namespace=kube-system"),
    ("patch", "deployments", "--namespace=default"),
]


@pytest.fixture
def deployer(site: Site, tmp_path: Path) -> Cluster:
    """The cluster for who has the token of the pipeline's account."""
    site.follow("kubectl apply --filename operations/deployer.yaml")
    return site.cluster.acting(RELEASE, f"{RELEASE}-deployer", tmp_path)


def test_the_pipeline_releases_with_its_account_and_may_do_no_more(
    site: Site, deployer: Cluster
) -> None:
    site.follow(f"{UPGRADE} --atomic --timeout 10m", tag="2.0.0", by=deployer)
    assert site.image() == f"{NAME}:2.0.0"
    for words in MAY_NOT:
        code, said = deployer.tries("kubectl", "auth", "can-i", *words)
        assert (code, said.splitlines()[-1]) == (1, "no"), words
    code, said = deployer.tries("kubectl", "get", "secrets")
    assert code != 0
    assert "(Forbidden)" in said
    more = '{"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}'
    code, said = deployer.tries(
        "kubectl", "patch", "role", f"{RELEASE}-deployer", f"--patch={more}"
    )
    assert code != 0
    assert "(Forbidden)" in said


# --- With the Prometheus operator -----------------------------------------------------------------


@pytest.fixture
def operated(site: Site, tmp_path: Path) -> Iterator[list[Object]]:
    """The kinds of the operator in the cluster, and its part of the page in the values."""
    (block,) = re.findall(r"(?ms)^```yaml\n(monitoring:\n.*?)^```", site.text)
    kinds = operator.definitions()
    path = site.root / "kubernetes.yaml"
    before = path.read_text(encoding="utf-8")
    site.cluster.apply(*kinds, folder=tmp_path)
    names = [f"crd/{each['metadata']['name']}" for each in kinds]
    try:
        site.cluster("kubectl", "wait", "--for=condition=established", *names, "--timeout=60s")
        path.write_text(before + block, encoding="utf-8")
        yield [each for each in site.render() if each["apiVersion"] == f"{operator.GROUP}/v1"]
    finally:
        path.write_text(before, encoding="utf-8")
        site.cluster("kubectl", "delete", *names)


def test_the_pipeline_brings_what_the_operator_looks_for(
    site: Site, deployer: Cluster, operated: list[Object], tmp_path: Path
) -> None:
    site.follow(f"{UPGRADE} --atomic --timeout 10m", tag="1.0.0", by=deployer)
    kinds = ",".join(f"{each['kind'].lower()}s.{operator.GROUP}" for each in operated)
    there = deployer.get(kinds)["items"]
    assert {each["kind"]: each["spec"] for each in there} == {
        each["kind"]: each["spec"] for each in operated
    }
    assert {each["kind"] for each in there} == set(operator.KINDS)
    assert all(each["metadata"]["labels"]["release"] == "kube-prometheus-stack" for each in there)
    wrong = copy.deepcopy(find(operated, "ServiceMonitor"))
    wrong["spec"]["endpoints"][0]["intervall"] = "30s"
    assert 'unknown field "intervall"' in site.cluster.refuses(wrong, folder=tmp_path)
    wrong = copy.deepcopy(find(operated, "PrometheusRule"))
    wrong["spec"]["groups"][0]["rules"][0]["for"] = "soon"
    assert "spec.groups.rules.for" in site.cluster.refuses(wrong, folder=tmp_path)
