"""Without a network, and with a home folder that cannot be written: everything works, or says why.

The processes are real ones. Where the machine lets us, so are the folders on a read-only disk.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import paddle_mnist
from paddle_mnist.homework.exercise import find_exercise
from paddle_mnist.system import runtime, spare_home
from paddle_mnist.system.errors import UsageError

PICTURE = Path(paddle_mnist.__file__).parents[1] / "work" / "example_0.jpg"
SOFTMAX = find_exercise("3-1")

offline = pytest.mark.promise(row=16)

# Runs commands one after the other in one process, and tells their exit codes.
DRIVER = """
import json, os, sys
from paddle_mnist.__main__ import main
codes = [main(words) for words in json.loads(sys.argv[1])]
print(json.dumps([codes, os.environ.get("HOME")]))
"""

# From now on the kernel ends this process, and those it starts, when it opens a socket of the
# internet: whatever opens it, Python or a library.
NO_SOCKETS = """
import ctypes, platform, struct
AUDIT, SOCKET = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}[platform.machine()]
LOAD, JUMP_IF_EQUAL, RETURN, ALLOW, END = 0x20, 0x15, 0x06, 0x7FFF0000, 0x80000000
IPV4, IPV6 = 2, 10
STEPS = [
    (LOAD, 0, 0, 4), (JUMP_IF_EQUAL, 0, 5, AUDIT),
    (LOAD, 0, 0, 0), (JUMP_IF_EQUAL, 0, 3, SOCKET),
    (LOAD, 0, 0, 16), (JUMP_IF_EQUAL, 2, 0, IPV4), (JUMP_IF_EQUAL, 1, 0, IPV6),
    (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, END),
]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in STEPS))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(STEPS), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
NO_NEW_RIGHTS, SET_FILTER, FILTER = 38, 22, 2
if libc.prctl(NO_NEW_RIGHTS, 1, 0, 0, 0) or libc.prctl(SET_FILTER, FILTER, program, 0, 0):
    raise SystemExit(98)
"""
NO_FILTER = 98

# Mounts each folder up to -- read-only, then becomes the command after it.
READ_ONLY = """
while [ "$1" != -- ]; do
    mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 99
    shift
done
shift
cd "$PWD"
exec "$@"
"""
NO_MOUNT = 99
WITHOUT_RIGHTS = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


def make_place(folder):
    """A learner's folder, a home and a folder for temporary files."""
    for name in ("course/homework", "home", "temporary"):
        (folder / name).mkdir(parents=True)
    shutil.copy(PICTURE, folder / "course")
    (folder / "course" / "homework" / SOFTMAX.file_name).write_text(SOFTMAX.solution)
    return folder


@pytest.fixture
def place(tmp_path):
    """See make_place."""
    return make_place(tmp_path)


COMMANDS = [
    ["predict", PICTURE.name],
    ["train", "--stage", "linear", "--epochs", "1"],
    ["evaluate", "--run", "runs/linear"],
    ["homework", "check", "3-1", "--folder", "homework"],
    ["homework", "status", "--folder", "homework"],
    ["demo", "--stage", "linear", "-o", "page.html"],
    ["export", "--run", "runs/linear", "--format", "paddle", "-o", "exported"],
]
NOT_OURS = (
    *("PADDLE_MNIST_DATA", "PADDLE_MNIST_CACHE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"),
    *("MPLCONFIGDIR", "ORT_DISABLE_TELEMETRY", "CI"),
)


