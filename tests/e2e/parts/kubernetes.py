"""A Kubernetes cluster of one node, compiled from the source package of Debian bookworm.

It is the last release of Debian's that has all of Kubernetes (1.20); later packages hold no more
than its client. The kubelet runs pods by the Docker Engine of the tests. There is no proxy and no
name service, so that nothing of this machine's network is changed: pods reach each other, and the
tests reach them, by their addresses.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ...support.tools import passes, run
from . import helm
from .base import write_context
from .cache import cached
from .ceph import free_port, process
from .docker import Docker
from .machine import debian_mirror, need, need_root

Object = dict[str, Any]
VERSION = "1.20.5+really1.20.2-1.1+deb12u1"
BUILD = Path(__file__).with_name("kubernetes.sh")
INCLUDE = ",".join(
    [
        *("ca-certificates", "containernetworking-plugins", "dpkg-dev", "etcd-server"),
        *("golang-github-modern-go-reflect2-dev", "golang-go"),
    ]
)
BRIDGE, SUBNET = "lisa-pods", "198.18.0"
"""Of the pods, and of containers beside them: a network that is for tests alone (RFC 2544)."""
TOKEN = "of-the-tests"  # noqa: S105 - it opens nothing but this cluster
PAUSE = "FROM localhost/debian:bookworm\nSTOPSIGNAL SIGKILL\nCMD sleep infinity\n"
"""What holds a pod's network."""
TUNED = (
    *("kernel/keys/root_maxbytes", "kernel/keys/root_maxkeys"),
    *("kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory", "vm/panic_on_oom"),
)
"""Settings of this machine that a kubelet makes its own."""
RESTORE = """\
folder=$1
shift
restore() {
    for told; do echo "${told#*=}" > "${told%%=*}"; done
    while read -r _ point _; do
        case $point/ in "$folder"/*) umount --lazy "$point" ;; esac
    done < /proc/self/mounts
}
trap 'restore "$@"; exit' TERM
sleep infinity & wait
"""
"""Once it is asked to end it writes settings back, and unmounts what is mounted in a folder."""


def programs() -> Path:
    """The folder of the programs, compiled once: a quarter of an hour of processor time."""
    mirror = debian_mirror()
    command = [
        *(need("mmdebstrap"), "--variant=apt", "--quiet", "--dpkgopt=force-unsafe-io"),
        f"--include={INCLUDE}",
    ]
    sources = [f"{kind} {mirror} bookworm main" for kind in ("deb", "deb-src")]

    def make(path: Path) -> None:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            hooks = (
                f"--customize-hook=copy-in {BUILD} /root",
                f'--customize-hook=chroot "$1" sh /root/{BUILD.name} {VERSION}',
                f"--customize-hook=sync-out /root/programs {path}",
            )
            path.mkdir()
            words = [*command, *hooks, "bookworm", f"{folder}/system", *sources]
            passes(*words, cwd=Path("/"), timeout=7200)

    # Wherever the script lies, it is the same.
    return cached("kubernetes", [*command, *sources, VERSION, BUILD.read_bytes()], make)


@dataclass(frozen=True)
class Cluster:
    """A running cluster, and how somebody reaches it.

    Attributes
    ----------
    environment
        Variables that lead `kubectl` and `helm` to it.
    settings
        The file of addresses and tokens.
    """

    environment: dict[str, str]
    settings: Path

    def __call__(self, *command: str | Path, cwd: Path = Path("/")) -> str:
        """Run a command with `kubectl` and `helm` on PATH, which must succeed; what it prints."""
        return passes(*command, cwd=cwd, env=self.environment)

    def tries(self, *command: str | Path, cwd: Path = Path("/")) -> tuple[int, str]:
        """Run a command that may fail; its exit code and what it prints."""
        done = run(*command, cwd=cwd, env=self.environment)
        return done.returncode, done.stdout

    def get(self, *words: str) -> Any:
        """What `kubectl get` tells of something."""
        return json.loads(self("kubectl", "get", *words, "--output=json"))

    def ask(self, path: str) -> Any:
        """What the API server answers; for questions that are asked all the time."""
        settings = yaml.safe_load(self.settings.read_text(encoding="utf-8"))
        told = settings["clusters"][0]["cluster"]
        trusted = ssl.create_default_context(cafile=told["certificate-authority"])
        headers = {"Authorization": f"Bearer {settings['users'][0]['user']['token']}"}
        request = urllib.request.Request(told["server"] + path, headers=headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30, context=trusted) as answer:  # noqa: S310
            return json.load(answer)

    def apply(self, *objects: Object, folder: Path) -> str:
        """Apply objects; what is printed."""
        return self("kubectl", "apply", "--filename", _written(objects, folder))

    def refuses(self, *objects: Object, folder: Path) -> str:
        """Apply objects that must not be taken; what is printed."""
        code, said = self.tries("kubectl", "apply", "--filename", _written(objects, folder))
        assert code != 0, said
        return said

    def acting(self, namespace: str, account: str, folder: Path) -> Cluster:
        """The same cluster for who has no more than a token of an account."""
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        way = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        said = self("kubectl", "create", "--raw", way, "--filename", _written([asked], folder))
        settings = yaml.safe_load(self.settings.read_text(encoding="utf-8"))
        settings["users"][0]["user"] = {"token": json.loads(said)["status"]["token"]}
        settings["contexts"][0]["context"]["namespace"] = namespace
        path = folder / f"{account}.json"
        path.write_text(json.dumps(settings), encoding="utf-8")
        return Cluster({**self.environment, "KUBECONFIG": str(path)}, path)


