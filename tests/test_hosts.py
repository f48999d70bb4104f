"""Two hosts that train one network: two network namespaces of this machine, joined by a cable."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DEADLINE = 120  # seconds, for a machine that is busy with other work
HOSTS = ("mnist-host-0", "mnist-host-1")


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextlib.contextmanager
def hosts() -> Iterator[None]:
    """Two hosts, 10.77.0.1 and 10.77.0.2, each with an end of the cable, cable0 and cable1."""
    try:
        for host in HOSTS:
            ip("netns", "add", host)
        ip("link", "add", "cable0", "type", "veth", "peer", "name", "cable1")
        for number, host in enumerate(HOSTS):
            cable = f"cable{number}"
            ip("link", "set", cable, "netns", host)
            ip("-n", host, "addr", "add", f"10.77.0.{number + 1}/24", "dev", cable)
            ip("-n", host, "link", "set", cable, "up")
            ip("-n", host, "link", "set", "lo", "up")
        yield
    finally:
        for host in HOSTS:
            subprocess.run(["ip", "netns", "delete", host], capture_output=True)


@pytest.fixture
def two_hosts() -> Iterator[None]:
    if sys.platform != "linux" or not shutil.which("ip"):
        pytest.skip("needs the program ip, of Linux")
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hosts())
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces can be made here: {error.stderr.decode().strip()}")
        yield


def launch(folder: Path, number: int) -> subprocess.Popen:
    """Paddle's launcher on one of the hosts, as its documentation has it for several nodes."""
    launcher = f"-m paddle.distributed.launch --master 10.77.0.1:7788 --nnodes 2 --rank {number}"
    launcher += f" --host 10.77.0.{number + 1} --nproc_per_node 1 --log_dir logs_{number}"
    words = f"--stage linear --data sample --epochs 1 --batch-size 128 --out host_{number}"
    return subprocess.Popen(
        ["ip", "netns", "exec", HOSTS[number], sys.executable, *launcher.split()]
        + [str(ROOT / "paddle_mnist" / "train.py"), *words.split()],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "GLOO_SOCKET_IFNAME": f"cable{number}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_two_hosts_train_one_network_and_the_first_one_has_the_run(tmp_path, two_hosts):
    launchers = [launch(tmp_path, number) for number in range(2)]
    try:
        outputs = [launcher.communicate(timeout=DEADLINE)[0] for launcher in launchers]
    finally:
        for launcher in launchers:
            launcher.kill()
    assert [launcher.returncode for launcher in launchers] == [0, 0], outputs
    record = json.loads((tmp_path / "host_0" / "run.json").read_bytes())
    assert record["processes"] == 2
    assert record["test"]["count"] == 1000
    assert not (tmp_path / "host_1").exists()
    assert "test accuracy" in outputs[0]
    assert "test accuracy" not in outputs[1]
