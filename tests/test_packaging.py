"""The package installs on the Pythons that it names, and says so on the others."""

from __future__ import annotations

import configparser
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
FIRST, LAST = (3, 9), (3, 13)


@pytest.mark.parametrize("version", [(3, 8, 18), (3, 14, 0)])
def test_another_python_is_refused_before_anything_is_fetched(version):
    code = f"import sys; sys.version_info = {version}; exec(open('setup.py').read())"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr.startswith("error: paddle_mnist needs Python 3.9 to 3.13")
    assert f"this is Python {'.'.join(map(str, version))}." in result.stderr
    assert "Traceback" not in result.stderr


def test_all_places_name_the_same_pythons():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    assert setup["options"]["python_requires"] == f">=3.{FIRST[1]},<3.{LAST[1] + 1}"
    named = [f"Python :: 3.{minor}" for minor in range(FIRST[1], LAST[1] + 1)]
    listed = setup["metadata"]["classifiers"].split("\n")
    assert [line.partition("Language :: ")[2] for line in listed if "Python :: 3." in line] == named
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"{FIRST} <= sys.version_info < ({LAST[0]}, {LAST[1] + 1})" in makefile
    assert "Python 3.9 to 3.13" in (ROOT / "README.md").read_text(encoding="utf-8")


def requirements() -> list[str]:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    lists = [setup["options"]["install_requires"], *setup["options.extras_require"].values()]
    found = [line for text in lists for line in text.split("\n") if line]
    return [line for line in found if not line.startswith("paddle-mnist[")]


def test_every_dependency_has_a_lower_bound():
    assert requirements()
    assert all(" >= " in requirement for requirement in requirements())


SYSTEMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "darwin": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "win32": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}


def locked() -> list[Requirement]:
    lines = (ROOT / "requirements" / "lock.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if not line.startswith("#")]


def test_the_lock_holds_what_pip_takes_as_constraints():
    assert locked()
    for entry in locked():
        assert [pin.operator for pin in entry.specifier] == ["=="], entry
        assert not entry.extras and not entry.url, entry


@pytest.mark.parametrize("minor", range(FIRST[1], LAST[1] + 1))
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_lock_has_one_allowed_version_of_every_dependency(minor, system):
    python = f"3.{minor}"
    environment = {"python_version": python, "python_full_version": f"{python}.18"}
    environment.update(SYSTEMS[system])

    def applies(entry: Requirement) -> bool:
        return entry.marker is None or entry.marker.evaluate(environment)

    wanted = [entry for entry in map(Requirement, requirements()) if applies(entry)]
    assert len(wanted) > 30
    for entry in wanted:
        pins = [one for one in locked() if canonicalize_name(one.name) == entry.name]
        (version,) = [next(iter(one.specifier)).version for one in pins if applies(one)]
        assert version in entry.specifier, entry


INSTALLING = [
    *("Makefile", "CONTRIBUTING.md", ".github/workflows/tests.yml"),
    *("README.md", "README.zh-CN.md", "docs/commands.md", "docs/commands.zh-CN.md"),
    *("docs/install.md", "docs/install.zh-CN.md"),
]


@pytest.mark.parametrize("text", INSTALLING)
def test_what_installs_the_package_takes_the_lock(text):
    lines = (ROOT / text).read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    commands = [line for line in lines if re.search(r" (-e|--editable) ['\".]", line)]
    assert commands
    for command in commands:
        is_locked = "pip install -c requirements/lock.txt -e" in command or "$(INSTALL)" in command
        # The oldest and the newest versions have other tools and environments of their own.
        assert is_locked is not ("uv pip install" in command), command


def licences() -> dict[str, str]:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {row[0]: row[-1] for row in rows[1:]}


# How the packages themselves write it, in one field or another of their metadata.
SPELLINGS = {"PSF": "Python Software Foundation", "MIT-CMU": "MIT-CMU|HPND"}


def test_every_dependency_is_listed_with_its_licence():
    assert sorted(licences()) == sorted(line.split(" ")[0] for line in requirements())


@pytest.mark.parametrize("name", licences())
def test_the_licence_is_the_one_that_the_package_names(name):
    try:
        metadata = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{name} is not installed")
    fields = ("License-Expression", "License", "Classifier")
    said = "\n".join(value for field in fields for value in metadata.get_all(field) or [])
    first = re.split(r"-based|-\d| AND ", licences()[name])[0]
    assert re.search(SPELLINGS.get(first, first), said)


@pytest.mark.parametrize(
    ("package", "data"),
    [
        ("paddle_mnist", "weights"),
        ("paddle_mnist.data", "sample"),
        ("paddle_mnist.demo", "page"),
        ("paddle_mnist.homework", "exercises"),
    ],
)
def test_files_that_are_no_code_are_installed_with_the_package(package, data):
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    folder = ROOT.joinpath(*package.split("."))
    patterns = setup["options.package_data"][package].split()
    named = {path for pattern in patterns for path in folder.glob(pattern) if path.is_file()}
    there = {path for path in (folder / data).rglob("*") if path.is_file()}
    assert there
    assert {path for path in there - named if "__pycache__" not in path.parts} == set()


@pytest.mark.parametrize(
    "entry", ["only_mutate", "also_copy", "pytest_add_cli_args_test_selection"]
)
def test_mutants_are_made_of_files_that_are_there(entry):
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    patterns = setup["mutmut"][entry].split()
    assert patterns
    assert [pattern for pattern in patterns if not list(ROOT.glob(pattern))] == []
