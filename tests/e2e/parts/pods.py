"""Pods as a chart describes them, run by Docker: there is no kubelet here.

What says how a container runs is translated word for word, and a word that is not known here fails
the test: nothing of the chart is left out unseen.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .docker import Docker

Object = dict[str, Any]
CONTAINER = {
    *("name", "image", "imagePullPolicy", "command", "env", "envFrom", "resources"),
    *("securityContext", "volumeMounts", "ports", "lifecycle"),
    *("startupProbe", "livenessProbe", "readinessProbe"),
}
POD = {
    *("automountServiceAccountToken", "containers", "restartPolicy", "securityContext", "volumes"),
    *("serviceAccountName", "terminationGracePeriodSeconds", "topologySpreadConstraints"),
}
SUFFIXES = {"Mi": "m", "Gi": "g"}
NONE: Mapping[str, str] = {}


@dataclass(frozen=True)
class Namespace:
    """A network that stands for a cluster's, and the secrets that pods find there.

    Attributes
    ----------
    docker
        The engine.
    network
        Name of the network.
    secrets
        Keys and values of each secret, by its name.
    """

    docker: Docker
    network: str
    secrets: dict[str, dict[str, str]]

    def runs(self, template: Object, *more: str) -> str:
        """Run a pod to its end; what its container prints."""
        return self.docker("run", "--rm", *self._words(template["spec"], more))

    def starts(self, template: Object, name: str) -> None:
        """Start a pod that goes on."""
        self.docker("run", "--detach", f"--name={name}", *self._words(template["spec"], ()))

    def probe(self, name: str, template: Object, kind: str) -> tuple[int, str]:
        """Ask a container as the kubelet does: by its address, from outside; status and body."""
        (container,) = template["spec"]["containers"]
        given = container[kind]["httpGet"]
        ports = {each["name"]: each["containerPort"] for each in container["ports"]}
        return self.get(name, given["path"], ports[given["port"]])

    def get(
        self, name: str, path: str, port: int = 8000, headers: Mapping[str, str] = NONE
    ) -> tuple[int, str]:
        """Status and body of an answer of a pod."""
        form = f'{{{{(index .NetworkSettings.Networks "{self.network}").IPAddress}}}}'
        address = self.docker("inspect", f"--format={form}", name).strip()
        request = urllib.request.Request(f"http://{address}:{port}{path}", headers=dict(headers))
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def _words(self, spec: Object, more: tuple[str, ...]) -> list[str]:
        """What a pod's specification is as a command line of Docker."""
        assert spec.keys() <= POD, spec.keys() - POD
        (container,) = spec["containers"]
        assert container.keys() <= CONTAINER, container.keys() - CONTAINER
        user = spec["securityContext"]
        confined = container["securityContext"]
        assert confined["allowPrivilegeEscalation"] is False
        assert confined["readOnlyRootFilesystem"] is True
        limits = container["resources"]["limits"]
        memory = limits["memory"]
        words = [
            *("--pull=never", f"--network={self.network}", "--read-only"),
            f"--user={user['runAsUser']}:{user['runAsGroup']}",
            *(f"--cap-drop={name}" for name in confined["capabilities"]["drop"]),
            "--security-opt=no-new-privileges",
            *(f"--memory={memory[:-2]}{SUFFIXES[memory[-2:]]}", f"--cpus={limits['cpu']}"),
            *self._mounts(spec, container),
            *(f"--env={name}={value}" for name, value in self._environment(container).items()),
        ]
        command = container.get("command", [])
        if command:
            words.append(f"--entrypoint={command[0]}")
        return [*words, container["image"], *command[1:], *more]

    def _environment(self, container: Object) -> dict[str, str]:
        """Variables of secrets, and then those of the container, which win."""
        found: dict[str, str] = {}
        for source in container["envFrom"]:
            (secret,) = source.values()
            found |= self.secrets[secret["name"]]
        for each in container["env"]:
            assert each.keys() == {"name", "value"}, json.dumps(each)
            found[each["name"]] = each["value"]
        return found

    def _mounts(self, spec: Object, container: Object) -> list[str]:
        """Empty folders; Docker knows no group of a pod, and makes them its user's."""
        user, group = spec["securityContext"]["runAsUser"], spec["securityContext"]["fsGroup"]
        assert all(each.keys() == {"name", "emptyDir"} for each in spec["volumes"])
        names = {each["name"] for each in spec["volumes"]}
        assert {each["name"] for each in container["volumeMounts"]} == names
        return [
            f"--tmpfs={each['mountPath']}:uid={user},gid={group}"
            for each in container["volumeMounts"]
        ]
