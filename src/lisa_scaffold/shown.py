"""Foreign text as it may be shown and kept: nothing that misleads, and no credentials."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any
from unicodedata import category
from urllib.parse import unquote

REDACTED = "***"
"""What stands where a password or token was."""


# --- What has no form of its own ------------------------------------------------------------------


def visible(text: str) -> str:
    r"""A text in one line, with everything that has no form of its own written out.

    Control characters (line breaks and the escapes that steer a terminal among them), characters
    that turn the direction of writing (`CVE-2021-42574 <https://trojansource.codes/>`_), invisible
    ones, and the bytes of file names that are no UTF-8 become Python's escapes, such as ``\x1b``.
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    # Python counts the spaces of typesetting, such as the one that never breaks, as not printable.
    if character.isprintable() or category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode("ascii")


def brief(text: str, most: int = 500) -> str:
    """A visible text that is no longer than a reader bears; what is cut off is counted."""
    # Whatever a character becomes, it is one at least: no more than these can be shown.
    shown = visible(text[: most + 1])
    if len(text) <= most and len(shown) <= most:
        return shown
    return f"{shown[:most].rstrip()} … ({len(text)} characters)"


def harmless(text: str) -> str:
    """A text of any number of lines, without credentials, that cannot steer a terminal.

    Its line breaks and tabs stay; everything else is made visible.
    """
    lines = redacted(text).split("\n")
    return "\n".join("\t".join(map(visible, line.split("\t"))) for line in lines)


# --- Credentials ----------------------------------------------------------------------------------

# The names of query parameters that carry a credential end so, whatever stands before.
_CARRIERS = (
    *("token", "secret", "password", "passwd", "pwd", "signature", "credential", "credentials"),
    *("apikey", "api_key", "accesskey", "access_key", "accesskeyid", "private_key", "auth", "jwt"),
)
_CARRIERS_ALONE = frozenset(["key", "sig", "pass"])
_PLAIN = str.maketrans({"-": "_", ".": "_", "[": "_", "]": "", "=": ""})


def redacted(text: str) -> str:
    """A text with the credentials in its addresses replaced.

    User and password (or the token that stands alone there) go, as do the values of the query
    parameters that carry tokens and signatures, also where an address is percent-encoded in
    another. What is an account alone, as in ``ssh://git@host``, stays.

    Where an address ends is not always to be seen: in doubt more is replaced, not less. The time
    that it takes grows with the length of the text, whatever is in it.
    """
    # Most texts have no address, and few addresses have any of these.
    if "@" not in text and "=" not in text and "%" not in text:
        return text
    plain, inside, of_plain, of_inside = _patterns()
    text = plain.sub(_without_user, text)
    if "%" in text:
        text = inside.sub(_without_user, text)
    text = of_plain.sub(_without_value, text)
    return of_inside.sub(_without_value, text) if "%" in text else text


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """What finds users in addresses, and then parameters: both as they are, and encoded.

    No part of a text is looked at more than a few times: each pattern begins with a sign that its
    repetitions stop at.
    """

    def encoded(digits: str) -> str:
        return f"%(?:25)*+(?:{digits})"  # perhaps more than once

    begin, at = r":(?:\\?/){2}", f"(?:@|{encoded('40')})"
    in_authority = r"[^ \t\n\r\f\v/?#]*"
    # What follows a host's colon is a number: else it is a password, and a slash may be in it.
    port = r"\d*(?:[ \t\n\r\f\v/?#]|\Z)"
    odd = rf"[^ \t\n\r\f\v/?#@:\[]*(?!{begin}):(?!{port})(?:(?!{begin})[^ \t\n\r\f\v])*@"
    plain = f"({begin})({in_authority}{at}|{odd}(?:{in_authority}{at})?)"
    in_encoded = f"(?:(?!{encoded('2F|3F|23')})[^ \\t\\n\\r\\f\\v/?#&])*"
    inside = f"({encoded('3A')}(?:{encoded('2F')}){{2}})({in_encoded}{at})"

    name = rf"(?:[\w.\[\]-]|{encoded('5F|2D|2E|5B|5D')}){{1,80}}+(?:=|{encoded('3D')})"
    # A quote ends a value where it closes what began before the address.
    value = r"""(?!{0})(?:[^ \t\n\r\f\v&#"'<>`]|'(?![ \t\n\r\f\v,;:.)\]}}]|\Z))"""
    of_plain = f"((?:[?&#]|&amp;){name})((?:{value.format('&amp;')})*)"
    of_inside = f"({encoded('3F|26|23')}{name})((?:{value.format(encoded('26|23'))})*)"
    patterns = (plain, inside, of_plain, of_inside)
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


def _without_user(match: re.Match[str]) -> str:
    begin, user = match.groups()
    at = "@" if user.endswith("@") else user[user.rindex("%") :]
    before = match.string[max(0, match.start() - 12) : match.start()]
    if ":" not in unquote(user) and re.search(r"(?<![a-z])(?:ssh|sftp|rsync|git)\Z", before, re.I):
        return match[0]
    return f"{begin}{REDACTED}{at}"


def _without_value(match: re.Match[str]) -> str:
    start, value = match.groups()
    return f"{start}{REDACTED}" if value and _carries(start) else match[0]


@lru_cache(1000)
def _carries(start: str) -> bool:
    """Whether a parameter, from the sign before its name to the one after, carries a credential."""
    while start != (start := unquote(start)):
        pass
    name = re.split(r"[?&#;]", start)[-1].lower().translate(_PLAIN)
    return name.endswith(_CARRIERS) or name.rpartition("_")[2] in _CARRIERS_ALONE


def redacted_in(value: Any) -> Any:
    """The same value without credentials in the texts that it holds, however deep.

    It may be a text, a list or tuple, a mapping, a record, or anything else, which stays.
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
