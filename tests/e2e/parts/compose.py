"""A generated service by Docker Compose, on stand-ins for the public images that it names."""

from __future__ import annotations

import os
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...support.answers import answers, template
from ...support.tools import commit_all, passes, program, run
from .base import write_context
from .docker import Docker

NAME = "localhost/service"
PORT = 18443
SITE = f"https://localhost:{PORT}"

# The part of the official image's entry point that compose.yaml relies on.
POSTGRES = """\
#!/bin/bash
set -e
export PGDATA=${PGDATA:-/var/lib/postgresql/data}
as() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
mkdir -p "$PGDATA"
chown postgres /var/run/postgresql "$PGDATA"
chmod 700 "$PGDATA"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    install -o postgres -m 600 "$POSTGRES_PASSWORD_FILE" /tmp/password
    as initdb -E UTF8 -A scram-sha-256 --username="$POSTGRES_USER" --pwfile=/tmp/password
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    sed -i 's/^local .*/local all all trust/' "$PGDATA/pg_hba.conf"
    as pg_ctl -w -o "-c listen_addresses=" start
    as psql -U "$POSTGRES_USER" -d postgres -c "CREATE DATABASE $POSTGRES_DB"
    shopt -s nullglob  # the desk of a pipeline mounts none
    for file in /docker-entrypoint-initdb.d/*.sql; do
        as psql -v ON_ERROR_STOP=1 --no-psqlrc -U "$POSTGRES_USER" -d "$POSTGRES_DB" < "$file"
    done
    as pg_ctl -w stop
fi
if [ "$1" = postgres ]; then shift; fi
exec setpriv --reuid=postgres --regid=postgres --init-groups postgres -c listen_addresses='*' "$@"
"""
STAND_INS = """\
FROM localhost/debian:bookworm AS packages
RUN apt-get update \\
    && apt-get install --yes --no-install-recommends caddy locales netcat-openbsd \\
       postgresql python3-venv rclone wget \\
    && localedef --inputfile=en_US --charmap=UTF-8 en_US.UTF-8 \\
    && rm -rf /var/lib/apt/lists/*
FROM packages AS postgres
COPY --chmod=755 entry /usr/local/bin/entry
ENV LANG=en_US.utf8 PATH=/usr/lib/postgresql/15/bin:$PATH
ENTRYPOINT ["/usr/local/bin/entry"]
FROM packages AS caddy
ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
FROM packages AS prometheus
RUN apt-get update && apt-get install --yes --no-install-recommends prometheus \\
       prometheus-blackbox-exporter wget && rm -rf /var/lib/apt/lists/*
ENTRYPOINT ["prometheus"]
FROM prometheus AS blackbox
ENTRYPOINT ["prometheus-blackbox-exporter"]
FROM packages AS rclone
ENTRYPOINT ["rclone"]
FROM packages AS store
RUN python3 -m venv /opt/venv \\
    && /opt/venv/bin/pip install --quiet flask flask-cors 'moto[s3]==5.2.5'
ENV S3_IGNORE_SUBDOMAIN_BUCKETNAME=true
ENTRYPOINT ["/opt/venv/bin/moto_server", "-H", "0.0.0.0", "-p", "9000"]
"""
# A version that starts and never gets ready.
BAD = f'FROM {NAME}:1.0.0\nCMD ["sleep", "600"]\n'
LOCAL = """\
services:
  proxy: { image: localhost/caddy:test }
  db: { image: localhost/postgres:test }
  store: { image: localhost/store:test, command: !override [], tmpfs: [/tmp] }
"""
THERE = """\
  blue: { build: !reset null }
  backup: { build: !reset null }
"""
"""Nothing is built: the versions are there."""


