"""Helm charts: what their values may be, and what their pods may do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from lisa_scaffold.formats.document import Document, Keys
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.rules.invented import is_invented, is_said_of_secret, names_secret
from lisa_scaffold.rules.rule import MADE_TO_RUN, SERVICE, SHOULD, Hit, join_same, rule

_NO_CHART = compile_lazily(
    r"(?:.*/)?(?:tests?|testdata|fixtures|examples?|_?vendor(?:ed)?|node_modules|externals?|extern"
    r"|third[-_]?party|upstream)/.*"
    r"|.*[{}].*"
)
_PART = compile_lazily(r"((?:.*/)?)charts/[^/]+/")
_KIND = compile_lazily(r"^kind:\s*[\"']?(\w+)", re.MULTILINE)
_ACTION = compile_lazily(
    r"\{\{-?\s{0,20}(if|with|range|block|define|end)\b(?:\s{1,20}\"([^\"\n]{1,200})\")?"
)
_INCLUDED = compile_lazily(r"\b(?:include|template)\s+\"([^\"]+)\"")
_MEASURES = (
    r"name:[ \"']*(?:[\w-]*-)?"
    r"(?:metrics|prometheus|exporter|monitoring|healthz?|livez|readyz|probes?)\b"
)
_PORT_NAMED = compile_lazily(
    rf"(?m)^(?:[ -]*{_MEASURES}.*\n[ -]*containerPort:|[ -]*containerPort:.*\n[ -]*{_MEASURES})"
)
_UNNAMED = compile_lazily(r"\b(?:include|template)\s+[^\"\s]|\btpl\s")
_PODS = frozenset(["CronJob", "DaemonSet", "Deployment", "Job", "StatefulSet"])


class Sources:
    """The parts of a chart's templates, each looked through once.

    A part is a definition, or what of a file stands outside of any: who includes one definition
    has nothing of its neighbours.

    Parameters
    ----------
    texts
        What the files say, by their paths.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self._parts: dict[str, str] = {}
        for path, text in texts.items():
            own, defined = _divide(text)
            self._parts[path] = own
            for name, body in defined:
                part = _name_part(name)
                self._parts[part] = self._parts.get(part, "") + body
        self._said: dict[str, set[str]] = {}
        self._includers: dict[str, list[str]] = {part: [] for part in self._parts}
        unseen = []
        for part, text in self._parts.items():
            included = set(map(_name_part, _INCLUDED.findall(text)))
            if _UNNAMED.search(text) or not included <= self._parts.keys():
                unseen.append(part)
            for each in included & self._parts.keys():
                self._includers[each].append(part)
        self.unsure = self._find_includers(unseen)

    def _find_includers(self, parts: Iterable[str]) -> set[str]:
        """Some parts, and those that include them, also by way of others."""
        found = set(parts)
        waiting = [*found]
        while waiting:
            new = {*self._includers[waiting.pop()]} - found
            found |= new
            waiting += new
        return found

    def find_saying(self, key: str) -> set[str]:
        """The files in which a key stands, or in what they include."""
        if key not in self._said:
            pattern = re.compile(rf"\b{key}\b")
            said = [part for part, text in self._parts.items() if pattern.search(text)]
            self._said[key] = self._find_includers(said)
        return self._said[key]


def _name_part(name: str) -> str:
    """A definition among the parts of a chart, where no file is called so."""
    return f"define {name}"


