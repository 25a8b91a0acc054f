"""SonarQube: keys and paths that exist, and reports that CI writes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lisa_scaffold.formats.edit import replace_in_line
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.project.files import is_there
from lisa_scaffold.project.gitlab import Job
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.rule import MOST_UNKNOWN, MUST, SHOULD, Hit, join_same, rule
from lisa_scaffold.similar import find_similar

FILE = "sonar-project.properties"
_KEY = "sonar.projectKey"
KNOWN = (
    *("sonar.host.url", "sonar.token", "sonar.login", "sonar.password", "sonar.organization"),
    *(_KEY, "sonar.projectName", "sonar.projectVersion", "sonar.projectDescription"),
    *("sonar.projectBaseDir", "sonar.working.directory", "sonar.sources", "sonar.tests"),
    *("sonar.sourceEncoding", "sonar.exclusions", "sonar.inclusions", "sonar.verbose"),
    *("sonar.test.exclusions", "sonar.test.inclusions", "sonar.coverage.exclusions"),
    *("sonar.projectDate", "sonar.buildString", "sonar.region", "sonar.userHome"),
    *("sonar.filesize.limit", "sonar.scm.revision", "sonar.coverageReportPaths"),
    *("sonar.testExecutionReportPaths", "sonar.python.skipUnchanged"),
    *("sonar.python.analysis.parallel", "sonar.python.analysis.threads"),
    *("sonar.cpd.exclusions", "sonar.issue.ignore.multicriteria", "sonar.log.level"),
    *("sonar.qualitygate.wait", "sonar.qualitygate.timeout", "sonar.scm.provider"),
    *("sonar.scm.disabled", "sonar.scm.forceReloadAll", "sonar.scm.exclusions.disabled"),
    *("sonar.links.ci", "sonar.links.homepage", "sonar.links.issue", "sonar.links.scm"),
    *("sonar.branch.name", "sonar.newCode.referenceBranch", "sonar.pullrequest.key"),
    *("sonar.pullrequest.branch", "sonar.pullrequest.base", "sonar.externalIssuesReportPaths"),
    *("sonar.sarifReportPaths", "sonar.language", "sonar.modules", "sonar.python.version"),
    *("sonar.python.coverage.reportPaths", "sonar.python.xunit.reportPath"),
    *("sonar.python.xunit.skipDetails", "sonar.python.file.suffixes"),
    *("sonar.python.ruff.reportPaths", "sonar.python.mypy.reportPaths"),
    *("sonar.python.pylint.reportPaths", "sonar.python.flake8.reportPaths"),
    *("sonar.python.bandit.reportPaths", "sonar.ipython.file.suffixes"),
)
"""The keys that the scanner and the analysis of Python read."""

_CUTOFF = 0.86
_MOST_VALUES = 100
"""Values of one key that are looked at."""


def _list_values(facts: Facts, key: str) -> list[str]:
    value = facts.sonar.get(key)
    values = [each.strip() for each in value.split(",") if each.strip()] if value else []
    return list(dict.fromkeys(values))[:_MOST_VALUES]


def _list_keys(facts: Facts) -> list[tuple[str, int]]:
    """Each key with its line."""
    data = facts.sonar.data
    keys = data if isinstance(data, dict) else {}
    return [(str(key), facts.sonar.line(key)) for key in keys]


@rule("SON001", MUST, when=lambda facts: facts.sonar)
def key_is_valid(facts: Facts) -> Iterator[Hit]:
    """The project has a valid project key.

    Why: Without one the scanner stops, and with a wrong one the findings go to another project.

    How: Write `sonar.projectKey=GROUP:NAME`, with letters, digits and `-`, `_`, `.`, `:`, and not
    with digits alone.

    Source: [SonarQube: analysis parameters](https://docs.sonarsource.com/sonarqube-server/latest/analyzing-source-code/analysis-parameters/).
    """
    key = facts.sonar.get(_KEY)
    is_elsewhere = any(
        _KEY in command for job in facts.pipeline.jobs.values() for command in job.commands
    )
    if not key:
        if not is_elsewhere and facts.pipeline.is_local:
            yield Hit(FILE, 1, f"no {_KEY}, so the scanner stops: write `{_KEY}=GROUP:NAME`")
    elif "$" not in key and not re.fullmatch(r"(?=.*\D)[\w.:-]+", key, re.ASCII):
        message = f"SonarQube refuses the key `{key}`: write it like `GROUP:NAME`, without `/`"
        yield Hit(FILE, facts.sonar.line(_KEY), message)


@rule("SON002", SHOULD, when=lambda facts: facts.sonar, fixes=True)
def keys_are_known(facts: Facts) -> Iterator[Hit]:
    """Every key is one that SonarQube reads.

    Why: The scanner silently ignores a misspelt key, so the setting has no effect.

    How: Correct the key.

    Source: [SonarQube: analysis parameters](https://docs.sonarsource.com/sonarqube-server/latest/analyzing-source-code/analysis-parameters/).
    """
    lower = {known.lower(): known for known in KNOWN}
    taken = {key for key, _ in _list_keys(facts)}
    unknown = [(key, line) for key, line in _list_keys(facts) if key not in KNOWN]
    for key, line in unknown[:MOST_UNKNOWN]:
        close = find_similar(key.lower(), lower, cutoff=_CUTOFF)
        if not close or lower[close[0]] in taken:
            continue
        right = lower[close[0]]
        fix = Fix.edit(FILE, replace_in_line(line, key, right))
        yield Hit(
            FILE, line, f"SonarQube ignores the unknown key {key}: did you mean {right}?", fix=fix
        )


@rule("SON003", MUST, when=lambda facts: facts.sonar)
def paths_exist(facts: Facts) -> Iterator[Hit]:
    """The folders of sources and tests exist.

    Why: The scanner stops if one does not.

    How: Correct the path, or delete it.

    Source: [SonarQube: analysis scope](https://docs.sonarsource.com/sonarqube-server/latest/project-administration/analysis-scope/).
    """
    base = facts.sonar.get("sonar.projectBaseDir") or ""
    for key in ("sonar.sources", "sonar.tests"):
        for path in _list_values(facts, key):
            whole = _clean_path(f"{base}/{path}" if base else path)
            if "$" not in whole and not is_there(facts, whole):
                yield Hit(
                    FILE,
                    facts.sonar.line(key),
                    f"{path} does not exist, so the scanner stops: correct it",
                )


def _clean_path(path: str) -> str:
    return path.removeprefix("./").rstrip("/") or "."


@rule("SON004", MUST, when=lambda facts: facts.sonar)
def nothing_twice(facts: Facts) -> Iterator[Hit]:
    """No file is both source and test.

    Why: The scanner stops: a file "can't be indexed twice".

    How: Name folders that do not overlap, or exclude the tests with `sonar.exclusions`.

    Source: [SonarQube: analysis scope](https://docs.sonarsource.com/sonarqube-server/latest/project-administration/analysis-scope/).
    """
    narrowed = ("exclusions", "inclusions", "test.inclusions", "test.exclusions")
    if any(_list_values(facts, f"sonar.{key}") for key in narrowed):
        return
    sources = [_clean_path(path) for path in _list_values(facts, "sonar.sources")]
    for test in map(_clean_path, _list_values(facts, "sonar.tests")):
        for source in sources:
            if source in (test, ".") or f"{test}/".startswith(f"{source}/"):
                line = facts.sonar.line("sonar.tests")
                message = (
                    f"{test} is also in sonar.sources ({source}), so the scanner stops: change one"
                )
                yield Hit(FILE, line, message)
                return


_SCANNERS = compile_lazily(r"\b(?:py-?sonar|sonar-scanner|sonar)\b(?!-project)")


@cached_in_facts
def _find_scanning_jobs(facts: Facts) -> list[Job]:
    """The jobs that run the scanner, as far as the whole pipeline is known."""
    pipeline = facts.pipeline
    if not pipeline.is_local:
        return []
    return [
        job
        for job in pipeline.jobs.values()
        if job.is_fully_known
        and any(_SCANNERS.search(command.split("#")[0]) for command in job.commands)
    ]


@rule("SON005", SHOULD, when=lambda facts: facts.sonar and _find_scanning_jobs(facts))
def reports_are_written(facts: Facts) -> Iterator[Hit]:
    """The reports that SonarQube reads are artifacts of a job.

    Why: If a report is missing, only a log says so; SonarQube shows a coverage of zero, or that of
    last year.

    How: Write the same path in `sonar-project.properties` and in the `artifacts` of the job that
    makes the report.

    Source: [SonarQube: Python test coverage](https://docs.sonarsource.com/sonarqube-server/latest/analyzing-source-code/test-coverage/python-test-coverage/).
    """
    commands = [command for job in _find_scanning_jobs(facts) for command in job.commands]
    artifacts: list[str] = []
    for job in facts.pipeline.jobs.values():
        match job.get("artifacts"):
            case {"paths": list(paths)}:
                artifacts += [_clean_path(path) for path in paths if isinstance(path, str)]
    for key, line in _list_keys(facts):
        if not key.lower().endswith(("reportpaths", "reportpath")):
            continue
        for path in map(_clean_path, _list_values(facts, key)):
            own = any(path.rpartition("/")[2] in command for command in commands)
            if not (
                own or facts.has(path) or _is_covered(path, artifacts) or re.search(r"[*?$]", path)
            ):
                message = (
                    f"SonarQube will not find {path}: add it to the `artifacts` of the job that "
                    "writes it"
                )
                yield Hit(FILE, line, message)


def _is_covered(path: str, artifacts: list[str]) -> bool:
    """Whether artifacts include a path, or may include it."""
    patterns = [each for each in artifacts if "$" not in each]
    loose = len(patterns) < len(artifacts)
    return loose or any(
        path == each
        or path.startswith(f"{each}/")
        or Facts.describes(each, path)
        or Facts.describes(f"{each}/**", path)
        for each in patterns
    )


@rule("SON006", SHOULD, when=lambda facts: facts.sonar and facts.package.pythons)
def pythons_agree(facts: Facts) -> Iterator[Hit]:
    """SonarQube knows the Pythons that the package supports.

    Why: Rules about syntax and libraries depend on it; with a wrong version they raise false alarms
    or miss real ones.

    How: List the versions that `requires-python` allows under `sonar.python.version`.

    Source: [SonarQube: Python version](https://docs.sonarsource.com/sonarqube-server/latest/analyzing-source-code/languages/python/).
    """
    pythons = facts.package.pythons
    for version in _list_values(facts, "sonar.python.version"):
        if re.fullmatch(r"3\.\d+", version) and not facts.package.allows_python(version):
            line = facts.sonar.line("sonar.python.version")
            message = (
                f"Python {version} causes false alarms, as the package needs {pythons}: delete it"
            )
            yield Hit(FILE, line, message)


@rule("SON007", MUST, when=lambda facts: facts.sonar)
def no_token(facts: Facts) -> Iterator[Hit]:
    """The configuration contains no token.

    Why: Everybody who can read the file can write analyses in the name of its owner.

    How: Revoke it, and set a new one as the masked CI variable `SONAR_TOKEN`.

    Source: [SonarQube: tokens](https://docs.sonarsource.com/sonarqube-server/latest/user-guide/managing-tokens/).
    """
    for key, line in _list_keys(facts):
        if key in ("sonar.token", "sonar.login", "sonar.password"):
            value = facts.sonar.get(key)
            if value and "$" not in str(value):
                message = f"everybody here can read {key}: revoke it, and use a masked SONAR_TOKEN"
                yield Hit(FILE, line, message)


@rule("SON008", SHOULD, when=lambda facts: facts.sonar and _find_scanning_jobs(facts))
def history_is_there(facts: Facts) -> Iterator[Hit]:
    """The scanner has the whole git history.

    Why: SonarQube needs it to tell new code from old, and who wrote a line. GitLab fetches only 20
    commits.

    How: Write `GIT_DEPTH: "0"` under `variables` of the job.

    Source: [SonarQube: GitLab CI](https://docs.sonarsource.com/sonarqube-server/latest/devops-platform-integration/gitlab-integration/adding-analysis-to-gitlab-ci-cd/).
    """
    message = 'SonarQube cannot tell new code from old: set the variable `GIT_DEPTH: "0"` here'
    yield from join_same(
        Hit(*job.place, message)
        for job in _find_scanning_jobs(facts)
        if facts.pipeline.expand("$GIT_DEPTH", job) != "0"
    )
