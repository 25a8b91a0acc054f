"""The two services of the bench: the template's kind ``service``, and cookiecutter-django's.

Both are as they would stand in their own images: from their own locks, in their settings for
production, behind a proxy that speaks TLS. Only the interpreter is one and the same.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

from servers import call

SCRIPTS = Path(sys.executable).parent
HOST = "site.test"
HEADERS = {
    "Host": HOST,
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Proto": "https",
    "X-Request-ID": "00000000-0000-4000-8000-000000000000",
}
# No cloud, no Docker (the template would call it), pages' files from the service itself.
ANSWERS = {
    "project_name": "peer",
    "domain_name": "example.org",
    "use_docker": "n",
    "cloud_provider": "None",
    "mail_service": "Other SMTP",
    "use_whitenoise": "y",
}
# Both behind the same server: the options of the template's own, with a process for each core.
ALIKE = "--preload --workers 2 --worker-class gthread --threads 4 --timeout 60 --keep-alive 5"
SOMEBODY = """
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
somebody = get_user_model().objects.create_user("jo", "jo@example.org", "tides-and-waves")
client = Client()
client.force_login(somebody, "django.contrib.auth.backends.ModelBackend")
name = settings.SESSION_COOKIE_NAME
print("COOKIE", f"{name}={client.cookies[name].value}")
"""
CHALLENGE = """
from django.utils import timezone
from challenges.models import Challenge
made = Challenge.objects.create(slug="tides", title="Tides")
made.datasets.create(name="tides.h5", sha256="0" * 64, size=1, published=timezone.now())
"""


@dataclass
class Site:
    """A service that can be started.

    Attributes
    ----------
    name, folder, scripts, environment
        What it is called, where it is, the programs of its environment, its settings.
    serve
        What its own image runs, as a script that knows ``PORT``.
    application
        What a server imports.
    pages
        What is compared → the path of the page.
    """

    name: str
    folder: Path
    scripts: Path
    environment: dict[str, str]
    serve: Path
    application: str
    pages: dict[str, str]
    cookie: str = field(default="", init=False)

    def manage(self, *words: str) -> str:
        python, manage = self.scripts / "python3", self.folder / "manage.py"
        return call(python, manage, *words, cwd=self.folder, env=self.environment)

    def log_in(self) -> None:
        """Somebody has an account, and is logged in."""
        told = self.manage("shell", "--command", SOMEBODY)
        self.cookie = told.rpartition("COOKIE ")[2].split()[0]

    def headers(self, page: str) -> dict[str, str]:
        return {**HEADERS, "Cookie": self.cookie} if page in ("account", "download") else HEADERS

    def command(self, *, alike: bool, port: int) -> list[str | Path]:
        if not alike:
            return ["/bin/bash", self.serve]
        bind = ["--bind", f"127.0.0.1:{port}", "--worker-tmp-dir", "/tmp", "--no-control-socket"]
        return [self.scripts / "gunicorn", self.application, *bind, *ALIKE.split()]


def version_of(python: str) -> str:
    show = "import sys; print('%d.%d' % sys.version_info[:2])"
    return call(python, "-c", show, cwd=Path("/")).strip()


def make_own(folder: Path, python: str, database: Mapping[str, str]) -> Site:
    """The template's service, with one challenge."""
    root, scripts = folder / "own", folder / "own-venv/bin"
    # The lock is that of a release of Debian, whose Python this one has to be.
    debian = "bookworm" if version_of(python) == "3.11" else "trixie"
    answers = ["--data=kind=service", f"--data=debian={debian}"]
    call(SCRIPTS / "lisa-new", root, "--defaults", *answers, cwd=folder)
    uv = SCRIPTS / "uv"
    call(uv, "venv", "--python", python, scripts.parent, cwd=folder)
    install = ["pip", "install", "--compile-bytecode", "--only-binary=:all:", "--require-hashes"]
    locked = ["--python", str(scripts / "python3"), "--requirement=requirements.txt"]
    call(uv, *install, *locked, cwd=root)
    environment = {
        **_basics(scripts),
        **_image_variables(root),
        "SITE_HOST": HOST,
        "EMAIL_VERIFICATION": "none",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "S3_ENDPOINT": "http://127.0.0.1:9",
        "S3_BUCKET": "data",
        "S3_ACCESS_KEY": "bench",
        "S3_SECRET_KEY": "bench",
        **{f"DB_{name.upper()}": value for name, value in database.items()},
    }
    pages = {
        "small": "/livez",
        "home": "/",
        "login": "/accounts/login/",
        "account": "/tokens/",
        # Of these the peer has nothing; what they load counts as memory.
        "plot": "/challenges/tides/downloads/",
        "download": "/datasets/1/",
    }
    serve = root / "bin/serve"
    site = Site("own", root, scripts, environment, serve, "service.wsgi", pages)
    site.manage("collectstatic", "--no-input", "--verbosity=0")
    call("/bin/sh", root / "bin/migrate", cwd=root, env=environment)
    site.manage("shell", "--command", CHALLENGE)
    site.log_in()
    return site


