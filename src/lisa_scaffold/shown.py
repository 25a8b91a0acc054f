"""Foreign text made fit to be shown and recorded: nothing misleading, and no credentials."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any
from unicodedata import category
from urllib.parse import unquote

REDACTED = "***"
"""Stands in the place of a password or token."""


# --- Invisible characters -------------------------------------------------------------------------


def visible(text: str) -> str:
    r"""A text in one line, with everything that is invisible written out.

    Control characters (including line breaks and the escapes that control a terminal), characters
    that change the direction of writing (`CVE-2021-42574 <https://trojansource.codes/>`_),
    invisible ones, and bytes of file names that are not UTF-8 become Python's escapes, such as
    ``\x1b``.
    """
    if text.isprintable():
        return text
    # Python counts typographic spaces, such as the one that does not break, as not printable.
    return "".join(
        each
        if each.isprintable() or category(each) == "Zs"
        else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


def spoken(answer: object) -> str:
    """An answer in one visible line, as people say it: yes and no, several with commas."""
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if isinstance(answer, list):
        return ", ".join(map(spoken, answer)) or "none"
    return visible(str(answer)) or "(empty)"


def brief(text: str, most: int = 500) -> str:
    """A visible text of bounded length; what is cut off is counted."""
    # Each character becomes at least one: no more than these can be shown.
    shown = visible(text[: most + 1])
    if len(text) <= most and len(shown) <= most:
        return shown
    return f"{shown[:most].rstrip()} … ({len(text)} characters)"


def brief_inside(text: str, most: int) -> str:
    """A visible text of bounded length, cut in its middle: what to do stands at its end."""
    shown = visible(text[: most + 1])
    if len(text) <= most and len(shown) <= most:
        return shown
    half = most // 2 - 2
    return f"{shown[:half].rstrip()} … {visible(text[-half:])[-half:].lstrip()}"


def harmless(text: str) -> str:
    """A text of any number of lines, without credentials, that cannot control a terminal.

    Its line breaks and tabs stay; everything else becomes visible.
    """
    lines = redacted(text).split("\n")
    return "\n".join("\t".join(map(visible, line.split("\t"))) for line in lines)


# --- Credentials ----------------------------------------------------------------------------------

# How the names of query parameters end that carry a credential.
_CARRIERS = (
    *("token", "secret", "password", "passwd", "pwd", "signature", "credential", "credentials"),
    *("apikey", "api_key", "accesskey", "access_key", "accesskeyid", "private_key", "auth", "jwt"),
)
_CARRIERS_ALONE = frozenset(["key", "sig", "pass"])
_LONGEST = 2000  # characters of an address before a password
_PLAIN = str.maketrans({"-": "_", ".": "_", "[": "_", "]": "", "=": ""})


def redacted(text: str) -> str:
    """A text with the credentials in its addresses replaced.

    User and password (or a token that stands alone there) are replaced, as are the values of query
    parameters that carry tokens and signatures, also where an address is percent-encoded inside
    another. A mere account, as in ``ssh://git@host``, stays.

    Where an address ends is not always clear: in doubt more is replaced, not less. The time grows
    linearly with the length of the text, whatever is in it.
    """
    # Most texts have no address, and few addresses have any of these.
    if "@" not in text and "=" not in text and "%" not in text:
        return text
    plain, inside, short, in_path, of_plain, of_inside = _patterns()
    text = plain.sub(_redact_user, text)
    if "@" in text:
        text = in_path.sub(_redact_in_path, text)
        text = short.sub(REDACTED, text)
    if "%" in text:
        text = inside.sub(_redact_user, text)
    text = of_plain.sub(_redact_value, text)
    return of_inside.sub(_redact_value, text) if "%" in text else text


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Patterns for users in addresses, and for parameters: each as they are, and encoded.

    No part of a text is looked at more than a few times: each pattern begins with a character that
    its repetitions stop at.
    """

    def encoded(digits: str) -> str:
        return f"%(?:25)*+(?:{digits})"  # perhaps more than once

    begin, at = r":(?:\\?/){2}", f"(?:@|{encoded('40')})"
    in_authority = r"[^ \t\n\r\f\v/?#]*"
    # After a host's colon comes a number: anything else is a password, which may have a slash.
    port = r"\d*(?:[ \t\n\r\f\v/?#]|\Z)"
    odd = rf"[^ \t\n\r\f\v/?#@:\[]*(?!{begin}):(?!{port})(?:(?!{begin})[^ \t\n\r\f\v])*@"
    # People type a space there, and git takes it for a part of the password.
    spaced = rf"[^ \t\n\r\f\v/?#@:\[]*:[ \t]++(?:(?!{begin})[^ \t\n\r\f\v])*@"
    plain = f"({begin})({in_authority}{at}|{odd}(?:{in_authority}{at})?|{spaced})"
    in_encoded = f"(?:(?!{encoded('2F|3F|23')})[^ \\t\\n\\r\\f\\v/?#&])*"
    inside = f"({encoded('3A')}(?:{encoded('2F')}){{2}})({in_encoded}{at})"

    # As ssh has it, without a scheme: no digest of an image, and no port of a scheme.
    ends = r""" \t\n\r\f\v"'`"""
    host = r"(?!sha\d+:)(?:[\w.-]+|\[[0-9a-f:]+\])"
    short = rf"(?<![^{ends}])[^{ends}:@/]+:(?!\\?/)[^{ends}]+(?=@{host}:[^{ends}])"

    # In a path, where an address was put together from parts that did not belong together.
    in_path = r"(?<=/)[^ \t\n\r\f\v/:@]++:[^ \t\n\r\f\v/:@]++@(?!sha\d+:)"

    name = rf"(?:[\w.\[\]-]|{encoded('5F|2D|2E|5B|5D')}){{1,80}}+(?:=|{encoded('3D')})"
    # A quote ends a value where it closes what began before the address.
    value = r"""(?!{0})(?:[^ \t\n\r\f\v&#"'<>`]|'(?![ \t\n\r\f\v,;:.)\]}}]|\Z))"""
    of_plain = f"((?:[?&#]|&amp;){name})((?:{value.format('&amp;')})*)"
    of_inside = f"({encoded('3F|26|23')}{name})((?:{value.format(encoded('26|23'))})*)"
    patterns = (plain, inside, short, in_path, of_plain, of_inside)
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


