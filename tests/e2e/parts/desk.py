"""A generated pipeline at the desk, on stand-ins for the public images that it names."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from ...support.tools import passes, program
from . import buildx
from .airflow import NEWEST, PYTHON, Pipeline
from .base import write_context
from .ceph import free_port
from .compose import POSTGRES
from .docker import Docker

RELEASE = {"3.11": "bookworm", "3.13": "trixie"}[PYTHON]

# The words and settings of the gateway that compose.yaml relies on, and the notifications that the
# real one sends: of one record each, once, with the path of the request as it was asked.
GATEWAY = """\
#!/opt/venv/bin/python
import json, os, sys, threading, urllib.request
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

assert sys.argv[1:] == ["--port", ":9000", "posix", "/data"], sys.argv
assert os.environ["ROOT_ACCESS_KEY"] and os.environ["ROOT_SECRET_KEY"]
application = DomainDispatcherApplication(create_backend_app)

def send(told):
    kind = {"Content-Type": "application/json; charset=utf-8"}
    address = os.environ["VGW_EVENT_WEBHOOK_URL"]
    request = urllib.request.Request(address, json.dumps(told).encode(), kind)
    urllib.request.urlopen(request, timeout=3).close()

def notifying(environ, start_response):
    method, path = environ["REQUEST_METHOD"], environ["RAW_URI"].partition("?")[0]
    def answer(status, headers, error=None):
        etags = [value for name, value in headers if name.lower() == "etag"]
        if method == "PUT" and status.startswith("200") and etags:
            bucket, _, key = path.lstrip("/").partition("/")
            told = {"key": key, "eTag": etags[0], "versionId": None, "sequencer": "1"}
            record = {"eventSource": "aws:s3", "eventName": "s3:ObjectCreated:Put"}
            record["s3"] = {"bucket": {"name": bucket}, "object": told}
            threading.Thread(target=send, args=[{"Records": [record]}]).start()
        return start_response(status, headers, error)
    return application(environ, answer)

send({"Service": "S3", "Event": "s3:TestEvent"})
run_simple("0.0.0.0", 9000, notifying, threaded=True)
"""
STAND_INS = f"""\
FROM localhost/debian:{RELEASE} AS packages
RUN apt-get update \\
    && apt-get install --yes --no-install-recommends netcat-openbsd postgresql python3-venv \\
    && rm -rf /var/lib/apt/lists/* && ln -s /usr/lib/postgresql/*/bin /usr/lib/postgresql/bin
FROM packages AS postgres
COPY --chmod=755 entry /usr/local/bin/entry
ENV PATH=/usr/lib/postgresql/bin:$PATH
ENTRYPOINT ["/usr/local/bin/entry"]
FROM packages AS moto
RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --quiet 'moto[s3,server,sqs]==5.2.5'
ENV PATH=/opt/venv/bin:$PATH
FROM moto AS versitygw
COPY --chmod=755 versitygw /usr/local/bin/versitygw
ENV S3_IGNORE_SUBDOMAIN_BUCKETNAME=true
FROM packages AS airflow
RUN useradd --uid 50000 --gid 0 --create-home airflow && chmod 775 /home/airflow
USER airflow
ENV AIRFLOW_VERSION={NEWEST} VIRTUAL_ENV=/home/airflow/venv
ENV PATH=/home/airflow/venv/bin:$PATH
RUN python3 -m venv /home/airflow/venv && pip install --quiet uv \\
    && uv pip install --quiet --no-cache apache-airflow==$AIRFLOW_VERSION asyncpg psycopg2-binary \\
    'apache-airflow-providers-amazon[aiobotocore]' apache-airflow-providers-cncf-kubernetes \\
    apache-airflow-providers-docker \\
    apache-airflow-providers-postgres apache-airflow-providers-ssh
"""
# The one network of which the engine of the tests builds.
OVERRIDE = """\
services:
  airflow: { build: { network: host } }
  noise: { build: { network: host } }
