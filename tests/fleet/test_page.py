"""The page of a fleet, and its badges, as text; tests/e2e shows them to a browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from lisa_scaffold import cli
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.fleet.records import Found, Request, Row, Status, read_status
from lisa_scaffold.report.fleet import machine, report

from ..support.results import EVIL
from ..support.updates import Capture

FOUND = Found("LIC002", "must", "pyproject.toml", 3, "no `license` there")
ROWS = (
    Row(
        "lisa/a",
        "https://x.org/lisa/a",
        "c" * 40,
        "package",
        "v1.0.0",
        1,
        must=1,
        findings=(FOUND,),
    ),
    Row(
        "lisa/b",
        "/clones/b",
        version="v2.0.0",
        behind=0,
        request=Request("https://x.org/1", "draft"),
    ),
    Row("lisa/c", problem="it is gone"),
)
STATUS = Status("2026-11-29T10:00:00+00:00", "v2.0.0", ROWS, {"archived": 2})


def write(folder: Path, name: str, status: Status) -> str:
    path = folder / name
    path.write_text(machine.as_json(status))
    return str(path)


def test_the_page_says_what_the_status_says(tmp_path: Path) -> None:
    output = tmp_path / "page.html"
    words = ["fleet", "page", write(tmp_path, "s.json", STATUS), "--output", str(output)]
    assert cli.main(words) == ExitCode.DONE
    text = output.read_text()
    assert "<h1>3 projects, 33&nbsp;% up to date</h1>" in text
    assert "2 archived" in text
    rows = re.findall(r'<tr data-state="(.*?)" data-kind="(.*?)" data-codes="(.*?)">', text)
    assert rows == [
        *(("behind", "package", "LIC002 "), ("current", "", ""), ("unreadable", "", "")),
    ]
    assert [*re.findall(r'<section class="project" id="([^"]*)"', text)] == [
        *("p:lisa/a", "p:lisa/b", "p:lisa/c"),
    ]
    assert "<dt>finding that must be fixed, in 1 project</dt><dd>1</dd>" in text
    assert '<a href="https://x.org/lisa/a">' in text
    assert 'href="/clones' not in text
    assert "<polyline" not in text


def test_of_what_cannot_be_read_nothing_is_counted(tmp_path: Path, capsys: Capture) -> None:
    """Neither what is known of it from elsewhere, nor a nought that nobody has counted."""
    odd = Row("lisa/d", version="v2.0.0", behind=0, must=7, drift=3, problem="its record is broken")
    moments = ("2026-11-28T10:00:00+00:00", STATUS.when)
    paths = [
        write(tmp_path, f"{moment[8:10]}.json", Status(moment, "v2.0.0", (ROWS[1], ROWS[2], odd)))
        for moment in moments
    ]
    told = json.loads(Path(paths[0]).read_text())["projects"]
    unknown = ("behind", "drift", "must", "should", "waived", "updates")
    assert [{each[key] for key in unknown} for each in told[1:]] == [{None}, {None}]
    assert cli.main(["fleet", "page", *paths]) == ExitCode.DONE
    text = capsys.readouterr().out
    assert "<h1>3 projects, 33&nbsp;% up to date</h1>" in text
    assert "with the template: 33 %" in text
    assert "must be fixed, in 0 projects</dt><dd>0</dd>" in text
    cells = [
        re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"(?s)<tr data.*?</tr>", text)
    ]
    # Columns that no project fills are left out.
    assert [row[1:] for row in cells[1:]] == [[""] * 6, [""] * 6]
    section = re.findall(r'(?s)<section class="project" id="p:lisa/c".*?</section>', text)[0]
    assert "without the template" not in section
    assert "unknown kind" not in section
    status = read_status(Path(paths[0]))
    table = report("markdown", status).splitlines()
    assert [each.split(" | ")[2:7] for each in table if "lisa/c" in each or "lisa/d" in each] == [
        *([""] * 5, ["v2.0.0", *[""] * 4]),
    ]


def test_nothing_of_a_project_is_markup(tmp_path: Path, capsys: Capture) -> None:
    evil = f"</script></style>{EVIL}"
    found = Found(evil, evil, evil, 1, evil)
    fields = dict.fromkeys(("kind", "version", "release", "pipeline", "activity", "problem"), evil)
    row = Row(evil, f"javascript:{EVIL}", findings=(found,), request=Request(evil, evil, evil))
    status = Status(STATUS.when, evil, (replace(row, **fields), row), {evil: 1})  # type: ignore[arg-type]
    path = write(tmp_path, "s.json", status)
    assert cli.main(["fleet", "page", path]) == ExitCode.DONE
    text = capsys.readouterr().out
    assert text.count("</script>") == text.count("</style>") == 1
    assert "javascript:" not in re.sub(r">[^<]*<", "><", text)
    assert re.findall(r'href="(?![#"])([^"]*)"', text) == []


def test_history_is_kept_and_drawn(tmp_path: Path) -> None:
    folder, output = tmp_path / "history", tmp_path / "page.html"
    for day, behind in (("01", 2), ("02", 1), ("03", 0)):
        rows = tuple(replace(row, behind=behind) for row in ROWS[:2])
        path = write(tmp_path, "s.json", Status(f"2026-11-{day}T00:00:00+00:00", "v2.0.0", rows))
        words = ["--history", str(folder), "--output", str(output)]
        assert cli.main(["fleet", "page", path, *words]) == ExitCode.DONE
    assert [each.name for each in sorted(folder.iterdir())] == [
        f"2026-11-{day}T000000+0000.json" for day in ("01", "02", "03")
    ]
    lines = re.findall(r'<polyline class="l\d" points="([^"]*)"', output.read_text())
    assert lines == [
        "0.0,0.0 300.0,0.0 600.0,0.0",
        "0.0,120.0 300.0,120.0 600.0,0.0",
        "0.0,60.0 300.0,60.0 600.0,60.0",
    ]


def test_time_is_drawn_as_it_went(tmp_path: Path) -> None:
    """A pause is wide; where no time passes, all is drawn evenly."""
    for moments, places in (
        (
            tuple(f"2026-11-{day}T00:00:00+00:00" for day in ("01", "02", "11")),
            ["0.0", "60.0", "600.0"],
        ),
        (("2026-11-01T00:00:00+00:00",) * 3, ["0.0", "300.0", "600.0"]),
    ):
        paths = [
            write(tmp_path, f"{number}.json", Status(moment, "v2.0.0", ROWS[:2]))
            for number, moment in enumerate(moments)
        ]
        output = tmp_path / "page.html"
        assert cli.main(["fleet", "page", *paths, "--output", str(output)]) == ExitCode.DONE
        line = re.findall(r'<polyline class="l0" points="([^"]*)"', output.read_text())[0]
        found = [point.partition(",")[0] for point in line.split()]
        assert found == places


def test_of_the_time_before_the_numbers_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "history"
    for day in ("01", "02"):
        path = write(tmp_path, "s.json", replace(STATUS, when=f"2026-11-{day}T00:00:00+00:00"))
        words = ["fleet", "page", path, "--history", str(folder)]
        assert cli.main([*words, "--output", str(tmp_path / "page.html")]) == ExitCode.DONE
    before, after = map(read_status, sorted(folder.iterdir()))
    assert after.rows == STATUS.rows
    assert before.rows == tuple(replace(row, findings=()) for row in STATUS.rows)
    assert before.rows[0].must == 1


def test_parts_are_joined(tmp_path: Path) -> None:
    parts = [
        write(tmp_path, f"{n}.json", replace(STATUS, rows=(row,))) for n, row in enumerate(ROWS)
    ]
    output = tmp_path / "page.html"
    assert cli.main(["fleet", "page", *parts, "--join", "--output", str(output)]) == ExitCode.DONE
    assert "<h1>3 projects, 33&nbsp;% up to date</h1>" in output.read_text()


def test_a_badge_for_each_project(tmp_path: Path) -> None:
    rows = (*ROWS, Row("lisa/<b>&", version="<v1>", behind=0))
    path = write(tmp_path, "s.json", replace(STATUS, rows=rows))
    words = ["--badges", str(tmp_path / "badges"), "--output", str(tmp_path / "page.html")]
    assert cli.main(["fleet", "page", path, *words]) == ExitCode.DONE
    said = {
        each.stem: ET.parse(each).getroot().get("aria-label")  # noqa: S314 - ours
        for each in (tmp_path / "badges/lisa").iterdir()
    }
    assert said == {
        "a": "LISA practice: 1 to fix",
        "b": "LISA practice: v2.0.0 current",
        "c": "LISA practice: unknown",
        "<b>&": "LISA practice: <v1> current",
    }


@pytest.mark.parametrize("name", ["../up", "/abs", "a//b", "a/../../b", ".", "", "a\ud800"])
def test_a_badge_is_written_below_its_folder(name: str, tmp_path: Path, capsys: Capture) -> None:
    path = write(tmp_path, "s.json", replace(STATUS, rows=(Row(name),)))
    words = ["fleet", "page", path, "--badges", str(tmp_path / "in/badges")]
    assert cli.main(words) == ExitCode.REFUSED
    assert "no name of a project" in capsys.readouterr().err
    assert list(tmp_path.rglob("*.svg")) == []
