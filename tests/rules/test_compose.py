"""Docker Compose: what it refuses, and what should not run where others reach it."""

from __future__ import annotations

import re

import pytest

from ..support.checking import Found, clean, edited, findings, found, messages, text

FILE = "compose.yaml"


def compose(body: str, name: str = FILE, **others: str) -> dict[str, str]:
    """A repository that has a file of Compose and no more."""
    return {"Dockerfile": "FROM debian:13\nUSER 1\n", name: body, **others}


def web(*lines: str) -> dict[str, str]:
    """One with a service of these lines."""
    body = "".join(f"    {line}\n" for line in ("image: nginx:1.29", *lines))
    return compose(f"services:\n  web:\n{body}")


def test_a_fresh_service_passes() -> None:
    assert found(clean(kind="service"), "CMP") == []


def test_where_there_is_no_compose_nothing_is_looked_at() -> None:
    assert found({"Dockerfile": "FROM debian:13\n"}, "CMP") == []
    assert found(compose("[1, 2]\n"), "CMP") == []
    assert found(compose("services: [a]\n"), "CMP") == []
    assert found(compose("services: {a: 3, b: }\n"), "CMP") == []


@pytest.mark.parametrize("path", ["docker-compose.yml", "deploy/compose.production.yaml"])
def test_files_by_any_of_their_names_are_read(path: str) -> None:
    body = "services:\n  web:\n    image: a\n    volume: []\n"
    assert found(compose(body, path), "CMP001") == [("CMP001", path, 4)]


@pytest.mark.parametrize(
    "path",
    [
        *("tests/compose.yaml", "templates/{x}/compose.yaml", "tutorials/a/compose.yaml"),
        *("third_party/compose.yaml", "docker-compose.override.template.yml"),
    ],
)
def test_what_is_not_run_as_it_stands_is_not_read(path: str) -> None:
    assert found(compose("services:\n  web: {volume: []}\n", path), "CMP") == []


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("services:\n  web:\n    image: a\n    memory: 1g\n", 4),
        ("services:\n  web:\n    image: a\nservice: {}\n", 4),
    ],
)
def test_a_key_that_compose_refuses(body: str, line: int) -> None:
    assert found(compose(body), "CMP001") == [("CMP001", FILE, line)]


@pytest.mark.parametrize(
    "body",
    [
        "version: '3'\nx-app: &app {image: a}\nservices:\n  web:\n    <<: *app\n    x-note: b\n",
        "services:\n  web:\n    image: a\n    post_start: []\n    gpus: all\n",
    ],
)
def test_a_key_of_one_s_own_or_of_the_reference(body: str) -> None:
    assert found(compose(body), "CMP001") == []


@pytest.mark.parametrize("kind", ["networks", "secrets", "configs"])
def test_a_name_that_nothing_defines(kind: str) -> None:
    files = web(f"{kind}: [back]")
    assert found(files, "CMP002") == [("CMP002", FILE, 4)]
    assert messages(files, "CMP002") == [
        f"Compose refuses a name that nothing defines: add it to `{kind}`"
    ]


@pytest.mark.parametrize(
    "more",
    [
        "networks: {back: {}}\n",
        "x-a: 1\n",
        "include: [other.yaml]\n",
    ],
)
def test_a_name_that_is_defined_or_may_be(more: str) -> None:
    body = f"services:\n  web:\n    image: a\n    networks: [default, back]\n{more}"
    base = "services:\n  db:\n    image: postgres:17\nnetworks: {back: {}}\n"
    others = {"compose.base.yaml": base} if more == "x-a: 1\n" else {}
    assert found({**compose(body), **others}, "CMP002") == []


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("compose.override.yaml.example", "secrets: {back: {file: x}}\n"),
        ("docker-compose.local.yml.dist", ""),
        (".gitignore", "/compose.override.yaml\n"),
    ],
)
def test_a_name_that_each_machine_defines_for_itself(path: str, content: str) -> None:
    assert found(web("secrets: [back]"), "CMP002") == [("CMP002", FILE, 4)]
    assert found({**web("secrets: [back]"), path: content}, "CMP002") == []


