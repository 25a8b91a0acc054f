"""The commands on the page "The CDE and your image" do what it says.

They run in a shell as they stand there. The programs that they find lead to the engine of the
tests, which has no bridge to publish ports on, and to Apptainer in its own system.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pexpect
import pytest
from packaging.utils import canonicalize_name

from ...conftest import ROOT
from ...support.tools import git, passes
from ..parts.apptainer import Apptainer
from ..parts.cde import HOME, VERSION
from ..parts.docker import Docker
from .conftest import Cde, Published
from .test_package import make_project

RUN = "docker run --rm"
WORK = '--volume "$PWD:/work" --workdir /work'
PORT = "--name jupyter --publish 127.0.0.1:8888:8888"

PULL = "docker pull $CDE"
PROGRAM = f'{RUN} --user "$(id -u):$(id -g)" {WORK} $CDE python3 analysis.py'
SHELL = f"{RUN} -it {WORK} $CDE"
PYTHON = f"{RUN} $CDE cat {HOME}/contents/python.txt"
DEBIAN = f"{RUN} $CDE cat {HOME}/contents/debian.tsv"
WHICH = f"{RUN} $CDE cat {HOME}/contents/version"
JUPYTER = f"{RUN} {PORT} {WORK} $CDE-dev"
JUPYTER_WITH_TOKEN = f"{RUN} {PORT} --env JUPYTER_TOKEN $CDE-dev"
BASH = f"{RUN} -it {WORK} $CDE-dev bash"
SIF = "apptainer pull lisa-cde.sif oras://$CDE-sif"
SIF_PROGRAM = "apptainer exec lisa-cde.sif python3 analysis.py"
SIF_DEVELOPMENT = "apptainer pull lisa-cde-dev.sif oras://$CDE-dev-sif"
SIF_JUPYTER = "JUPYTER_PORT=8899 apptainer exec lisa-cde-dev.sif jupyter-service"
CONVERT = "apptainer pull lisa-cde.sif docker://$CDE"
PACKAGE = (
    "docker build --build-arg VERSION=1.2.3 --build-arg CDE_IMAGE=$CDE --tag lisa-noise:1.2.3 ."
)
ON_TOP = "docker build --build-arg CDE=$CDE --tag mine:1 ."
ON_TOP_RUN = f'{RUN} mine:1 python3 -c "import pooch, h5py"'
NEW = "lisa-new --defaults --data kind=image --data debian=trixie lisa-cde"
INSIDE = "cd lisa-cde"
BUILD = ["images/build operations", "images/build development"]
BILL = "nox -s contents -- docker:localhost/lisa-cde:X.Y.Z reports/operations"

PAGE = (ROOT / "docs/howto/cde.md").read_text(encoding="utf-8")
# What a terminal does not show.
CONTROL = re.compile(r"\x1b\[[?0-9;]*[a-zA-Z]\r?|\x1b\][^\x07]*\x07")
# Which engine, and no network of its own: Docker makes none without a bridge.
DOCKER = """\
#!/bin/sh
case $1 in
    run) shift; set -- run --pull=never "--network=${NETWORK:-host}" "$@" ;;
    build) shift; set -- build --network=host "$@" ;;
esac
exec CLIENT "$@"
"""


def test_the_page_shows_these_commands_and_no_others() -> None:
    shown = re.findall(r"^\$ (.*)$", PAGE, flags=re.MULTILINE)
    assert shown == [
        *(PULL, PROGRAM, SHELL, PYTHON, DEBIAN, WHICH, JUPYTER, JUPYTER_WITH_TOKEN, BASH),
        *(SIF, SIF_PROGRAM, SIF_DEVELOPMENT, CONVERT, SIF_JUPYTER),
        *(PACKAGE, ON_TOP, ON_TOP_RUN, NEW, INSIDE, *BUILD, BILL),
    ]


@dataclass(frozen=True)
class Shell:
    """A shell in a folder."""

    folder: Path
    environment: dict[str, str]

    def __call__(self, command: str, **variables: str) -> str:
        """Run a command of the page, which must succeed; what it prints."""
        environment = {**self.environment, **variables}
        return passes("sh", "-c", command, cwd=self.folder, env=environment, timeout=900)

    def typed(self, command: str, *lines: str) -> str:
        """Run it in a terminal, and type these lines; what stands there in the end."""
        environment = {**os.environ, **self.environment, "TERM": "dumb"}
        terminal = pexpect.spawn(
            "sh", ["-c", command], cwd=self.folder, env=environment, encoding="utf-8", timeout=120
        )
        for line in (*lines, "exit"):
            terminal.sendline(line)
        terminal.expect(pexpect.EOF)
        terminal.close()
        assert terminal.exitstatus == 0, terminal.before
        return CONTROL.sub("", str(terminal.before))

    @contextmanager
    def started(self, command: str, **variables: str) -> Iterator[Path]:
        """Run it for a while; where it writes what it says."""
        log = self.folder / "log"
        with log.open("w") as output:
            process = subprocess.Popen(
                ["sh", "-c", command],
                cwd=self.folder,
                env={**os.environ, **self.environment, **variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield log
        finally:
            os.killpg(process.pid, 15)
            process.wait(timeout=60)


@pytest.fixture
def shell(published: Published, docker: Docker, tmp_path: Path) -> Shell:
    """A shell whose ``$CDE`` lies in the registry of the tests."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "docker").write_text(DOCKER.replace("CLIENT", docker.client), encoding="utf-8")
    (programs / "docker").chmod(0o755)
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    (tmp_path / "work").mkdir(mode=0o777)
    cde = {"CDE": published.reference}
    return Shell(tmp_path / "work", {**docker.environment, **cde, "PATH": path})