def _written(objects: Any, folder: Path) -> Path:
    """A file of objects, one as it is and several as a list."""
    path = folder / "objects.json"
    listed = {"apiVersion": "v1", "kind": "List", "items": [*objects]}
    path.write_text(json.dumps(objects[0] if len(objects) == 1 else listed), encoding="utf-8")
    return path


@contextmanager
def started(docker: Docker, folder: Path) -> Iterator[Cluster]:
    """Start a cluster whose node is an engine, and end it.

    Parameters
    ----------
    docker
        The engine.
    folder
        An empty folder, for all that the cluster keeps.
    """
    need_root()
    made = programs()
    docker.build(write_context("bookworm", folder / "base"), "localhost/debian:bookworm")
    (folder / "pause").mkdir()
    (folder / "pause/Dockerfile").write_text(PAUSE, encoding="utf-8")
    docker.build(folder / "pause", "localhost/pause:1")
    ports = {name: free_port() for name in ("etcd", "peers", "server", "kubelet")}
    cluster = _reached(made, folder, ports["server"])
    with ExitStack() as stack:
        stack.enter_context(_restored(folder))
        stack.enter_context(_bridged(docker))
        stack.enter_context(_emptied(docker))

        def start(program: str, *words: str) -> None:
            log = folder / f"{program}.log"
            stack.enter_context(process(made / program, *words, log=log))

        _start_server(start, folder, ports)
        _wait(cluster, folder, "kubectl", "get", "--raw=/readyz")
        _start_controllers(start, folder)
        _start_kubelet(start, docker, made, folder, ports["kubelet"])
        node = ("kubectl", "wait", "--for=condition=Ready", "node/localhost", "--timeout=1s")
        _wait(cluster, folder, *node)
        _wait(cluster, folder, "kubectl", "get", "serviceaccount", "default")
        yield cluster


def _reached(made: Path, folder: Path, port: int) -> Cluster:
    """Who may do everything, and the programs for it."""
    tools = folder / "tools"
    tools.mkdir()
    (tools / "kubectl").symlink_to(made / "kubectl")
    (tools / "helm").symlink_to(helm.installed())
    settings = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "tests",
        "clusters": [
            {
                "name": "tests",
                "cluster": {
                    "server": f"https://127.0.0.1:{port}",
                    "certificate-authority": str(folder / "server/apiserver.crt"),
                },
            }
        ],
        "users": [{"name": "tests", "user": {"token": TOKEN}}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
    }
    path = folder / "settings.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    environment = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "KUBECONFIG": str(path),
        "HELM_DRIVER": "configmap",
        "HOME": str(folder),
        **{f"HELM_{name}_HOME": str(folder / "helm") for name in ("CACHE", "CONFIG", "DATA")},
    }
    return Cluster(environment, path)


def _start_server(start: Any, folder: Path, ports: Mapping[str, int]) -> None:
    """The store and the API server, on the loopback alone."""
    passes(
        *(need("ssh-keygen"), "-q", "-t", "rsa", "-b", "2048", "-m", "PEM"),
        *("-N", "", "-f", "accounts"),
        cwd=folder,
    )
    (folder / "tokens").write_text(f"{TOKEN},tests,tests,system:masters\n", encoding="utf-8")
    etcd, peers = (f"http://127.0.0.1:{ports[name]}" for name in ("etcd", "peers"))
    start(
        "etcd",
        *(f"--data-dir={folder}/etcd", f"--initial-cluster=default={peers}"),
        *(f"--listen-client-urls={etcd}", f"--advertise-client-urls={etcd}"),
        *(f"--listen-peer-urls={peers}", f"--initial-advertise-peer-urls={peers}"),
    )
    start(
        "kube-apiserver",
        *(f"--etcd-servers={etcd}", f"--cert-dir={folder}/server", "--bind-address=127.0.0.1"),
        *(f"--secure-port={ports['server']}", "--insecure-port=0"),
        *("--authorization-mode=RBAC", f"--token-auth-file={folder}/tokens"),
        "--service-account-issuer=https://kubernetes.default.svc",
        *(f"--service-account-{each}-file={folder}/accounts" for each in ("key", "signing-key")),
        *("--service-cluster-ip-range=198.19.0.0/24", "--kubelet-preferred-address-types=Hostname"),
    )