def test_the_fresh_service_without_a_definition() -> None:
    broken = edited(
        clean(kind="service"), FILE, '  secret_key: { file: "secrets/secret_key" }\n', ""
    )
    assert {each[0] for each in found(broken, "CMP")} == {"CMP002"}


@pytest.mark.parametrize(
    ("image", "is_found"),
    [
        ("nginx", True),
        ("nginx:latest", True),
        ("nginx:1.29", False),
        ("${IMAGE}", False),
        ("${IMAGE:?}", False),
        ("${IMAGE:-docker.io/library/nginx:latest}", True),
        ("${IMAGE:-nginx:1.29}", False),
        ("nginx:${TAG-1.29}", False),
        # Whoever runs it names the version.
        ("nginx:${TAG-latest}", False),
        ("${IMAGE:-nginx}:${TAG:-latest}", False),
    ],
)
def test_images_that_may_change_any_day(image: str, is_found: bool) -> None:
    files = compose(f"services:\n  web:\n    image: {image}\n")
    wanted: list[Found] = [("CMP003", FILE, 3)] if is_found else []
    assert found(files, "CMP003") == wanted


def test_a_version_by_default_in_a_project_of_the_template_and_an_image_in_tests() -> None:
    files = compose("services:\n  web:\n    image: nginx:${TAG:-latest}\n")
    answered = {**files, ".copier-answers.yml": "_src_path: x\nkind: service\n"}
    assert found(answered, "CMP003") == [("CMP003", FILE, 3)]
    body = "services:\n  web:\n    image: {}\n"
    path = "compose.test.yaml"
    assert found(compose(body.format("${IMAGE-nginx:latest}"), path), "CMP003") == []
    moving = compose(body.format("nginx:latest"), path)
    assert found(moving, "CMP003") == []
    made = {**moving, ".copier-answers.yml": answered[".copier-answers.yml"]}
    assert found(made, "CMP003") == [("CMP003", path, 3)]


@pytest.mark.parametrize(
    ("path", "more", "is_found"),
    [
        *((FILE, "", True), ("compose.dev.yaml", "", False), ("ci/compose.yaml", "", False)),
        *((FILE, "    volumes: ['.:/app']\n", False), (FILE, "    command: run --reload\n", False)),
    ],
)
def test_images_of_a_desk_may_change(path: str, more: str, *, is_found: bool) -> None:
    files = compose(f"services:\n  web:\n    image: nginx\n{more}", path)
    assert found(files, "CMP003") == ([("CMP003", path, 3)] if is_found else [])
    made = {**files, ".copier-answers.yml": "_src_path: x\nkind: service\n"}
    assert found(made, "CMP003") == [("CMP003", path, 3)]


def test_the_file_of_settings_beside_it_gives_values() -> None:
    body = "services:\n  db:\n    image: $DB_IMAGE\n    ports: ['${DB_PORT}:5432']\n"
    path = f"monitoring/{FILE}"
    assert found(compose(body, path), "CMP0") == []
    settings = "# Of the machine\nexport DB_IMAGE=postgres:latest # moves\nDB_PORT='5432'\n"
    told = {**compose(body, path), "monitoring/.env": settings}
    assert found(told, "CMP0") == [("CMP003", path, 3), ("CMP005", path, 4)]
    assert found({**told, "monitoring/.env": "DB_PORT=$OTHER\n"}, "CMP0") == []
    assert found({**compose(body, path), ".env": settings}, "CMP0") == []


def test_a_default_is_a_secret_in_a_project_of_the_template() -> None:
    files = web("environment:", "  DB_PASSWORD: ${DB_PASSWORD:-swordfish}")
    assert found(files, "CMP004") == []
    answered = {**files, ".copier-answers.yml": "_src_path: x\nkind: service\n"}
    told = [(each.path, each.line, each.severity) for each in findings(answered, "CMP004")]
    assert told == [(FILE, 5, "must")]


