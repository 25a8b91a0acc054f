"""Make the pictures of the pages from real runs: the dialogue, a report, and the page of an update.

    python docs/pictures.py

Terminals are tmux's, whose screen is what a person sees; Rich draws it. The page is looked at in
Chromium. Nothing here is written by hand, so a picture shows what the program does.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs/_static/pictures"
PROGRAMS = Path(sys.executable).parent
WIDTH, HEIGHT = 92, 32
_LONGEST = 60  # seconds that a screen may take to show something

# Rich's own names fonts of another site: a page of the documentation loads nothing from elsewhere.
DRAWING = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg"
 role="img" aria-label="{terminal_x}">
<style>
.{unique_id}-matrix {{ font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace;
 font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-family: sans-serif; font-size: 18px; font-weight: bold; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


class Terminal:
    """A terminal of its own, with a shell in a folder."""

    def __init__(self, socket: Path, folder: Path, height: int = HEIGHT) -> None:
        self.socket = socket
        path = f"{PROGRAMS}:{os.environ['PATH']}"
        variables = {"PATH": path, "PS1": "$ ", "LANG": "C.UTF-8", "HOME": os.environ["HOME"]}
        given = [f"{name}={value}" for name, value in variables.items()]
        size = ("-x", str(WIDTH), "-y", str(height))
        shell = ("env", "-i", *given, "TERM=screen-256color", "bash", "--norc", "--noprofile")
        self._run("new-session", "-d", "-s", "x", *size, "-c", str(folder), *shell)
        self._run("set-option", "-g", "status", "off")

    def _run(self, *words: str) -> str:
        command = ["tmux", "-S", str(self.socket), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def send(self, *keys: str) -> None:
        """Press keys, by tmux's names, or type a text."""
        self._run("send-keys", "-t", "x", *keys)

    def wait(self, text: str) -> None:
        """Wait until the screen shows a text."""
        for _ in range(10 * _LONGEST):
            if text in self._run("capture-pane", "-p", "-t", "x"):
                time.sleep(0.3)
                return
            time.sleep(0.1)
        raise TimeoutError(
            f"no {text!r} on the screen:\n{self._run('capture-pane', '-p', '-t', 'x')}"
        )

    def draw(self, name: str, title: str) -> None:
        """Write what the screen shows as a picture."""
        shown = self._run("capture-pane", "-e", "-p", "-t", "x").rstrip("\n")
        console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
        console.print(Text.from_ansi(shown), soft_wrap=True)
        svg = console.export_svg(
            title=title, theme=DIMMED_MONOKAI, code_format=DRAWING, unique_id=name
        )
        svg = re.sub(r'aria-label="[^"]*"', f'aria-label="{title}"', svg, count=1)
        (PICTURES / f"{name}.svg").write_text(svg, encoding="utf-8")

    def close(self) -> None:
        """End the shell."""
        self._run("kill-server")


@contextmanager
def terminal(folder: Path, height: int = HEIGHT) -> Iterator[Terminal]:
    """A terminal in a folder."""
    with tempfile.TemporaryDirectory() as place:
        opened = Terminal(Path(place, "tmux"), folder, height)
        try:
            yield opened
        finally:
            opened.close()


def run(*words: str | Path, cwd: Path, codes: Sequence[int] = (0,)) -> str:
    """Run a command and return what it prints; end where it fails."""
    environment = {**os.environ, "NO_COLOR": "1"}
    environment["PATH"] = f"{PROGRAMS}:{environment['PATH']}"
    done = subprocess.run(
        words, cwd=cwd, env=environment, check=False, text=True, capture_output=True
    )
    if done.returncode not in codes:
        sys.exit(f"{words}: {done.stderr}")
    return done.stdout


def draw_dialogue(folder: Path) -> None:
    """A wrong answer, and what is said of it; then what will happen."""
    with terminal(folder) as screen:
        screen.send("clear; lisa-new lisa-noise", "Enter")
        screen.wait("What sort of project")
        screen.send("Enter")
        screen.wait("Name of the project")
        screen.send("Enter")
        screen.wait("What the project does")
        screen.send("Noise models for LISA instrument studies.", "Enter")
        screen.wait("Author (")
        screen.send("Jane Doe", "Enter")
        screen.wait("E-mail address")
        screen.send("jane.doe", "Enter")
        screen.wait("Write one e-mail address")
        screen.draw("dialogue", "lisa-new asks: an answer that cannot be right is told at once")
    with terminal(folder) as screen:
        screen.send("clear; lisa-new lisa-noise", "Enter")
        for question in ("What sort", "Name of", "What the project does", "Author", "E-mail"):
            screen.wait(question)
            screen.send("Enter")
        for _ in range(8):
            screen.send("Enter")
        screen.wait("Create this project?")
        screen.draw("preview", "Before anything is made: the answers, the files, and git")


def draw_check(folder: Path) -> None:
    """The findings of a small project that never had the template."""
    project = folder / "old-noise"
    (project / "old_noise").mkdir(parents=True)
    (project / "old_noise/__init__.py").write_text('__version__ = "1.0"\n')
    (project / "setup.py").write_text(
        'from setuptools import setup\n\nsetup(name="old-noise", version="1.1")\n'
    )
    (project / "README.md").write_text("# old-noise\n\n[Manual](docs/manual.md)\n")
    run("git", "init", "--quiet", cwd=project)
    run("git", "add", ".", cwd=project)
    with terminal(project) as screen:
        screen.send("clear; lisa-scaffold check", "Enter")
        screen.wait("checked.")
        screen.draw("check", "lisa-scaffold check: what is wrong, where, and what to do")


def look_at_update(folder: Path) -> None:
    """The page of an update to the version of this checkout."""
    project = folder / "lisa-orbits"
    run("lisa-new", "--defaults", "--to", "v0.1.0", project, cwd=folder)
    settings = project / "pyproject.toml"
    text = settings.read_text()
    settings.write_text(
        text.replace('log_level = "INFO"', 'log_level = "WARNING"').replace(
            "dependencies = [\n", 'dependencies = [\n  "astropy>=6",\n'
        )
    )
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "Own settings", cwd=project)
    update = ("lisa-scaffold", "update", "--dry-run", "--format", "html")
    page = folder / "update.html"
    page.write_text(run(*update, cwd=project, codes=(0, 1)))
    for name, more in {
        "update": ("--window-size=1280,1100",),
        "update-dark": ("--window-size=1280,1100", "--blink-settings=preferredColorScheme=0"),
    }.items():
        flags = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *more)
        picture = PICTURES / f"{name}.png"
        run("chromium", *flags, f"--screenshot={picture}", page.as_uri(), cwd=folder)


def main() -> None:
    """Make all pictures."""
    for program in ("tmux", "chromium", "git"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not installed: apt-get install {program}")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "work")
        folder.mkdir()
        who = "[user]\n\tname = Jane Doe\n\temail = jane.doe@example.org\n"
        os.environ["HOME"] = place
        Path(place, ".gitconfig").write_text(f"{who}[init]\n\tdefaultBranch = main\n")
        draw_dialogue(folder)
        draw_check(folder)
        look_at_update(folder)


if __name__ == "__main__":
    main()