def _divide(text: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands outside of definitions, and each definition by its name.

    Where the actions do not close each other, all of it stands outside.
    """
    own, defined = [], []
    depth = at = start = 0
    name = ""
    for action in _ACTION.finditer(text):
        opens = action[1] != "end"
        if opens and depth == 0 and action[1] == "define":
            own.append(text[at : action.start()])
            name, start = action[2] or "", action.end()
        depth += 1 if opens else -1
        if depth < 0:
            return text, []
        if depth == 0 and start:
            defined.append((name, text[start : action.start()]))
            at, start = action.end(), 0
    return (text, []) if depth else ("".join([*own, text[at:]]), defined)


class Template(NamedTuple):
    """A template of a chart.

    Attributes
    ----------
    path
        Its file.
    kinds
        The objects in it, each with its line.
    sources
        The files whose definitions it may include: other charts may bring some too.
    """

    path: str
    kinds: tuple[tuple[str, int], ...]
    sources: Sources

    def has(self, key: str) -> bool:
        """Whether a key stands in it, or in what it includes."""
        return self.path in self.sources.find_saying(key)

    def lacks(self, key: str) -> bool:
        """Whether a key certainly stands nowhere in it."""
        return self.path not in self.sources.unsure and not self.has(key)

    @property
    def only_tells(self) -> bool:
        """Whether all ports of its containers are for those who measure."""
        text = self.sources.texts[self.path]
        named = _PORT_NAMED.findall(text)
        return bool(named) and len(named) == text.count("containerPort:")

    def first(self, kinds: frozenset[str]) -> tuple[str, int] | None:
        """The first object of some kinds."""
        return next((each for each in self.kinds if each[0] in kinds), None)


class Chart(NamedTuple):
    """A chart: its folder with a slash, its description, values and templates."""

    folder: str
    about: Document
    values: Document
    templates: tuple[Template, ...]


@cached_in_facts
def find_charts(facts: Facts) -> list[Chart]:
    """The charts that can be installed by themselves: not what others consist of."""
    found = []
    for path in facts.paths("**/Chart.yaml"):
        about = facts.yaml(path)
        folder = path.removesuffix("Chart.yaml")
        above = _PART.fullmatch(folder)
        if above and facts.has(f"{above[1]}Chart.yaml"):
            continue
        if _NO_CHART.fullmatch(path) or not about.get("name") or about.get("type") == "library":
            continue
        templates = tuple(_read_templates(facts, folder))
        if templates:
            found.append(Chart(folder, about, facts.yaml(f"{folder}values.yaml"), templates))
    return found


def _read_templates(facts: Facts, folder: str) -> Iterator[Template]:
    below = f"{folder}templates/"
    texts = {
        path: facts.text(path)
        for path in facts.files
        if path.startswith(below) and path.endswith((".yaml", ".yml", ".tpl"))
    }
    sources = Sources(texts)
    for path, text in texts.items():
        if not path.startswith(f"{below}tests/") and _KIND.search(text):
            yield Template(path, tuple(_find_kinds(text)), sources)


def _find_kinds(text: str) -> Iterator[tuple[str, int]]:
    """The kind of each object, with its line."""
    line, at = 1, 0
    for each in _KIND.finditer(text):
        line += text.count("\n", at, each.start())
        at = each.start()
        yield each[1], line


def _judge_pods(
    facts: Facts, kinds: frozenset[str], explain: Callable[[Template, str], str]
) -> Iterator[Hit]:
    """One hit for each message about the first object of some kinds in a template.

    Parameters
    ----------
    explain
        What is wrong with a template, whose object is of a kind; empty where nothing is.
    """
    yield from join_same(
        (
            Hit(each.path, first[1], message)
            for chart in find_charts(facts)
            for each in chart.templates
            if (first := each.first(kinds)) and (message := explain(each, first[0]))
        ),
        across=True,
    )


@rule("HLM001", SHOULD, when=find_charts, strict=True)
def values_have_a_schema(facts: Facts) -> Iterator[Hit]:
    """A schema says what the values of a chart may be.

    Why: Helm passes over a value with a mistyped name, and the default is installed.

    How: Write `values.schema.json`, with `additionalProperties: false`: Helm holds values to it.

    Source: [Helm: schema files](https://helm.sh/docs/topics/charts/#schema-files).
    """
    for chart in find_charts(facts):
        path = f"{chart.folder}values.schema.json"
        # Some make it from YAML when the chart is packed.
        if chart.values and not facts.paths(f"{chart.folder}values.schema.*"):
            message = "Helm takes any value, mistyped names included: add a schema"
            yield Hit(path, 1, message)


@rule("HLM002", SHOULD, when=find_charts)
def pods_are_confined(facts: Facts) -> Iterator[Hit]:
    """Pods say what they may do.

    Why: Without a security context a container may run as root, and whoever breaks into it gets
    all that root can do there. Namespaces of the level "restricted" refuse such pods.

    How: Add `securityContext`: `runAsNonRoot: true`, `allowPrivilegeEscalation: false`, all
    capabilities dropped.

    Source: [Kubernetes: pod security standards](https://kubernetes.io/docs/concepts/security/pod-security-standards/).
    """
    message = "its pods may run as root: add a `securityContext`"
    yield from _judge_pods(
        facts, _PODS, lambda each, _: message if each.lacks("securityContext") else ""
    )


@rule("HLM003", SHOULD, when=find_charts)
def entry_has_tls(facts: Facts) -> Iterator[Hit]:
    """People come in by TLS.

    Why: What an Ingress without `tls` passes on, passwords included, goes over an open line.

    How: Add `tls` with the hosts and the name of the secret. An annotation that names a certificate
    of the cloud's load balancer is as good.

    Source: [Kubernetes: TLS of an Ingress](https://kubernetes.io/docs/concepts/services-networking/ingress/#tls).
    """
    message = "people come in over an open line: add `tls`"

    def explain(each: Template, _kind: str) -> str:
        is_given = _CERTIFICATE.search(each.sources.texts[each.path])
        return message if each.lacks("tls") and not is_given else ""

    yield from _judge_pods(facts, frozenset(["Ingress"]), explain)


# Annotations by which the load balancer of a cloud has the certificate.
_CERTIFICATE = compile_lazily(
    r"\b(?:managed-certificates|pre-shared-cert|certificate-arn|appgw-ssl-certificate"
    r"|ssl-certificate-id|keyvault-uri)\b"
)


@rule("HLM004", SHOULD, when=find_charts)
def pods_tell_when_they_are_ready(facts: Facts) -> Iterator[Hit]:
    """A server in a pod tells when it can take requests.

    Why: Without a probe requests go to a pod that has just been started, and a release whose pods
    never work replaces the one that does.

    How: Add a `readinessProbe`. A port for measurements or probes alone (`name: metrics`) serves
    nobody. Charts of others, in a folder such as `external` or `vendor`, are not meant.

    Source: [Kubernetes: probes](https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/).
    """
    message = "requests reach its pods before they work: add a `readinessProbe`"

    def explain(each: Template, _kind: str) -> str:
        serves = each.has("containerPort") and not each.only_tells
        return message if serves and each.lacks("readinessProbe") else ""

    yield from _judge_pods(facts, frozenset(["Deployment", "StatefulSet"]), explain)


@rule("HLM005", SHOULD, when=find_charts, strict=True)
def pods_are_limited(facts: Facts) -> Iterator[Hit]:
    """Pods say how much they need, and how much they may take.

    Why: Without it the scheduler puts any number of pods on one node, and the node's memory ends
    first for whoever happens to ask last.

    How: Add `resources`, with requests and a limit of memory.

    Source: [Kubernetes: resources](https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/).
    """
    message = "its pods may take a whole node: add `resources`"
    yield from _judge_pods(facts, _PODS, lambda each, _: message if each.lacks("resources") else "")


@rule("HLM006", SHOULD, when=find_charts)
def images_are_named_by_version(facts: Facts) -> Iterator[Hit]:
    """The values of a chart name no image that moves.

    Why: With `latest` two pods of one release may run different code, and no way leads back.

    How: Name a version, or leave the tag empty and let the chart's `appVersion` say it.

    Source: [Kubernetes: image names](https://kubernetes.io/docs/concepts/containers/images/#image-names).
    """
    message = "two pods of one release may differ: write a version instead of `latest`"
    yield from join_same(
        (
            Hit(chart.values.path, chart.values.line(*keys), message)
            for chart in find_charts(facts)
            for keys in _find_moving((), chart.values.data)
            if _is_used(chart, keys[0])
        ),
        across=True,
    )


_WHOLE = compile_lazily(r"\.Values(?![\w.])")


def _is_used(chart: Chart, key: str) -> bool:
    """Whether a template may read what stands below a key of the values.

    What a chart depends on reads its values too, and may read those of all.
    """
    text = "\n".join(chart.templates[0].sources.texts.values())
    has_parts = chart.about.get("dependencies") or chart.about.get("apiVersion") == "v1"
    return bool(has_parts or _WHOLE.search(text) or f".Values.{key}" in text)


# Helm's own tests run once, in a pod of their own: `testFramework`, `helmTest`, `test_image`.
_OF_TESTS = compile_lazily(r"^tests?(?![a-z])|(?<=[a-z])Test(?![a-z])|[-_.]tests?(?![a-z])")


def _find_moving(keys: tuple[str, ...], told: Any) -> Iterator[tuple[str, ...]]:
    if not isinstance(told, dict):
        return
    for key, value in told.items():
        if key == "tag" and value == "latest" and {"repository", "name", "image"} & told.keys():
            yield *keys, key
        if _OF_TESTS.search(str(key)):
            continue
        yield from _find_moving((*keys, key), value)


_OF_NODE = compile_lazily(r"(?m)^[ \t-]*(host(?:Network|PID|IPC)):[ \t]*[\"']?true\b")


@rule("HLM007", SHOULD, kinds=SERVICE, when=find_charts)
def pods_stay_apart_from_the_node(facts: Facts) -> Iterator[Hit]:
    """Pods of a service do not share the node's network and processes.

    Why: With `hostNetwork` a pod reaches whatever listens on the node alone, and no network policy
    holds for it; with `hostPID` it sees the secrets of all other processes there.

    How: Remove it: a service is reached by a `Service` and an `Ingress`.

    Source: [Kubernetes: pod security standards](https://kubernetes.io/docs/concepts/security/pod-security-standards/).
    """
    for chart in find_charts(facts):
        for each in chart.templates:
            for number, line in enumerate(facts.lines(each.path), 1):
                if match := _OF_NODE.match(line):
                    yield Hit(
                        each.path, number, f"its pods are on the node itself: remove `{match[1]}`"
                    )


_WORDS = compile_lazily(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_SECRET = compile_lazily(r"(?i)(?:^|_)SECRET\Z|EXISTING|NAME|REF")


@rule("HLM008", SHOULD, kinds=MADE_TO_RUN, when=find_charts, must_in=MADE_TO_RUN)
def values_have_no_secret(facts: Facts) -> Iterator[Hit]:
    """No secret stands in the values of a chart.

    Why: It is in git, for everybody who ever gets a copy.

    How: Change it, keep it in a secret of the cluster, and name that here.

    Source: [Kubernetes: good practices for secrets](https://kubernetes.io/docs/concepts/security/secrets-good-practices/).
    """
    for chart in find_charts(facts):
        below = chart.folder
        for path in facts.paths(f"{below}values*.y*ml", f"{below}clusters/*.y*ml"):
            values = facts.yaml(path)
            for keys in _find_secrets((), values.data):
                message = (
                    f"everybody can read {keys[-1]} here: change it, and keep it in the cluster"
                )
                yield Hit(path, values.line(*keys), message)


def _find_secrets(keys: Keys, told: Any) -> Iterator[Keys]:
    """The keys of what is a secret by its name, and is told."""
    if isinstance(told, list | dict):
        entries = told.items() if isinstance(told, dict) else enumerate(told)
        for key, value in entries:
            yield from _find_secrets((*keys, key), value)
    elif isinstance(told, str) and keys and told:
        name = _WORDS.sub("_", str(keys[-1]))
        is_secret = names_secret(name) and not _NO_SECRET.search(name)
        if is_secret and not is_invented(told) and not is_said_of_secret(name, told):
            yield keys