def test_the_fresh_service_with_images_and_ports_by_default() -> None:
    files = clean(kind="service")
    caddy = re.sub(
        r"PROXY_IMAGE:-[^}]+", "PROXY_IMAGE:-docker.io/library/caddy:latest", text(files, FILE)
    )
    assert {each[0] for each in found({**files, FILE: caddy}, "CMP")} == {"CMP003"}
    open_db = edited(files, FILE, "    shm_size: 128m\n", "    ports: ['${DB_PORT:-5432}:5432']\n")
    (told,) = findings(open_db, "CMP")
    assert (told.code, told.path, told.severity) == ("CMP005", FILE, "must")


def test_an_image_that_is_built_here_needs_no_version() -> None:
    assert found(compose("services:\n  web:\n    image: mine\n    build: .\n"), "CMP003") == []


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (("environment:", "  DB_PASSWORD: swordfish"), 5),
        (("environment:", "  - SECRET_KEY=swordfish"), 5),
        (("environment:", "  DB_PASSWORD: ${DB_PASSWORD:?}"), 0),
        (("environment:", "  DB_PASSWORD_FILE: /run/secrets/a"), 0),
        (("environment:", "  DB_PASSWORD: /run/secrets/a"), 0),
        (("environment:", "  - DB_PASSWORD"), 0),
        (("environment:", "  DB_PASSWORD:"), 0),
        (("environment:", "  - ALLOW_EMPTY_PASSWORD=yes"), 0),
        (("environment:", "  MYSQL_ALLOW_EMPTY_PASSWORD: 'indeed'"), 0),
        (("environment:", "  MYSQL_RANDOM_ROOT_PASSWORD: 'yes'"), 0),
        (("environment:", "  USE_TOKEN: 'always'"), 0),
        (("environment:", "  ADMIN_PASSWORD: 'True'"), 0),
        (("environment:", "  REQUIRED_PASSWORD: swordfish"), 5),
        (("environment:", "  - AWS_SECRET_ACCESS_KEY=dummysecret"), 0),
        (("environment:", "  - DEFAULT_PASSWORD=test"), 0),
        (("environment:", "  - OAUTH_SECRET=''"), 0),
        (("environment:", "  API_TOKEN: <your token>"), 0),
        (("environment:", "  API_TOKEN: testify7"), 5),
        (("environment:", "  DB_PASSWORD: insecure"), 0),
        (("environment:", "  DB_PASSWORD: 'not_secure'"), 0),
        (("environment:", "  DB_PASSWORD: secured"), 5),
        (("environment:", "  DB_PASSWORD: changeme"), 5),
        (("environment:", "  HOUSE_PASSWORD: swordfish"), 5),
    ],
)
def test_secrets_in_the_environment(told: tuple[str, ...], line: int) -> None:
    wanted: list[Found] = [("CMP004", FILE, line)] if line else []
    assert found(web(*told), "CMP004") == wanted


@pytest.mark.parametrize(
    ("path", "is_found"),
    [
        *((".ci/compose.yaml", False), ("compose.ci.yaml", False), ("a/e2e/compose.yaml", False)),
        *(("docker-compose.dev.yml", False), ("docker-compose-local.yml", False)),
        *(("docker-compose-tests.yml", False), ("docker-compose.prod.yml", True)),
        *(("deployment/compose.yaml", True), ("circle/compose.yaml", True)),
    ],
)
def test_what_is_thrown_away_has_no_secrets(path: str, is_found: bool) -> None:
    told = "services:\n  web:\n    environment:\n      DB_PASSWORD: swordfish\n"
    assert found(compose(told, path), "CMP004") == ([("CMP004", path, 4)] if is_found else [])


@pytest.mark.parametrize(
    ("comment", "is_found"),
    [
        ("# WARNING: This configuration is for local development.", False),
        ("# Basic cluster.\n#\n# Do not use it in a production deployment.", False),
        ("# Never run this\n# in production!", False),
        ("# For development and testing only", False),
        ("# Intended for development", False),
        ("# docker-compose for Example development.", False),
        ("# Compose for the people of development", True),
        ("# Runs production. Do not edit", True),
        ("# How production is run", True),
        ("# See the local development guide", True),
        ("", True),
    ],
)
def test_what_the_comment_says_of_a_file(comment: str, is_found: bool) -> None:
    told = "services:\n  web:\n    environment:\n      DB_PASSWORD: swordfish\n"
    line = 4 + len(comment.splitlines())
    files = compose(f"{comment}\n{told}" if comment else told)
    assert found(files, "CMP004") == ([("CMP004", FILE, line)] if is_found else [])
    # Below the first key a comment is about something else.
    assert found(compose(f"{told}{comment}\n"), "CMP004") == [("CMP004", FILE, 4)]


