"""Downloads from a real server on this computer that misbehaves in every way we could think of."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from paddle_mnist.data import originals
from paddle_mnist.data.download import DEFAULT_LIMITS, LOCK, MIRRORS, Limits, download
from paddle_mnist.data.originals import read_originals
from paddle_mnist.errors import DataError

# The small files have some 24 kB. Impatient where a mirror is to be given up; patient where it is
# to succeed, so that a busy computer fails no test.
IMPATIENT = Limits(connect_seconds=0.3, pace_seconds=0.3, pace_bytes=200)
PATIENT = Limits(pace_seconds=5, pace_bytes=200)


class Handler(BaseHTTPRequestHandler):
    """`/good/NAME` serves the file; the other first parts of the path are ways to misbehave."""

    def log_message(self, *_):
        pass

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
        _, way, name = self.path.split("/", 2)
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
    expected = {f"{name}.gz" for name in originals.SHA256} | {LOCK}
    return sorted(set(os.listdir(folder)) - expected)


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
    "cut_off": "peer closed connection",
    "cut_off_no_length": "is not MNIST's",
    "page": r"train-images-idx3-ubyte.gz \(\d+ bytes\) is not MNIST's",
    "swapped": "is not MNIST's",
    "nothing": r"\(0 bytes\) is not MNIST's",
    "endless": "goes on after 16,000,000 bytes",
    "loop": "more than 5 redirects",
}
TOO_SLOW = ["stall", "silent", "dripping", "dripping_header"]


def check_given_up(server, folder, way, words, limits):
    started = time.monotonic()
    with pytest.raises(DataError, match=f"127.0.0.1:{server.server_port}: .*{words}"):
        download(folder, mirrors=[server.mirror(way)], limits=limits)
    assert time.monotonic() - started < 4
    assert left_over(folder) == []
    assert not list(folder.glob("*.gz"))


@pytest.mark.parametrize("way", BAD)
def test_a_bad_mirror_is_told(server, tmp_path, way):
    check_given_up(server, tmp_path / "cache", way, BAD[way], PATIENT)


@pytest.mark.parametrize("way", TOO_SLOW)
def test_a_mirror_that_is_too_slow_is_given_up(server, tmp_path, way):
    check_given_up(server, tmp_path / "cache", way, "fewer than 200 bytes in 0.3 s", IMPATIENT)


def test_silence_ends_at_the_limit_of_reading(server, tmp_path):
    limits = Limits(read_seconds=0.2)
    check_given_up(server, tmp_path / "cache", "silent", "nothing arrived for 0.2 s", limits)


@pytest.mark.parametrize("way", ["missing", "cut_off", "swapped", "loop", "silent"])
def test_after_a_bad_mirror_the_next_one_is_used(server, tmp_path, way):
    limits = Limits(read_seconds=0.5, pace_seconds=5, pace_bytes=200)
    download(tmp_path, mirrors=[server.mirror(way), server.mirror("good")], limits=limits)
    assert len(read_originals(tmp_path)[0]) == 24


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
import json, os, sys
from paddle_mnist.data import originals
from paddle_mnist.data.download import download
originals.SHA256.update(json.loads(sys.argv[3]))
if sys.argv[4] == "die":
    os.replace = lambda *_: os._exit(9)
download(sys.argv[1], mirrors=[sys.argv[2]])
train, test = originals.read_originals(sys.argv[1])
print(len(train), len(test))
"""


def start_child(folder, mirror, what="live"):
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), mirror, json.dumps(originals.SHA256), what],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_of_several_processes_one_fetches(server, tmp_path):
    children = [start_child(tmp_path / "cache", server.mirror("thinking")) for _ in range(4)]
    answers = [child.communicate(timeout=60) for child in children]
    assert answers == [("24 6\n", "")] * 4
    assert sorted(server.asked) == sorted(f"/thinking/{name}.gz" for name in originals.SHA256)
    assert left_over(tmp_path / "cache") == []


def test_what_a_killed_download_leaves_is_swept(server, tmp_path):
    child = start_child(tmp_path, server.mirror("good"), "die")
    child.communicate(timeout=60)
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