@dataclass(frozen=True)
class Stack:
    """A generated service in a folder, and the engine that runs it.

    Attributes
    ----------
    root
        The folder.
    environment
        Variables that lead its scripts to the engine.
    """

    root: Path
    environment: dict[str, str]

    def compose(self, *words: str) -> str:
        """Call Compose as an operator does; what it prints."""
        return passes("deploy/compose", "desk", *words, cwd=self.root, env=self.environment)

    def release(self, version: str) -> tuple[int, str]:
        """Release a version (or go ``--back``); the exit code, and what is printed."""
        done = run("deploy/release", "desk", version, cwd=self.root, env=self.environment)
        return done.returncode, done.stdout

    def backup(self, *words: str) -> str:
        """Call the program for backups; what it prints."""
        return self.compose("exec", "-T", "backup", "python3", "operations/backup.py", *words)

    def follow(self, words: str, version: str = "1.0.0") -> str:
        """Do what the page for operators says in the block that has these words; what it prints."""
        page = (self.root / "operations/README.md").read_text(encoding="utf-8")
        (block,) = (each for each in re.findall(r"(?ms)^```sh\n(.*?)^```", page) if words in each)
        script = block.replace("PLACE", "desk").replace("X.Y.Z", version)
        # The program that the tests have is no plugin of Docker's.
        script = script.replace("docker compose", "docker-compose")
        return passes("bash", "-euc", script, cwd=self.root, env=self.environment)

    def tries(self, part: str, *words: str) -> tuple[int, str]:
        """Run something in a container where it may fail; the exit code, and what it prints."""
        return self.tries_compose("exec", "-T", part, *words)

    def tries_compose(self, *words: str) -> tuple[int, str]:
        """Call Compose where it may fail; the exit code, and what it prints."""
        done = run("deploy/compose", "desk", *words, cwd=self.root, env=self.environment)
        return done.returncode, done.stdout

    def forget_volume(self, name: str) -> None:
        """Lose what a volume holds."""
        volume = f"lisa-data-challenge-desk_{name}"
        passes("docker", "volume", "rm", volume, cwd=self.root, env=self.environment)

    def container(self, service: str) -> str:
        """The container of a part."""
        return self.compose("ps", "--quiet", service).strip()

    def active(self) -> str:
        """Which of the two containers answers."""
        state = (self.root / "state/desk").read_text(encoding="utf-8")
        return dict(line.split("=") for line in state.splitlines())["ACTIVE"]

    def sql(self, statement: str, database: str = "service") -> str:
        """Run a statement as the database's administrator; its rows."""
        command = ("exec", "-T", "db", "psql", "-U", "postgres", "-d", database, "-At")
        return self.compose(*command, "-c", statement).strip()


def build_stand_ins(docker: Docker, folder: Path, *targets: str) -> None:
    """Build what stands in for public images, each from Debian's package: `localhost/NAME:test`."""
    docker.build(write_context("bookworm", folder / "base"), "localhost/debian:bookworm")
    stand_ins = folder / "stand-ins"
    stand_ins.mkdir()
    (stand_ins / "Dockerfile").write_text(STAND_INS, encoding="utf-8")
    (stand_ins / "entry").write_text(POSTGRES, encoding="utf-8")
    for target in targets:
        build = ("build", "--network=host", f"--target={target}", f"--tag=localhost/{target}:test")
        docker(*build, stand_ins, timeout=1200)


def make_stack(docker: Docker, folder: Path) -> Stack:
    """Build the images of a generated service in three versions, of which the third is bad."""
    build_stand_ins(
        docker, folder, *("postgres", "caddy", "rclone", "store", "prometheus", "blackbox")
    )
    root = make_service(folder / "service", LOCAL + THERE)
    for version in ("1.0.0", "2.0.0"):
        for target, name in ("service", NAME), ("backup", f"{NAME}/backup"):
            build = ("build", "--network=host", f"--target={target}", f"--tag={name}:{version}")
            base = "--build-arg=BASE_IMAGE=localhost/debian:bookworm"
            docker(*build, base, f"--build-arg=VERSION={version}", root, timeout=1200)
    # What the desk's files name until there was a release.
    docker("tag", f"{NAME}:1.0.0", f"{NAME}:desk")
    docker("tag", f"{NAME}/backup:1.0.0", "localhost/backup:desk")
    (folder / "bad").mkdir()
    (folder / "bad/Dockerfile").write_text(BAD, encoding="utf-8")
    docker.build(folder / "bad", f"{NAME}:3.0.0")
    more = {"REPOSITORY": NAME, "PULL": "no", "WAIT": "150"}
    more |= {
        f"{name.upper()}_IMAGE": f"localhost/{name}:test" for name in ("prometheus", "blackbox")
    }
    return Stack(root, {**make_tools(docker, folder / "tools"), **more})


def make_service(root: Path, local: str) -> Path:
    """A repository of a service that runs on stand-ins at its desk."""
    template().render(answers(kind="service", recovery="moment"), root)
    (root / "compose.desk.local.yaml").write_text(local, encoding="utf-8")
    desk = root / "deploy/desk.env"
    desk.write_text(desk.read_text().replace("8443", str(PORT)), encoding="utf-8")
    commit_all(root)
    return root


def make_tools(docker: Docker, folder: Path) -> dict[str, str]:
    """A folder of programs that come first on PATH; the variables that lead to them."""
    folder.mkdir()
    (folder / "docker").symlink_to(docker.client)
    (folder / "docker-compose").symlink_to(program("docker-compose"))
    return {**docker.environment, "PATH": os.pathsep.join([str(folder), os.environ["PATH"]])}


UNCHECKED = ssl._create_unverified_context()  # noqa: S323 - the desk's own certificate


def get(path: str, form: bytes | None = None) -> tuple[int, str]:
    """Status and body of an answer of the site, also to a form; a redirection is followed."""
    try:
        address = SITE + path
        with urllib.request.urlopen(address, form, timeout=30, context=UNCHECKED) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError as error:
        return 0, str(error)


def wait_for(holds: Callable[[], bool], seconds: float) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.5)
    assert holds()