@pytest.mark.parametrize(
    ("volume", "password", "is_found"),
    [
        *((".:/code", "swordfish", False), ("./:/code", "my_site1", False)),
        (".:/code", "passwordofthewholesite", False),
        *(("{type: bind, source: ., target: /code}", "swordfish", False),),
        *((".:/code", "x8Jq-11zP0aa4", True), ("./data:/data", "swordfish", True)),
        *(("data:/data", "swordfish", True), ("{type: volume, target: /a}", "swordfish", True)),
    ],
)
def test_a_file_that_mounts_the_project_to_be_edited(
    volume: str, password: str, is_found: bool
) -> None:
    database = f"  db:\n    environment:\n      DB_PASSWORD: {password}\n"
    web = f"  web:\n    build: .\n    volumes: [{volume!r}]\n"
    web = web.replace("'{", "{").replace("}'", "}")
    wanted = [("CMP004", FILE, 4)] if is_found else []
    assert found(compose(f"services:\n{database}{web}"), "CMP004") == wanted
    pulled = web.replace("build: .", "image: a:1")
    assert found(compose(f"services:\n{database}{pulled}"), "CMP004") == wanted


@pytest.mark.parametrize(
    ("name", "is_found"), [("me/app", False), ("me/app:latest", False), ("me/other", True)]
)
def test_an_image_that_a_script_builds_is_not_pulled(name: str, is_found: bool) -> None:
    files = compose(f"services:\n  web:\n    image: {name}\n")
    files["build.sh"] = "docker build -t me/app:$TAG .\n"
    assert found(files, "CMP003") == ([("CMP003", FILE, 3)] if is_found else [])


def test_a_secret_that_several_services_have_is_one_finding() -> None:
    service = "    environment: {DB_PASSWORD: swordfish}\n"
    files = compose(f"services:\n  web:\n{service}  worker:\n{service}")
    assert messages(files, "CMP004") == [
        "everybody can read DB_PASSWORD here: change it, then use `secrets`; also in line 5"
    ]


ANCHORED = """\
x-common: &common
  image: redis
  environment: &environment
    DB_PASSWORD: swordfish
services:
  web:
    <<: *common
  worker:
    <<: *common
    environment:
      <<: *environment
      A: b
  sweeper:
    image: redis
    environment: *environment
"""


def test_what_an_anchor_brings_is_found_where_it_is_written() -> None:
    files = compose(ANCHORED)
    assert found(files, "CMP003") == [("CMP003", FILE, 2)]
    assert messages(files, "CMP003") == [
        "the image redis may change any day: add a version tag; also in line 14"
    ]
    assert found(files, "CMP004") == [("CMP004", FILE, 4)]
    assert messages(files, "CMP004") == [
        "everybody can read DB_PASSWORD here: change it, then use `secrets`"
    ]


@pytest.mark.parametrize(
    ("port", "is_found"),
    [
        ("5432:5432", True),
        ("0.0.0.0:15432:5432", True),
        ("6379:6379/tcp", True),
        ("[::]:27017:27017", True),
        ("3306", True),
        ("127.0.0.1:5432:5432", False),
        ("[::1]:5432:5432", False),
        ("5432:80/udp", False),
        ("443:443", False),
        ("${PORT}:5432", False),
    ],
)
def test_databases_that_are_open(port: str, is_found: bool) -> None:
    wanted: list[Found] = [("CMP005", FILE, 5)] if is_found else []
    assert found(web("ports:", f'  - "{port}"'), "CMP005") == wanted


