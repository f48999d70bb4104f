"""Downloads from a real server on this computer that misbehaves in every way we could think of."""

from __future__ import annotations

import errno
import gzip
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from paddle_mnist.data import download as downloading
from paddle_mnist.data import mnist_files
from paddle_mnist.data.download import DEFAULT_LIMITS, LOCK, MIRRORS, Limits, download
from paddle_mnist.data.mnist_files import read_originals
from paddle_mnist.system.errors import DataError

# The small files have some 24 kB. Impatient where a mirror is to be given up; patient where it is
# to succeed, so that a busy computer fails no test.
IMPATIENT = Limits(connect_seconds=0.3, pace_seconds=0.3, pace_bytes=200)
PATIENT = Limits(pace_seconds=5, pace_bytes=200)
LONGEST = 30  # seconds until there is an answer, whatever the mirrors do

pytestmark = pytest.mark.slow_for_mutants
networks = pytest.mark.promise(row=14)
at_once = pytest.mark.promise(row=15)


class Handler(BaseHTTPRequestHandler):
    """`/good/NAME` serves the file; the other first parts of the path are ways to misbehave."""

    def log_message(self, *_):
        pass

    def raw(self, *parts):
        self.wfile.write(b"\r\n".join(parts))

    def start(self, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def wait(self, seconds=60):
        return self.server.stop.wait(seconds)

    def drip(self, data, seconds):
        for position in range(len(data)):
            if self.wait(seconds):
                return
            self.wfile.write(data[position : position + 1])

    def do_GET(self):
        _, way, *_, name = self.path.split("/")
        self.server.asked.append(self.path)
        content = (self.server.folder / name).read_bytes()
        try:
            getattr(self, way)(name, content)
        except OSError:  # the client has gone
            self.close_connection = True

    def good(self, _, content):
        self.start(Content_Length=str(len(content)))
        self.wfile.write(content)

    def no_length(self, _, content):
        self.start()
        self.wfile.write(content)

    def declared(self, _, content):
        self.start(Content_Encoding="gzip", Content_Length=str(len(content)))
        self.wfile.write(content)

    def moved(self, name, _):
        self.start(302, Location=f"/good/{name}")

    def thinking(self, name, content):
        self.wait(0.2)
        self.good(name, content)

    def steady(self, _, content):
        self.start(Content_Length=str(len(content)))
        for position in range(0, len(content), 1000):
            self.wait(0.05)
            self.wfile.write(content[position : position + 1000])

    def missing(self, _, content):
        self.start(404, Content_Length=str(len(content)))
        self.wfile.write(content)

    def broken(self, *_):
        self.start(500)

    def forbidden(self, *_):
        self.start(403)

    def cut_off(self, _, content):
        self.start(Content_Length=str(len(content)))
        self.wfile.write(content[:-10])

    def cut_off_no_length(self, _, content):
        self.start()
        self.wfile.write(content[:-10])

    def page(self, *_):
        self.start()
        self.wfile.write(b"<html>Please log in to this hotel's network</html>")

    def swapped(self, name, _):
        other = name.replace("train", "t10k") if "train" in name else name.replace("t10k", "train")
        self.good(other, (self.server.folder / other).read_bytes())

    def nothing(self, *_):
        self.start(Content_Length="0")

    def endless(self, *_):
        self.start()
        while not self.server.stop.is_set():
            self.wfile.write(bytes(1 << 16))

    def stall(self, _, content):
        self.start(Content_Length=str(len(content)))
        self.wfile.write(content[:100])
        self.wait()

    def silent(self, *_):
        self.wait()

    def dripping(self, _, content):
        self.start(Content_Length=str(len(content)))
        self.drip(content, 0.1)

    def dripping_header(self, *_):
        self.drip(b"HTTP/1.1 200 OK\r\n" + b"X-More: of the same\r\n" * 50, 0.1)

    def loop(self, name, _):
        self.start(302, Location=f"/loop/{name}")

    def to_a_file(self, name, _):
        self.start(302, Location=f"file://{self.server.folder}/{name}")

    def to_another_scheme(self, name, _):
        self.start(302, Location=f"ftp://127.0.0.1/{name}")

    def to_nowhere(self, *_):
        self.start(302, Location="http://127.0.0.1:1/")

    def without_a_place(self, *_):
        self.start(302)

    def partial(self, _, content):
        self.start(206, Content_Length=str(len(content)))
        self.wfile.write(content)

    def unchanged(self, *_):
        self.start(304)

    def too_short_a_length(self, _, content):
        self.start(Content_Length=str(len(content) - 100))
        self.wfile.write(content)

    def too_great_a_length(self, _, content):
        self.start(Content_Length="9" * 12)
        self.wfile.write(content)

    def no_number_as_length(self, _, content):
        self.start(Content_Length="-1")
        self.wfile.write(content)

    def two_lengths(self, _, content):
        head = b"Content-Length: 5", b"Content-Length: %d" % len(content)
        self.raw(b"HTTP/1.1 200 OK", *head, b"", content)

    def broken_chunks(self, _, content):
        self.raw(b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked", b"", b"ffffffff", content)

    def altered(self, name, content):
        changed = bytearray(gzip.decompress(content))
        changed[-1] ^= 1
        self.good(name, gzip.compress(bytes(changed)))

    def packed_twice(self, name, content):
        self.start(Content_Encoding="gzip")
        self.wfile.write(gzip.compress(content))

    def bomb(self, *_):
        self.start(Content_Encoding="gzip")
        self.wfile.write(gzip.compress(bytes(100 << 20)))

    def large_header(self, *_):
        self.start(X_Large="x" * 100_000)

    def endless_header(self, *_):
        self.raw(b"HTTP/1.1 200 OK", b"X-Endless: ")
        while not self.server.stop.is_set():
            self.wfile.write(b"x" * (1 << 16))

    def endless_continue(self, *_):
        while not self.server.stop.is_set():
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)

    def no_http(self, *_):
        self.wfile.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n")

    def much_that_is_no_http(self, *_):
        self.wfile.write(b"\x1b" * 50_000 + b"\r\n\r\n")

    def hang_up(self, *_):
        self.close_connection = True

    def reset(self, *_):
        # With this setting, closing tells the other side that all is lost.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def reset_within(self, name, content):
        self.start(Content_Length=str(len(content)))
        self.wfile.write(content[:100])
        self.reset(name, content)

    def stall_in_header(self, *_):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
        self.wait()


@pytest.fixture
def server(published, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.folder, server.asked, server.stop = published, [], threading.Event()
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
    server.mirror = lambda way: f"http://127.0.0.1:{server.server_port}/{way}/"
    yield server
    server.stop.set()
    server.shutdown()
    server.server_close()


def left_over(folder):
    """What is in the folder beside the four files and the lock."""
    expected = {f"{name}.gz" for name in mnist_files.SHA256} | {LOCK}
    return sorted(set(os.listdir(folder)) - expected)


@networks
@pytest.mark.parametrize("way", ["good", "no_length", "declared", "moved"])
def test_whole_files_arrive(server, tmp_path, way):
    folder = tmp_path / "new" / "cache"
    download(folder, mirrors=[server.mirror(way)], limits=PATIENT)
    train, test = read_originals(folder)
    assert (len(train), len(test)) == (24, 6)
    assert left_over(folder) == []
    for file in server.folder.iterdir():
        assert (folder / file.name).read_bytes() == file.read_bytes()


def test_a_slow_but_honest_mirror_is_not_given_up(server, tmp_path):
    limits = Limits(pace_seconds=0.8, pace_bytes=200)
    started = time.monotonic()
    download(tmp_path, mirrors=[server.mirror("steady")], limits=limits)
    assert time.monotonic() - started > limits.pace_seconds
    read_originals(tmp_path)


BAD = {
    "missing": "HTTP 404",
    "broken": "HTTP 500",
    "forbidden": "HTTP 403",
    "partial": "HTTP 206",
    "unchanged": "HTTP 304",
    "without_a_place": "HTTP 302",
    "cut_off": "peer closed connection",
    "cut_off_no_length": "is not MNIST's",
    "too_short_a_length": "is not MNIST's",
    "too_great_a_length": "peer closed connection",
    "no_number_as_length": "Content-Length",
    "two_lengths": "Content-Length",
    "broken_chunks": "peer closed connection",
    "page": r"train-images-idx3-ubyte.gz \(\d+ bytes\) is not MNIST's",
    "swapped": "is not MNIST's",
    "altered": "is not MNIST's",
    "packed_twice": "is not MNIST's",
    "bomb": "is not MNIST's",
    "nothing": r"\(0 bytes\) is not MNIST's",
    "endless": "goes on after 16,000,000 bytes",
    "loop": "more than 5 redirects",
    "to_a_file": "unsupported protocol 'file://'",
    "to_another_scheme": "unsupported protocol 'ftp://'",
    "to_nowhere": "refused",
    "large_header": r"\(0 bytes\) is not MNIST's",
    "endless_header": "",
    "no_http": "illegal (status|request) line",  # as it arrives in one piece or in more
    "much_that_is_no_http": "illegal (status|request) line",
    "hang_up": "Server disconnected",
    "reset": "reset by peer",
    "reset_within": "reset by peer",
}
TOO_SLOW = (
    *("stall", "silent", "stall_in_header", "dripping", "dripping_header", "endless_continue"),
)


def check_given_up(server, folder, way, words, limits):
    started = time.monotonic()
    with pytest.raises(DataError, match=f"127.0.0.1:{server.server_port}: .*({words})") as caught:
        download(folder, mirrors=[server.mirror(way)], limits=limits)
    assert len(str(caught.value)) < 500
    assert time.monotonic() - started < LONGEST
    assert left_over(folder) == []
    assert not list(folder.glob("*.gz"))


@networks
def test_a_bad_mirror_is_told_and_the_next_one_is_used(server, tmp_path, trials, figure):
    used = trials(5, len(BAD))
    for number, (way, words) in enumerate(BAD.items()):
        folder = tmp_path / way
        check_given_up(server, folder, way, words, PATIENT)
        if number < used:
            mirrors = [server.mirror(way), server.mirror("good")]
            download(folder, mirrors=mirrors, limits=PATIENT)
            assert len(read_originals(folder)[0]) == 24
    figure("{} bad answers of a mirror, {} taken for MNIST", len(BAD), 0)


@networks
def test_a_mirror_that_is_too_slow_is_given_up(server, tmp_path, figure):
    for way in TOO_SLOW:
        words = "fewer than 200 bytes in 0.3 s"
        check_given_up(server, tmp_path / way, way, words, IMPATIENT)
    mirrors = [server.mirror("silent"), server.mirror("good")]
    limits = Limits(read_seconds=0.5, pace_seconds=5, pace_bytes=200)
    download(tmp_path, mirrors=mirrors, limits=limits)
    assert len(read_originals(tmp_path)[0]) == 24
    figure("{} ways to be too slow, {} waited for", len(TOO_SLOW), 0)


@networks
@pytest.mark.parametrize("way", ["dripping_header", "endless_continue", "endless_header"])
def test_a_mirror_that_was_given_up_is_not_listened_to(server, tmp_path, way):
    before = set(threading.enumerate())
    with pytest.raises(DataError):
        download(tmp_path / "cache", mirrors=[server.mirror(way)], limits=IMPATIENT)
    fetching = [thread for thread in set(threading.enumerate()) - before if is_fetching(thread)]
    for thread in fetching:
        thread.join(timeout=LONGEST)
        assert not thread.is_alive()


def is_fetching(thread):
    return getattr(thread, "_target", None) is downloading._fetch_files


@networks
def test_what_answers_a_secure_connection_with_nonsense_is_told(server, tmp_path):
    mirror = server.mirror("good").replace("http:", "https:")
    with pytest.raises(DataError, match="SSL"):
        download(tmp_path / "cache", mirrors=[mirror], limits=PATIENT)


@networks
def test_three_bad_mirrors_are_given_up_within_half_a_minute(server, tmp_path, trials, figure):
    cases = [[way] * len(MIRRORS) for way in TOO_SLOW]
    cases.append([server_way for server_way, _ in zip(("silent", "loop", "dripping"), MIRRORS)])
    # The real limits take their time; the others, tried in every run, are a tenth of them.
    limits = trials(Limits(0.5, 1.0, 0.8, 16_000), DEFAULT_LIMITS)

    def seconds(case):
        number, ways = case
        started = time.monotonic()
        with pytest.raises(DataError):
            mirrors = [server.mirror(way) for way in ways]
            download(tmp_path / str(number), mirrors=mirrors, limits=limits)
        return time.monotonic() - started

    with ThreadPoolExecutor(len(cases)) as pool:
        assert max(pool.map(seconds, enumerate(cases))) < LONGEST
    figure("{} times three slow mirrors at once, {} without an answer in 30 s", len(cases), 0)


def test_silence_ends_at_the_limit_of_reading(server, tmp_path):
    limits = Limits(read_seconds=0.2)
    check_given_up(server, tmp_path / "cache", "silent", "nothing arrived for 0.2 s", limits)


def test_every_mirror_s_failure_is_told(server, tmp_path):
    mirrors = [server.mirror("missing"), server.mirror("silent"), "http://127.0.0.1:1/"]
    with pytest.raises(DataError) as caught:
        download(tmp_path / "cache", mirrors=mirrors, limits=IMPATIENT)
    words = str(caught.value)
    assert "HTTP 404; " in words
    assert "in 0.3 s; 127.0.0.1:1: " in words
    assert "\n" not in words


def test_a_name_look_up_that_hangs_is_given_up(server, tmp_path, monkeypatch):
    def hang(*_, **__):
        server.stop.wait(60)
        raise socket.gaierror("never answered")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    started = time.monotonic()
    with pytest.raises(DataError, match="mirror.invalid: fewer than"):
        download(tmp_path / "cache", mirrors=["http://mirror.invalid/"], limits=IMPATIENT)
    assert time.monotonic() - started < 3


def test_the_limits_answer_within_half_a_minute():
    assert len(MIRRORS) * DEFAULT_LIMITS.pace_seconds <= 25
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in MIRRORS)


@pytest.mark.parametrize("variable", ["ALL_PROXY", "SSL_CERT_FILE"])
def test_an_environment_that_names_nonsense_is_told(server, tmp_path, monkeypatch, variable):
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv(variable, "nonsense://nowhere")
    with pytest.raises(DataError, match="mirror.invalid: "):
        download(tmp_path / "cache", mirrors=["https://mirror.invalid/"], limits=PATIENT)


def test_a_mistake_of_ours_is_not_taken_for_a_bad_network(server, tmp_path, monkeypatch):
    monkeypatch.setattr("paddle_mnist.data.download._fetch_file", lambda: None)
    with pytest.raises(TypeError):
        download(tmp_path / "cache", mirrors=[server.mirror("good")], limits=PATIENT)


def test_what_is_there_and_right_is_not_fetched_again(server, tmp_path):
    download(tmp_path, mirrors=[server.mirror("good")], limits=PATIENT)
    damaged = tmp_path / "train-labels-idx1-ubyte.gz"
    damaged.write_bytes(damaged.read_bytes()[:-5])
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
    server.asked.clear()
    download(tmp_path, mirrors=[server.mirror("good")], limits=PATIENT)
    expected = ["/good/train-labels-idx1-ubyte.gz", "/good/t10k-labels-idx1-ubyte.gz"]
    assert server.asked == expected
    read_originals(tmp_path)
    download(tmp_path, mirrors=[], limits=PATIENT)


CHILD = """
import contextlib, json, os, sys, time
from paddle_mnist.data import mnist_files
from paddle_mnist.data.download import download
mnist_files.SHA256.update(json.loads(sys.argv[3]))
if sys.argv[4] == "die":
    os.replace = lambda *_: os._exit(9)
if sys.argv[4] == "unlocked":
    import filelock
    filelock.FileLock = lambda *_, **__: contextlib.nullcontext()
import httpx, tqdm  # so that all begin at the same moment
print("ready", flush=True)
sys.stdin.readline()
download(sys.argv[1], mirrors=[sys.argv[2]])
train, test = mnist_files.read_originals(sys.argv[1])
print(len(train), len(test))
"""


def start_child(folder, mirror, what="live"):
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), mirror, json.dumps(mnist_files.SHA256), what],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def start_together():
    """A function (count, folder, mirror) that starts processes which download at one moment."""
    started = []

    def start(count, folder, mirror, what="live"):
        started.extend(start_child(folder, f"{mirror}{i}/", what) for i in range(count))
        for child in started:
            assert child.stdout.readline() == "ready\n"
        for child in started:
            child.stdin.write("go\n")
            child.stdin.flush()
        return started

    yield start
    for child in started:
        child.kill()
        child.communicate()


