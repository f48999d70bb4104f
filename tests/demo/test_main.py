"""The command `demo`: which runs go into the page, and what it says."""

from __future__ import annotations

import dataclasses
import json
import re
import webbrowser
from pathlib import Path

import pytest

from paddle_mnist.core.config import configure
from paddle_mnist.core.stages import build_network
from paddle_mnist.demo.__main__ import SHOWN, main
from paddle_mnist.runs.folder import save_run
from paddle_mnist.runs.shipped import SHIPPED
from paddle_mnist.runs.state import weights_of


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder to work in, and no browser."""
    monkeypatch.chdir(tmp_path)
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: bool(opened.append(address)) or True)
    return opened


def save(folder: str, stage: str) -> None:
    record = {
        "stage": stage,
        "config": dataclasses.asdict(configure(stage)),
        "data": {},
        "history": [{}],
    }
    save_run(Path(folder), record, weights_of(build_network(stage)), {})


def stages_in(path: str) -> list[tuple[str, str]]:
    """Name and origin of the networks in a page."""
    text = Path(path).read_text(encoding="utf-8")
    data = re.search(r'<script type="application/json" id="stages">(.*?)</script>', text)[1]
    return [(stage["stage"], stage["where"]) for stage in json.loads(data)["stages"]]


def test_a_few_that_ship_are_in_the_page(capsys):
    assert main([]) == 0
    assert stages_in("demo.html") == [(stage, "ships with the package") for stage in SHOWN]
    size = Path("demo.html").stat().st_size / 1e6
    out, err = capsys.readouterr()
    assert err == ""
    assert out == f"the page is in demo.html ({size:.1f} MB), with {', '.join(SHOWN)}\n"


def test_stages_that_ship_can_be_chosen():
    assert main(["--stage", "cnn", "linear", "-o", "two.html"]) == 0
    assert [name for name, _where in stages_in("two.html")] == ["cnn", "linear"]
    assert not Path("demo.html").exists()


def test_runs_of_your_own_stand_instead_of_those_that_ship():
    save("runs/mine", "mlp")
    assert main(["--run", "runs/mine"]) == 0
    assert stages_in("demo.html") == [("mlp", "your run")]


def test_a_missing_folder_is_made():
    assert main(["--stage", "linear", "-o", "new/folder/page.html"]) == 0
    assert Path("new/folder/page.html").exists()


def test_runs_of_your_own_beside_one_that_ships(capsys):
    save("runs/mine", "cnn")
    save("runs/other", "cnn")
    words = ["--run", "runs/mine", "--stage", "cnn", "--run", "runs/other", "--out", "three.html"]
    assert main(words) == 0
    assert stages_in("three.html") == [
        ("cnn (mine)", "your run"),
        ("cnn (other)", "your run"),
        ("cnn", "ships with the package"),
    ]
    assert capsys.readouterr().out.endswith("with cnn (mine), cnn (other), cnn\n")


def test_one_run_by_two_names_is_refused(capsys):
    save("runs/mine", "cnn")
    assert main(["--run", "runs/mine", "runs/../runs/mine"]) == 2
    assert capsys.readouterr().err.startswith("error: two runs cannot be told apart: cnn (")


def test_the_page_can_be_opened_at_once(here, capsys, tmp_path):
    assert main(["--stage", "linear", "--open", "-o", "a page.html"]) == 0
    assert here == [(tmp_path / "a page.html").as_uri()]
    assert "no browser" not in capsys.readouterr().out


def test_it_is_not_opened_unasked(here):
    assert main(["--stage", "linear"]) == 0
    assert here == []


def test_without_a_browser_the_address_is_told(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(webbrowser, "open", lambda _address: False)
    assert main(["--stage", "linear", "--open"]) == 0
    address = (tmp_path / "demo.html").as_uri()
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"no browser was found here; open this address in one: {address}"


def test_those_shown_are_the_simplest_the_best_and_some_between():
    assert SHOWN[0] == SHIPPED[0] == "linear"
    assert SHOWN[-1] == SHIPPED[-1] == "best"
    assert {"mlp", "cnn"} < set(SHOWN) <= set(SHIPPED)
    assert len(SHOWN) <= 5


def test_a_stage_that_does_not_ship_is_refused(capsys, monkeypatch):
    monkeypatch.setattr("paddle_mnist.runs.shipped.SHIPPED", ("linear", "mlp"))
    assert main(["--stage", "cnn"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: no weights of stage 'cnn' ship with the package, only those of ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--stage deeper", "unknown stage 'deeper'; "),
        ("--run runs/none", "runs/none"),
        ("--stage linear -o text.txt/page.html", "text.txt/page.html cannot be written: "),
        ("--stage linear -o text.txt", "text.txt is there already"),
        ("--stage linear -o .", "name a file to write, such as model.html"),
        ("--stage linear -o runs/mine/page.html", "runs/mine holds a run"),
        ("--stage", "argument --stage: expected at least one argument; see "),
        ("page.html", "unrecognized arguments: page.html; see python -m paddle_mnist.demo --help"),
    ],
)
def test_mistakes_are_one_plain_line(words, message, capsys):
    Path("text.txt").write_text("kept")
    save("runs/mine", "linear")
    try:
        code = main(words.split())
    except SystemExit as leaving:
        code = leaving.code
    assert code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert message in err.replace("\\", "/")
    assert err.count("\n") == 1
    assert not Path("demo.html").exists()
    assert Path("text.txt").read_text() == "kept"
