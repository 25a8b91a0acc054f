"""Django: settings of production, and those that are no business of ours."""

from __future__ import annotations

import pytest

from ..support.checking import Found, changed, clean, edited, findings, found, text

PRODUCTION = "site/settings/production.py"
HEAD = "from .base import *\n\nDATABASES = {}\n"
SERVED = {
    "manage.py": "",
    "site/wsgi.py": 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site.settings")\n',
    "Dockerfile": "FROM python:3.13\nUSER 1\n",
}
WRONG = {
    "DJA001": "DEBUG = True",
    "DJA002": 'ALLOWED_HOSTS = ["*"]',
    "DJA003": "SECRET_KEY = 'django-insecure-f4$h!9k'",
    "DJA004": "SESSION_COOKIE_SECURE = False",
    "DJA007": "SECURE_SSL_REDIRECT = False",
}


def django(line: str, path: str = PRODUCTION, **others: str) -> dict[str, str]:
    """A repository with settings that have a line."""
    return {path: f"{HEAD}{line}\n", **others}


def test_a_fresh_service_passes() -> None:
    assert found(clean(kind="service"), "DJA") == []


@pytest.mark.parametrize("code", WRONG)
def test_what_production_must_not_have(code: str) -> None:
    assert found(django(WRONG[code]), "DJA") == [(code, PRODUCTION, 4)]
    annotated = WRONG[code].replace(" =", ": object =", 1)
    assert found(django(annotated), "DJA") == [(code, PRODUCTION, 4)]


@pytest.mark.parametrize("code", [*WRONG][:4])
def test_a_service_of_the_template_must_not_be_open(code: str) -> None:
    fresh = clean(kind="service")
    path = "service/settings.py"
    opened = {**fresh, path: f"{text(fresh, path)}{WRONG[code]}\n"}
    told = [(each.code, each.path, each.severity) for each in findings(opened, "DJA")]
    assert told == [(code, path, "must")]
    # What was adopted, or is no project of the template, may be meant for a desk.
    for record in ("_src_path: x\nkind: service\nadopted: true\n", "kind: service\n"):
        foreign = {**django(WRONG[code]), ".copier-answers.yml": record}
        assert [each.severity for each in findings(foreign, code)] == ["should"]


@pytest.mark.parametrize(
    "line",
    [
        "DEBUG = False",
        'DEBUG = os.environ.get("DEBUG", True)',
        "DEBUG = True\nif ON:\n    DEBUG = False",
        "DEBUG = True\nDEBUG = False",
        "DEBUG = True\nfrom .local import *",
        "DEBUG = True\ntry:\n    from local import *\nexcept ImportError:\n    pass",
        "DEBUG = True\ninclude('more.py')",
        'ALLOWED_HOSTS = os.environ.get("HOSTS", "*").split(",")',
        'ALLOWED_HOSTS = [".example.org"]',
        'SECRET_KEY = env("SECRET_KEY")',
        'SECRET_KEY = "change-me"',
        'SECRET_KEY = "{{ secret }}"',
        'SECRET_KEY = ""',
        "CSRF_COOKIE_SECURE = not DEBUG",
        "def f():\n    DEBUG = True",
        "DEBUG = = 1",
    ],
)
def test_what_is_right_or_cannot_be_told(line: str) -> None:
    assert found(django(line), "DJA") == []


@pytest.mark.parametrize(
    ("path", "is_production"),
    [
        ("site/settings/prod.py", True),
        ("site/settings/environments/staging.py", True),
        ("site/settings_production.py", True),
        ("site/preprod_settings.py", True),
        ("site/settings/local.py", False),
        ("site/settings/base.py", False),
        ("tests/settings/production.py", False),
        ("examples/a/settings/production.py", False),
        ("{{ name }}/settings/production.py", False),
        ("site/production.py", False),
    ],
)
def test_names_that_tell_of_production(path: str, is_production: bool) -> None:
    wanted: list[Found] = [("DJA001", path, 4)] if is_production else []
    assert found(django("DEBUG = True", path), "DJA") == wanted


@pytest.mark.parametrize(
    ("folder", "is_production"),
    [
        *(("dev_env", False), ("dev", False), ("development", False), ("dev-site", False)),
        *(("devices", True), ("site", True)),
    ],
)
def test_settings_in_a_folder_for_developers(folder: str, *, is_production: bool) -> None:
    path = f"{folder}/settings.py"
    served = {
        name.replace("site/", f"{folder}/"): text.replace("site.", f"{folder}.")
        for name, text in SERVED.items()
    }
    wanted: list[Found] = [("DJA001", path, 4)] if is_production else []
    assert found(django("DEBUG = True", path, **served), "DJA001") == wanted


def test_the_only_settings_of_what_runs_as_an_image() -> None:
    path = "site/settings.py"
    files = django("DEBUG = True", path, **SERVED)
    assert found(files, "DJA") == [("DJA001", path, 4)]
    below = {f"backend/{name}": content for name, content in files.items()}
    assert found(below, "DJA") == [("DJA001", f"backend/{path}", 4)]
    for changes in (
        {"Dockerfile": None},
        {"site/wsgi.py": None},
        {"site/local_settings.py": HEAD},
        {"Dockerfile": "FROM python:3.13\nENV DJANGO_SETTINGS_MODULE=site.other\nUSER 1\n"},
    ):
        assert found(changed(files, changes), "DJA") == [], changes
    other = "site/settings/production.py"
    assert found({**files, other: f"{HEAD}DEBUG = False\n"}, "DJA") == []


