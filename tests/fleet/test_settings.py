"""What ``fleet.toml`` says, and what is refused there with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lisa_scaffold.errors import LisaError
from lisa_scaffold.fleet import settings
from lisa_scaffold.fleet.settings import Fleet, Ignored, Server, Updates

WHOLE = """\
folders = ["clones"]
include = ["lisa/*"]
exclude = ["lisa/old"]

[[ignore]]
projects = "lisa/attic-*"
reason = "replaced by lisa/noise"
expires = 2027-01-31

[[ignore]]
projects = "lisa/paper"
reason = "frozen with the paper"

[gitlab]
url = "https://gitlab.example.org/"
groups = ["lisa", "lisa/analysis"]
projects = ["other/one"]
token-variable = "FLEET"

[update]
labels = ["practice", "bot"]
assign = [{ projects = "lisa/noise*", to = "@ada" }]
canaries = ["lisa/canary"]
wave = "5%"
stop-at = "12.5%"
"""


def read(folder: Path, text: str) -> Fleet:
    (folder / "clones").mkdir(exist_ok=True)
    (folder / "fleet.toml").write_text(text)
    return settings.read(folder)


def test_every_setting(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE) == Fleet(
        tmp_path / "fleet.toml",
        (tmp_path / "clones",),
        ("lisa/*",),
        ("lisa/old",),
        Server(
            "https://gitlab.example.org", ("lisa", "lisa/analysis"), ("other/one",), "FLEET", None
        ),
        Updates(("practice", "bot"), (("lisa/noise*", "ada"),), ("lisa/canary",), 0.05, 0.125),
        (
            Ignored("lisa/attic-*", "replaced by lisa/noise", date(2027, 1, 31), 5),
            Ignored("lisa/paper", "frozen with the paper", None, 10),
        ),
    )


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    fleet = read(tmp_path, 'folders = ["clones"]\n')
    assert (fleet.server, fleet.updates, fleet.include) == (None, Updates(), ())
    file = '[gitlab]\nurl = "http://127.0.0.1:1"\ngroups = ["a"]\ntoken-file = "token"\n'
    server = read(tmp_path, file).server
    assert server
    assert (server.token_variable, server.token_file) == ("LISA_FLEET_TOKEN", tmp_path / "token")


GITLAB = '[gitlab]\nurl = "https://x.org"\ngroups = ["a"]\n'
WRONG = {
    'folders = "clones"\n': (1, "`folders` must be a list of texts"),
    'folders = ["clones", 3]\n': (1, "`folders` must be a list of texts"),
    'folders = [\n  "clones",\n  "gone",\n]\n': (3, "gone: no such folder"),
    "include = []\n": (1, "no projects: name `folders` of local clones"),
    'folders = ["clones"]\nfodlers = 1\n': (2, "unknown key `fodlers`: did you mean `folders`?"),
    '[gitlab]\ngroups = ["a"]\n': (1, "`url` is missing"),
    '[gitlab]\nurl = "x.org"\ngroups = ["a"]\n': (2, "`url` must be the address of a server"),
    '[gitlab]\nurl = "http://x.org"\ngroups = ["a"]\n': (
        2,
        'unencrypted: "https://x.org" is meant',
    ),
    '[gitlab]\nurl = "https://[x"\ngroups = ["a"]\n': (2, "`url` must be the address of a"),
    '[gitlab]\nurl = "ext::sh -c x"\ngroups = ["a"]\n': (2, "`url` must be the address of a"),
    '[gitlab]\nurl = "https://u:glpat-1@x.org"\ngroups = ["a"]\n': (2, "take it out and revoke it"),
    '[gitlab]\nurl = "https://x.org"\n': (1, "no projects: name `groups` or `projects`"),
    '[gitlab]\nurl = "https://x.org"\ngroups = ["a b"]\n': (3, "`groups`: a b: no path such as"),
    '[gitlab]\nurl = "https://x.org"\ngroups = ["../a"]\n': (3, "`groups`: ../a: no path such as"),
    'folders = ["clones"]\ninclude = ["a*",\n"[a-"]\n': (3, "`include`: [a-: no pattern"),
    'folders = ["clones"]\n[[ignore]]\nprojects = "a"\n': (2, "`reason` is missing"),
    'folders = ["clones"]\n[[ignore]]\nreason = "a"\n': (2, "`projects` is missing"),
    'folders = ["clones"]\n[ignore]\nreason = "a"\n': (2, "`ignore` must be a list of tables"),
    'folders = ["clones"]\n[[ignore]]\nprojects = "[a-"\nreason = "a"\n': (
        3,
        "`projects`: [a-: no pattern",
    ),
    'folders = ["clones"]\n[[ignore]]\nprojects = "a"\nreason = "a"\nuntil = 2027-01-31\n': (
        5,
        "unknown key `until`: there are projects, reason, expires",
    ),
    'folders = ["clones"]\n[[ignore]]\nprojects = "a"\nreason = "a"\nexpires = "soon"\n': (
        5,
        "`expires` must be a date such as 2027-01-31",
    ),
    "gitlab = 3\n": (1, "`gitlab` must be a table"),
    f'{GITLAB}token-variable = "glpat-123"\n': (4, "take it out and revoke it"),
    f'{GITLAB}token = "glpat-123"\n': (4, "`token`: A token never stands in this file"),
    f'{GITLAB}private_token = "glpat-123"\n': (4, "take it out and revoke it"),
    f'{GITLAB}token-variable = "A"\ntoken-file = "b"\n': (5, "name one of them"),
    f"{GITLAB}[update]\nwave = 5\n": (5, '`wave` must be a share, as in "5%"'),
    f'{GITLAB}[update]\nwave = "0%"\n': (
        *(5, '`wave` must be more than 0%, as in "5%": else no run begins with any'),
    ),
    f'{GITLAB}[update]\nstop-at = "101%"\n': (5, '`stop-at` must be a share, as in "5%"'),
    f'{GITLAB}[update]\nlabels = ["a,b"]\n': (5, "GitLab takes no label with a comma"),
    f'{GITLAB}[update]\nassign = [{{ to = "ada" }}]\n': (5, "`projects` is missing"),
    f'{GITLAB}[update]\nassign = ["ada"]\n': (5, "`assign` must be a list of tables"),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_not_valid_is_refused_with_its_line(text: str, tmp_path: Path) -> None:
    line, message = WRONG[text]
    with pytest.raises(LisaError) as caught:
        read(tmp_path, text)
    assert caught.value.message.startswith(f"{tmp_path / 'fleet.toml'}:{line}: ")
    assert message in caught.value.message
    assert "glpat" not in caught.value.message


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(LisaError) as caught:
        read(tmp_path, "folders = 1\ninclude = 2\n[update]\nwave = 3\n")
    lines = [each.strip().split(":")[1] for each in caught.value.message.split("\n")]
    assert lines == ["1", "1", "2", "4"]


def test_what_is_no_toml_or_missing(tmp_path: Path) -> None:
    with pytest.raises(LisaError, match=r"fleet.toml:2: no TOML that can be read"):
        read(tmp_path, "folders = []\nfolders\n")
    with pytest.raises(LisaError, match="No such file"):
        settings.read(tmp_path / "nowhere")


@pytest.mark.parametrize(("text", "share"), [("5%", 0.05), (" 100 % ", 1), ("0.5%", 0.005)])
def test_a_share(text: str, share: float) -> None:
    assert settings.read_share(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["5", "-5%", "101%", "", "1e3%", "5%%"])
def test_no_share(text: str) -> None:
    with pytest.raises(LisaError, match="no share"):
        settings.read_share(text)
