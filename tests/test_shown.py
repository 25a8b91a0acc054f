"""Foreign text that cannot mislead, and holds no credentials."""

from __future__ import annotations

import json
import time
import unicodedata
from pathlib import Path
from string import ascii_letters, digits
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.model import Checked, Finding, Severity, Waived
from lisa_scaffold.report import machine
from lisa_scaffold.shown import brief, harmless, redacted, redacted_in, spoken, visible

from .support.sweeps import sampled


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("café, naïve 光 🚀", "café, naïve 光 🚀"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("two\nlines\r\tand a tab", "two\\nlines\\r\\tand a tab"),
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("paragraph\u2029", "paragraph\\u2029"),
        ("\x9b31m\x00\x7f", "\\x9b31m\\x00\\x7f"),
        ("latin-\udce9", "latin-\\udce9"),
        ("non\u00a0breaking", "non\u00a0breaking"),
        ("\ufffe", "\\ufffe"),
    ],
)
def test_what_has_no_form_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters(codec=None)))
def test_nothing_invisible_is_left(text: str) -> None:
    left = {unicodedata.category(character) for character in visible(text)}
    assert not left & {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("short", 5, "short"),
        ("longer", 5, "longe … (6 characters)"),
        ("long words", 5, "long … (10 characters)"),
        ("\x00\x00", 5, "\\x00\\ … (2 characters)"),
        ("x" * 10_000_000, 3, "xxx … (10000000 characters)"),
    ],
)
def test_a_long_text_is_cut(text: str, most: int, shown: str) -> None:
    assert brief(text, most) == shown


@given(st.text(st.characters(codec=None)))
def test_several_lines_keep_their_breaks_and_tabs_alone(text: str) -> None:
    shown = harmless(text)
    assert harmless(shown) == shown
    left = {unicodedata.category(each) for each in shown if each not in "\n\t"}
    assert not left & {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:pw@host/a.git", "https://***@host/a.git"),
        ("HTTPS://User:Pw@Host", "HTTPS://***@Host"),
        ("https://ghp_token@host:8443/a", "https://***@host:8443/a"),
        ("https://oauth2:glpat-x@host", "https://***@host"),
        ("https://u:p@ss@host/a", "https://***@host/a"),
        ("https://u:p/s?s#s@host/a", "https://***@host/a"),
        ("https://me%40example.org:pw@host", "https://***@host"),
        ("https://u:pw%40host/a", "https://***%40host/a"),
        ("git+https://u:p@host", "git+https://***@host"),
        ("ssh://git:pw@host/a", "ssh://***@host/a"),
        ("postgres://u:p@host/a redis://:p@host", "postgres://***@host/a redis://***@host"),
        ("url.https://u:p@host/.insteadOf=x", "url.https://***@host/.insteadOf=x"),
        (
            "unable to access 'https://u:p'q@host/': 403",
            "unable to access 'https://***@host/': 403",
        ),
        (r"https:\/\/u:p@host\/a", r"https:\/\/***@host\/a"),
        ("?to=https%3A%2F%2Fu%3Ap%40host%2Fa", "?to=https%3A%2F%2F***%40host%2Fa"),
        ("https%253A%252F%252Fu%253Ap%2540host", "https%253A%252F%252F***%2540host"),
        ("https://user: pw@host/a", "https://***@host/a"),
        ("https://user: \tp/w@host", "https://***@host"),
        ("'user:pw@host:x.git': no", "'***@host:x.git': no"),
        ("u:p@ss@host:/srv/x.git", "***@host:/srv/x.git"),
        ("git clone u:p/w@[::1]:x", "git clone ***@[::1]:x"),
        ("h?private_token=x&a=1", "h?private_token=***&a=1"),
        ("h?a=1&access_token=x#job_token=y", "h?a=1&access_token=***#job_token=***"),
        ("h?Private%5FToken=x", "h?Private%5FToken=***"),
        ("h?X-Amz-Signature=x&X-Amz-Date=1", "h?X-Amz-Signature=***&X-Amz-Date=1"),
        ("h?sig=x&amp;apiKey=y&amp;b=1", "h?sig=***&amp;apiKey=***&amp;b=1"),
        ("h%3Fjob_token%3Dx%26a%3D1", "h%3Fjob_token%3D***%26a%3D1"),
        ("http://host:1/secret:x-oauth-basic@/x.git", "http://host:1/***@/x.git"),
        (r"https:\/\/host\/a\/u:pw@b", r"https:\/\/host\/a\/***@b"),
        ("'https://h/?token=x': not found", "'https://h/?token=***': not found"),
    ],
)
def test_credentials_in_addresses_are_replaced(text: str, shown: str) -> None:
    assert redacted(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "ssh://git@host/a git+ssh://git@host/a git@host:a/b.git ada@example.org",
        "https://host:8443/@ada/a@v1 http://[::1]:80/a@b https://host https://",
        "a = token; key=value --data key=value 100% a && b=1 x?page=2&sort=name",
        "git rev-parse HEAD@{1}; @all; image@sha256:0123 a/b:1@sha256:01 image:1@sha256:01",
        "src/a:1@b, see https://h/ and a/b:c@d; https://registry:5000/a/b:1@sha256:01",
        "mailto:ada@example.org, https://host: see there; ssh://git@host:22/a git@h:a@b:c",
    ],
)
def test_what_is_no_credential_stays(text: str) -> None:
    assert redacted(text) == text


