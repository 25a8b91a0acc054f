"""The status of a fleet as rows: a file for spreadsheets, and the words of every other form."""

from __future__ import annotations

import csv
import io

from lisa_scaffold.fleet.records import Row, Status
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.shown import brief

COLUMNS = (
    *("name", "state", "kind", "version", "behind", "drift", "must", "should", "waived", "release"),
    *("pipeline", "merge request", "its pipeline", "activity", "updates", "problem", "place"),
    *("commit", "branch", "checkout", "newer", "other template", "branch state", "lacks"),
    *("superseded", "target", "conflicts", "rules", "note", "codes", "ignored", "ignored must"),
    *("older", "waived must", "waived codes", "practice", "ahead", "obstacle"),
)

_LONGEST = 2000  # characters of a cell

# What a spreadsheet takes for a formula: https://owasp.org/www-community/attacks/CSV_Injection.
# Some take the wide signs of East Asia for these; and where numbers have commas, a semicolon ends a
# cell.
_FORMULA = compile_lazily(r"(^|;)(?=\s*[=+@\uff0b\uff0d\uff1d\uff20-])")


def as_csv(status: Status) -> str:
    """The status as comma-separated values, a line a project (RFC 4180)."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in status.rows:
        cells = [brief(each, _LONGEST) for each in list_cells(row)]
        writer.writerow(_FORMULA.sub(r"\1'", each) for each in cells)
    return written.getvalue()


def list_cells(row: Row) -> list[str]:
    """What stands in each column."""
    request = row.request
    codes = dict.fromkeys(each.code for each in row.findings)
    numbers = [row.drift, row.must, row.should, row.waived]
    return [
        *(row.name, row.state, row.kind, row.version),
        "" if row.behind is None or row.problem else str(row.behind),
        *(["" for _ in numbers] if row.problem else map(str, numbers)),
        *(row.release, row.pipeline),
        *((f"{request.state} {request.url}", request.pipeline) if request else ("", "")),
        *(row.activity, say_updates(row), row.problem, row.place),
        *(row.commit, row.branch, row.checkout, "yes" if row.newer else "", row.other),
        *(row.branch_state, str(row.lacks or ""), " ".join(row.superseded), row.target),
        *(", ".join(row.conflicts), "" if row.problem else str(row.rules), row.note),
        *(" ".join(codes), " ".join(row.ignored), "" if row.problem else str(row.ignored_must)),
        *(" ".join(row.older), "" if row.problem else str(row.waived_must)),
        *(" ".join(dict.fromkeys(each.code for each in row.waivers)), row.practice),
        *(str(row.ahead or ""), row.obstacle),
    ]


def say_updates(row: Row) -> str:
    """Whether a project takes part in updates; nothing where nobody knows, or there are none."""
    if row.problem or (row.updates and not row.version):
        return ""
    return "yes" if row.updates else "no"
