"""Texts in files and terminals."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt
from rich.cells import cell_len

from paddle_mnist.homework.checking import Outcome
from paddle_mnist.homework.display import in_notebook, show, wrap
from paddle_mnist.homework.exercise import find_exercise
from paddle_mnist.homework.progress import Progress
from paddle_mnist.homework.workbook import Workbook


def test_long_lines_are_broken_between_words():
    text = "one two three four five six seven eight nine ten"
    assert wrap(text, 20).splitlines() == ["one two three four", "five six seven eight", "nine ten"]


def test_a_chinese_character_is_as_wide_as_two_letters():
    lines = wrap(
        "网络给每张图片打出十个得分。softmax 把它们变成概率，加起来等于 1。", 20
    ).splitlines()
    assert all(cell_len(line) <= 22 for line in lines)
    assert not any(line.startswith(tuple("，。：；？！、”）》 ")) for line in lines)
    assert "".join(lines).replace(" ", "").startswith("网络给每张图片")


def test_items_are_indented_and_code_stays():
    text = "- " + "word " * 10 + "\n\n```\n" + "code " * 10 + "\n```"
    lines = wrap(text, 30).splitlines()
    assert lines[0].startswith("- word")
    assert lines[1].startswith("  word")
    assert "code " * 10 in lines


def test_code_in_a_line_is_not_broken():
    lines = wrap("word " * 8 + "`a longer piece of code`, and more", 30).splitlines()
    assert any(line.startswith("`a longer piece of code`,") for line in lines)


def test_a_broken_line_ends_as_asked():
    assert wrap("one two three four", 10, rendered=True) == "one two\\\nthree four"


def test_marks_take_no_room_once_they_are_rendered():
    assert wrap("**one** `two` **three**", 13, rendered=True) == "**one** `two` **three**"
    assert wrap("**one** `two` **three**", 13) == "**one** `two`\n**three**"


def test_a_sign_at_the_beginning_of_a_line_is_no_list(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    show("one two three four + five six")
    assert "+ five six" in capsys.readouterr().out


def test_tables_and_headings_stay():
    text = "# " + "title " * 20 + "\n| " + "cell | " * 20
    assert wrap(text, 30) == text


def test_code_in_a_terminal_can_be_copied(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    line = "value = function(argument, another_argument, a_third_argument)  # comment"
    show(f"```python\n{line}\n```")
    assert line in capsys.readouterr().out.splitlines()


def test_nothing_is_lost():
    text = "# 3-1 标题 title\n\n`code(a, b)` 和“引号”（括号）\n    indented"
    assert wrap(text, 200) == text


def test_a_terminal_shows_plain_text(capsys):
    assert not in_notebook()
    show("**bold** and `code`\n\n- item\n\n```text\n[1 2]\n```")
    shown = capsys.readouterr().out
    assert "bold and code" in shown
    assert "[1 2]" in shown
    assert "*" not in shown


HOSTILE = [
    "<script>run()</script>",
    "<img src=x onerror=run()>",
    "`<img src=x onerror=run()>`",
    "````\n<img src=x onerror=run()>\n````",
    "`" * 9 + "\n\n<img src=x onerror=run()>\n\n" + "`" * 9,
    "\n\n<img src=x onerror=run()>\n\n",
    "\\<img src=x onerror=run()>",
    "\\`<img src=x onerror=run()>\\`",
    "[here](javascript:run())",
    "![picture](https://elsewhere.invalid/)",
    "<https://elsewhere.invalid/>",
    "{answer} {0} %s",
]
WRONG = {
    "kind": ("expected_kind", "got_kind"),
    "entries": ("expected_entries", "got_entries"),
    "error": ("type", "message", "line"),
    "unexpected": ("type", "message"),
    "missing": ("functions",),
    "unreadable": ("message",),
}


@pytest.mark.parametrize("key", WRONG)
@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_an_answer_says_is_no_html_in_a_notebook(tmp_path, key, text, language):
    outcome = Outcome("3-1", key=key, values=dict.fromkeys(WRONG[key], text), printed=text)
    outcome.details = dict.fromkeys(("code", "given", "expected", "got", "difference"), text)
    workbook = Workbook(tmp_path, Progress(), language)
    markdown = workbook.report(find_exercise("3-1"), outcome)
    found = MarkdownIt().parse(markdown)
    tokens = [inner for token in found for inner in [token, *(token.children or ())]]
    kinds = {token.type for token in tokens}
    assert not kinds & {"html_block", "html_inline", "link_open", "image"}, markdown
    blocks = [token.content.rstrip("\n") for token in tokens if token.type == "fence"]
    assert blocks == 6 * [text.rstrip("\n")]


def test_control_html_would_be_found():
    tokens = MarkdownIt().parse("It is <img src=x onerror=run()>.")
    assert "html_inline" in {token.type for token in tokens[1].children}