@pytest.mark.parametrize(
    ("port", "is_found"),
    [
        ("5432", True),
        ("{target: 5432, published: 5432}", True),
        ("{target: 5432, published: '15432', host_ip: 0.0.0.0, protocol: tcp}", True),
        ("{target: 5432, published: 5432, host_ip: 127.0.0.1}", False),
        ("{target: 5432, protocol: udp}", False),
        ("{target: 80}", False),
        ("[5432]", False),
        ("true", False),
    ],
)
def test_databases_that_are_open_in_the_long_form(port: str, is_found: bool) -> None:
    wanted: list[Found] = [("CMP005", FILE, 5)] if is_found else []
    assert found(web("ports:", f"  - {port}"), "CMP005") == wanted


@pytest.mark.parametrize(
    ("image", "database"),
    [
        ("opensearchproject/opensearch:3.1", "OpenSearch"),
        ("docker.elastic.co/elasticsearch/elasticsearch:9.0", "Elasticsearch"),
        ("example.org/search:1", "Elasticsearch"),
    ],
)
def test_a_database_is_called_by_its_name(image: str, database: str) -> None:
    files = compose(f"services:\n  a:\n    image: {image}\n    ports: ['9200:9200']\n")
    assert messages(files, "CMP005") == [
        f"{database} is open to everybody: remove this, or write `127.0.0.1:` before it"
    ]


def test_images_that_may_change_are_one_finding() -> None:
    body = "services:\n  a:\n    image: redis\n  b:\n    image: x.org/b:latest\n"
    files = {**compose(body), **compose(body, "b/compose.yaml")}
    assert found(files, "CMP003") == [("CMP003", "b/compose.yaml", 3)]
    assert messages(files, "CMP003") == [
        f"the image redis may change any day: add a version tag; others in line 5, {FILE}:3, 5"
    ]


def test_an_image_of_several_files_is_one_finding() -> None:
    body = "services:\n  a:\n    image: redis\n"
    files = {**compose(body), **compose(body, "b/compose.yaml")}
    assert found(files, "CMP003") == [("CMP003", "b/compose.yaml", 3)]
    assert messages(files, "CMP003") == [
        f"the image redis may change any day: add a version tag; also in {FILE}:3"
    ]


@pytest.mark.parametrize(
    ("lines", "is_found"),
    [
        (("environment:", "  - POSTGRES_USER=swordfish", "  - POSTGRES_PASSWORD=swordfish"), False),
        (("environment:", "  POSTGRES_DB: swordfish", "  POSTGRES_PASSWORD: swordfish"), False),
        (("environment:", "  POSTGRES_USER: nemo", "  POSTGRES_PASSWORD: swordfish"), True),
        (
            (
                *("ports: ['80:80']", "environment:"),
                *("  POSTGRES_USER: swordfish", "  POSTGRES_PASSWORD: swordfish"),
            ),
            True,
        ),
    ],
)
def test_a_password_that_is_the_name_of_its_user(lines: tuple[str, ...], *, is_found: bool) -> None:
    assert bool(found(web(*lines), "CMP004")) == is_found


@pytest.mark.parametrize(
    ("name", "mount", "password", "is_found"),
    [
        ("compose.yaml", "./data:/data", "12345pass", True),
        ("compose.yaml", ".:/app", "12345pass", False),
        ("compose.dev.yaml", "./data:/data", "12345pass", False),
        ("compose.yaml", ".:/app", "x7Gk2-qPz9", True),
    ],
)
def test_what_is_for_a_desk(name: str, mount: str, password: str, *, is_found: bool) -> None:
    files = compose(
        f"services:\n  a:\n    image: postgres:18\n    volumes: ['{mount}']\n"
        f"    environment:\n      POSTGRES_PASSWORD: {password}\n    ports: ['5432:5432']\n",
        name,
    )
    assert bool(found(files, "CMP004")) == is_found
    is_for_desk = mount.startswith(".:") or ".dev." in name
    assert bool(found(files, "CMP005")) != is_for_desk


