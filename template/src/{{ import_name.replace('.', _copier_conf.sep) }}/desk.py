"""The desk: Airflow, a store, the relay and the steps on this machine, by Docker Compose.

Nobody has to choose a password: each is made once, and lies below ``secrets/``, which git does not
see. What differs between machines goes into ``.env``, where Compose looks for it.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from .receipts import Receipts
from .steps import ConfigError, find_home, list_last, load_site
from .store import Arrival, Store

NOBODY = 50000
"""The user of Airflow's own image: root has no place in a container."""

STORE_LOGIN = """\
[default]
aws_access_key_id = desk
aws_secret_access_key = {store_key}
"""


def start(*, build: bool) -> list[str]:
    """Start the desk, and wait until all of it is ready.

    Parameters
    ----------
    build
        Whether the images are built first.

    Returns
    -------
    list of str
        Where it is, and who gets in.

    Raises
    ------
    ConfigError
        If there is no Docker engine on this machine.
    subprocess.CalledProcessError
        If Compose cannot do it.
    """
    settings = prepare(find_home())
    if build:
        _compose("--profile", "steps", "build")
    _compose("up", "--detach", "--wait", "--no-build")
    return [
        f"Airflow: http://localhost:{settings['AIRFLOW_PORT']}, user admin, password in"
        f" {find_home() / 'secrets/admin_password'}",
        f"Store: http://localhost:{settings['STORE_PORT']}, login in"
        f" {find_home() / 'secrets/store_login'}",
    ]


def stop(*, forget: bool) -> None:
    """Stop the desk; with ``forget``, drop all that it has kept but the secrets."""
    _compose("down", "--remove-orphans", *(["--volumes"] if forget else []))
    if forget:
        for path in find_home().joinpath("work").glob("relay.db*"):
            path.unlink()


def prepare(home: Path) -> dict[str, str]:
    """Make the secrets and the settings that are not there yet.

    Returns
    -------
    dict of str to str
        The settings.

    Raises
    ------
    ConfigError
        If Docker is reached by a network, and not by a socket of this machine.
    """
    folder = home / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    made = {name: secrets.token_urlsafe(32) for name in ("api_key", "jwt_key", "store_key")}
    made |= {name: secrets.token_urlsafe(24) for name in ("db_password", "admin_password")}
    made |= {name: secrets.token_urlsafe(24) for name in ("relay_password", "relay_token")}
    made["fernet_key"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    made = {name: _keep(folder / name, value) for name, value in made.items()}
    users = {"admin": made["admin_password"], "relay": made["relay_password"]}
    _keep(folder / "passwords", json.dumps(users))
    _keep(folder / "database", f"postgresql://airflow:{made['db_password']}@db/airflow")
    _keep(folder / "store_login", STORE_LOGIN.format(**made))
    path = home / ".env"
    if not path.exists():
        lines = [f"{name}={value}\n" for name, value in _look_around(home).items()]
        path.write_text("".join(lines), encoding="utf-8")
    settings = _read_settings(home)
    work, user = Path(settings["WORK"]), int(settings["DESK_USER"])
    for each in (work, work / "logs"):
        each.mkdir(exist_ok=True)
        if os.getuid() != user:
            os.chown(each, user, 0)
    return settings


def _keep(path: Path, value: str) -> str:
    # Containers read the files as other users: the folder is what keeps people out.
    if not path.exists():
        path.write_text(value, encoding="utf-8")
        path.chmod(0o644)
    return path.read_text(encoding="utf-8")


def _look_around(home: Path) -> dict[str, str]:
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    socket = Path(host.removeprefix("unix://"))
    if not host.startswith("unix://") or not socket.exists():
        message = f"{host}: no Docker engine on this machine; DOCKER_HOST names its socket"
        raise ConfigError(message)
    return {
        "AIRFLOW_PORT": os.environ.get("AIRFLOW_PORT", "8080"),
        "DESK_USER": str(os.getuid() or NOBODY),
        "DOCKER_GROUP": str(socket.stat().st_gid),
        "DOCKER_SOCKET": str(socket),
        "STORE_PORT": os.environ.get("STORE_PORT", "9000"),
        "WORK": str(home / "work"),
    }


def _read_settings(home: Path) -> dict[str, str]:
    try:
        lines = (home / ".env").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        message = f"{home / '.env'}: no such file: start the desk first"
        raise ConfigError(message) from None
    return dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")


def _compose(*words: str) -> None:
    command = ["docker", "compose"]
    done = subprocess.run([*command, "version"], capture_output=True, check=False)  # noqa: S603
    if done.returncode and shutil.which("docker-compose"):
        command = ["docker-compose"]
    subprocess.run([*command, *words], check=True, cwd=find_home())  # noqa: S603


def put(path: Path, key: str, seconds: float) -> str:
    """Put a file into the store as data that arrive, and wait for the first product.

    Parameters
    ----------
    path
        The file.
    key
        Its key in the bucket; empty: its own name, below the prefix of what arrives.
    seconds
        How long the product is waited for.

    Returns
    -------
    str
        The name of the product.

    Raises
    ------
    ConfigError
        If there is no such file, no desk, or no product after that time.
    """
    import boto3

    if not path.is_file():
        message = f"{path}: no such file"
        raise ConfigError(message)
    settings = _read_settings(find_home())
    site = load_site("local")
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{settings['STORE_PORT']}",
        region_name="us-east-1",
        aws_access_key_id="desk",
        aws_secret_access_key=(find_home() / "secrets/store_key").read_text(encoding="utf-8"),
    )
    store = Store(site, client)
    bucket = store.arrivals["bucket"]
    key = key or store.arrivals["prefix"] + path.name
    with path.open("rb") as body:
        told: Mapping[str, str] = client.put_object(Bucket=bucket, Key=key, Body=body)
    arrival = Arrival(bucket, key, told["ETag"].strip('"'))
    if not store.is_awaited(arrival):
        message = f"s3://{bucket}/{key}: {site.name} waits for none of that prefix and suffix"
        raise ConfigError(message)
    books = [Receipts(store, name) for name in list_last()]
    end = time.monotonic() + seconds
    while not (product := next(filter(None, (each.find_product(arrival) for each in books)), "")):
        if time.monotonic() > end:
            message = f"s3://{bucket}/{key}: no product after {seconds:.0f} s: look into Airflow"
            raise ConfigError(message)
        time.sleep(1)
    return product
