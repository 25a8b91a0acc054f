"""Which answers are taken: a table of good and bad values, and Python's own names."""

from __future__ import annotations

import keyword
import re
import sys
from typing import Any
from unicodedata import combining, normalize

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from lisa_scaffold.errors import AnswersError

from ..conftest import ROOT
from ..support.answers import answers
from ..support.sweeps import examples, sampled

GOOD = {
    "project_name": ["A", "é Z", "x" * 80, "LISA: Noise & Co. #1 (100 %)"],
    "description": ["d", "x" * 300],
    "author_name": ["Jörg Ærø", "x" * 120],
    "copyright_holder": ["CNRS, CEA", "x" * 120],
    "author_email": ["", "a@b.c", "jane.doe+lisa@example.org", "o_x@sub.example.org"],
    "copyright_year": ["2024", "2019-2026"],
    "author_orcid": ["", "0000-0002-1825-0097", "0000-0002-9079-593X"],
    "other_authors": [
        "",
        "Jo Roe",
        "Étienne d'Arc-Ærø <e.d'arc@example.org>".replace("'", ""),
        "A <a@b.c> 0000-0002-9079-593X; The B Team 0000-0002-1825-0097;C <c@d.e>",
    ],
    "keywords": ["", "LISA", 'time-delay interferometry, "noise", μ-Hz'],
    "doi": ["", "10.5281/zenodo.1234567", "10.1103/PhysRevD.107.083019"],
    "namespace": ["LISA", "lisa/analysis", "a_b/c-d/e.f", "0x"],
    "distribution": ["a", "lisa-noise", "x1-2-y", "a" * 64],
    "import_name": ["a", "lisa_noise", "lisa.foo", "lisa.foo.bar2", "a" * 64, "match", "lisa.json"],
    "cde_image": [
        "gitlab-registry.in2p3.fr/lisa/lisa-cde:0.4.0",
        "localhost:5000/cde:1",
        "cde:v1.0_rc-1",
        f"x.org/a/b__c@sha256:{'a' * 64}",
        f"x.org/a:1@sha256:{'a' * 64}",
    ],
}
LINE = "Write one line of plain text"
NAME = "Use lower-case letters from a to z"
GROUP = "Write the path of the group"
IMAGE = "Write an image reference"
TAG = "Name the version of the image"
MAIL = "Write one e-mail address"
YEAR = "Write a year"
BAD = {
    "project_name": {
        "": "Write at least 1 character",
        "x" * 81: r"Write at most 80 characters \(these are 81\)",
        "1234": "Use at least one letter",
        "ЛИСА": "Use at least one letter",
        " x": "Leave out the spaces",
        "x\u00a0": "Leave out the spaces",
        "a\nb": LINE,
    },
    "description": {"": "Write at least 1 character", "x" * 301: "Write at most 300 characters"},
    "author_name": {"Doe, Jane": "Leave commas out", "x" * 121: "Write at most 120 characters"},
    "author_orcid": dict.fromkeys(
        [
            "1",
            "0000-0002-1825-009",
            "0000-0002-1825-0097 ",
            "https://orcid.org/0000-0002-1825-0097",
        ],
        "Write its four groups of digits",
    ),
    "other_authors": {
        "Doe, Jane": '"Doe, Jane" is not "Name"',
        "A;": 'No. 2: "" is not "Name"',
        "A; ; B": 'No. 2: "" is not "Name"',
        "A <a@b.c> 1": "is not",
        "<a@b.c>": "is not",
        "A <a@b>": MAIL,
        "A\nB": LINE,
    },
    "keywords": {"LISA,": "Leave out the comma", "a,,b": "Leave out the comma", "a\tb": LINE},
    "doi": dict.fromkeys(
        ["zenodo.1", "https://doi.org/10.5281/zenodo.1", "10.1/x", "10.5281/a b"],
        "Write the DOI without its address",
    ),
    "copyright_holder": {"": "Write at least 1 character", "x" * 121: "Write at most 120"},
    "author_email": dict.fromkeys(
        [
            *("x", "x@", "@example.org", "a b@example.org", "a@b", "a@b.c\n", "Jane <a@b.c>"),
            *("a@-b.c", "a..b@c.d", ".a@b.c", "a.@b.c", "é@example.org", "a@b.c, d@e.f"),
            f"{'a' * 65}@b.c",
        ],
        MAIL,
    ),
    "copyright_year": dict.fromkeys(
        ["", "26", "20260", "2026-", "2024\u20132026", "\uff12\uff10\uff12\uff16", "x"], YEAR
    ),
    "namespace": {
        **dict.fromkeys(["", "/lisa", "lisa/", "a//b", "https://x.org/a", "a b", "-a", "é"], GROUP),
        **dict.fromkeys(["../a", "a/..", "x" * 201, "lisa\n"], GROUP),
        **dict.fromkeys(["a.git", "a/b.atom", "a--b", "a..b"], "GitLab takes no group"),
    },
    "distribution": {
        **dict.fromkeys(["", "Lisa", "lisa_noise", "lisa.noise", "-lisa", "lisa-", "1lisa"], NAME),
        **dict.fromkeys(
            ["a--b", "a/b", "../a", "a b", "lisa\n", "a" * 65, "é", "l\u0456sa", "\uff41"], NAME
        ),
        **dict.fromkeys(["json", "import", "test"], "is a name of Python itself"),
        **dict.fromkeys(
            ["numpy", "pytest", "lisaconstants"], "is the name of a well-known package"
        ),
        "lisa": "is the namespace of the mission's packages",
    },
    "import_name": {
        **dict.fromkeys(["", "Lisa", "lisa-noise", ".lisa", "lisa.", "a..b", "_lisa", "1a"], NAME),
        **dict.fromkeys(
            ["a/b", "..", "/etc", "a\\b", "a b", "lisa\n", "a" * 65, "é", "l\u0456sa"], NAME
        ),
        **dict.fromkeys(
            ["a.1b", "a._b", "None", "\uff4c\uff49\uff53\uff41", "lisa.\u017foo"], NAME
        ),
        **dict.fromkeys(["class", "lisa.import", "lisa.async"], "is a Python keyword"),
        **dict.fromkeys(["json", "email", "test", "json.lisa"], "is a module of Python's standard"),
        **dict.fromkeys(["tests", "docs", "src", "build.lisa"], "is a folder of the project"),
        **dict.fromkeys(["numpy", "sklearn", "yaml.x"], "is the module of a well-known package"),
        "lisa": "is the namespace of the mission's packages",
    },
    "cde_image": {
        **dict.fromkeys(["cde:latest", "cde", "x.org:5000/cde"], TAG),
        **dict.fromkeys(
            ["", "CDE:1", "https://x.org/cde:1", "cde:1 AS x", "cde:", "cde:1\n"], IMAGE
        ),
        **dict.fromkeys(["a//b:1", "x@sha256:abc", "$CDE:1", "a" * 256 + ":1"], IMAGE),
    },
    "kind": {"novel": "is none of: package"},
    "license": {"BSD": "is none of: BSD-3-Clause, MIT"},
    "python_min": {"3.10": "is none of: 3.11, 3.12, 3.13"},
    "docs": {"perhaps": "is not yes or no"},
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in GOOD.items() for value in values]
)
def test_a_good_answer_is_taken_as_it_is(key: str, value: str) -> None:
    assert answers(**{key: value})[key] == value


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [(key, value, said) for key, values in BAD.items() for value, said in values.items()],
)
def test_a_bad_answer_is_refused_and_told_what_is_allowed(
    key: str, value: str, message: str
) -> None:
    with pytest.raises(AnswersError) as caught:
        answers(**{key: value})
    assert list(caught.value.problems) == [key]
    assert re.search(message, caught.value.problems[key])