@pytest.mark.parametrize(
    ("starts", "is_for_desk"),
    [
        *(("command: python manage.py runserver 0.0.0.0:8000", True),),
        *(("command: >-\n      python manage.py runserver_plus 0:80", True),),
        *(("command: [uvicorn, 'a:app', --reload]", True),),
        *(("entrypoint: [watchfiles, 'celery -A a worker']", True),),
        *(("command: npm run dev -- --host", True), ("command: flask --app a run --debug", True)),
        *(("environment: {FLASK_ENV: development}", True),),
        *(("environment: [NODE_ENV=Development]", True),),
        *(("command: gunicorn a:app", False), ("environment: {NODE_ENV: production}", False)),
        *(("command: ./reload", False), ("command: npm run devices", False)),
    ],
)
def test_what_only_who_edits_starts(starts: str, *, is_for_desk: bool) -> None:
    database = "  db:\n    environment: {DB_PASSWORD: swordfish}\n    ports: ['5432:5432']\n"
    body = f"services:\n  web:\n    image: a:1\n    {starts}\n{database}"
    line = body[: body.index("    environment: {DB")].count("\n") + 1
    told = [("CMP004", FILE, line), ("CMP005", FILE, line + 1)]
    assert found(compose(body), "CMP0") == ([] if is_for_desk else told)
    path = "docker-compose.prod.yml"
    assert found(compose(body, path), "CMP0") == [(code, path, at) for code, _, at in told]


@pytest.mark.parametrize(
    ("folder", "is_found"),
    [
        *(("example_configs/bucket", False), ("docker-examples", False), ("demo-app", False)),
        *(("examples", False), ("samples/a", False), ("tutorial_code", False)),
        *(("sampler", True), ("sample_processing", True), ("democracy", True)),
    ],
)
def test_what_is_shown_to_readers(folder: str, *, is_found: bool) -> None:
    path = f"{folder}/compose.yaml"
    files = compose("services:\n  a:\n    image: redis\n", path)
    assert bool(found(files, "CMP003")) == is_found
    docker = {f"{folder}/Dockerfile": "FROM debian:latest\nUSER a\n"}
    assert bool(found(docker, "CON002")) == is_found


RUN = "Run `docker compose up`.\n"


@pytest.mark.parametrize(
    ("readme", "is_found"),
    [
        (f"# A\n\n## Kør lokalt\n\n{RUN}", False),
        (f"# A\n\n## Local development\n\n### Start\n\n{RUN}", False),
        ("# A\n\n## Developing\n\n```sh\ndocker-compose up\n```\n", False),
        (f"# A\n\n{RUN}", True),
        (f"# A\n\n## Local development\n\n## Start\n\n{RUN}", True),
        (f"# A\n\n## Running locally\n\n{RUN}\n## Deploy\n\n{RUN}", True),
        ("# A\n\n## Local development\n\nSee docker-compose.yaml\n", True),
        (f"# A\n\n## Allocations\n\n{RUN}", True),
    ],
)
def test_what_a_readme_says_of_compose(readme: str, *, is_found: bool) -> None:
    body = (
        "services:\n  a:\n    image: postgres:18\n    environment:\n"
        "      POSTGRES_PASSWORD: x7Gk2-qPz9\n    ports: ['5432:5432']\n"
    )
    codes = ["CMP004", "CMP005"] if is_found else []
    assert [code for code, *_ in found(compose(body, **{"README.md": readme}), "CMP")] == codes
    # Another file than the one that Compose takes by itself is not what the page is about.
    other = compose(body, "compose.site.yaml", **{"README.md": readme})
    assert len(found(other, "CMP")) == 2
    inner = {f"a/{path}": text for path, text in compose(body).items()}
    assert len(found({**inner, "README.md": readme}, "CMP")) == 2


@pytest.mark.parametrize(
    ("port", "remedy"),
    [
        ("'5432:5432'", "write `127.0.0.1:` before it"),
        ("'5432'", "write `127.0.0.1::` before it"),
        ("5432", "write `127.0.0.1::` before it"),
        ("{target: 5432, published: 5432}", "add `host_ip: 127.0.0.1`"),
    ],
)
def test_how_each_form_of_a_port_is_closed(port: str, remedy: str) -> None:
    assert messages(web("ports:", f"  - {port}"), "CMP005") == [
        f"PostgreSQL is open to everybody: remove this, or {remedy}"
    ]


