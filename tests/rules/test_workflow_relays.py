"""Airflow: programs that start DAGs because others tell them to."""

from __future__ import annotations

import pytest

from ..support.checking import changed, clean, edited, found, messages, text

PATH = "app/relay.py"
TELL = "requests.post(f'{AIRFLOW}/api/v1/dags/{dag}/dagRuns', auth=(USER, WORD))"
FLASK = f"""\
import requests
from flask import Flask
app = Flask("relay")
@app.route("/events", methods=["POST"])
def take():
    {TELL}
"""
FASTAPI = f"""\
import requests
from fastapi import FastAPI
app = FastAPI()
@app.post("/events")
async def take(event):
    {TELL}
"""
HANDLER = f"""\
import requests
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        headers = {{}}
        headers["Authorization"] = f"Bearer {{WORD}}"
        {TELL}
HTTPServer(("", 8000), Handler).serve_forever()
"""
WSGI = """\
import urllib.request
def application(environ, start_response):
    headers = {"Authorization": f"Bearer {WORD}"}
    urllib.request.urlopen(f"{AIRFLOW}/api/v2/assets/events", headers=headers)
"""
AIOHTTP = f"""\
import requests
from aiohttp import web
app = web.Application()
app.router.add_post("/", lambda _: {TELL})
"""


@pytest.mark.parametrize(
    ("program", "line"), [(FLASK, 5), (FASTAPI, 5), (HANDLER, 4), (WSGI, 2), (AIOHTTP, 4)]
)
def test_a_relay_that_asks_nobody(program: str, line: int) -> None:
    said = program.replace("AIRFLOW", "airflow")
    assert found({PATH: said}, "DAG014") == [("DAG014", PATH, line)]
    assert messages({PATH: said}, "DAG014") == [
        "anybody who reaches this starts DAGs: read a token, and answer 401 without it"
    ]
    for path in ("tests/relay.py", "test_relay.py", "examples/relay.py", "docs/relay.py"):
        assert found({path: said}, "DAG014") == []


def test_the_relay_of_a_pipeline_asks_and_is_seen_when_it_does_not() -> None:
    files, relay = clean(kind="pipeline"), "src/lisa_l1_pipeline/relay.py"
    assert found(files, "DAG014") == []
    said = text(files, relay)
    for word in ("compare_digest", "_is_known", "check_token", "HTTP_AUTHORIZATION"):
        said = said.replace(word, "same")
    said = said.replace("401", "202").replace("Unauthorized", "Accepted")
    ((code, path, _),) = found(changed(files, {relay: said}), "DAG014")
    assert (code, path) == ("DAG014", relay)


@pytest.mark.parametrize(
    "line",
    [
        "    if not hmac.compare_digest(token, WORD): abort()",
        "    if request.headers.get('Authorization') != WORD: return 'no'",
        "    if request.headers['X-Token'] != WORD: return 'no'",
        "    return 'no', 401",
        "    verify_signature(request)",
    ],
)
def test_a_relay_that_asks(line: str) -> None:
    assert found({PATH: f"{FLASK.replace('AIRFLOW', 'airflow')}{line}\n"}, "DAG014") == []


@pytest.mark.parametrize(
    "program",
    [
        FASTAPI.replace("(event)", "(event, who=Depends(ask))"),
        HANDLER.replace('("", 8000)', '("127.0.0.1", 8000)'),
        FLASK.replace("/dagRuns", "/tasks"),
        FLASK.replace("@app.route", "@thing.run"),
        FLASK.replace(', methods=["POST"]', ""),
        FLASK.replace("from flask", "from own"),
    ],
)
def test_what_is_no_open_relay(program: str) -> None:
    assert found({PATH: program.replace("AIRFLOW", "airflow")}, "DAG014") == []


def test_a_file_that_does_not_parse_is_none() -> None:
    files = edited({PATH: FLASK.replace("AIRFLOW", "airflow")}, PATH, "def take", "def take take")
    assert found(files, "DAG014") == []
