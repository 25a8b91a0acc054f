"""Helm charts: schema, security, TLS, probes, resources, moving images."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from ..support.checking import Found, clean, findings, found, messages

PATH = "chart/templates/web.yaml"
CONFINED = "securityContext: {runAsNonRoot: true}"
RESOURCES = "resources: {limits: {memory: 1Gi}}"
PROBE = "readinessProbe: {httpGet: {path: /, port: 80}}"


def chart(text: str, path: str = PATH, **others: str) -> dict[str, str]:
    """A repository with a chart that has one template."""
    return {
        "chart/Chart.yaml": "apiVersion: v2\nname: a\nversion: 0.1.0\n",
        "chart/values.schema.json": "{}",
        "chart/values.yaml": "a: 1\n",
        path: text,
        **others,
    }


def server(*lines: str) -> str:
    """A deployment whose container has some lines."""
    return "\n".join(["{{ if .Values.a }}", "kind: Deployment", "containerPort: 80", *lines, ""])


def test_a_fresh_service_passes() -> None:
    assert found(clean(kind="service"), "HLM") == []
    assert found(chart(server(CONFINED, RESOURCES, PROBE)), "HLM") == []


def test_a_schema_of_the_values() -> None:
    files = chart("kind: Service\n")
    del files["chart/values.schema.json"]
    assert found(files, "HLM") == [("HLM001", "chart/values.schema.json", 1)]
    assert found({**files, "chart/values.schema.yaml": ""}, "HLM") == []
    assert found({**files, "chart/values.yaml": ""}, "HLM") == []


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("HLM002", (RESOURCES, PROBE)),
        ("HLM004", (CONFINED, RESOURCES)),
        ("HLM005", (CONFINED, PROBE)),
    ],
)
def test_what_a_pod_lacks(code: str, lines: tuple[str, ...]) -> None:
    assert found(chart(server(*lines)), "HLM") == [(code, PATH, 2)]
    # What is included may have it: seen through, unless another chart or a variable names it.
    rest = "".join(f"{each}\n" for each in (CONFINED, RESOURCES, PROBE) if each not in lines)
    names = f'{{{{- define "rest" -}}}}\n{rest}{{{{- end }}}}\n'
    included = server(*lines, '{{- include "rest" . }}')
    helped = chart(included, **{"chart/templates/_names.tpl": names})
    assert found(helped, "HLM") == []
    assert found(chart(included), "HLM") == []
    assert found(chart(server(*lines, "{{ include $name . }}")), "HLM") == []
    empty = names.replace(rest, "a: 1\n")
    assert found(chart(included, **{"chart/templates/_names.tpl": empty}), "HLM") == [
        (code, PATH, 2)
    ]


def test_what_is_included_is_followed_in_a_circle_too() -> None:
    circle = {
        f"chart/templates/{number}.yaml": server(
            f'{{{{ define "{number}" }}}}',
            *([RESOURCES, PROBE] if number == 1 else []),
            f'{{{{ include "{(number + 1) % 3}" . }}}}{{{{ end }}}}{{{{ include "{number}" . }}}}',
        ).replace("{{ if .Values.a }}", "# Go has no definition inside of a condition.")
        for number in range(3)
    }
    first = "chart/templates/0.yaml"
    assert messages(chart("kind: Service\n", **circle), "HLM") == [
        "its pods may run as root: add a `securityContext`; also in chart/templates/1.yaml:2, "
        "chart/templates/2.yaml:2"
    ]
    there = {"chart/templates/one.yaml": server('{{ include "0" . }}', "{{ end }}")}
    files = chart("kind: Service\n", **circle, **there)
    assert found(files, "HLM") == [("HLM002", first, 2)]
    assert messages(files, "HLM")[0].endswith("2.yaml:2, chart/templates/one.yaml:2")


def test_who_includes_one_definition_has_nothing_of_its_neighbours() -> None:
    names = (
        '{{- define "a.labels" -}}\napp: {{ if .Values.x }}x{{ else }}y{{ end }}\n{{- end -}}\n'
        f'{{{{- define "a.backup" -}}}}\n{CONFINED}\n{{{{- end }}}}\n'
    )
    text = server('  {{- include "a.labels" . }}', RESOURCES, PROBE)
    files = chart(text, **{"chart/templates/_names.tpl": names})
    assert found(files, "HLM") == [("HLM002", PATH, 2)]
    files[PATH] = text.replace("a.labels", "a.backup")
    assert found(files, "HLM") == []
    # What does not close says of no place that it is outside.
    files["chart/templates/_names.tpl"] = names.replace("{{- end }}", "")
    assert found(files, "HLM002") == []


def test_many_templates_cost_little() -> None:
    """Of a helper that all include, and of one circle of all."""
    one = {
        f"chart/templates/{number}.yaml": 'kind: Deployment\n{{ include "a" . }}\n'
        for number in range(1000)
    }
    large = f'{{{{ define "a" }}}}{"x" * 900_000}{{{{ end }}}}\n'
    circle = {
        f"chart/templates/{number}.yaml": f'kind: Deployment\n{{{{ define "{number}" }}}}'
        f'{{{{ include "{(number + 1) % 1500}" . }}}}{{{{ end }}}}\n'
        for number in range(1500)
    }
    for files in ({**one, "chart/templates/_a.tpl": large}, circle):
        start = time.process_time()
        tracemalloc.start()
        (told,) = messages(chart("kind: Service\n", **files), "HLM002")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert told.endswith(f"and {len(circle if files is circle else one) - 6} more")
        assert (most < 50_000_000, time.process_time() - start < 10) == (True, True)


def test_a_job_serves_nobody() -> None:
    job = f"kind: Job\n{CONFINED}\n{RESOURCES}\n"
    assert found(chart(job), "HLM") == []
    assert found(chart(job.replace(CONFINED, "")), "HLM") == [("HLM002", PATH, 1)]


@pytest.mark.parametrize(
    ("ports", "is_found"),
    [
        ("- name: metrics\n  containerPort: 8080", False),
        ("- containerPort: 8080\n  name: 'http-metrics'", False),
        ("- name: prometheus\n  containerPort: 1\n- containerPort: 2\n  name: metrics", False),
        ("- name: metrics\n  containerPort: 1\n- name: http\n  containerPort: 2", True),
        ("- containerPort: 8080", True),
        ("- name: metricstore\n  containerPort: 8080", True),
        (
            "- name: http-metrics\n  containerPort: 1\n- name: http-healthz\n  containerPort: 2",
            False,
        ),
        ("- name: probe\n  containerPort: 1", False),
        ("- name: healthcare\n  containerPort: 1", True),
    ],
)
def test_who_only_tells_measurements_serves_nobody(ports: str, is_found: bool) -> None:
    text = f"kind: Deployment\n{CONFINED}\n{RESOURCES}\nports:\n{ports}\n"
    assert found(chart(text), "HLM") == ([("HLM004", PATH, 1)] if is_found else [])


def test_the_templates_of_all_charts_are_one_finding() -> None:
    one = chart(server(RESOURCES, PROBE), **{"chart/templates/a.yaml": server(RESOURCES, PROBE)})
    other = {path.replace("chart/", "other/"): text for path, text in one.items()}
    files = {**one, **other}
    assert found(files, "HLM") == [("HLM002", "chart/templates/a.yaml", 2)]
    (message,) = messages(files, "HLM")
    assert message.endswith("other/templates/a.yaml:2, other/templates/web.yaml:2")


def test_an_open_entry() -> None:
    assert found(chart("kind: Service\n---\nkind: Ingress\n"), "HLM") == [("HLM003", PATH, 3)]
    assert found(chart("kind: Ingress\nspec:\n  tls: []\n"), "HLM") == []


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ("image:\n  repository: a/b\n  tag: latest\n", 3),
        ("more:\n  image:\n    name: b\n    tag: latest\n", 4),
        ("image:\n  repository: a/b\n  tag: '1'\n", 0),
        ("release:\n  tag: latest\n", 0),
        ("testFramework:\n  image:\n    repository: bats\n    tag: latest\n", 0),
        ("helmTest:\n  image: {repository: bats, tag: latest}\n", 0),
        ("more-tests:\n  image: {repository: bats, tag: latest}\n", 0),
        ("contest:\n  image: {repository: a, tag: latest}\n", 2),
        ("testimonials:\n  image: {repository: a, tag: latest}\n", 2),
        ("- 1\n", 0),
    ],
)
def test_images_that_move(values: str, line: int) -> None:
    path = "chart/values.yaml"
    wanted: list[Found] = [("HLM006", path, line)] if line else []
    read = "kind: Service\n# {{ toYaml .Values }}\n"
    assert found(chart(read, **{path: values}), "HLM") == wanted


def test_images_that_move_are_one_finding() -> None:
    image = "  image: {repository: a,\n    tag: latest}\n"
    path = "chart/values.yaml"
    values = f"a:\n{image}b:\n{image}"
    read = "kind: Service\n# {{ toYaml .Values }}\n"
    assert messages(chart(read, **{path: values}), "HLM") == [
        "two pods of one release may differ: write a version instead of `latest`; also in line 6"
    ]


@pytest.mark.parametrize(
    ("template", "about", "is_found"),
    [
        ("{{ .Values.other }}", "", False),
        ("{{ .Values.image.tag }}", "", True),
        ("{{ with $.Values.image }}", "", True),
        ('{{ index .Values "image" }}', "", True),
        ("{{ .Values.other }}", "dependencies: [{name: common}]\n", True),
    ],
)
def test_values_that_nothing_reads(template: str, about: str, *, is_found: bool) -> None:
    told = f"apiVersion: v2\nname: a\n{about}"
    values = "image:\n  repository: my-image\n  tag: latest\n"
    more = {"chart/Chart.yaml": told, "chart/values.yaml": values}
    wanted = [("HLM006", "chart/values.yaml", 3)] if is_found else []
    assert found(chart(f"kind: Service\n# {template}\n", **more), "HLM") == wanted


def test_parts_libraries_and_samples_are_left_alone() -> None:
    bad = server()
    part = chart("kind: Service\n", **{"chart/charts/b/Chart.yaml": "name: b\n"})
    assert found({**part, "chart/charts/b/templates/web.yaml": bad}, "HLM") == []
    library = "name: a\ntype: library\n"
    assert found(chart(bad, **{"chart/Chart.yaml": library}), "HLM") == []
    for folder in ("examples", "vendor", "external", "third_party", "a/upstream", "_vendored"):
        sample = {f"{folder}/{path}": text for path, text in chart(bad).items()}
        assert found(sample, "HLM") == []
    assert found(chart(bad, "chart/templates/tests/web.yaml"), "HLM") == []


RUNS = {".copier-answers.yml": "_src_path: x\nkind: service\n"}


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        ("hostNetwork: true", True),
        ("  hostPID: 'true'", True),
        ("      - hostIPC: true", True),
        ("hostNetwork: false", False),
        ("# hostNetwork: true", False),
        ("hostNetwork: {{ .Values.a }}", False),
    ],
)
def test_pods_of_a_service_stay_apart_from_the_node(line: str, *, is_found: bool) -> None:
    files = chart(server(CONFINED, RESOURCES, PROBE, line))
    wanted: list[Found] = [("HLM007", PATH, 7)] if is_found else []
    assert found({**files, **RUNS}, "HLM") == wanted
    assert found(files, "HLM") == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\ndb:\n  password: swordfish\n", 3),
        ("list: [{adminPassword: swordfish}]\n", 1),
        ("fernetKey: abc\n", 1),
        ("apiToken: abc\n", 1),
        ("password: ''\n", 0),
        ("password:\n", 0),
        ("password: changed-by-secret.key\n", 0),
        ("existingSecret: db\n", 0),
        ("secret: db\n", 0),
        ("passwordSecretName: db\n", 0),
        ("passwordFile: /run/secrets/db\n", 0),
        ("a: [password]\n", 0),
    ],
)
@pytest.mark.parametrize("path", ["chart/values.yaml", "chart/clusters/in2p3.yaml"])
def test_values_have_no_secret(path: str, text: str, line: int) -> None:
    files = chart(server(CONFINED, RESOURCES, PROBE), **{path: text})
    for kind in ("service", "pipeline"):
        answered = {**files, ".copier-answers.yml": f"_src_path: x\nkind: {kind}\n"}
        told = [(each.path, each.line, each.severity) for each in findings(answered, "HLM008")]
        assert told == ([(path, line, "must")] if line else [])
    assert found(files, "HLM008") == []


@pytest.mark.parametrize(
    ("annotation", "is_found"),
    [
        ("networking.gke.io/managed-certificates: a", False),
        ("ingress.gcp.kubernetes.io/pre-shared-cert: a", False),
        ("alb.ingress.kubernetes.io/certificate-arn: {{ .Values.a }}", False),
        ("appgw.ingress.kubernetes.io/appgw-ssl-certificate: a", False),
        ("kubernetes.io/ingress.class: gce", True),
    ],
)
def test_the_load_balancer_of_a_cloud_has_the_certificate(
    annotation: str, *, is_found: bool
) -> None:
    text = f"kind: Ingress\nmetadata:\n  annotations:\n    {annotation}\n"
    assert found(chart(text), "HLM") == ([("HLM003", PATH, 1)] if is_found else [])