# What a user and a password may hold, in an address or in what people paste for one.
TYPED = ascii_letters + digits + "-._~!$&'()*+,;=%@|^\\\"<>{}"
WORDS = st.text(st.sampled_from("aZ09-_ .,:;/@?#&%=\n\t'\"<>()[]é\x1b\udce9"), max_size=30)
SECRETS = st.text(st.sampled_from("bcdefgBCDEFG12345-._~"), min_size=12, max_size=40)
NAMES = st.sampled_from(["private_token", "access_token", "JOB_TOKEN", "sig", "X-Amz-Signature"])


@given(WORDS, st.text(st.sampled_from(TYPED), max_size=9), SECRETS, WORDS, st.integers(0, 2))
def test_no_password_survives(before: str, user: str, secret: str, after: str, deep: int) -> None:
    address = f"https://{user}:{secret}@host.example.org/a.git"
    for _ in range(deep):
        address = quote(address, safe="")
    assert secret not in harmless(f"{before} {address} {after}")


@given(WORDS, SECRETS, st.text(st.sampled_from(TYPED.replace("@", "/?#")), max_size=9), WORDS)
def test_no_odd_password_survives(before: str, secret: str, odd: str, after: str) -> None:
    assert secret not in redacted(f"{before} https://u:x{secret}{odd}{secret}@host/a {after}")


@given(st.sampled_from(["host", "host:1", "[::1]:80", "u:p@host"]), SECRETS, SECRETS)
def test_no_password_in_a_path_survives(host: str, first: str, second: str) -> None:
    """Such as from two addresses that were put together, or a user's name before the host's."""
    shown = redacted(f"https://{host}/a/{first}:{second}@/x.git")
    assert first not in shown
    assert second not in shown


@given(WORDS, SECRETS, st.text(" \t", min_size=1, max_size=3), WORDS)
def test_no_password_after_a_space_survives(
    before: str, secret: str, space: str, after: str
) -> None:
    assert secret not in redacted(f"{before} https://user:{space}{secret}@host/a {after}")


SHORT = TYPED.translate(dict.fromkeys(map(ord, "'\"@"))) + "é"


@given(WORDS, st.text(st.sampled_from(SHORT), min_size=1, max_size=9), SECRETS, WORDS)
def test_no_password_of_ssh_survives(before: str, user: str, secret: str, after: str) -> None:
    assert secret not in redacted(f"{before} {user}:{secret}@host.example.org:a.git {after}")
    assert secret not in redacted(f"'{user}:a@{secret}@host:/srv/a.git'")


@given(WORDS, NAMES, SECRETS, WORDS, st.integers(0, 2))
def test_no_token_survives(before: str, name: str, secret: str, after: str, deep: int) -> None:
    address = f"https://host/a?b=1&{name}={secret}&c=2#d"
    for _ in range(deep):
        address = quote(address, safe="")
    assert secret not in harmless(f"{before} {address} {after}")


@given(st.text(st.sampled_from(":/@?&#%=aA2F0345\\' \n.token") | st.characters(codec=None)))
def test_to_redact_again_changes_nothing(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)


@given(st.text(st.characters(codec=None, exclude_characters=":?&#%")))
def test_a_text_without_addresses_is_unchanged(text: str) -> None:
    assert redacted(text) == text


@sampled(
    "unit",
    [
        *("://", "://a:b", "://a:b/", ":", "@", "%25", "%2525", "25", "%3A%2F%2F", "%3A%2F%2Fa"),
        *(
            "?a",
            "?token=",
            "&token=x",
            "%26token%3Dx",
            "&amp;",
            "?%5F",
            "?token='",
            "\\",
            ":\\/\\/",
        ),
        *(
            "a:",
            "a:b@",
            "a:b@c",
            "a:b@c: ",
            "/a:b@",
            "'a:b",
            ":// a: ",
            "://a: b",
            "://a:  ",
            "@a:",
        ),
        *("://u:p@h ", f"://u:p/{'x' * 50}", f"?{'a' * 80}", "a", "\x1b", "\n"),
    ],
    4,
)
def test_time_grows_with_the_length_alone(unit: str) -> None:
    def seconds(length: int) -> float:
        text = f"://u:p/%{unit * (length // len(unit))}=%"
        start = time.process_time()
        redacted(text)
        return time.process_time() - start

    # A square would take hundreds of seconds.
    assert seconds(1_000_000) < 2


def test_a_record_is_redacted_whole() -> None:
    def record(text: str) -> object:
        found = Finding("A", Severity.MUST, text, 1, text, None, False, "")
        waived = Waived(found, text)
        checked = Checked(Path("p"), text, "", "", (found,), (waived,), (text,), diff=text)
        return [{text: checked, found: 1}, (text, 1, None)]

    assert redacted_in(record("https://u:pw@h")) == record("https://***@h")


@given(st.text(st.characters(codec=None)))
def test_json_is_plain_and_says_the_same(text: str) -> None:
    said = machine.as_json({text: [text]})
    assert said.isascii()
    assert said.replace("\n", "").replace("\x7f", "").isprintable()
    paired = redacted(text).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert json.loads(said) == {paired: [paired]}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (True, "yes"),
        (False, "no"),
        ("", "(empty)"),
        ("a\x1b", "a\\x1b"),
        ([], "none"),
        (["a", "b"], "a, b"),
        (3, "3"),
    ],
)
def test_an_answer_is_said_as_people_say_it(answer: object, words: str) -> None:
    assert spoken(answer) == words