@pytest.mark.parametrize(("key", "value"), [("distribution", "lisa"), ("import_name", "healpy")])
def test_an_adopted_project_keeps_a_name_that_it_has(key: str, value: str) -> None:
    assert answers(adopted=True, **{key: value})[key] == value


HOSTS = ["gitlab.example.org", "git.x.org:8443", "a1.b-c.de"]
NO_HOSTS = [
    *(
        "localhost",
        "https://x.org",
        "x.org/",
        "X.org",
        "x..org",
        "-x.org",
        "x.org:",
        "x.org:123456",
    ),
    *("x.org\n", "é.org", "a b.org", "u@x.org", ""),
]


@pytest.mark.parametrize("host", HOSTS)
def test_another_server_s_host_is_taken(host: str) -> None:
    assert answers(forge="gitlab", forge_host=host)["forge_host"] == host


@pytest.mark.parametrize("host", NO_HOSTS)
def test_what_is_no_host_name_is_refused(host: str) -> None:
    with pytest.raises(AnswersError, match="Write the host name alone"):
        answers(forge="gitlab", forge_host=host)


def test_a_known_forge_has_its_own_host() -> None:
    assert answers(forge="esa")["forge_host"] == "gitlab.esa.int"
    with pytest.raises(AnswersError, match=r'The forge "esa" is gitlab\.esa\.int'):
        answers(forge="esa", forge_host="gitlab.in2p3.fr")