PART = "services:\n  web:\n    networks: [back]\n"


@pytest.mark.parametrize(
    ("path", "more", "is_found"),
    [
        ("ci/compose.ci.yaml", {}, False),
        ("compose.override.yaml", {FILE: "services:\n  web: {image: a}\n"}, True),
        ("compose.override.yaml", {FILE: "services:\n  app: {image: a}\n"}, False),
        ("ci/compose.yaml", {FILE: "services:\n  web: {image: a}\n"}, False),
    ],
)
def test_a_part_may_name_what_the_file_of_another_folder_defines(
    path: str, more: dict[str, str], *, is_found: bool
) -> None:
    wanted = [("CMP002", path, 3)] if is_found else []
    assert found({path: PART, **more}, "CMP002") == wanted


def test_an_image_that_another_file_builds_needs_no_version() -> None:
    files = compose("services:\n  a:\n    image: own_app:latest\n", "compose.prod.yaml")
    assert found(files, "CMP003") == [("CMP003", "compose.prod.yaml", 3)]
    builds = "services:\n  b:\n    build: .\n    image: own_app:latest\n"
    assert found({**files, FILE: builds}, "CMP003") == []


@pytest.mark.parametrize(
    ("switch", "is_found"),
    [
        ("plugins.security.disabled=true", False),
        ("DISABLE_SECURITY_PLUGIN=true", False),
        ("xpack.security.enabled=false", False),
        ("xpack.security.enabled=true", True),
        ("plugins.security.disabled=false", True),
    ],
)
def test_a_password_that_nobody_is_asked_for(switch: str, *, is_found: bool) -> None:
    files = web("environment:", f"  - {switch}", "  - INITIAL_ADMIN_PASSWORD=x7Gk2-qPz9")
    assert found(files, "CMP004") == ([("CMP004", FILE, 6)] if is_found else [])


@pytest.mark.parametrize(
    ("path", "head", "is_told"),
    [
        ("docker-compose.travis.yml", "", False),
        ("docker-compose.jenkins.yml", "", False),
        ("devscripts/files/compose.yaml", "", False),
        ("dev-tools/compose.yaml", "", False),
        ("devices/compose.yaml", "", True),
        ("deploy/compose.yaml", "# Specific configuration for development environment\n", False),
        ("deploy/compose.yaml", "# Configuration for production\n", True),
    ],
)
def test_files_that_by_name_or_words_are_for_nobody_else(
    path: str, head: str, *, is_told: bool
) -> None:
    body = "services:\n  a:\n    image: a:1\n    environment: {DB_PASSWORD: x7Gk2-qPz9}\n"
    assert bool(found(compose(head + body, path), "CMP004")) == is_told


@pytest.mark.parametrize(
    ("build", "mount", "is_for_desk"),
    [
        ("./front", "./front:/app", True),
        ("{context: front}", "./front/:/app", True),
        ("./front", "./front/data:/app", False),
        ("./front", "./back:/app", False),
        (".", "${PWD}:/app", True),
        ("{context: 'https://example.org/a.git'}", "./a:/app", False),
    ],
)
def test_who_edits_what_an_image_is_built_from(
    build: str, mount: str, *, is_for_desk: bool
) -> None:
    files = compose(
        f"services:\n  a:\n    build: {build}\n    volumes: ['{mount}']\n"
        "  db:\n    image: postgres:18\n    ports: ['5432:5432']\n"
    )
    assert bool(found(files, "CMP005")) != is_for_desk


@pytest.mark.parametrize(
    ("folder", "is_found"),
    [
        *(
            ("test-environments/a", False),
            ("scripts/test_env", False),
            ("integration-tests", False),
        ),
        *(("latest", True), ("contest-env", True), ("test", False)),
    ],
)
def test_folders_of_servers_for_tests(folder: str, *, is_found: bool) -> None:
    path = f"{folder}/compose.yaml"
    files = compose("services:\n  a:\n    image: redis\n", path)
    assert bool(found(files, "CMP003")) == is_found


