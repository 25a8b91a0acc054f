"""Bytes of a file and its text: byte-order mark, encoding, line ends and the end of the last line.

Each of these is merged by itself, three-way: what the project converted stays converted.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

T = TypeVar("T")

_MARK = b"\xef\xbb\xbf"
_CONTROLS = bytes(range(0x80, 0xA0))


class Style(NamedTuple):
    """How a text is written as bytes."""

    mark: bool
    encoding: str
    newline: str
    """``lf``, ``crlf``, ``mixed``; empty for a file of one line."""
    ended: bool


class Decoded(NamedTuple):
    """A file as text, every line with its end, and how to write it."""

    text: str
    style: Style


class Sides(NamedTuple):
    """The three sides of a merge."""

    base: Decoded
    ours: Decoded
    theirs: Decoded
    new: bool
    """Whether both sides added the file: there is no base."""

    @property
    def texts(self) -> tuple[str, str, str]:
        """Base, ours and theirs."""
        return self.base.text, self.ours.text, self.theirs.text


def is_binary(content: bytes) -> bool:
    """Whether a file is binary, as git judges it."""
    return b"\0" in content[:8000]


def decode(base: bytes | None, ours: bytes, theirs: bytes) -> Sides | None:
    """Base, ours and theirs as texts that can be merged; ``None`` where they cannot."""
    contents = (base or b"", ours, theirs)
    if any(map(is_binary, contents)):
        return None
    encodings = [_encoding(content) for content in contents]
    if "bytes" in encodings:
        # Bytes that are no text we know are carried as they are, one character each. Where
        # another side has characters of its own, the two cannot stand in one file.
        if "utf-8" in encodings:
            return None
        encodings = ["latin-1"] * 3
    # Pure ASCII is in whatever encoding another side is in.
    other = next((code for code in encodings if code != "ascii"), "utf-8")
    sides = [
        _decoded(content, other if code == "ascii" else code)
        for content, code in zip(contents, encodings, strict=True)
    ]
    if base is None:
        sides[0] = sides[0]._replace(style=sides[2].style)
    if _three_way(*(side.style.newline for side in sides)) != "mixed":
        sides = [side._replace(text=side.text.replace("\r\n", "\n")) for side in sides]
    return Sides(sides[0], sides[1], sides[2], base is None)


def encode(text: str, sides: Sides) -> bytes | None:
    """A merged text as bytes; ``None`` where its encoding lacks a character."""
    base, ours, theirs = sides.base.style, sides.ours.style, sides.theirs.style
    if not _three_way(base.ended, ours.ended, theirs.ended):
        text = text.removesuffix("\n")
    if _three_way(base.newline, ours.newline, theirs.newline) == "crlf":
        text = text.replace("\n", "\r\n")
    try:
        content = text.encode(_three_way(base.encoding, ours.encoding, theirs.encoding))
    except UnicodeEncodeError:
        return None
    return (_MARK if _three_way(base.mark, ours.mark, theirs.mark) else b"") + content


def _three_way(base: T, ours: T, theirs: T) -> T:
    return theirs if ours == base else ours


def _encoding(content: bytes) -> str:
    if content.isascii():
        return "ascii"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "bytes" if any(byte in _CONTROLS for byte in content) else "latin-1"
    return "utf-8"


def _decoded(content: bytes, encoding: str) -> Decoded:
    mark = content.startswith(_MARK)
    text = content.removeprefix(_MARK).decode(encoding) if mark else content.decode(encoding)
    pairs, ends = text.count("\r\n"), text.count("\n")
    newline = "" if not ends else "crlf" if pairs == ends else "mixed" if pairs else "lf"
    ended = not text or text.endswith("\n")
    return Decoded(text if ended else f"{text}\n", Style(mark, encoding, newline, ended))