@pytest.mark.parametrize(
    ("project_name", "distribution", "import_name"),
    [
        ("LISA Noise", "lisa-noise", "lisa_noise"),
        ("LISA -- Noise!", "lisa-noise", "lisa_noise"),
        ("3G detectors", "lisa-3g-detectors", "lisa_3g_detectors"),
        ("Étude de l'été", "etude-de-l-ete", "etude_de_l_ete"),
        ("E\u0301tude", "etude", "etude"),
        ("Rømer Ångström", "romer-angstrom", "romer_angstrom"),
        ("Straße ﬁt œuvre", "strasse-fit-oeuvre", "strasse_fit_oeuvre"),
        ("Ŵyn Nguyễn, eﬀicient", "wyn-nguyen-efficient", "wyn_nguyen_efficient"),
        ("LISA's noise", "lisas-noise", "lisas_noise"),
        ("\u03bcHz and \u00b5Hz", "uhz-and-uhz", "uhz_and_uhz"),
        ("Ωm χ²", "omegam-chi", "omegam_chi"),
        ("NumPy", "lisa-numpy", "lisa_numpy"),
        ("LISA", "lisa-lisa", "lisa_lisa"),
        ("x" * 80, "x" * 64, "x" * 64),
        (f"{'x' * 63} y", "x" * 63, "x" * 63),
        ("JSON", "lisa-json", "lisa_json"),
        ("Class", "lisa-class", "lisa_class"),
        ("Py compile", "py-compile", "lisa_py_compile"),
        ("Tests", "tests", "lisa_tests"),
    ],
)
def test_names_follow_from_the_project_s_name(
    project_name: str, distribution: str, import_name: str
) -> None:
    found = answers(project_name=project_name)
    assert (found["distribution"], found["import_name"]) == (distribution, import_name)


def test_every_latin_letter_with_an_accent_and_every_ligature_is_written_in_ascii() -> None:
    letters = map(chr, (*range(0xC0, 0x250), *range(0x1E00, 0x1F00), *range(0xFB00, 0xFB07)))
    plain = {
        letter: "".join(each for each in parts if not combining(each))
        for letter in letters
        if letter.islower() and (parts := normalize("NFKD", letter))
    }
    wanted = {letter: word for letter, word in plain.items() if re.fullmatch("[a-z]+", word)}
    source = (ROOT / "includes/names.jinja").read_text(encoding="utf-8")
    names: Any = Environment(autoescape=False).from_string(source).module  # noqa: S701 - no HTML
    table = [(each, word) for word, each_of in names.plain_letters.items() for each in each_of]
    assert len(dict(table)) == len(table)
    assert wanted.items() <= dict(table).items()


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=80))
@example("\u212a")  # the Kelvin sign: its lower case is the letter k
@settings(max_examples=examples(50))
def test_names_that_follow_from_any_project_s_name_are_taken(project_name: str) -> None:
    try:
        found = answers(project_name=project_name)
    except AnswersError as error:
        assert list(error.problems) == ["project_name"]  # noqa: PT017 - either outcome is right
        return
    names = {key: found[key] for key in ("distribution", "import_name")}
    assert answers(**names) == answers() | names


def names() -> Any:
    """The lists of includes/names.jinja, as Jinja reads them."""
    from jinja2 import Environment

    source = (ROOT / "includes" / "names.jinja").read_text(encoding="utf-8")
    return Environment(autoescape=False).from_string(source).module  # noqa: S701 - no HTML


def test_the_list_of_keywords_is_python_s() -> None:
    lower_case = {word for word in keyword.kwlist if word.islower()}
    assert set(names().python_keywords) == lower_case


def test_no_module_of_this_python_is_missing_from_the_list() -> None:
    public = {name for name in sys.stdlib_module_names if re.match("[a-z]+[a-z0-9_]*$", name)}
    assert public - set(names().stdlib_modules) == set()


@pytest.mark.parametrize("key", ["distribution", "import_name"])
@sampled("name", [*keyword.kwlist, "__future__", "_thread", "cProfile", "zoneinfo"], 6)
def test_no_name_of_python_is_taken(key: str, name: str) -> None:
    with pytest.raises(AnswersError):
        answers(**{key: name})