def _redact_user(match: re.Match[str]) -> str:
    begin, user = match.groups()
    at = "@" if user.endswith("@") else user[user.rindex("%") :]
    before = match.string[max(0, match.start() - 12) : match.start()]
    if ":" not in unquote(user) and re.search(r"(?<![a-z])(?:ssh|sftp|rsync|git)\Z", before, re.I):
        return match[0]
    return f"{begin}{REDACTED}{at}"


def _redact_in_path(match: re.Match[str]) -> str:
    """Redact what looks like user and password, if an address leads there."""
    end, text = match.start(), match.string
    begin = max(text.rfind(each, max(0, end - _LONGEST), end) for each in ("://", ":\\/\\/"))
    leads_there = begin >= 0 and len(text[begin:end].split(None, 1)) == 1
    return f"{REDACTED}@" if leads_there else match[0]


def _redact_value(match: re.Match[str]) -> str:
    start, value = match.groups()
    return f"{start}{REDACTED}" if value and _carries_credential(start) else match[0]


@lru_cache(1000)
def _carries_credential(start: str) -> bool:
    """Whether a parameter, written with the signs around its name, carries a credential."""
    while start != (start := unquote(start)):
        pass
    name = re.split(r"[?&#;]", start)[-1].lower().translate(_PLAIN)
    return name.endswith(_CARRIERS) or name.rpartition("_")[2] in _CARRIERS_ALONE


def redacted_in(value: Any) -> Any:
    """The same value without credentials in the texts that it holds, however deep.

    It may be a text, a list or tuple, a mapping or a record; anything else stays as it is.
    """
    if type(value) is str:
        return redacted(value)
    if isinstance(value, Mapping):
        return {redacted_in(key): redacted_in(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        parts = [redacted_in(each) for each in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        from dataclasses import replace

        new = {name: redacted_in(getattr(value, name)) for name in value.__dataclass_fields__}
        return replace(value, **new)
    return value