"""


@dataclass(frozen=True)
class Desk:
    """A generated pipeline in a folder, and the engine that runs it."""

    pipeline: Pipeline
    docker: Docker
    environment: dict[str, str]
    airflow: str

    def __call__(self, *words: str | Path) -> str:
        """Call ``desk``; what it prints."""
        return self.pipeline("desk", *words, env=self.environment, timeout=1200)

    def follow(self, line: str) -> str:
        """Run a line of a page as it stands there; what it prints."""
        root = self.pipeline.root
        return passes("bash", "-euc", line, cwd=root, env=self.environment, timeout=2400)

    def inspect(self, form: str) -> list[str]:
        """What the engine tells of each container, in the engine's own form."""
        names = self.docker("ps", "--all", "--quiet").split()
        return self.docker("inspect", f"--format={form}", *names).splitlines() if names else []


def build_stand_ins(root: Path, docker: Docker, folder: Path) -> str:
    """Build stand-ins of what the desk names; the name of the image of Airflow with the DAGs."""
    docker.build(write_context(RELEASE, folder / "base"), f"localhost/debian:{RELEASE}")
    for name, text in ("Dockerfile", STAND_INS), ("entry", POSTGRES), ("versitygw", GATEWAY):
        (folder / name).write_text(text, encoding="utf-8")
    services = yaml.safe_load((root / "compose.yaml").read_text())["services"]
    base = base_of(root / "Dockerfile", "AIRFLOW_IMAGE")
    named = {"postgres": services["db"]["image"], "versitygw": services["store"]["image"]}
    if "queue" in services:
        named["moto"] = services["queue"]["image"]
    for target, image in {**named, "airflow": base}.items():
        build = ("build", "--network=host", f"--target={target}", f"--tag={image}")
        docker(*build, folder, timeout=1200)
    return str(services["airflow"]["image"])


def build_images(root: Path, docker: Docker, folder: Path) -> str:
    """Build these, and Airflow with the DAGs; the name of that image."""
    name = build_stand_ins(root, docker, folder)
    docker.build(root, name, VERSION="1.2.3")
    return name


def base_of(dockerfile: Path, argument: str) -> str:
    """The image that a Dockerfile starts from by an argument of it."""
    text = dockerfile.read_text(encoding="utf-8")
    (base,) = re.findall(rf"(?m)^ARG {argument}=(.+)$", text)
    return str(base)


def make_desk(pipeline: Pipeline, docker: Docker, folder: Path, cde: str) -> Desk:
    """Make a desk of which nothing is built or started; what its images start from is there.

    Parameters
    ----------
    pipeline, docker
        What runs, and the engine.
    folder
        A new folder, for programs and stand-ins.
    cde
        The image that stands in for the CDE's.
    """
    root = pipeline.root
    built = build_stand_ins(root, docker, folder)
    docker("tag", cde, base_of(root / "steps/noise/Dockerfile", "CDE_IMAGE"))
    services = yaml.safe_load((root / "compose.yaml").read_text())["services"]
    for image in (built, services["noise"]["image"]):
        docker.tries("image", "rm", image)
    (root / "compose.override.yaml").write_text(OVERRIDE, encoding="utf-8")
    tools, plugins = folder / "tools", folder / "config/cli-plugins"
    for each in (tools, plugins):
        each.mkdir(parents=True)
    (tools / "docker").symlink_to(docker.client)
    (tools / "nox").symlink_to(program("nox"))
    (plugins / "docker-buildx").symlink_to(buildx.installed())
    (plugins / "docker-compose").symlink_to(program("docker-compose"))
    ports = {"AIRFLOW_PORT": str(free_port()), "STORE_PORT": str(free_port())}
    path = os.pathsep.join([str(tools), os.environ["PATH"]])
    environment = {**docker.environment, **ports, "DOCKER_CONFIG": f"{plugins.parent}"}
    environment["PATH"] = path
    return Desk(pipeline, docker, environment, f"http://127.0.0.1:{ports['AIRFLOW_PORT']}")
