"""A generated service, whole, by Docker Compose: used, released, lost and restored."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By

from ...support.tools import passes, run
from ..parts.compose import SITE, Stack, get, wait_for
from ..parts.machine import need
from ..test_page import FLAGS

pytestmark = pytest.mark.heavy

TIDES = bytes(range(256)) * 4000
GAPS = {
    "kind": "content-type: ...",
    "checksum": "x-amz-checksum-sha256: ...",
    "url": "URL OF THE ANSWER",
    "number": "/ID/publish",
}
"""What a person fills in, of the README's lines that upload a file."""
LOOP = float(os.environ.get("LISA_LOOP_SECONDS", "0"))
"""For how long releases follow one another under requests; one round at least."""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    """Chromium, which takes the desk's certificate and saves what it downloads."""
    options = ChromeOptions()
    options.binary_location = need("chromium")
    for flag in (*FLAGS, "--ignore-certificate-errors", f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.add_experimental_option(
        "prefs", {"download.default_directory": str(tmp_path / "downloads")}
    )
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with Chrome(options=options, service=ChromeService(need("chromedriver"))) as started:
        started.implicitly_wait(30)
        yield started


def open_page(browser: Chrome, address: str) -> None:
    """Open a page; again where Chromium shows a page of its own in its place.

    It breaks off what it loads when a network interface comes or goes (`ERR_NETWORK_CHANGED`), as
    those of containers do. What the site itself answers is never asked for twice.
    """
    for _ in range(3):
        browser.get(address)
        if "main-frame-error" not in browser.page_source:
            return
    codes = sorted(set(re.findall(r"ERR_[A-Z_]+", browser.page_source)))
    raise AssertionError(f"Chromium can't open {address}: {codes}")


def log_in(stack: Stack, browser: Chrome) -> None:
    """Be the administrator of the desk."""
    open_page(browser, f"{SITE}/accounts/login/")
    password = (stack.root / "secrets/admin_password").read_text(encoding="utf-8")
    browser.find_element(By.NAME, "login").send_keys("admin@example.org")
    browser.find_element(By.NAME, "password").send_keys(password)
    browser.find_element(By.CSS_SELECTOR, "main button[type=submit]").click()
    browser.find_element(By.LINK_TEXT, "Log out")


def test_people_log_in_download_and_look_at_the_plot(
    stack: Stack, browser: Chrome, tmp_path: Path
) -> None:
    log_in(stack, browser)
    open_page(browser, f"{SITE}/challenges/example/")
    browser.find_element(By.LINK_TEXT, "noise.csv").click()
    saved = tmp_path / "downloads/noise.csv"
    wait_for(saved.exists, 60)
    assert saved.read_text(encoding="utf-8") == "frequency,strain\n0.001,1e-20\n"
    open_page(browser, f"{SITE}/challenges/example/downloads/")
    assert browser.find_elements(By.CSS_SELECTOR, ".plotly .bars path")
    table = browser.find_element(By.CSS_SELECTOR, "table")
    assert table.text.split()[-1] == "1"
    browser.save_screenshot(str(tmp_path / "plot.png"))
    said = browser.get_log("browser")  # type: ignore[no-untyped-call]
    failed = [entry for entry in said if "Failed to load" in entry["message"]]
    assert failed == []


def test_staff_upload_by_the_lines_of_the_readme_and_people_download(
    stack: Stack, browser: Chrome, tmp_path: Path
) -> None:
    need("curl")
    log_in(stack, browser)
    open_page(browser, f"{SITE}/tokens/")
    browser.find_element(By.ID, "name").send_keys("upload")
    browser.find_element(By.XPATH, "//button[.='Make a token']").click()
    token = browser.find_element(By.ID, "made").text
    (stack.root / "tides.h5").write_bytes(TIDES)
    page = (stack.root / "README.md").read_text(encoding="utf-8")
    section = page.partition("## Upload and download")[2].partition("\n## ")[0]
    copy, believe, place, *steps = re.findall(r"(?m)^\$ (.+)$", section)
    place = place.replace("localhost:8443", SITE.partition("//")[2])

    def follow(line: str, **filled: str) -> str:
        """Run a line of the page, of which a person has filled in some words; what it prints."""
        for gap, word in filled.items():
            assert GAPS[gap] in line
            line = line.replace(GAPS[gap], word)
        script = f"export TOKEN={token}\n{believe}\n{place}\n{line} --silent --show-error"
        return passes("bash", "-euc", script, cwd=stack.root, env=stack.environment)

    passes("bash", "-euc", copy, cwd=stack.root, env=stack.environment)
    try:
        asked = json.loads(follow(steps[0]))
        told = {name: f"{name}: {value}" for name, value in asked["headers"].items()}
        kind, checksum = told["content-type"], told["x-amz-checksum-sha256"]
        assert follow(steps[1], kind=kind, checksum=checksum, url=asked["url"]) == ""
        open_page(browser, f"{SITE}/challenges/example/")
        browser.find_element(By.LINK_TEXT, "noise.csv")
        assert "tides.h5" not in browser.page_source
        assert json.loads(follow(steps[2], number=f"/{asked['id']}/publish"))["published"]
    finally:
        (stack.root / "tides.h5").unlink()
    open_page(browser, f"{SITE}/challenges/example/")
    browser.find_element(By.LINK_TEXT, "tides.h5").click()
    wait_for((tmp_path / "downloads/tides.h5").exists, 60)
    assert (tmp_path / "downloads/tides.h5").read_bytes() == TIDES
    open_page(browser, f"{SITE}/challenges/example/")
    browser.save_screenshot(str(tmp_path / "uploaded.png"))


def test_numbers_are_hidden_and_nothing_but_the_proxy_is_open(stack: Stack) -> None:
    assert get("/metrics")[0] == 404
    assert get("/readyz")[0] == 200
    ports = stack.compose("ps", "--format={{.Service}} {{.Ports}}").splitlines()
    assert [line.split()[0] for line in ports if "->" in line] == ["proxy"]


def test_what_is_lost_is_restored_and_a_broken_backup_is_found(stack: Stack) -> None:
    count = "SELECT count(*), min(sha256) FROM challenges_dataset"
    before = stack.sql(count)
    stack.backup("make")
    stack.backup("prove")
    assert "service_backup_proven_timestamp_seconds" in stack.compose(
        *("exec", "-T", "blue", "python3", "-c"),
        "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/metrics').read())",
    )
    stack.sql("DROP DATABASE service WITH (FORCE)", "postgres")
    stack.backup("restore", "latest")
    assert stack.sql(count) == before
    wait_for(lambda: get("/challenges/example/")[0] == 200, 60)
    # A dump that lacks what its manifest names.
    broken = (
        "import operations.backup as b; made = b.read_manifest;"
        "b.read_manifest = lambda c: {**made(c), 'public.lost': [1, '1']}\n"
        "with b.alone(): b.make()"
    )
    stack.compose("exec", "-T", "backup", "python3", "-c", broken)
    code, said = stack.tries("backup", "python3", "operations/backup.py", "prove")
    assert code != 0
    assert "not equal: public.lost" in said
    stack.backup("make")
    stack.backup("prove")


@contextmanager
def asking() -> Iterator[list[tuple[int, str, float]]]:
    """Ask for a page, four at once and without a pause; status, version and seconds of each."""
    stop, answers = threading.Event(), list[tuple[int, str, float]]()

    def ask() -> None:
        while not stop.is_set():
            begin = time.monotonic()
            status, page = get("/challenges/example/")
            version = re.search(r"Version ([\w.]+)", page)
            seconds = time.monotonic() - begin
            answers.append((status, version.group(1) if version else page, seconds))

    people = [threading.Thread(target=ask) for _ in range(4)]
    for each in people:
        each.start()
    try:
        yield answers
    finally:
        stop.set()
        for each in people:
            each.join()


def test_a_release_fails_no_request_and_a_bad_one_answers_none(stack: Stack) -> None:
    begin, rounds = time.monotonic(), 0
    with asking() as answers:
        while not rounds or time.monotonic() - begin < LOOP:
            release_and_go_back(stack)
            rounds += 1
    took, slowest = time.monotonic() - begin, max(seconds for _, _, seconds in answers)
    print(f"{rounds} rounds, {took:.0f} s, {len(answers)} requests, {slowest:.1f} s")  # noqa: T201
    assert {status for status, _, _ in answers} == {200}
    assert {version for _, version, _ in answers} == {"1.0.0", "2.0.0"}
    assert len(answers) > 50


def release_and_go_back(stack: Stack) -> None:
    """A new version, one that does not get ready, and the way back."""
    code, said = stack.release("2.0.0")
    assert code == 0, said
    assert "Version 2.0.0" in get("/")[1]
    code, said = stack.release("3.0.0")
    assert code == 1
    assert "3.0.0 does not get ready; 2.0.0 goes on" in said
    assert "Version 2.0.0" in get("/")[1]
    code, said = stack.release("--back")
    assert code == 0, said
    assert "Version 1.0.0" in get("/")[1]


def test_the_site_is_no_administrator_of_its_database_and_cannot_become_one(stack: Stack) -> None:
    ask = (
        "from django.db import connection; cursor = connection.cursor();"
        " cursor.execute({!r}); print(cursor.fetchone())"
    )

    def tries(statement: str) -> tuple[int, str]:
        shell = ("python3", "manage.py", "shell", "--verbosity=0", "--command")
        return stack.tries(stack.active(), *shell, ask.format(statement))

    role = "SELECT rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    code, said = tries(role)
    assert (code, said.splitlines()[-1]) == (0, "('service', False, False)")
    for statement in ("CREATE TABLE mine ()", "CREATE DATABASE mine", "SELECT pg_read_file('/x')"):
        code, said = tries(statement)
        assert (code, "permission denied" in said) == (1, True), said
    # Tables that migrations made are the owner's, and nobody comes in as the administrator.
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    assert stack.sql(owners) == "service_owner"
    psql = ("psql", "--no-psqlrc", "--host=db", "--username=postgres", "--command=SELECT 1")
    code, said = stack.tries("backup", *psql)
    assert (code, "pg_hba.conf rejects connection" in said) == (2, True), said


def test_what_keeps_the_site_from_answering_is_named(stack: Stack) -> None:
    assert json.loads(stack.follow("'/readyz'")) == {"faults": {}}
    stack.compose("stop", "db")
    try:
        assert json.loads(stack.follow("'/readyz'")) == {"faults": {"database": "does not answer"}}
    finally:
        stack.compose("start", "--wait", "db")
    wait_for(lambda: get("/challenges/example/")[0] == 200, 60)


def test_the_password_of_the_database_is_replaced(stack: Stack) -> None:
    path = stack.root / "secrets/db_password"
    before = path.read_text(encoding="utf-8")
    running = stack.container("backup")
    stack.follow("ALTER ROLE service PASSWORD")
    assert path.read_text(encoding="utf-8") != before
    assert get("/challenges/example/")[0] == 200
    stack.compose("up", "--detach", "--no-deps", "--force-recreate", "--wait", "backup", "recovery")
    assert stack.container("backup") != running
    stack.backup("make")
    # Who knows the old one alone is refused.
    ask = ("exec", "-T", "--env", f"PGPASSWORD={before}", "backup", "psql", "--no-psqlrc")
    code, said = stack.tries_compose(*ask, "--host=db", "--username=service", "--command=SELECT 1")
    assert code != 0
    assert "password authentication failed" in said


def test_the_database_and_the_proxy_start_anew_by_hand_alone(stack: Stack) -> None:
    parts = {name: stack.container(name) for name in ("db", "proxy")}
    local = stack.root / "state/desk.env"
    local.write_text("DB_MEMORY=900m\nSITE_HOST=localhost:18443\n", encoding="utf-8")
    caddyfile = stack.root / "deploy/Caddyfile"
    was = caddyfile.read_text(encoding="utf-8")
    caddyfile.write_text(was + "# another version\n", encoding="utf-8")
    try:
        code, said = stack.release("1.0.0")
        assert code == 0, said
        assert {name: stack.container(name) for name in parts} == parts
        told = "drift: {} was started with other settings than the files have"
        assert {told.format(name) for name in parts} <= set(said.splitlines())
        stack.follow("--no-deps --wait db")
        assert all(stack.container(name) != old for name, old in parts.items())
        wait_for(lambda: get("/challenges/example/")[0] == 200, 60)
    finally:
        local.unlink()
        caddyfile.write_text(was, encoding="utf-8")
        stack.follow("--no-deps --wait db")
        assert stack.release("1.0.0")[0] == 0


def test_prometheus_asks_the_container_that_answers(stack: Stack) -> None:
    command = "docker-compose --env-file deploy/desk.env --file monitoring/compose.yaml"
    stack.follow("--file monitoring/compose.yaml")

    def query(what: str) -> str:
        ask = f"{command} exec -T prometheus promtool query instant http://127.0.0.1:9090 '{what}'"
        return run("bash", "-c", ask, cwd=stack.root, env=stack.environment).stdout

    try:
        wait_for(lambda: "=> 1" in query('up{job="service"}'), 90)
        (line,) = query('up{job="service"}').splitlines()
        assert ":8000" in line
        # The exporter answers; the example's address is nobody's.
        wait_for(lambda: "=> 1" in query('up{job="probe"}'), 60)
        assert "=> 0" in query('probe_success{job="probe"}')
        assert "=> " in query('service_backup_proven_timestamp_seconds{job="service"}')
    finally:
        passes("bash", "-c", f"{command} down --volumes", cwd=stack.root, env=stack.environment)


def test_what_departs_from_the_repository_is_told(stack: Stack) -> None:
    drift = ("deploy/drift", "desk")
    done = run(*drift, cwd=stack.root, env=stack.environment)
    assert (done.returncode, done.stdout) == (0, "desk runs 1.0.0 as the repository says.\n")
    path = stack.root / "deploy/Caddyfile"
    path.write_text(path.read_text() + "# by hand\n")
    done = run(*drift, cwd=stack.root, env=stack.environment)
    assert done.returncode == 1
    assert "deploy/Caddyfile" in done.stdout
