"""The scripts of the first minute: what they say when something is missing."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SCRIPTS = [*sorted((PROJECT / "bin").iterdir()), PROJECT / ".ci" / "run"]


@pytest.fixture
def clone(tmp_path):
    """A checkout with the scripts and the locks only."""
    for folder in ["bin", "requirements"]:
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    return tmp_path


def setup(clone: Path, python: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run bin/setup where every interpreter on PATH is the shell script *python*."""
    tools = clone / "tools"
    tools.mkdir()
    for name in ["sh", "dirname", "sed", "cat", "cksum", "rm", "grep"]:
        (tools / name).symlink_to(str(shutil.which(name)))
    for name in ["python3.12", "python3.13", "python3.14", "python3", "python"]:
        (tools / name).write_text(f"#!/bin/sh\n{python}\n")
        (tools / name).chmod(0o755)
    variables = {"PATH": str(tools), "HOME": str(clone), **environment}
    return subprocess.run(
        [clone / "bin" / "setup"], env=variables, capture_output=True, text=True, check=False
    )


def test_a_shim_that_leads_nowhere_is_not_a_python(clone):
    """pyenv puts every version on PATH; those that are not selected exit 127."""
    answer = setup(clone, "echo 'pyenv: command not found' >&2; exit 127")
    assert answer.returncode == 1
    assert answer.stderr.strip().splitlines()[0] == (
        "Studio needs Python 3.12, 3.13 or 3.14, and none was found."
    )


def test_an_old_python_is_named_beside_what_is_needed(clone):
    answer = setup(clone, 'case "$2" in *platform*) echo 3.9.1;; *) exit 1;; esac')
    assert answer.returncode == 1
    assert "(found: 3.9.1" in answer.stderr
    assert "STUDIO_PYTHON=/path/to/python3.13 bin/setup" in answer.stderr


def test_an_interpreter_that_was_named_is_not_silently_replaced(clone):
    answer = setup(clone, "exit 1", STUDIO_PYTHON="/nowhere/python")
    assert answer.returncode == 1
    assert "STUDIO_PYTHON is '/nowhere/python', which does not run" in answer.stderr


def test_an_unknown_part_is_refused():
    answer = subprocess.run([PROJECT / "bin/setup", "all"], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr.strip()) == (
        1,
        "bin/setup knows runtime, dev and e2e, not 'all'.",
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_plain_sh_that_may_be_run(script):
    assert script.read_text().startswith("#!/bin/sh\n")
    assert script.stat().st_mode & stat.S_IXUSR
    shell = shutil.which("dash") or "/bin/sh"
    assert subprocess.run([shell, "-n", script], check=False).returncode == 0
    assert os.access(script, os.X_OK)
