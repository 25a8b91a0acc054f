"""A cluster of one node: Slurm as Debian has it, behind an SSH server of our own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ...support.tools import passes
from .ceph import free_port, process
from .machine import need, need_root

SETTINGS = """\
ClusterName=lisatest
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CredType=cred/munge
SlurmctldPort={controller}
SlurmdPort={node}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=2000 State=UNKNOWN
PartitionName=lisa Nodes={host} Default=YES MaxTime=01:00:00 State=UP
"""
SSHD = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/id.pub
PidFile {folder}/sshd.pid
StrictModes no
PermitRootLogin prohibit-password
UsePAM no
Subsystem sftp internal-sftp
SetEnv {variables}
"""


@dataclass(frozen=True)
class Cluster:
    """A login node that answers on the loopback.

    Attributes
    ----------
    port
        Of its SSH server.
    key
        The file of the key that may come in.
    host_key
        The public key of the node.
    environment
        Variables of who is logged in.
    """

    port: int
    key: Path
    host_key: str
    environment: Mapping[str, str]

    def __call__(self, *command: str) -> str:
        """Run a command of Slurm on the node."""
        return passes(*command, cwd=Path("/"), env=dict(self.environment))


@contextmanager
def running(folder: Path, variables: Mapping[str, str]) -> Iterator[Cluster]:
    """Start a cluster whose users have these variables, and end it."""
    need_root()
    ports = {name: free_port() for name in ("controller", "node", "ssh")}
    host = socket.gethostname().partition(".")[0]
    # munged wants no folder above its socket that others may write to, but /tmp.
    folder.chmod(0o755)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "munge.key").chmod(0o400)
    config = folder / "slurm.conf"
    config.write_text(
        SETTINGS.format(
            folder=folder,
            host=host,
            controller=ports["controller"],
            node=ports["node"],
            cpus=len(os.sched_getaffinity(0)),
        )
    )
    environment = {**variables, "SLURM_CONF": str(config)}
    for name in ("host", "id"):
        passes(need("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", name, cwd=folder)
    told = " ".join(f'{name}="{value}"' for name, value in environment.items())
    sshd = folder / "sshd_config"
    sshd.write_text(SSHD.format(folder=folder, port=ports["ssh"], variables=told))
    Path("/run/sshd").mkdir(exist_ok=True)
    with ExitStack() as stack:
        log = folder / "log"

        def start(program: str, *words: str | Path) -> None:
            stack.enter_context(process(need(program), *words, log=log, env=environment))

        start(
            "munged",
            *("--foreground", "--force", f"--key-file={folder}/munge.key"),
            *(f"--socket={folder}/munge.sock", f"--pid-file={folder}/munged.pid"),
            *(f"--seed-file={folder}/munge.seed", f"--log-file={folder}/munged.log"),
        )
        _wait(log, (folder / "munge.sock").exists)
        start("slurmctld", "-D", "-c", "-f", config)
        start("slurmd", "-D", "-c", "-f", config)
        start("sshd", "-D", "-e", "-f", sshd)
        key = (folder / "host.pub").read_text().split()[1]
        cluster = Cluster(ports["ssh"], folder / "id", key, environment)
        asked = [need("sinfo"), "--noheader", "--format=%T"]
        _wait(log, lambda: "idle" in _output(asked, environment))
        yield cluster


def _output(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    return done.stdout


def _wait(log: Path, is_so: object, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if callable(is_so) and is_so():
            return
        time.sleep(0.5)
    pytest.fail(f"the cluster does not start:\n{log.read_text()[-3000:]}", pytrace=False)
