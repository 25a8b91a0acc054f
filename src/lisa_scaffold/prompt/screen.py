"""One question on the terminal: the only module that imports prompt_toolkit.

The question stands on top, the answer below it, and what is wrong about the answer below that.
Enter confirms, Escape goes back, Ctrl-C asks whether to stop.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from prompt_toolkit.application import Application, get_app
from prompt_toolkit.application.current import get_app_session
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition, is_done
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input.typeahead import clear_typeahead
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import (
    AnyContainer,
    BufferControl,
    ConditionalContainer,
    Dimension,
    FormattedTextControl,
    HSplit,
    Layout,
    VerticalAlign,
    Window,
)
from prompt_toolkit.layout.processors import AfterInput, BeforeInput, ConditionalProcessor
from prompt_toolkit.output import create_output
from prompt_toolkit.styles import Style

from lisa_scaffold import keyboard
from lisa_scaffold.lines import fit

Check = Callable[[Any], str]
"""Given an answer → what is wrong about it; empty where it is right."""

Fragments = StyleAndTextTuples

_STYLE = Style(
    [("mark", "fg:ansiblue bold"), ("hint", "fg:ansibrightblack"), ("wrong", "fg:ansired")]
)
# Lines that the question, its hints and complaints need beside the choices.
_OTHER_LINES = 8
_FEW = 4
"""Options among which nobody looks for one."""


class Left(Exception):  # noqa: N818 - nothing is wrong
    """The person leaves a question.

    Attributes
    ----------
    typed
        What stood there and was no answer yet; ``None`` where that is what was offered.
    """

    typed: str | None = None


class BackAsked(Left):
    """The person wants to go back to the last question."""


class StopAsked(Left):
    """The person has pressed Ctrl-C."""


# For each answered question that stands on the screen: its lines, and how wide the terminal was.
_shown: list[tuple[int, int]] = []


def drop_typed() -> None:
    """Forget what was typed ahead: whoever wants to stop means none of it."""
    keyboard.drop_typed()
    clear_typeahead(get_app_session().input)


def forget_shown() -> None:
    """Begin anew: what is on the screen is no question that one can go back to."""
    _shown.clear()


def wipe_last() -> None:
    """Take the question that was answered last off the screen: it is asked again."""
    if not _shown:
        return
    lines, columns = _shown.pop()
    output = create_output(sys.stderr)
    if output.get_size().columns == columns:
        output.cursor_up(lines)
        output.erase_down()
        output.flush()


class Option(NamedTuple):
    """A possible answer: the text that a person sees, and what it stands for."""

    title: str
    value: Any


class _Screen:
    """What questions have in common: the frame, the keys, and what is wrong."""

    def __init__(self, heading: str, mark: str, hint: str) -> None:
        self.heading, self.mark, self.hint = heading, mark, hint
        self.wrong = ""
        self.keys = KeyBindings()
        self.keys.add("escape", eager=True)(lambda event: _leave(event, BackAsked()))
        for key in ("c-c", "<sigint>"):
            self.keys.add(key)(lambda event: _leave(event, StopAsked()))

    def run(self, body: AnyContainer, answer: Callable[[], str], focus: Any = None) -> Any:
        """Show the question until it is answered; then it and its answer stay."""
        done = Window(
            FormattedTextControl(lambda: fit(f"  {answer()}", _columns())), dont_extend_height=True
        )
        layout = HSplit(
            [
                Window(FormattedTextControl(self._head), dont_extend_height=True),
                ConditionalContainer(body, ~is_done),
                ConditionalContainer(done, is_done),
                ConditionalContainer(
                    Window(FormattedTextControl(self._foot), dont_extend_height=True), ~is_done
                ),
            ],
            align=VerticalAlign.TOP,
        )
        app: Application[Any] = Application(
            Layout(layout, focused_element=focus),
            key_bindings=self.keys,
            style=_STYLE,
            output=create_output(sys.stderr),
        )
        # How long Escape waits for the rest of a key such as an arrow.
        app.ttimeoutlen = 0.05
        result = app.run()
        columns = app.output.get_size().columns
        told = self._split_heading(columns - 1), fit(f"  {answer()}", columns - 1).split("\n")
        _shown.append((sum(map(len, told)), columns))
        return result

    def _split_heading(self, columns: int) -> list[str]:
        return fit(f"? {self.heading}", columns - len(self.mark) - 1).split("\n")

    def _head(self) -> Fragments:
        heading = "\n".join(self._split_heading(_columns()))
        head = [("class:mark", "?"), ("bold", heading.removeprefix("?"))]
        # Behind the whole question, in however many lines that is.
        return [*head, ("class:hint", f" {self.mark}" if self.mark else "")]

    def _foot(self) -> Fragments:
        foot = [("class:wrong", fit(f"  {self.wrong}", _columns()) + "\n")] if self.wrong else []
        return [*foot, ("class:hint", fit(f"  ({self.hint})", _columns()))]


def _leave(event: KeyPressEvent, why: Exception) -> None:
    # What is not answered does not stay as if it were.
    event.app.erase_when_done = True
    # A key may arrive while the answer is on its way.
    if event.app.is_running and not event.app.is_done:
        event.app.exit(exception=why)


def _columns() -> int:
    return get_app().output.get_size().columns - 1


def ask_line(  # noqa: PLR0913 - what there is to a question, each by its name
    heading: str,
    check: Check,
    *,
    default: str = "",
    typed: str | None = None,
    placeholder: str = "",
    mark: str = "",
) -> str:
    """Ask for a line of text.

    Parameters
    ----------
    heading
        The question.
    check
        Tells what is wrong about an answer; a wrong one can be corrected.
    default
        The text that is offered.
    typed
        What somebody typed there before, and left; ``None``: nothing.
    placeholder
        An example, shown while nothing is typed.
    mark
        How far the person has come.

    Raises
    ------
    BackAsked, StopAsked
        If the person does not answer.
    """
    screen = _Screen(heading, mark, "")
    # Until a key has changed it, or moved in it, the text is an offer, which letters replace. An
    # answer that was refused is none: it is mended where it stands.
    is_offer = False

    def offer(*, again: bool) -> None:
        nonlocal is_offer
        is_offer = again
        typed = "letters: another, " if again else ""
        screen.hint = f"Enter: take it, {typed}Esc: back, Ctrl-C: stop"

    offer(again=bool(default) and typed is None)

    def note_change(_: Buffer) -> None:
        screen.wrong = ""
        offer(again=False)

    buffer = Buffer(
        document=Document(default if typed is None else typed),
        multiline=False,
        on_text_changed=note_change,
        on_cursor_position_changed=note_change,
    )

    def replace(event: KeyPressEvent) -> None:
        if text := "".join(filter(str.isprintable, event.data)):
            buffer.document = Document(text)

    for key in ("<any>", "<bracketed-paste>"):
        screen.keys.add(key, filter=Condition(lambda: is_offer))(replace)

    @screen.keys.add("c-j", eager=True)
    @screen.keys.add("enter", eager=True)
    def accept(event: KeyPressEvent) -> None:
        wrong = check(buffer.text)
        if wrong:
            # To move forgets what was wrong.
            buffer.cursor_position = len(buffer.text)
            offer(again=False)
            screen.wrong = wrong
        else:
            event.app.exit(result=buffer.text)

    example = ConditionalProcessor(
        AfterInput(f"such as {placeholder}" if placeholder else "", style="class:hint"),
        Condition(lambda: not buffer.text),
    )
    control = BufferControl(buffer, input_processors=[BeforeInput("  "), example])
    body = Window(control, wrap_lines=True, dont_extend_height=True, height=Dimension(min=1))
    try:
        text: str = screen.run(body, lambda: buffer.text or "(empty)", control)
    except Left as left:
        left.typed = None if buffer.text == default else buffer.text
        raise
    return text


class _List:
    """Options of which one is pointed at; those that do not match what was typed are left out."""

    def __init__(self, options: Sequence[Option], at: int, *, chosen: set[int] | None) -> None:
        self.options, self.at, self.chosen = options, at, chosen
        self.typed = ""
        # Where it pointed before letters moved it; nothing once an arrow has.
        self._before: int | None = None
        self._titles = [_searched(each.title) for each in options]

    @property
    def shown(self) -> list[int]:
        """The numbers of the options that have each of the words that were typed."""
        words = _searched(self.typed).split()
        return [at for at, title in enumerate(self._titles) if all(word in title for word in words)]

    def move(self, step: int) -> None:
        """Point at another option."""
        if step:
            self._before = None
        if shown := self.shown:
            at = shown.index(self.at) if self.at in shown else -max(step, 0)
            self.at = shown[(at + step) % len(shown)]

    def type(self, text: str) -> None:
        """Take a character, and point at what it is most likely meant for."""
        if not self.typed:
            self._before = self.at
        self.typed += text
        wanted = _searched(self.typed).strip()
        begun = [at for at in self.shown if self._titles[at].startswith(wanted)]
        words = [at for at in self.shown if f" {wanted}" in f" {self._titles[at]}"]
        if (likely := begun or words) and self.at not in likely:
            self.at = likely[0]
        self.move(0)

    def take_away(self, number: int) -> None:
        """Take characters away; with the last one it points to where it did before the first."""
        self.typed = self.typed[:-number]
        if not self.typed and self._before is not None:
            self.at = self._before
        self.move(0)

    @property
    def value(self) -> Any:
        """The answer."""
        if self.chosen is None:
            return self.options[self.at].value
        return [self.options[at].value for at in sorted(self.chosen)]

    def tell(self) -> str:
        """The answer as people read it."""
        if self.chosen is None:
            return self.options[self.at].title
        return ", ".join(self.options[at].title for at in sorted(self.chosen)) or "none"

    def draw(self) -> Fragments:
        """The options in lines; the cursor stands at the one that is pointed at."""
        lines: Fragments = [("", f"  {self.typed}\n")] if self.typed else []
        if not self.shown:
            lines.append(("class:wrong", "  Nothing matches: Backspace takes letters away"))
        for place, at in enumerate(self.shown):
            if at == self.at:
                lines.append(("[SetCursorPosition]", ""))
            box = "" if self.chosen is None else "[x] " if at in self.chosen else "[ ] "
            text = fit(f"{'>' if at == self.at else ' '} {box}{self.options[at].title}", _columns())
            end = "\n" if place + 1 < len(self.shown) else ""
            lines.append(("class:mark" if at == self.at else "", f"{text}{end}"))
        return lines


def _searched(text: str) -> str:
    """A text as it is looked for: `bsd-3` in `BSD 3-Clause` too."""
    return re.sub(r"[-_(\[\"]", " ", text.casefold())


def choose(  # noqa: PLR0913 - what there is to choose, each by its name
    heading: str,
    options: Sequence[Option],
    *,
    at: int = 0,
    chosen: Sequence[int] | None = None,
    check: Check = lambda _: "",
    mark: str = "",
) -> Any:
    """Ask for one of some options, or for any number of them.

    Letters leave out the options that do not have them.

    Parameters
    ----------
    heading
        The question.
    options
        The possible answers.
    at
        The number of the one to begin with.
    chosen
        The numbers of those that are chosen to begin with; ``None``: one is to be chosen.
    check
        Tells what is wrong about a choice.
    mark
        How far the person has come.

    Returns
    -------
    Any
        The value of the option, or the list of several.

    Raises
    ------
    BackAsked, StopAsked
        If the person does not answer.
    """
    listed = _List(options, at, chosen=None if chosen is None else {*chosen})
    more = "" if chosen is None else "Space: choose, "
    more += "letters: filter, " if len(options) > _FEW else ""
    screen = _Screen(heading, mark, f"Enter: take it, {more}Esc: back, Ctrl-C: stop")

    # Enter comes as Ctrl-J where it was typed before anybody held the terminal.
    @screen.keys.add("c-j")
    @screen.keys.add("enter")
    def accept(event: KeyPressEvent) -> None:
        if listed.at in listed.shown:
            screen.wrong = check(listed.value)
            if not screen.wrong:
                event.app.exit(result=listed.value)

    screen.keys.add("up")(lambda _: listed.move(-1))
    screen.keys.add("down")(lambda _: listed.move(1))

    screen.keys.add("backspace")(lambda _: listed.take_away(1))
    screen.keys.add("c-u")(lambda _: listed.take_away(max(len(listed.typed), 1)))

    @screen.keys.add("<any>")
    def take(event: KeyPressEvent) -> None:
        screen.wrong = ""
        if event.data == " " and listed.chosen is not None:
            listed.chosen ^= {listed.at}
        elif event.data.isprintable():
            listed.type(event.data.casefold())

    control = FormattedTextControl(listed.draw, focusable=True, show_cursor=False)
    rows = create_output(sys.stderr).get_size().rows
    most = Dimension(max=max(rows - _OTHER_LINES, 3))
    return screen.run(Window(control, dont_extend_height=True, height=most), listed.tell, control)