@pytest.fixture
def with_development(shell: Shell, trixie: Cde, docker: Docker) -> Shell:
    """The same, when the development image has been pulled too."""
    docker("tag", trixie.development, f"{shell.environment['CDE']}-dev")
    return shell


@pytest.fixture
def node(shell: Shell, cluster: Apptainer) -> Shell:
    """The same on a node of a cluster."""
    os.chown(shell.folder, cluster.work.stat().st_uid, -1)
    path = os.pathsep.join([str(cluster.program.parent), shell.environment["PATH"]])
    return Shell(shell.folder, {**shell.environment, "PATH": path})


ANALYSIS = """\
import h5py
with h5py.File("result.h5", "w") as file:
    file["x"] = [1.0, 2.0]
print("written")
"""


def test_an_image_is_pulled(shell: Shell, docker: Docker) -> None:
    docker("rmi", "--force", shell.environment["CDE"])
    said = shell(PULL)
    assert f"Status: Downloaded newer image for {shell.environment['CDE']}" in said
    assert shell(WHICH) == f"{VERSION}\n"


def test_a_program_of_one_s_own_runs(shell: Shell) -> None:
    (shell.folder / "analysis.py").write_text(ANALYSIS)
    assert shell(PROGRAM) == "written\n"
    assert (shell.folder / "result.h5").stat().st_uid == os.getuid()


def test_a_shell_runs(shell: Shell) -> None:
    (shell.folder / "here").touch()
    said = shell.typed(SHELL, "ls", "echo I am $(id -un) in $PWD")
    assert "I am lisauser in /work" in said
    assert re.search(r"^here\r?$", said, flags=re.MULTILINE)


def test_the_image_tells_what_is_in_it(shell: Shell) -> None:
    assert re.search(r"^h5py==\S+$", shell(PYTHON), flags=re.MULTILINE)
    assert re.search(r"^libhdf5-dev(:\w+)?\t1[.]\S+$", shell(DEBIAN), flags=re.MULTILINE)


def test_bash_has_the_tools(with_development: Shell) -> None:
    said = with_development.typed(BASH, "ruff --version")
    assert re.search(r"^ruff \d", said, flags=re.MULTILINE)


# --- Jupyter --------------------------------------------------------------------------------------


def answer(docker: Docker, path: str, token: str = "") -> str:
    """The status with which the service in the container answers."""
    ask = ("curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}")
    patient = ("--retry", "60", "--retry-delay", "1", "--retry-connrefused")
    who = ("--header", f"Authorization: token {token}") if token else ()
    return docker("exec", "jupyter", *ask, *patient, *who, f"http://127.0.0.1:8888{path}")


@contextmanager
def jupyter(shell: Shell, docker: Docker, command: str, **variables: str) -> Iterator[Path]:
    """Run the service in a network of its own; where it writes what it says."""
    with shell.started(command, NETWORK="none", **variables) as log:
        wait_for(docker, there=True)
        yield log
    wait_for(docker, there=False)


def wait_for(docker: Docker, *, there: bool) -> None:
    """Wait until the container runs, or until nothing is left of it."""
    end = time.monotonic() + 60
    which = ("ps", "--quiet", "--filter=name=jupyter", *([] if there else ["--all"]))
    while bool(docker(*which)) != there and time.monotonic() < end:
        time.sleep(0.2)


