"""What the READMEs say holds: their figures were measured, their example runs."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from paddle_mnist.checkpoint import load_record
from paddle_mnist.shipped import shipped_run

ROOT = Path(__file__).resolve().parent.parent
READMES = ["README.md", "README.zh-CN.md"]


def load_benchmark(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def figures():
    return load_benchmark("figures")


@pytest.mark.parametrize("name", READMES)
def test_the_tables_of_handwriting_are_those_that_were_measured(name):
    handwriting = load_benchmark("handwriting")
    text = (ROOT / name).read_text(encoding="utf-8")
    shown = text.partition(handwriting.BEGIN)[2].partition(handwriting.END)[0]
    found = json.loads(handwriting.RESULTS.read_text(encoding="utf-8"))
    assert shown.strip() == handwriting.table(found)
    # Weights that were trained anew have to be measured anew.
    for stage, mnist in found["mnist"].items():
        assert mnist["as it is"] == load_record(shipped_run(stage))["test"]["accuracy"]


@pytest.mark.parametrize("name", READMES)
def test_the_figures_are_those_that_were_measured(name, figures):
    text = (ROOT / name).read_text(encoding="utf-8")
    shown = text.partition(figures.BEGIN)[2].partition(figures.END)[0]
    assert shown.strip() == figures.render(figures.load_results())


@pytest.mark.parametrize("name", READMES)
def test_links_lead_somewhere(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    assert targets
    for target in targets:
        assert (ROOT / target).exists(), target


def test_the_example_runs(tmp_path):
    training = ["paddle_mnist.train", "--data", "sample", "--stage", "cnn", "--out", "runs/cnn"]
    run = {"cwd": tmp_path, "check": True, "capture_output": True, "text": True}
    subprocess.run([sys.executable, "-m", *training], **run)
    picture = ROOT / "work" / "example_7.jpg"
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / picture.name).write_bytes(picture.read_bytes())
    for name in READMES:
        text = (ROOT / name).read_text(encoding="utf-8")
        example = re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)
        assert len(example.strip().splitlines()) <= 10
        printed = subprocess.run([sys.executable, "-c", example], **run).stdout
        assert printed.startswith("(3500, 28, 28)\n7 ")
