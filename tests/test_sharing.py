"""What is found in a text is found once for all projects that have it, and not kept for ever."""

from __future__ import annotations

import pytest

from lisa_scaffold import sharing


def test_the_same_text_is_looked_at_once() -> None:
    seen: list[tuple[str, str]] = []

    @sharing.shared
    def find(path: str, text: str) -> list[str]:
        seen.append((path, text))
        return text.split()

    assert find("a", "x y") == ["x", "y"]
    assert find("a", "".join(["x", " y"])) is find("a", "x y")
    assert find("b", "x y") == ["x", "y"]
    assert seen == [("a", "x y"), ("b", "x y")]


def test_a_long_text_is_not_kept() -> None:
    seen: list[int] = []

    @sharing.shared
    def find(text: bytes) -> int:
        seen.append(len(text))
        return len(text)

    long = b"x" * (sharing.LONGEST + 1)
    assert find(long) == find(long) == sharing.LONGEST + 1
    assert find(long[1:]) == find(long[1:]) == sharing.LONGEST
    assert seen == [sharing.LONGEST + 1, sharing.LONGEST + 1, sharing.LONGEST]


def test_what_was_not_used_for_longest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOST", 2 * (sharing.ENTRY + 2))
    seen: list[str] = []

    @sharing.shared
    def find(text: str) -> str:
        seen.append(text)
        return text.upper()

    for text in ("aa", "bb", "aa", "cc", "aa", "bb"):
        assert find(text) == text.upper()
    assert seen == ["aa", "bb", "cc", "bb"]


def test_empty_texts_at_many_places_make_room_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOST", 2 * (sharing.ENTRY + 1))
    seen: list[str] = []

    @sharing.shared
    def find(path: str, text: str) -> str:
        seen.append(path)
        return path + text

    for path in ("a", "b", "c", "a"):
        assert find(path, "") == path
    assert seen == ["a", "b", "c", "a"]


def test_what_raises_is_not_kept() -> None:
    @sharing.shared
    def find(text: str) -> int:
        return int(text)

    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            find("x")
    assert find("1") == 1