def end_of(child):
    return *child.communicate(timeout=60), child.returncode


def files_asked(server):
    return sorted(path.rpartition("/")[2] for path in server.asked)


WHOLE = ("24 6\n", "", 0)
PROCESSES = 8


@at_once
def test_of_several_processes_one_fetches(server, tmp_path, start_together, trials, figure):
    count = trials(4, PROCESSES)
    children = start_together(count, tmp_path / "cache", server.mirror("thinking"))
    assert [end_of(child) for child in children] == [WHOLE] * count
    assert files_asked(server) == sorted(f"{name}.gz" for name in mnist_files.SHA256)
    assert left_over(tmp_path / "cache") == []
    figure("{} processes at once: {} fetch of each file, {} failures", count, 1, 0)


@pytest.mark.promise(row=15, control=True)
def test_without_the_lock_several_processes_fetch(server, tmp_path, start_together, trials, figure):
    count = trials(4, PROCESSES)
    mirror = server.mirror("thinking")
    for child in start_together(count, tmp_path / "cache", mirror, "unlocked"):
        child.communicate(timeout=60)
    fetches = len(server.asked) // len(mnist_files.SHA256)
    assert fetches > 1
    figure("{} processes at once without the lock: more than {} fetch", count, 1)


@at_once
def test_where_the_fetching_process_is_killed_another_one_takes_over(
    server, tmp_path, start_together, trials, figure
):
    count = trials(3, PROCESSES)
    children = start_together(count, tmp_path / "cache", server.mirror("thinking"))
    while not server.asked:
        time.sleep(0.005)
    # The first request, which names its process, is still waiting for the answer.
    fetching = children[int(server.asked[0].split("/")[2])]
    fetching.kill()
    ends = [end_of(child) for child in children if child is not fetching]
    assert ends == [WHOLE] * (count - 1)
    assert set(files_asked(server)) == {f"{name}.gz" for name in mnist_files.SHA256}
    assert len(server.asked) <= len(mnist_files.SHA256) + 1
    assert left_over(tmp_path / "cache") == []
    figure("{} processes, the fetching one killed: {} of the others failed", count, 0)


