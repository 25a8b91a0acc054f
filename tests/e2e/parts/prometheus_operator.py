"""The custom resources of the Prometheus operator, as an API server is told of them.

No package has the operator's own definitions. cloudcoil's models are made of them, and tell the
schemas: the names that there are, and the types of their values.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

Object = dict[str, Any]
GROUP = "monitoring.coreos.com"
KINDS = ("Probe", "PrometheusRule", "ServiceMonitor")
KEPT = ("enum", "maximum", "minItems", "minLength", "minimum", "pattern", "required", "type")


def definitions() -> list[Object]:
    """One for each of the kinds that the chart of a service makes."""
    return [_define(kind) for kind in KINDS]


def _define(kind: str) -> Object:
    models = import_module("cloudcoil.models.prometheus_operator.v1")
    schema = getattr(models, kind).model_json_schema(by_alias=True)
    spec = _follow(schema["properties"]["spec"], schema["$defs"])
    whole = {"type": "object", "required": ["spec"], "properties": {"spec": spec}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": whole}}
    singular = kind.lower()
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{singular}s.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {"kind": kind, "plural": f"{singular}s", "singular": singular},
            "scope": "Namespaced",
            "versions": [version],
        },
    }


def _follow(schema: Object, defined: Object) -> Object:
    """A schema in the form that Kubernetes takes: without references and alternatives."""
    if reference := schema.get("$ref"):
        return _follow(defined[reference.rpartition("/")[2]], defined)
    if options := [each for each in schema.get("anyOf", []) if each.get("type") != "null"]:
        followed = [_follow(each, defined) for each in options]
        if len(followed) > 1:
            assert {each["type"] for each in followed} == {"integer", "string"}, schema
            return {"x-kubernetes-int-or-string": True}
        return followed[0]
    if "type" not in schema:
        return {"x-kubernetes-preserve-unknown-fields": True}
    made = {key: schema[key] for key in KEPT if key in schema}
    if fields := schema.get("properties"):
        made["properties"] = {name: _follow(each, defined) for name, each in fields.items()}
    for key in "items", "additionalProperties":
        if isinstance(schema.get(key), dict):
            made[key] = _follow(schema[key], defined)
    return made