def make_peer(
    folder: Path, clone: Path, python: str, database: Mapping[str, str], redis: int
) -> Site:
    """cookiecutter-django's service, from a copy of its template that allows this Python."""
    template = folder / "template"
    call("git", "clone", "--quiet", clone, template, cwd=folder)
    inner = template / "{{cookiecutter.project_slug}}"
    version = version_of(python)
    (inner / ".python-version").write_text(f"{version}\n")
    for path in (inner / "pyproject.toml", inner / "uv.lock"):
        text = path.read_text()
        path.write_text(re.sub(r"(?m)^(requires-python = ).*", rf'\1"=={version}.*"', text))
    given = [f"{name}={value}" for name, value in ANSWERS.items()]
    environment = {**_basics(SCRIPTS), "UV_PYTHON": python}
    words = ["--no-input", "--output-dir", str(folder), str(template), *given]
    call(SCRIPTS / "cookiecutter", *words, cwd=folder, env=environment)
    root, scripts = folder / "peer", folder / "peer/.venv/bin"
    sync = ["sync", "--locked", "--no-dev", "--compile-bytecode"]
    call(SCRIPTS / "uv", *sync, cwd=root, env=environment)
    environment = {
        **_basics(scripts),
        **_dotenv(root / ".envs/.production/.django"),
        "DJANGO_ALLOWED_HOSTS": HOST,
        "REDIS_URL": f"redis://127.0.0.1:{redis}/0",
        "POSTGRES_DB": database["name"],
        **{f"POSTGRES_{name.upper()}": value for name, value in database.items()},
    }
    pages = {
        "small": "/about/",
        "home": "/",
        "login": "/accounts/login/",
        "account": "/users/jo/",
    }
    serve = _peer_start(inner, root)
    site = Site("peer", root, scripts, environment, serve, "config.wsgi", pages)
    site.manage("migrate", "--no-input", "--verbosity=0")
    site.manage("collectstatic", "--no-input", "--verbosity=0")
    site.log_in()
    return site


def _peer_start(inner: Path, root: Path) -> Path:
    """The start script of the peer's image, which a project without Docker goes without."""
    text = (inner / "compose/production/django/start").read_text()
    context = {**ANSWERS, "use_async": "n", "frontend_pipeline": "None"}
    rendered = jinja2.Template(text).render(cookiecutter=context)
    path = root / "start"
    path.write_text(rendered.replace("/app", str(root)).replace("0.0.0.0:5000", "127.0.0.1:$PORT"))
    return path


def _basics(scripts: Path) -> dict[str, str]:
    path = f"{scripts}:{SCRIPTS}:/usr/local/bin:/usr/bin:/bin"
    # Where uv finds packages on this machine.
    told = {name: value for name, value in os.environ.items() if name.startswith(("UV_", "SSL_"))}
    return {"PATH": path, "LANG": "C.UTF-8", "HOME": str(Path.home()), **told}


def _image_variables(root: Path) -> dict[str, str]:
    """What the image's ``ENV`` says of Python."""
    text = (root / "Dockerfile").read_text()
    found = dict(re.findall(r"\b(PYTHON\w+)=(\S+)", text))
    return {**found, "PYTHONPATH": str(root)}


def _dotenv(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if re.match(r"\w+=", line)]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}