def run(place, code, *words, home="home", before=(), **variables):
    """Run Python code in the learner's folder; home: None for no variable HOME."""
    environment = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    environment |= {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PADDLE_MNIST_OFFLINE": "1",
        "LANGUAGE": "en",
        "TMPDIR": str(place / "temporary"),
        "HOME": str(place / home) if home else "",
        **variables,
    }
    if home is None:
        del environment["HOME"]
    return subprocess.run(
        [*before, sys.executable, "-c", code, *words],
        cwd=place / "course",
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def read_only(*folders):
    """The beginning of a command line that sees folders on a read-only disk."""
    if sys.platform != "linux" or not shutil.which("unshare") or not shutil.which("mount"):
        pytest.skip("a read-only disk is made with Linux' unshare and mount")
    own_user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    before = ["unshare", *own_user, "--mount", "sh", "-c", READ_ONLY, "sh"]
    before += [*map(str, folders), "--"]
    if subprocess.run([*before, "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a read-only disk")
    return before


def without_rights():
    """The beginning of a command line to which a folder's permissions apply, as root too."""
    if os.name != "posix" or (os.geteuid() == 0 and not shutil.which("setpriv")):
        pytest.skip("the permissions of a folder do not apply to this user")
    return WITHOUT_RIGHTS if os.geteuid() == 0 else []


def check_all_work(place, commands, done):
    assert "Traceback" not in done.stderr, done.stderr
    assert "Matplotlib created" not in done.stderr
    assert done.returncode == 0, done.stderr
    codes, _ = json.loads(done.stdout.splitlines()[-1])
    assert codes == [0] * len(commands), done.stdout + done.stderr
    assert list((place / "temporary").iterdir()) == []


def in_groups(commands, trials):
    """All commands in one process; with --slow each in its own."""
    return trials([commands], [[command] for command in commands])


@offline
def test_no_command_opens_a_socket(place, trials, figure):
    check_filter(place)
    commands = [*COMMANDS, ["export", "--run", "runs/linear", "--format", "onnx", "-o", "a.onnx"]]
    if sys.version_info >= (3, 13):  # there is no paddle2onnx
        commands = COMMANDS
    for group in in_groups(commands, trials):
        check_all_work(place, group, run(place, NO_SOCKETS + DRIVER, json.dumps(group)))
    # Not even prepared: what onnxruntime wants to report is kept in files until it is sent.
    assert not list((place / "home").rglob("*onnxruntime*"))
    figure("{} commands offline, {} sockets", len(commands), 0)


def check_filter(place):
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"):
        pytest.skip("the filter is written for Linux on two kinds of processor")
    if run(place, NO_SOCKETS).returncode == NO_FILTER:
        pytest.skip("this machine lets nobody filter system calls")


LOAD = "from paddle_mnist.data import load_mnist; print(load_mnist().source.message)"


@pytest.mark.promise(row=16, control=True)
def test_without_the_variable_a_socket_is_opened(place, figure):
    check_filter(place)
    assert run(place, NO_SOCKETS + LOAD).returncode == 0
    done = run(place, NO_SOCKETS + LOAD, PADDLE_MNIST_OFFLINE="0")
    assert done.returncode == -signal.SIGSYS
    figure("without PADDLE_MNIST_OFFLINE, more than {} socket", 0)


@offline
def test_without_a_network_the_sample_is_used(place, figure):
    if sys.platform != "linux" or not shutil.which("unshare"):
        pytest.skip("a machine without a network is made with Linux' unshare")
    before = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--net"]
    if subprocess.run([*before, "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody make a network of their own")
    done = run(place, LOAD, before=before, PADDLE_MNIST_OFFLINE="0")
    assert done.returncode == 0, done.stderr
    assert "only the sample of 5,000" in done.stdout
    assert len(re.findall(r"storage.googleapis|ossci-datasets|bcebos", done.stdout)) == 3
    figure("without any network: {} errors", 0)


# How a home may be unusable: a function from a place to the home's name in it and the beginning of
# the command line.
def on_a_read_only_disk(place):
    return "home", read_only(place / "home")


def without_permission(place):
    (place / "home").chmod(0o555)
    return "home", without_rights()


def with_a_cache_without_permission(place):
    (place / "home" / ".cache").mkdir(mode=0o555)
    return "home", without_rights()


def with_a_file_as_cache(place):
    (place / "home" / ".cache").write_text("")
    return "home", []


def that_is_a_file(place):
    (place / "file").write_text("")
    return "file", []


def that_does_not_exist(place):
    return "nowhere/at/all", []


OTHER_HOMES = (
    without_permission,
    with_a_cache_without_permission,
    with_a_file_as_cache,
    that_does_not_exist,
    that_is_a_file,
)


def check_home(place, unusable, commands):
    home, before = unusable(place)
    done = run(place, DRIVER, json.dumps(commands), home=home, before=before)
    for path in (place / "home", *(place / "home").glob("*")):  # so that they can be removed
        path.chmod(0o755)
    check_all_work(place, commands, done)
    assert done.stderr.count("the home folder") == 1
    assert f"{place / home} cannot be written" in done.stderr
    # The learner's own variable is as it was, and the answer's process says nothing of it.
    assert json.loads(done.stdout.splitlines()[-1])[1] == str(place / home)
    assert "the home folder" not in done.stdout


@offline
def test_with_a_home_on_a_read_only_disk_all_works(place, trials, figure):
    for group in in_groups(COMMANDS, trials):
        check_home(place, on_a_read_only_disk, group)
    figure("{} commands with a home on a read-only disk, {} fail", len(COMMANDS), 0)


@offline
def test_with_any_other_home_that_cannot_be_written_all_works(tmp_path, trials, figure):
    commands = COMMANDS[: trials(1, len(COMMANDS))]
    for unusable in OTHER_HOMES[trials(-1, 0) :]:
        check_home(make_place(tmp_path / unusable.__name__), unusable, commands)
    figure("{} commands each with other homes that cannot be written, {} fail", len(commands), 0)


@offline
def test_without_the_variable_of_the_home_all_works(place, trials, figure):
    commands = COMMANDS[: trials(1, len(COMMANDS))]
    check_all_work(place, commands, run(place, DRIVER, json.dumps(commands), home=None))
    figure("{} commands without the variable HOME, {} fail", len(commands), 0)


@pytest.mark.promise(row=16, control=True)
def test_without_our_help_paddle_needs_a_home(place, figure):
    home, _ = that_is_a_file(place)
    done = run(place, "import paddle", home=home)
    assert "NotADirectoryError" in done.stderr
    figure("Paddle alone with a file as home folder: {} error", 1)


@pytest.fixture
def before_paddle(monkeypatch):
    """As in a process that has not imported Paddle yet; whatever is set is put back."""
    monkeypatch.delitem(sys.modules, "paddle", raising=False)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    for name in ("PADDLE_MNIST_SPARE_HOME", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return monkeypatch


def test_a_home_is_replaced_once_for_a_process_and_those_it_starts(before_paddle, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    before_paddle.setenv("HOME", str(tmp_path / "file"))
    before_paddle.setenv("USERPROFILE", str(tmp_path / "file"))
    before_paddle.setattr(tempfile, "tempdir", str(tmp_path))
    runtime.prepare()
    runtime.prepare()
    place = os.environ["PADDLE_MNIST_SPARE_HOME"]
    assert os.environ["MPLCONFIGDIR"] == place
    assert capsys.readouterr().err.count("cannot be written") == 1
    with spare_home.spare_home():
        assert os.path.expanduser("~") == place
    assert os.path.expanduser("~") == str(tmp_path / "file")
    first, second, *_ = sys.meta_path
    assert type(first) is not type(second)
    assert first.find_spec("numpy") is None
    assert first.find_spec("paddle").name == "paddle"


def test_without_any_room_paddle_cannot_be_imported(before_paddle, tmp_path, capsys):
    def no_room(**_):
        raise FileNotFoundError("No usable temporary directory found")

    before_paddle.setenv("HOME", str(tmp_path / "nowhere"))
    before_paddle.setenv("USERPROFILE", str(tmp_path / "nowhere"))
    before_paddle.setattr(tempfile, "mkdtemp", no_room)
    runtime.prepare()
    assert capsys.readouterr() == ("", "")
    with pytest.raises(UsageError, match="let HOME or TMPDIR name a folder"):
        sys.meta_path[0].find_spec("paddle")


def test_a_home_that_can_be_written_is_used(before_paddle, tmp_path, capsys):
    before_paddle.setenv("HOME", str(tmp_path))
    before_paddle.setenv("USERPROFILE", str(tmp_path))
    runtime.prepare()
    assert "PADDLE_MNIST_SPARE_HOME" not in os.environ
    with spare_home.spare_home():
        assert os.path.expanduser("~") == str(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr() == ("", "")


@offline
def test_where_nothing_can_be_written_one_sentence_says_so(place, figure):
    known = {place, tempfile.gettempdir(), "/tmp", "/var/tmp", "/usr/tmp"}
    before = read_only(*(folder for folder in known if Path(folder).is_dir()))
    needy = [words for words in COMMANDS if "status" not in words]
    for words in needy:
        done = run(place, DRIVER, json.dumps([words]), before=before)
        assert done.stdout, done.stderr
        codes, _ = json.loads(done.stdout.splitlines()[-1])
        assert codes == [2], (words, done.stdout, done.stderr)
        assert len(re.findall("^error: ", done.stderr, re.MULTILINE)) == 1, done.stderr
        assert "Traceback" not in done.stderr
    figure("{} commands where nothing can be written, {} without a clear error", len(needy), 0)


@offline
def test_a_current_folder_that_cannot_be_written_is_told(place, figure):
    shutil.copytree(Path(paddle_mnist.__file__).parent / "weights" / "linear", place / "run")
    before = read_only(place / "course", place / "run")
    writing = [
        ["train", "--stage", "linear", "--epochs", "1"],
        ["evaluate", "--run", str(place / "run"), "--data", "sample"],
        ["homework", "start", "3-2", "--folder", "homework"],
        ["homework", "check", "3-1", "--folder", "homework"],
        ["homework", "hint", "3-1", "--folder", "homework"],
        ["demo", "--stage", "linear", "-o", "page.html"],
        ["export", "--stage", "linear", "--format", "pdparams", "-o", "out.pdparams"],
        ["export", "--stage", "linear", "--format", "paddle", "-o", "exported"],
    ]
    done = run(place, DRIVER, json.dumps(writing), before=before)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])[0] == [2] * len(writing), done.stderr
    assert len(re.findall("^error: ", done.stderr, re.MULTILINE)) == len(writing)
    figure("{} commands in a read-only folder, {} without a clear error", len(writing), 0)
