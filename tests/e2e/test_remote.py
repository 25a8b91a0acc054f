"""The pipeline's key on a machine: a real SSH server, a forced command, the lines of the jobs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from ..support.answers import answers, template
from ..support.tools import git, passes, run
from ..template.conftest import Render
from ..template.test_service import AS_IT_SAYS, Machine
from .parts.ceph import free_port, process
from .parts.compose import wait_for
from .parts.machine import need, need_root

SSHD = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized_keys
PidFile {folder}/sshd.pid
StrictModes no
PermitRootLogin prohibit-password
UsePAM no
Subsystem sftp internal-sftp
SetEnv PATH={path} LOG={log}
"""


@dataclass(frozen=True)
class Remote:
    """A machine that is reached by the pipeline's key.

    Attributes
    ----------
    machine
        The clone there, where Docker notes what it is asked.
    folder
        Of the keys.
    port
        Where the server listens.
    jobs
        The jobs of the service's pipeline.
    """

    machine: Machine
    folder: Path
    port: int
    jobs: dict[str, dict[str, list[str]]]

    def job(self, name: str, **variables: str) -> tuple[int, list[str]]:
        """Run the lines of a job of the pipeline; its exit code, and what it prints."""
        lines = [*self.jobs[".deploy"]["before_script"], *self.jobs[name]["script"]]
        told = {
            "CI_COMMIT_SHORT_SHA": "",
            "LISA_DEPLOY_HOST": f"ssh://root@127.0.0.1:{self.port}",
            "LISA_DEPLOY_KEY": str(self.folder / "pasted"),
            "LISA_DEPLOY_KNOWN_HOSTS": str(self.folder / "known_hosts"),
        }
        done = run("bash", "-euc", "\n".join(lines), cwd=self.folder, env={**told, **variables})
        return done.returncode, done.stdout.splitlines()

    def tries(self, *words: str) -> tuple[int, str]:
        """Use the key for something else."""
        options = ("BatchMode=yes", f"UserKnownHostsFile={self.folder / 'known_hosts'}")
        begin = (need("ssh"), "-i", str(self.folder / "id"), *(f"-o{each}" for each in options))
        done = run(*begin, *words, f"ssh://root@127.0.0.1:{self.port}", cwd=self.folder)
        return done.returncode, done.stdout


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Remote]:
    """A machine for production, set up as the page for operators says."""
    need_root()
    root, folder = tmp_path / "service", tmp_path / "keys"
    given = answers(kind="service")
    template().render(given, root)
    files = {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }
    machine = Machine(Render(given, root, files), tmp_path)
    folder.mkdir()
    for name in ("host", "id"):
        passes(need("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", name, cwd=folder)
    # The form of the page, with the clone and the key of this test.
    page = (root / "operations/README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r'(?m)^command="/srv/.*$', page)
    line = line.replace("/srv/lisa-data-challenge", str(machine.root)).replace(
        "PLACE", "production"
    )
    public = (folder / "id.pub").read_text().split()[1]
    assert line.count("AAAA...") == 1
    (folder / "authorized_keys").write_text(line.replace("AAAA...", public) + "\n")
    # As a variable of GitLab's has it that somebody pasted on Windows.
    (folder / "pasted").write_bytes((folder / "id").read_bytes().replace(b"\n", b"\r\n"))
    port, log = free_port(), folder / "log"
    host = (folder / "host.pub").read_text().split()[1]
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} ssh-ed25519 {host}\n")
    (folder / "sshd_config").write_text(
        SSHD.format(port=port, folder=folder, path=machine.env["PATH"], log=machine.log)
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    jobs = yaml.safe_load((root / ".gitlab/ci/service.yml").read_text(encoding="utf-8"))
    log.touch()
    with process(need("sshd"), "-D", "-e", "-f", folder / "sshd_config", log=log):
        wait_for(lambda: "Server listening" in log.read_text(), 30)
        yield Remote(machine, folder, port, jobs)


def test_the_pipeline_releases_a_version_by_its_key_and_asks_for_drift(remote: Remote) -> None:
    said = ["1.0.0 answers in production, as blue; before it: nothing."]
    assert remote.job("production", CI_COMMIT_TAG="v1.0.0") == (0, said)
    assert remote.machine.version == "v1.0.0"
    assert remote.job("drift") == (0, [AS_IT_SAYS.format("1.0.0")])
    path = remote.machine.root / "deploy/production.env"
    path.write_text("edited\n", encoding="utf-8")
    code, told = remote.job("drift")
    assert (code, told[-1]) == (1, "M\tdeploy/production.env")


def test_a_commit_is_refused_where_versions_alone_are_released(remote: Remote) -> None:
    commit = git("rev-parse", "--short=8", "v1.0.0", cwd=remote.machine.root).strip()
    told = [f"{commit} is not X.Y.Z: production takes versions alone."]
    assert remote.job("production", CI_COMMIT_SHORT_SHA=commit) == (2, told)
    assert not (remote.machine.root / "state").exists()


def test_the_key_opens_no_shell_no_port_and_no_file(remote: Remote) -> None:
    mine = "This key may: release VERSION, back, drift.\n"
    assert remote.tries("-T") == (2, mine)
    (remote.folder / "sub").mkdir()
    for words in (["-tt"], ["-s"]):
        code, said = remote.tries(*words)
        assert (code != 0, "root@" in said, "#" in said) == (True, False, False), said
    code, said = remote.tries("-W", f"127.0.0.1:{remote.port}")
    assert (code, "administratively prohibited" in said) == (255, True), said
    target = f"sftp://root@127.0.0.1:{remote.port}/etc/passwd"
    options = (f"-oIdentityFile={remote.folder / 'id'}", "-oBatchMode=yes")
    known = f"-oUserKnownHostsFile={remote.folder / 'known_hosts'}"
    done = run("sftp", *options, known, target, cwd=remote.folder / "sub")
    assert done.returncode != 0
    assert os.listdir(remote.folder / "sub") == []  # noqa: PTH208
    assert not remote.machine.log.exists()


def test_a_machine_that_is_another_gets_no_word(remote: Remote) -> None:
    passes(need("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", "other", cwd=remote.folder)
    other = (remote.folder / "other.pub").read_text().split()[1]
    known = remote.folder / "known_hosts"
    known.write_text(f"[127.0.0.1]:{remote.port} ssh-ed25519 {other}\n")
    code, said = remote.job("production", CI_COMMIT_TAG="v1.0.0")
    assert (code, said[-1]) == (255, "Host key verification failed.")
    assert not (remote.machine.root / "state").exists()
