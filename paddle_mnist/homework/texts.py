"""The homework's own sentences, in both languages, and which language to speak."""

from __future__ import annotations

import locale
import os

LANGUAGES = ("en", "zh")

# What every exercise may be told. Diagnoses of single mistakes stand beside their exercise.
PROBLEMS: dict[str, dict[str, str]] = {
    "nothing": {
        "en": "Nothing is returned yet: is there a `return` at the end of `{answer}`?",
        "zh": "还没有返回任何值：`{answer}` 的末尾写 `return` 了吗？",
    },
    "kind": {
        "en": "This should be of the kind {expected_kind}, and it is {got_kind}.",
        "zh": "返回值的类型应当是 {expected_kind}，现在是 {got_kind}。",
    },
    "entries": {
        "en": "The dict should have the entries {expected_entries}, and it has {got_entries}.",
        "zh": "字典里应当有 {expected_entries} 这些项，现在是 {got_entries}。",
    },
    "length": {
        "en": "{expected_length} values should be returned, and there are {got_length}.",
        "zh": "应当返回 {expected_length} 个值，现在是 {got_length} 个。",
    },
    "shape": {
        "en": "The shape should be {expected_shape}, and it is {got_shape}.",
        "zh": "形状应当是 {expected_shape}，现在是 {got_shape}。",
    },
    "dtype": {
        "en": "The values are right, but the dtype should be {expected_dtype}, and it is "
        "{got_dtype}.",
        "zh": "数值是对的，但数据类型应当是 {expected_dtype}，现在是 {got_dtype}。",
    },
    "not_finite": {
        "en": "There is an infinite value, or one that is not a number (inf or nan).",
        "zh": "结果里有无穷大，或者不是数的值（inf 或 nan）。",
    },
    "value": {
        "en": "The values are not the expected ones.",
        "zh": "数值不对。",
    },
    "changed_input": {
        "en": "`{answer}` changes its input, `{argument}`. Whoever calls it may still need "
        "that: work on a copy.",
        "zh": "`{answer}` 改动了它的输入 `{argument}`。调用它的人可能还要用到原来的值：请在副本上计算。",
    },
    "ready_made": {
        "en": "Your answer calls the ready-made `{name}`. Here the point is to do "
        "without it, once; afterwards you may use it for ever.",
        "zh": "这里用了现成的 `{name}`。这道题要你不靠它、亲手做一次；做过以后，就可以一直用现成的了。",
    },
    "no_gradient": {
        "en": "No gradient comes back through `{answer}`. Use Paddle's operations from the input "
        "to the result: a step through NumPy, or `float(…)`, cuts the way back.",
        "zh": "梯度没能从 `{answer}` 传回来。从输入到结果都要用飞桨的运算：中间经过 NumPy 或 `float(…)`，回去的路就断了。",
    },
    "memory": {
        "en": "Your program wants more memory than there is for a check.",
        "zh": "你的程序要的内存，超过了检查时的上限。",
    },
    "error": {
        "en": "Your code stops in line {line} with `{type}: {message}`",
        "zh": "你的代码在第 {line} 行停下了：`{type}: {message}`",
    },
    "error_elsewhere": {
        "en": "Your code stops with `{type}: {message}`",
        "zh": "你的代码停下了：`{type}: {message}`",
    },
    "not_started": {
        "en": "The process for your program could not be started. Is the machine very busy, or its "
        "memory full? Try again.",
        "zh": "没能启动运行你的程序的进程。是不是机器太忙，或者内存已满？请再试一次。",
    },
    "unexpected": {
        "en": "The check cannot do anything with what `{answer}` returns (`{type}: {message}`). "
        "Compare it with what the task asks for.",
        "zh": "检查程序无法处理 `{answer}` 返回的内容（`{type}: {message}`）。请对照题目的要求。",
    },
    "refused": {
        "en": "Line {line} of your code tries what is not possible while it is checked (`{message}`): "
        "an answer starts no other program, uses no network, and changes no file outside of its "
        "own temporary folder.",
        "zh": "你的代码第 {line} 行做了检查时不允许的事（`{message}`）：答案不能启动别的程序，不能使用网络，也不能改动自己的临时文件夹以外的文件。",
    },
    "missing": {
        "en": "There is no function `{answer}` in your file, which has: {functions}. Has it been renamed?",
        "zh": "你的文件里没有函数 `{answer}`，只有：{functions}。是不是改名了？",
    },
    "no_file": {
        "en": "There is no file {file} yet. Begin with: `{start}`",
        "zh": "还没有文件 {file}。请先运行：`{start}`",
    },
    "full_width": {
        "en": "Line {line} has the character {character}, which is a full-width (Chinese) sign. "
        "Python wants the half-width one.",
        "zh": "第 {line} 行有全角标点 {character}，Python 里要用半角的标点。",
    },
    "unreadable": {
        "en": "Your file cannot be read as a Python program: {message}",
        "zh": "你的文件无法作为 Python 程序读取：{message}",
    },
    "time": {
        "en": "After {seconds} seconds there was no answer, so your program was stopped. Is there "
        "a loop that never ends, or does it compute far more than it must?",
        "zh": "过了 {seconds} 秒还没有结果，所以停止了你的程序。是不是有一个永远不结束的循环，或者多算了很多？",
    },
    "ended": {
        "en": "Your program ended by itself before it answered (code {code}). Does it call `exit`?",
        "zh": "你的程序还没回答就自己结束了（代码 {code}）。是不是调用了 `exit`？",
    },
    "output": {
        "en": "Your program prints more than {kilobytes} kB, so it was stopped. Is there a `print` "
        "in a loop?",
        "zh": "你的程序打印了超过 {kilobytes} kB 的内容，所以停止了它。循环里是不是有 `print`？",
    },
    "too_large": {
        "en": "What `{answer}` returns is too large to be checked ({megabytes} MB or more).",
        "zh": "`{answer}` 返回的内容太大，无法检查（达到或超过 {megabytes} MB）。",
    },
    "malformed": {
        "en": "What came back is not the result of a call: something in your program writes where "
        "the results go.",
        "zh": "收到的不是函数调用的结果：你的程序往传递结果的地方写了别的东西。",
    },
}