def _start_controllers(start: Any, folder: Path) -> None:
    """What turns workloads into pods, and gives pods a node."""
    reached = (f"--kubeconfig={folder}/settings.json", "--leader-elect=false")
    closed = ("--port=0", "--secure-port=0")
    accounts = f"--service-account-private-key-file={folder}/accounts"
    authority = f"--root-ca-file={folder}/server/apiserver.crt"
    start("kube-controller-manager", *reached, *closed, accounts, authority)
    start("kube-scheduler", *reached, *closed)


def _start_kubelet(start: Any, docker: Docker, made: Path, folder: Path, port: int) -> None:
    """What runs pods; it keeps its hands off everything that is not theirs."""
    config = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "127.0.0.1",
        "port": port,
        "healthzPort": 0,
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": False,
        "enforceNodeAllocatable": [],
        # No pod is driven out, and no image of other tests dropped, when this machine is full.
        "evictionHard": {"memory.available": "0%", "nodefs.available": "0%"},
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "imageMinimumGCAge": "1000h",
        "failSwapOn": False,
        "hairpinMode": "none",
        "makeIPTablesUtilChains": False,
        "resolvConf": "",
        "volumePluginDir": str(folder / "plugins"),
    }
    network = {
        "cniVersion": "0.4.0",
        "name": BRIDGE,
        "type": "bridge",
        "bridge": BRIDGE,
        "ipam": {
            "type": "host-local",
            "dataDir": str(folder / "addresses"),
            "ranges": [[{"subnet": f"{SUBNET}.0/24", "rangeEnd": f"{SUBNET}.127"}]],
        },
    }
    (folder / "kubelet.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "network").mkdir()
    (folder / "network/10-pods.conf").write_text(json.dumps(network), encoding="utf-8")
    start(
        "kubelet",
        *(f"--config={folder}/kubelet.json", f"--kubeconfig={folder}/settings.json"),
        *(f"--root-dir={folder}/kubelet", f"--cert-dir={folder}/kubelet/pki"),
        *("--hostname-override=localhost", "--container-runtime=docker"),
        f"--docker-endpoint={docker.environment['DOCKER_HOST']}",
        *("--pod-infra-container-image=localhost/pause:1", "--network-plugin=cni"),
        *(f"--cni-bin-dir={made}", f"--cni-conf-dir={folder}/network"),
        f"--cni-cache-dir={folder}/cni",
    )


def _wait(cluster: Cluster, folder: Path, *command: str, seconds: float = 180) -> None:
    """Wait until a command succeeds; otherwise the logs tell why it does not."""
    end = time.monotonic() + seconds
    while cluster.tries(*command)[0] != 0:
        if time.monotonic() > end:
            ends = (f"== {log.name}\n{log.read_text()[-3000:]}" for log in folder.glob("*.log"))
            pytest.fail(f"{' '.join(command)}: never in time\n{''.join(ends)}", pytrace=False)
        time.sleep(0.5)


@contextmanager
def _restored(folder: Path) -> Iterator[None]:
    """Let this machine be as it was before a kubelet, also where the test is killed."""
    paths = [Path("/proc/sys", name) for name in TUNED]
    before = [f"{path}={path.read_text().strip()}" for path in paths]
    command = ("sh", "-c", RESTORE, "sh", f"{folder}/kubelet", *before)
    try:
        with process(*command, log=folder / "restored.log"):
            yield
    finally:
        shutil.rmtree(folder / "kubelet", ignore_errors=True)


@contextmanager
def _bridged(docker: Docker) -> Iterator[None]:
    """A network of the engine's whose bridge pods are plugged into, too."""
    bridge = f"--opt=com.docker.network.bridge.name={BRIDGE}"
    # Of the upper half Docker gives addresses to containers, of the lower the plugin to pods.
    ranges = (f"--subnet={SUBNET}.0/24", f"--ip-range={SUBNET}.128/25", f"--gateway={SUBNET}.1")
    docker("network", "create", bridge, *ranges, BRIDGE)
    try:
        yield
    finally:
        docker("network", "rm", BRIDGE)


@contextmanager
def _emptied(docker: Docker) -> Iterator[None]:
    """Remove the containers of pods, which live on without their kubelet."""
    try:
        yield
    finally:
        chosen = ("--all", "--quiet", "--filter=label=io.kubernetes.pod.name")
        if containers := docker("container", "ls", *chosen).split():
            docker("container", "rm", "--force", *containers)
