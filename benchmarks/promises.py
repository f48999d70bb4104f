"""Write the tables of docs/promises.md: what was tried for each promise, and what was seen.

    make promises                       try every promise as often as it says, and write the tables
    python benchmarks/promises.py       only write them, from benchmarks/promises.json

The tests that are marked with a promise tell the figures themselves (see tests/conftest.py).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from between_marks import pages, table_head, write_between

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "benchmarks" / "promises.json"
PAGES = pages("promises")
MARKS = ("<!-- promises: make promises -->", "<!-- end of promises -->")
HEADS = {
    "en": (
        "promise",
        "tried, and seen",
        "seen where the protection is taken away",
        "command, after `python -m pytest --slow`",
    ),
    "zh": (
        "承诺",
        "试了什么，看到什么",
        "拿掉保护后看到什么",
        "命令，接在 `python -m pytest --slow` 之后",
    ),
}

BETWEEN = {"en": "; ", "zh": "；"}

PROMISES = {
    1: {"en": "Loading a run never executes code", "zh": "读取训练结果文件，绝不执行代码"},
    2: {
        "en": "Weights of other courses (`.pdparams`) are read through a list of what is allowed",
        "zh": "其他课程的权重（`.pdparams`）只按允许清单读取",
    },
    3: {"en": "Damage is noticed", "zh": "文件损坏会被发现"},
    4: {
        "en": "Whatever a file holds, the answer is a value or one of our own errors",
        "zh": "无论文件里是什么，得到的要么是结果，要么是本项目自己的错误",
    },
    5: {
        "en": "A kill, at any moment, never costs the last finished epoch",
        "zh": "任何时刻被强行终止，都不会丢失最后完成的一轮",
    },
    6: {"en": "What a kill leaves behind is swept", "zh": "强行终止留下的临时文件会被清理"},
    7: {"en": "A full or failing disk does no harm", "zh": "磁盘满了或出错，不会造成损失"},
    8: {"en": "Resuming is exact, to the last bit", "zh": "恢复训练精确到最后一位"},
    9: {"en": "Resuming is exact in notebooks, too", "zh": "在 Jupyter 笔记本里恢复训练同样精确"},
    10: {
        "en": "A run that is resumed with other settings, data or threads says so",
        "zh": "用不同的设置、数据或线程数恢复训练时，会明确告知",
    },
    11: {"en": "The same seed gives the same bits", "zh": "同样的随机种子得到逐位相同的结果"},
    12: {"en": "Bad IDX and CSV files are refused", "zh": "有问题的 IDX 和 CSV 文件会被拒绝"},
    13: {"en": "A file that unpacks to gigabytes is bounded", "zh": "解压后极大的文件受到限制"},
    14: {"en": "A download survives bad networks", "zh": "网络连接很差时也能下载"},
    15: {
        "en": "Several processes may download at once",
        "zh": "多个进程可以同时下载",
    },
    16: {
        "en": "It works without a network, and with a home folder that cannot be written",
        "zh": "不能上网、主目录不可写，也能工作",
    },
    17: {
        "en": "Any picture file gives a digit or a clear error",
        "zh": "任何图片文件都得到一个数字，或一条清楚的错误",
    },
    18: {
        "en": "The preparation of a picture is MNIST's own",
        "zh": "图片的预处理与 MNIST 的做法一致",
    },
    19: {
        "en": "The page to draw on talks to nobody, and runs nothing that a file brings",
        "zh": "手写网页不与任何人通信，也不运行文件带来的任何东西",
    },
    20: {
        "en": "The check of homework never hangs and never dies",
        "zh": "作业检查绝不卡住，也不会崩溃",
    },
    21: {
        "en": "The check never changes the learner's files",
        "zh": "作业检查绝不改动学习者的文件",
    },
    22: {
        "en": "Results of an answer pass as data, never as code",
        "zh": "答案的结果只作为数据传递，绝不作为代码",
    },
}

# What the tests tell, in Chinese. tests/test_promises.py says which are missing.
CHINESE = {
    "without the random state: {} of {} went on to other bits": (
        "不恢复随机状态时：{} 次结果不同（共 {} 次）"
    ),
    "without the optimizer state: {} of {} went on to other bits": (
        "不恢复优化器状态时：{} 次结果不同（共 {} 次）"
    ),
    "{} bombs of {} MB refused, together in less than {} MB of memory": (
        "{} 个解压后 {} MB 的文件被拒绝，总共占用不到 {} MB 内存"
    ),
    "read without limits, each of {} bombs of {} MB takes more than {} MB of memory": (
        "不加限制地读取，{} 个 {} MB 的文件每个都占用超过 {} MB 内存"
    ),
    "{} bad answers of a mirror, {} taken for MNIST": ("下载源的 {} 种错误回答，{} 个被当成 MNIST"),
    "{} ways to be too slow, {} waited for": ("{} 种过慢的方式，{} 种被一直等待"),
    "{} times three slow mirrors at once, {} without an answer in 30 s": (
        "三个下载源同时变慢，试 {} 次，{} 次在 30 秒内没有结果"
    ),
    "{} processes at once: {} fetch of each file, {} failures": (
        "{} 个进程同时：每个文件下载 {} 次，{} 次失败"
    ),
    "{} processes at once without the lock: more than {} fetch": (
        "没有锁时 {} 个进程同时：下载超过 {} 次"
    ),
    "{} processes, the fetching one killed: {} of the others failed": (
        "{} 个进程，正在下载的被强行终止：其余的有 {} 个失败"
    ),
    "IDX files of {}, {} and {} images are read, plain and gzipped": (
        "含 {}、{}、{} 张图片的 IDX 文件都能读取，压缩与否均可"
    ),
    "{} bad IDX files refused, each by its name, what was found and what is allowed": (
        "{} 个错误的 IDX 文件被拒绝，都说明文件名、发现了什么、允许什么"
    ),
    "{} damaged IDX files, {} other exceptions, each within {} s": (
        "{} 个损坏的 IDX 文件，{} 个其他异常，每个不超过 {} 秒"
    ),
    "{} damaged gzip files, {} other exceptions, each within {} s": (
        "{} 个损坏的 gzip 文件，{} 个其他异常，每个不超过 {} 秒"
    ),
    "{} damaged IDX files, {} read otherwise than the format says": (
        "{} 个损坏的 IDX 文件，{} 个读出的内容与格式不符"
    ),
    "CSV files of {}, {} and {} images are read": ("含 {}、{}、{} 张图片的 CSV 文件都能读取"),
    "{} bad CSV files refused, each by its name, what was found and what is allowed": (
        "{} 个错误的 CSV 文件被拒绝，都说明文件名、发现了什么、允许什么"
    ),
    "{} damaged CSV files, {} other exceptions, each within {} s": (
        "{} 个损坏的 CSV 文件，{} 个其他异常，每个不超过 {} 秒"
    ),
    "{} damaged CSV files, {} read otherwise than they are written": (
        "{} 个损坏的 CSV 文件，{} 个读出的内容与所写的不符"
    ),
    "{} damaged labels.csv, {} other exceptions, each within {} s": (
        "{} 个损坏的 labels.csv，{} 个其他异常，每个不超过 {} 秒"
    ),
    "{} damaged .npz files, {} other exceptions, each within {} s": (
        "{} 个损坏的 .npz 文件，{} 个其他异常，每个不超过 {} 秒"
    ),
    "{} downloads with PADDLE_MNIST_OFFLINE": ("设置 PADDLE_MNIST_OFFLINE 后下载 {} 次"),
    "{} of {} read-only caches not read": ("{} 个只读缓存没有读到（共 {} 个）"),
    "without any home folder, {} files in a folder named ~": (
        "没有主目录时，名为 ~ 的文件夹里有 {} 个文件"
    ),
    "{} folders whose files do not fit together refused": ("{} 个内容互不相配的文件夹被拒绝"),
    "{} hostile records of a run, sealed as real ones are: {} ran": (
        "{} 份恶意的训练记录，校验和与真的一样正确：{} 份运行了代码"
    ),
    "{} hostile names of a run's folder, in the page as text: {} ran": (
        "{} 个恶意的训练结果文件夹名，在网页里都只是文字：{} 个运行了代码"
    ),
    "{} hostile names of a network in one page, each shown as text: {} ran": (
        "同一网页里 {} 个恶意的网络名称，都显示为文字：{} 个运行了代码"
    ),
    "{} hostile picture files, chosen, dropped and pasted: {} ran": (
        "{} 个恶意的图片文件，选择、拖入、粘贴：{} 个运行了代码"
    ),
    "{} ways to ask a server for something, under the policy: {} did": (
        "在策略之下，{} 种向服务器请求的方式：{} 种成功"
    ),
    "{} digits drawn on the page, in a browser with a proxy: {} requests": (
        "在带代理的浏览器里画了 {} 个数字：{} 次请求"
    ),
    "{} writes on a disk that is full, {} files lost": ("在已满的磁盘上写 {} 次，丢失 {} 个文件"),
    "{} writes on a write-protected disk, {} files lost": (
        "在写保护的磁盘上写 {} 次，丢失 {} 个文件"
    ),
    "{} kills at named points of every write, {} files lost": (
        "在每次写入的各个步骤强行终止 {} 次，丢失 {} 个文件"
    ),
    "{} kills left {} temporary files, {} after the next start": (
        "强行终止 {} 次，留下 {} 个临时文件，下次启动后剩 {} 个"
    ),
    "{} times Ctrl-C at named points of every write, {} files lost": (
        "在每次写入的各个步骤按 Ctrl-C {} 次，丢失 {} 个文件"
    ),
    "{} times two kills in a row while a run is saved, {} runs lost": (
        "保存时连续两次强行终止，共 {} 次，丢失 {} 份训练结果"
    ),
    "written in place: {} kills, {} files lost": ("直接写在原处：强行终止 {} 次，丢失 {} 个文件"),
    "{} failing calls of every write, {} files lost": ("每次写入的 {} 个调用出错，丢失 {} 个文件"),
    "{} failing calls of exports and their drafts, {} models lost": (
        "导出及其草稿的 {} 个调用出错，丢失 {} 个模型"
    ),
    "the folder taken away at {} calls, {} other errors than ours": (
        "在 {} 个调用处拿走文件夹，{} 个不属于本项目的错误"
    ),
    "{} flipped bytes or bits in the files of a run, {} not noticed that changed anything": (
        "训练结果文件中翻转 {} 个字节或位，{} 个有影响的没被发现"
    ),
    "{} cut off, missing or too long files of a run, {} not noticed": (
        "{} 个被截断、缺失或过长的训练结果文件，{} 个没被发现"
    ),
    "{} mixtures of the files of two runs, {} not noticed": (
        "两份训练结果的文件混在一起 {} 种，{} 种没被发现"
    ),
    "without the checksum: {} of {} flipped bits of weights not noticed": (
        "没有校验和时：{} 个权重位的翻转没被发现（共 {} 个）"
    ),
    "{} runs with forged values in run.json, {} other exceptions": (
        "{} 份伪造了 run.json 的训练结果，{} 个其他异常"
    ),
    "{} runs with forged tensors, {} other exceptions": (
        "{} 份伪造了张量的训练结果，{} 个其他异常"
    ),
    "{} forged runs resumed, {} other exceptions": ("从 {} 份伪造的训练结果恢复，{} 个其他异常"),
    "{} payloads through {} ways to load a file, {} executed": (
        "{} 个恶意文件经过 {} 种读取方式，{} 个被执行"
    ),
    "{} of them executed by paddle.load, numpy.load or pickle": (
        "其中 {} 个会被 paddle.load、numpy.load 或 pickle 执行"
    ),
    "all source files: {} calls of pickle.load, paddle.load, eval or exec": (
        "全部源文件：{} 处调用 pickle.load、paddle.load、eval 或 exec"
    ),
    "{} hostile answers, {} not reported within 25 s": ("{} 份恶意答案，{} 份没有在 25 秒内报告"),
    "{} destructive answers, {} changed files": ("{} 份破坏性答案，{} 个文件被改动"),
    "{} hostile answers by the command line, {} not reported": (
        "通过命令行检查 {} 份恶意答案，{} 份没有报告"
    ),
    "{} of the destructive answers without the guard: {} files left": (
        "去掉防护后 {} 份破坏性答案：剩下 {} 个文件"
    ),
    "{} malformed, forged and pickled outcomes, {} accepted": (
        "{} 个格式错误、伪造或 pickle 的检查结果，{} 个被接受"
    ),
    "{} made-up outcomes, {} other exceptions": ("{} 个编造的检查结果，{} 个其他异常"),
    "{} made-up files as an answer, {} other exceptions": ("{} 个编造的答案文件，{} 个其他异常"),
    "{} made-up files of progress, {} lost": ("{} 个编造的进度文件，丢失 {} 个"),
    "{} steps, interrupted at each of them: {} went on to other bits": (
        "{} 步，在每一步中断：{} 次继续后得到不同的结果"
    ),
    "{} random kills, SIGKILL and SIGINT in turn; {} did not go on to equal bits": (
        "随机强行终止 {} 次，SIGKILL 与 SIGINT 交替；{} 次继续后结果不同"
    ),
    "{} kills while a run was written, {} temporary files after the next start": (
        "写入训练结果时强行终止 {} 次，下次启动后有 {} 个临时文件"
    ),
    "without the sweep: {} temporary files after the next start": (
        "不清理时：下次启动后有 {} 个临时文件"
    ),
    "{} other options and data, {} not refused": ("{} 种不同的选项和数据，{} 种没被拒绝"),
    "{} other configurations of a program, {} not refused": (
        "程序里 {} 种不同的配置，{} 种没被拒绝"
    ),
    "{} other surroundings, {} not told": ("{} 种不同的环境，{} 种没有告知"),
    "{} builds in one process and {} gone on with there, {} other bits": (
        "同一进程里建立 {} 次、继续 {} 次，{} 次结果不同"
    ),
    "without names of its own: {} of {} cannot be gone on with": (
        "没有自己的命名空间时：{} 个不能继续（共 {} 个）"
    ),
    "{} runs with 1 thread, {} other bits": ("1 个线程运行 {} 次，{} 次结果不同"),
    "{} runs with 2 threads, {} other bits": ("2 个线程运行 {} 次，{} 次结果不同"),
    "{} seeds, {} equal bits": ("{} 个随机种子，{} 个结果相同"),
    "{} digits, shifted, scaled, inverted: {} are not what MNIST has of them": (
        "{} 个数字，平移、缩放、反色：{} 个与 MNIST 的做法不符"
    ),
    "{} digits, shifted and inverted: {} give another image": (
        "{} 个数字，平移、反色：{} 个得到不同的图像"
    ),
    "{} drawings of the same 7: {} give another image": ("同一个 7 画 {} 次：{} 次得到不同的图像"),
    "{} commands offline, {} sockets": ("离线运行 {} 个命令，打开 {} 个套接字"),
    "without PADDLE_MNIST_OFFLINE, more than {} socket": (
        "不设置 PADDLE_MNIST_OFFLINE 时，套接字多于 {} 个"
    ),
    "without any network: {} errors": ("完全断网：{} 个错误"),
    "{} commands with a home on a read-only disk, {} fail": (
        "主目录在只读磁盘上，运行 {} 个命令，{} 个失败"
    ),
    "{} commands each with other homes that cannot be written, {} fail": (
        "其他不可写的主目录，各运行 {} 个命令，{} 个失败"
    ),
    "{} commands without the variable HOME, {} fail": ("没有 HOME 变量，运行 {} 个命令，{} 个失败"),
    "Paddle alone with a file as home folder: {} error": (
        "单独的飞桨，主目录是一个文件：{} 个错误"
    ),
    "{} commands where nothing can be written, {} without a clear error": (
        "什么都不能写，运行 {} 个命令，{} 个没有清楚的错误"
    ),
    "{} commands in a read-only folder, {} without a clear error": (
        "在只读文件夹里运行 {} 个命令，{} 个没有清楚的错误"
    ),
    "{} other names in .pdparams files refused": (".pdparams 文件中 {} 个其他名称被拒绝"),
    "{} names of NumPy in .pdparams files known": (".pdparams 文件中认识 NumPy 的 {} 个名称"),
    "without the list of names: {} of them pass": ("没有名称清单时：其中 {} 个通过"),
    "{} damaged .pdparams files, {} other exceptions": (
        "{} 个损坏的 .pdparams 文件，{} 个其他异常"
    ),
    "{} odd files: a digit or a clear error for each": (
        "{} 个古怪的文件：每个都得到一个数字或清楚的错误"
    ),
    "{} small files that claim to be huge, under {} MB of memory": (
        "{} 个自称巨大的小文件，内存不到 {} MB"
    ),
    "without the limit of megapixels: one of them takes more than {} MB": (
        "没有像素上限时：其中一个占用超过 {} MB"
    ),
    "{} damaged pictures of {} formats, {} other exceptions": (
        "{} 张损坏的图片，{} 种格式，{} 个其他异常"
    ),
}


def summed(figures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Figures with one text for each promise: what several parts of a test tried is added up."""
    sums: dict[tuple[int, bool, str], list[float]] = {}
    for figure in figures:
        place = (figure["row"], figure["control"], figure["text"])
        before = sums.get(place, [0] * len(figure["numbers"]))
        sums[place] = [first + second for first, second in zip(before, figure["numbers"])]
    names = ("row", "control", "text")
    return [{**dict(zip(names, place)), "numbers": numbers} for place, numbers in sums.items()]


def in_language(figure: dict[str, Any], language: str) -> str:
    """What a test told, such as "2,000 flipped bytes, 0 not noticed"."""
    text = figure["text"] if language == "en" else CHINESE[figure["text"]]
    return text.format(*(f"{number:,}" for number in figure["numbers"]))


def render(figures: list[dict[str, Any]], language: str) -> str:
    """The table, a row for each promise, as Markdown."""
    lines = table_head(["#", *HEADS[language]])
    for row, promise in PROMISES.items():
        told = [figure for figure in summed(figures) if figure["row"] == row]
        seen, controls = (
            BETWEEN[language].join(
                in_language(figure, language) for figure in told if figure["control"] == control
            )
            for control in (False, True)
        )
        command = f'`-m "promise(row={row})"`'
        lines.append(f"| {row} | {promise[language]} | {seen} | {controls or '—'} | {command} |")
    return "\n".join(lines)


def main() -> None:
    """Write the tables of both languages."""
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    for language, page in PAGES.items():
        write_between(page, MARKS, render(figures, language))


if __name__ == "__main__":
    main()