def test_a_desk_in_a_container_has_no_secret() -> None:
    body = "services:\n  db:\n    environment: {DB_PASSWORD: swordfish}\n    ports: ['5432:5432']\n"
    assert found(compose(body, ".devcontainer/docker-compose.yml"), "CMP0") == []
    assert {each[0] for each in found(compose(body), "CMP0")} >= {"CMP004", "CMP005"}


@pytest.mark.parametrize(
    ("image", "is_found"),
    [
        *(("site-web", False), ("site_web", False), ("other-web", True), ("site-db", True)),
        *(("ops-web", False), ("web", True)),
    ],
)
def test_an_image_that_compose_builds_and_names_itself(image: str, *, is_found: bool) -> None:
    built = "services:\n  web:\n    build: .\n  db:\n    image: postgres:17.6\n"
    named = f"name: site\nservices:\n  job:\n    image: {image}\n"
    files = {**compose(built, "ops/compose.yaml"), **compose(named, "ops/compose.prod.yaml")}
    wanted = [("CMP003", "ops/compose.prod.yaml", 4)] if is_found else []
    assert found(files, "CMP003") == wanted


@pytest.mark.parametrize(
    ("comment", "is_found"),
    [
        ("note: we do not run prod service with Docker Compose", False),
        ("Never use this in prod.", False),
        ("Do not forget the producer", True),
    ],
)
def test_a_comment_that_says_where_a_file_is_not_used(comment: str, *, is_found: bool) -> None:
    body = f"# {comment}\nservices:\n  db:\n    environment: {{DB_PASSWORD: swordfish}}\n"
    assert bool(found(compose(body), "CMP004")) == is_found
    # The comment may be of the file that it was copied from.
    assert found(compose(body, "compose.prod.yaml"), "CMP004")


@pytest.mark.parametrize(
    ("readme", "is_found"),
    [
        ("## Running locally\n\nReview `compose.yaml`, then `make start`.\n", False),
        ("## Deployment\n\nReview `compose.yaml`.\n", True),
        ("## Running locally\n\nReview `compose.yaml`, and make sure of it.\n", True),
        ("## Running locally\n\n`make a` `compose.yaml`\n\n## Site\n\n`compose.yaml`\n", True),
        ("## Running locally\n\nSee `compose.yaml`.\n\n## Site\n\n`docker compose up`\n", True),
    ],
)
def test_a_page_that_names_the_file_alone(readme: str, *, is_found: bool) -> None:
    body = "services:\n  db:\n    environment: {DB_PASSWORD: swordfish}\n"
    files = compose(body, **{"README.md": f"# A\n\n{readme}"})
    assert bool(found(files, "CMP004")) == is_found


@pytest.mark.parametrize(
    ("base", "is_found"),
    [
        ("    extends: {service: base}\n", False),
        ("    extends: base\n", False),
        ("    extends: {service: base, file: other.yaml}\n", True),
        ("    extends: a\n", True),
        ("    extends: missing\n", True),
        ("", True),
    ],
)
def test_an_image_of_a_service_that_extends_what_is_built(base: str, *, is_found: bool) -> None:
    body = f"services:\n  a:\n    image: own\n{base}  base:\n    build: .\n"
    assert found(compose(body), "CMP003") == ([("CMP003", FILE, 3)] if is_found else [])


@pytest.mark.parametrize(
    ("context", "more", "is_found"),
    [
        ("contrib/a", {}, False),
        (".", {}, True),
        ("image", {"contrib/a/image/Dockerfile": ""}, True),
        ("image", {"contrib/a/image/Dockerfile": "", "image/Dockerfile": ""}, True),
        ("elsewhere", {}, True),
    ],
)
def test_a_file_that_is_read_with_one_of_another_folder(
    context: str, more: dict[str, str], *, is_found: bool
) -> None:
    path = "contrib/a/compose.yaml"
    body = f"services:\n  a:\n    build: {{context: {context}}}\n    networks: [main]\n"
    files = compose(body, path, **{"contrib/a/Dockerfile": "", **more})
    assert found(files, "CMP002") == ([("CMP002", path, 4)] if is_found else [])
