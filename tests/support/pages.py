"""A page of a report, read as strictly as its author should have written it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

APART = {"dd", "dt", "td", "th"}
VOID = {"col", "input", "link", "meta", "rect"}


class Element:
    """An element of a page, with all the text in it."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.text = ""

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


class Page(HTMLParser):
    """A page, read as strictly as its author should have written it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {key: value or "" for key, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag
        if tag in APART:
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str, **attributes: str) -> list[Element]:
        wanted = {key.rstrip("_"): value for key, value in attributes.items()}
        return [
            element
            for element in self.elements
            if element.tag == tag and wanted.items() <= element.attributes.items()
        ]

    def texts(self, tag: str, **attributes: str) -> list[str]:
        return [element.words for element in self.all(tag, **attributes)]


def check_structure(found: Page) -> None:
    """What holds of every page: one outline, names that are there once, fields with labels."""
    assert found.all("html")[0].attributes == {"lang": "en"}
    levels = [int(each.tag[1]) for each in found.elements if re.fullmatch("h[1-6]", each.tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [element.attributes["id"] for element in found.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    named = [element.attributes.get("aria-labelledby") for element in found.elements]
    assert {each for each in named if each} <= set(ids)
    fields = {each.attributes["id"] for tag in ("input", "select") for each in found.all(tag)}
    assert fields == {each.attributes["for"] for each in found.all("label")}
    assert [each.attributes.get("aria-hidden") for each in found.all("svg")] == [
        "true" for _ in found.all("svg")
    ]