REDIRECT = "SECURE_SSL_REDIRECT = False"
HSTS = "SECURE_HSTS_SECONDS = 0"


@pytest.mark.parametrize("line", [REDIRECT, HSTS])
def test_a_site_without_tls(line: str) -> None:
    assert found(django(line), "DJA") == [("DJA007", PRODUCTION, 4)]
    settled = "Caddyfile", "a.example.org { header Strict-Transport-Security max-age=1; tls a }"
    assert found(django(line, **dict([settled])), "DJA") == []
    for reason in ("# The load balancer does it.\n", "# nginx\n"):
        assert found(django(f"{reason}{line}"), "DJA") == []
        assert found(django(f"{line}  {reason}"), "DJA") == []


def test_a_proxy_that_redirects_need_not_send_the_header() -> None:
    proxy = {"deploy/nginx.conf": "return 301 https://$host;"}
    assert found(django(REDIRECT, **proxy), "DJA") == []
    assert found(django(HSTS, **proxy), "DJA") == [("DJA007", PRODUCTION, 4)]


@pytest.mark.parametrize(
    "line",
    [
        'SECURE_SSL_REDIRECT = env.bool("REDIRECT", default=False)',
        "SECURE_SSL_REDIRECT = 0",
        "SECURE_SSL_REDIRECT = False\nSECURE_SSL_REDIRECT = True",
        "SECURE_HSTS_SECONDS = int(os.environ.get('HSTS', 0))",
        "SECURE_HSTS_SECONDS = 60",
        "SECURE_HSTS_SECONDS = None",
        "",
    ],
)
def test_tls_that_is_left_to_the_place(line: str) -> None:
    assert found(django(line), "DJA") == []


@pytest.mark.parametrize("path", ["site/settings/local.py", "tests/settings/production.py"])
def test_a_desk_has_no_tls(path: str) -> None:
    assert found(django(REDIRECT, path), "DJA") == []


BASE = """\
INSTALLED_APPS = []
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
"""
SECURED = {PRODUCTION: f"{HEAD}CSRF_COOKIE_SECURE = True\n", "site/settings/base.py": BASE}


def test_a_site_that_speaks_tls_and_says_nothing_of_its_cookies() -> None:
    assert found(SECURED, "DJA") == [("DJA004", PRODUCTION, 1)]
    absolute = {PRODUCTION: "from site.settings.base import *\nDATABASES = {}\n"}
    assert found({**SECURED, **absolute}, "DJA") == [("DJA004", PRODUCTION, 1)] * 2
    below = {f"back/{path}": content for path, content in {**SECURED, **absolute}.items()}
    assert found(below, "DJA") == [("DJA004", f"back/{PRODUCTION}", 1)] * 2
    package = {**SECURED, "site/settings/base.py": None, "site/settings/base/__init__.py": BASE}
    assert found(changed({}, package), "DJA") == [("DJA004", PRODUCTION, 1)]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("site/settings/base.py", BASE.replace("SECURE_PROXY_SSL_HEADER", "A")),
        ("site/settings/base.py", BASE.replace("SessionMiddleware", "OtherMiddleware")),
        ("site/settings/base.py", f"{BASE}from there.settings import *\n"),
        ("site/settings/base.py", f"from dynaconf import LazySettings\n{BASE}"),
        ("site/settings/base.py", f"import django_heroku.settings\n{BASE}"),
        ("site/settings/base.py", f"{BASE}more(locals())\n"),
        ("site/settings/base.py", f"{BASE}= 1\n"),
        ("site/settings/base.py", None),
        (PRODUCTION, f"{HEAD}CSRF_COOKIE_SECURE = True\nSESSION_COOKIE_SECURE = ON\n"),
        (PRODUCTION, f"from ....base import *\n{HEAD}CSRF_COOKIE_SECURE = True\n"),
        ("site/apps.py", "settings.SESSION_COOKIE_SECURE = True\n"),
        (".env.production", "SESSION_COOKIE_SECURE=1\n"),
        ("deploy/nginx.conf", "proxy_cookie_flags ~ secure;\n"),
    ],
)
def test_cookies_that_something_else_may_secure(path: str, content: str | None) -> None:
    assert found(changed(SECURED, {path: content}), "DJA004") == []


def test_settings_that_bring_much_are_not_followed_for_ever() -> None:
    chain = {
        f"site/settings/part{number}.py": f"from .part{number + 1} import *\n"
        for number in range(30)
    }
    looped = {**SECURED, "site/settings/base.py": f"from .production import *\n{BASE}"}
    assert found(looped, "DJA004") == [("DJA004", PRODUCTION, 1)]
    long = {**SECURED, **chain, "site/settings/base.py": f"from .part0 import *\n{BASE}"}
    assert found({**long, "site/settings/part30.py": ""}, "DJA004") == []


@pytest.mark.parametrize(
    ("line", "code", "severity"),
    [
        ("SESSION_COOKIE_SECURE = True\n", "DJA004", "must"),
        ("CSRF_COOKIE_SECURE = True\n", "DJA004", "must"),
        ("SECURE_HSTS_SECONDS = 365 * 24 * 3600\n", "DJA007", "should"),
    ],
)
def test_a_service_of_the_template_without_one(line: str, code: str, severity: str) -> None:
    path = "service/settings.py"
    files = edited(clean(kind="service"), path, line, "")
    told = [(each.code, each.path, each.line, each.severity) for each in findings(files, "DJA")]
    assert told == [(code, path, 1, severity)]