# What stands before a line of a problem.
LABELS: dict[str, dict[str, str]] = {
    "code": {"en": "line:", "zh": "这一行："},
    "given": {"en": "input:", "zh": "输入："},
    "expected": {"en": "expected:", "zh": "应为："},
    "got": {"en": "got:", "zh": "得到："},
    "difference": {
        "en": "first difference, expected / got:",
        "zh": "第一处不同（应为 / 得到）：",
    },
    "printed": {"en": "printed:", "zh": "打印的内容："},
}

WORDS: dict[str, dict[str, str]] = {
    "chapter": {"en": "Chapter", "zh": "章节"},
    "exercise": {"en": "Exercise", "zh": "练习"},
    "kind": {"en": "Kind", "zh": "类型"},
    "difficulty": {"en": "Difficulty", "zh": "难度"},
    "minutes": {"en": "Minutes", "zh": "分钟"},
    "state": {"en": "State", "zh": "状态"},
    "scratch": {"en": "from scratch", "zh": "从零实现"},
    "accuracy": {"en": "accuracy", "zh": "准确率"},
    "zoo": {"en": "bug zoo", "zh": "找错"},
    "passed": {"en": "passed", "zh": "已通过"},
    "tried": {"en": "tried {tries} times", "zh": "试过 {tries} 次"},
    "tried_once": {"en": "tried once", "zh": "试过 1 次"},
    "started": {"en": "started", "zh": "已开始"},
    "open": {"en": "-", "zh": "-"},
    "summary": {
        "en": "{passed} of {count} exercises passed; about {time} of work left.",
        "zh": "{count} 道练习，已通过 {passed} 道；剩下的大约需要{time}。",
    },
    "some_minutes": {"en": "{count} minutes", "zh": " {count} 分钟"},
    "some_hours": {"en": "{count} hours", "zh": " {count} 小时"},
    "next": {"en": "Next: {number} {title}", "zh": "下一题：{number} {title}"},
    "all_done": {"en": "All exercises are passed.", "zh": "所有练习都通过了。"},
    "success": {"en": "Passed: {number} {title}", "zh": "通过：{number} {title}"},
    "failure": {"en": "Not yet: {number} {title}", "zh": "还没通过：{number} {title}"},
    "learned": {"en": "What to take along:", "zh": "记住这些："},
    "part": {
        "en": "Part {part} of what is returned: ",
        "zh": "返回值的第 {part} 部分：",
    },
    "see_solution": {
        "en": "Compare with a good answer: {solution}",
        "zh": "和参考答案比一比：{solution}",
    },
    "see_hint": {"en": "A hint: {hint}", "zh": "看提示：{hint}"},
    "hint": {"en": "Hint {shown} of {count}", "zh": "提示 {shown}/{count}"},
    "no_more_hints": {
        "en": "These are all hints. After them comes only the solution: {solution}",
        "zh": "提示就是这些，再往后只有答案了：{solution}",
    },
    "solution_first": {
        "en": "You have not passed {number} yet. There are {left} hints that you have not seen. "
        "Ask a second time to see the solution all the same.",
        "zh": "{number} 还没有通过，还有 {left} 条提示没有看。如果仍要看答案，请再问一次。",
    },
    "solution_first_all_hints": {
        "en": "You have not passed {number} yet, and have seen all hints. Ask a second time to see "
        "the solution.",
        "zh": "{number} 还没有通过，提示已经看完。如果要看答案，请再问一次。",
    },
    "solution": {"en": "A good answer to {number}", "zh": "{number} 的参考答案"},
    "written": {"en": "Written: {file}", "zh": "已写入：{file}"},
    "there_already": {
        "en": "{file} is there already, and was left as it is. `reset {number}` begins anew.",
        "zh": "{file} 已经存在，没有改动。`reset {number}` 可以重新开始。",
    },
    "kept": {"en": "Your old answer is kept in {file}", "zh": "你原来的答案保存在 {file}"},
    "then_check": {"en": "Check it: {check}", "zh": "检查：{check}"},
    "chapter_line": {"en": "Chapter {chapter}: {title}", "zh": "第 {chapter} 章：{title}"},
    "repair": {
        "en": "Repair the program below, so that `{answer}` does what it should. Then check it:\n\n    {check}",
        "zh": "请修好下面的程序，让 `{answer}` 做到它应当做的事，然后检查：\n\n    {check}",
    },
    "write_into": {
        "en": "Write your answer below, into `{answer}`. Then check it:\n\n    {check}",
        "zh": "把答案写进下面的 `{answer}`，然后检查：\n\n    {check}",
    },
    "damaged_state": {
        "en": "{file} could not be read, and was put aside as {aside}; what was passed is counted "
        "anew.",
        "zh": "无法读取 {file}，已改名为 {aside}；通过的题目重新计数。",
    },
    "isolation": {
        "en": "Answers run in a process of their own, with limits on time, memory and output, on "
        "a copy of the file. That keeps faults apart; it is no sandbox: check only code that "
        "you would run yourself.",
        "zh": "答案在单独的进程里运行，用的是文件的副本，时间、内存和输出都有上限。这样可以隔离故障，但不是沙箱：只检查你自己也愿意运行的代码。",
    },
}


def say(table: dict[str, dict[str, str]], key: str, language: str, **values: object) -> str:
    """Return a sentence, with its braces filled."""
    return table[key][language].format(**values)


def language_of_environment() -> str:
    """Return "zh" where the environment asks for Chinese, else "en"."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "zh" if os.environ[name].lower().startswith("zh") else "en"
    # Windows sets none of these.
    name = locale.getlocale()[0] or ""
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"