def test_jupyter_prints_an_address_with_a_token(with_development: Shell, docker: Docker) -> None:
    (with_development.folder / "mine.txt").touch()
    with jupyter(with_development, docker, JUPYTER) as log:
        assert answer(docker, "/api/contents") == "403"
        (token,) = set(re.findall(r"127[.]0[.]0[.]1:8888/lab[?]token=(\w+)", log.read_text()))
        assert answer(docker, "/api/contents/mine.txt", token) == "200"
        assert answer(docker, "/lab", token) == "200"


def test_jupyter_takes_a_token_of_one_s_own(with_development: Shell, docker: Docker) -> None:
    own = {"JUPYTER_TOKEN": "mine"}
    with jupyter(with_development, docker, JUPYTER_WITH_TOKEN, **own):
        assert answer(docker, "/api/contents") == "403"
        assert answer(docker, "/api/contents", "mine") == "200"


# --- Apptainer ------------------------------------------------------------------------------------


def test_an_apptainer_image_is_pulled_and_runs(node: Shell) -> None:
    (node.folder / "analysis.py").write_text(ANALYSIS)
    node(SIF)
    assert node(SIF_PROGRAM) == "written\n"
    assert (node.folder / "result.h5").is_file()


def test_another_image_is_converted(node: Shell) -> None:
    node(CONVERT)
    assert node("apptainer exec lisa-cde.sif git --version").startswith("git version 2.")


def status(url: str) -> int:
    """The status that a service answers with, once it is there."""
    end = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(url) as answered:  # noqa: S310 - it is ours
                return int(answered.status)
        except urllib.error.HTTPError as error:
            return error.code
        except urllib.error.URLError:
            assert time.monotonic() < end
            time.sleep(0.5)


def test_jupyter_runs_on_a_node(node: Shell) -> None:
    node(SIF_DEVELOPMENT)
    with node.started(SIF_JUPYTER) as log:
        assert status("http://127.0.0.1:8899/api/contents") == 403
        (token,) = set(re.findall(r"127[.]0[.]0[.]1:8899/lab[?]token=(\w+)", log.read_text()))
        assert status(f"http://127.0.0.1:8899/api/contents?token={token}") == 200


# --- Images on top, and images of one's own -------------------------------------------------------


def test_a_package_s_image_is_built_on_it(shell: Shell, tmp_path: Path) -> None:
    project = Shell(make_project(tmp_path / "lisa-noise"), shell.environment)
    project(PACKAGE)
    assert project("docker run --rm lisa-noise:1.2.3 lisa-noise --version") == "1.2.3\n"


def test_a_few_packages_go_on_top(shell: Shell) -> None:
    (dockerfile,) = re.findall(r"^```dockerfile\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    (shell.folder / "Dockerfile").write_text(dockerfile)
    shell(ON_TOP)
    assert shell(ON_TOP_RUN) == ""
    frozen = set(shell("docker run --rm mine:1 python3 -m pip freeze --all").splitlines())
    before = set(shell(PYTHON).splitlines())
    assert before - frozen == set()
    assert "pooch==1.9.0" in frozen - before


def usual(name: str) -> str:
    """A package's name in the one spelling that can be compared."""
    return str(canonicalize_name(name))


def pair(line: str, sign: str) -> tuple[str, str]:
    """Name and version of a package."""
    name, _, version = line.partition(sign)
    return usual(name), version


def test_a_pair_of_one_s_own_is_made_built_and_listed(shell: Shell, trixie: Cde) -> None:
    """The base image of the tests stands in for Debian's, so all of it lies in the cache."""
    own = Shell(
        shell.folder,
        {
            **shell.environment,
            "LISA_BASE_IMAGE": f"localhost/debian:{trixie.release}",
            "VERSION": VERSION,
            "REVISION": git("rev-parse", "HEAD", cwd=trixie.repository.root).strip(),
        },
    )
    own(NEW)
    for command in (*BUILD, BILL.replace("X.Y.Z", VERSION)):
        own(f"{INSIDE} && {command}")
    listed = own.folder / "lisa-cde/reports"
    bill = json.loads((listed / "operations.cdx.json").read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    found = {(usual(part["name"]), part.get("version")) for part in bill["components"]}
    pins = {pair(line, "==") for line in shell(PYTHON).splitlines()}
    debian = {pair(line.replace(":amd64", ""), "\t") for line in shell(DEBIAN).splitlines()}
    assert len(debian) > 150
    assert (pins | debian) - found == set()
    page = (listed / "operations.md").read_text(encoding="utf-8")
    assert re.search(r"^\| h5py \| [0-9.]+ \|$", page, flags=re.MULTILINE)
    assert re.search(r"^\| libhdf5-dev \| 1[.]\S+ \|$", page, flags=re.MULTILINE)
