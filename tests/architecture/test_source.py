"""House rules about source and templates that no linter knows."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(
    path
    for folder in ["templates", "studio", "billing", "memberships", "scheduling", "sessions_app"]
    for path in (PROJECT / folder).rglob("*")
    if path.suffix in {".html", ".txt", ".svg"} and path.is_file()
)
PAGES = [path for path in TEMPLATES if path.suffix == ".html"]
CODE = sorted(
    path
    for folder in ["studio", "billing", "memberships", "scheduling", "sessions_app"]
    for path in (PROJECT / folder).rglob("*.py")
    if "migrations" not in path.parts
)


def found(pattern: str, paths: list[Path]) -> list[str]:
    """Every place in *paths* where *pattern* occurs, as file:line: text."""
    expression = re.compile(pattern, re.IGNORECASE)
    return [
        f"{path.relative_to(PROJECT)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if expression.search(line)
    ]


def test_there_is_something_to_look_at():
    assert len(PAGES) > 10
    assert len(CODE) > 50


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        (r"\|\s*safe\b|\bsafeseq\b", "values are escaped; markup comes from templates and format_html"),
        (r"\{%\s*autoescape\s+off", "values are escaped"),
        (r"\sstyle\s*=\s*[\"'{]", "a class of the stylesheet; the content policy refuses inline style"),
        (r"<style\b", "the stylesheet"),
        (r"\son[a-z]+\s*=\s*[\"']", "a script file; the content policy refuses inline handlers"),
        (r"javascript:", "a script file"),
        (r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", "a script file, or json_script"),
        (r"hx-on", "a script file; htmx would evaluate it"),
        (r"\b(src|href)\s*=\s*[\"']https?://", "a file of ours; nothing is loaded from elsewhere"),
    ],
)
def test_templates_keep_to_the_content_policy(pattern, instead):
    assert found(pattern, PAGES) == [], f"Instead: {instead}"


def test_nothing_is_declared_safe_in_code():
    assert found(r"\bmark_safe\b|\bSafeString\(|\bSafeText\(", CODE) == []


def test_verbs_and_rules_do_not_read_the_clock():
    """Only doors and tasks read it: below, the moment is a keyword. A row's own stamp is the database's."""
    below = [path for path in CODE if {"domain", "rules", "queries", "models"} & {*path.parts, path.stem}]
    below = [path for path in below if "studio/ops" not in str(path)]
    pattern = r"timezone\.now\(|datetime\.now\(|date\.today\(|\btime\.time\("
    pattern += r"|(?<!db_default=)\bNow\(\)|CURRENT_TIMESTAMP"
    assert found(pattern, below) == []


def test_no_flow_runs_through_signals():
    assert found(r"django\.dispatch|@receiver|post_save|pre_save", CODE) == []


def test_no_drawer_for_odds_and_ends():
    names = {
        "utils",
        "helpers",
        "services",
        "managers",
        "signals",
        "constants",
        "exceptions",
        "common",
        "core",
    }
    assert [str(path.relative_to(PROJECT)) for path in CODE if names & {path.stem, *path.parts[-3:-1]}] == []


@pytest.mark.parametrize("name", ["setup", "runtime", "dev", "e2e"])
def test_locks_are_hashed_and_name_no_host(name):
    text = (PROJECT / "requirements" / f"{name}.txt").read_text()
    pinned = re.findall(r"^[a-z0-9][^\s=]*==", text, flags=re.MULTILINE)
    assert len(pinned) >= 1
    assert text.count("--hash=sha256:") >= len(pinned)
    assert re.findall(r"https?://|--index|--find-links", text) == []