def test_what_a_killed_download_leaves_is_swept(server, tmp_path):
    child = start_child(tmp_path, server.mirror("good"), "die")
    child.communicate("go\n", timeout=60)
    assert child.returncode == 9
    assert len(list(tmp_path.glob(".*.part"))) == 1
    assert not list(tmp_path.glob("*.gz"))
    download(tmp_path, mirrors=[server.mirror("good")], limits=PATIENT)
    assert not list(tmp_path.glob(".*.part"))
    read_originals(tmp_path)


def test_who_waits_too_long_is_told(server, tmp_path):
    import filelock

    limits = Limits(lock_seconds=0.2)
    with filelock.FileLock(str(tmp_path / LOCK)), pytest.raises(DataError, match="another process"):
        download(tmp_path, mirrors=[server.mirror("good")], limits=limits)


def test_a_folder_that_cannot_be_written_is_told(server, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="PADDLE_MNIST_CACHE") as caught:
        download(tmp_path / "file" / "cache", mirrors=[server.mirror("good")], limits=PATIENT)
    assert str(tmp_path / "file" / "cache") in str(caught.value)
    (tmp_path / LOCK).mkdir()
    with pytest.raises(DataError, match="cannot be downloaded into"):
        download(tmp_path, mirrors=[server.mirror("good")], limits=PATIENT)


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_is_told_and_leaves_nothing(server, tmp_path, monkeypatch, call):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(DataError, match="No space left on device"):
        download(tmp_path / "cache", mirrors=[server.mirror("good")], limits=PATIENT)
    assert left_over(tmp_path / "cache") == []
    assert not list((tmp_path / "cache").glob("*.gz"))


def test_there_is_no_progress_bar_without_a_terminal(server, tmp_path, capsys):
    download(tmp_path, mirrors=[server.mirror("good")], limits=PATIENT)
    assert capsys.readouterr() == ("", "")
