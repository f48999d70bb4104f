"""Threads, device and seeds: what is settled before and around Paddle."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_mnist.system import runtime
from paddle_mnist.system.errors import UsageError

LAUNCHER = ("FLAGS_selected_gpus", "PADDLE_LOCAL_RANK")
VARIABLES = ("MKL_NUM_THREADS", "OMP_NUM_THREADS", "MKL_DEBUG_CPU_TYPE")


@pytest.fixture
def before_paddle(monkeypatch):
    """As in a process that has not imported Paddle yet, without any of the variables."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "")  # so that it is put back afterwards, whatever the test does
        monkeypatch.delenv(name)
    monkeypatch.delitem(sys.modules, "paddle")
    return monkeypatch


def test_prepare_sets_mkls_own_variable(before_paddle):
    runtime.prepare(3)
    assert os.environ["MKL_NUM_THREADS"] == "3"
    assert "OMP_NUM_THREADS" not in os.environ
    assert runtime.thread_count() == 3


def test_prepare_without_threads_leaves_them_to_the_user(before_paddle):
    before_paddle.setenv("MKL_NUM_THREADS", "4")
    before_paddle.setenv("OMP_NUM_THREADS", "5")
    runtime.prepare()
    assert (os.environ["MKL_NUM_THREADS"], os.environ["OMP_NUM_THREADS"]) == ("4", "5")


def test_prepare_sets_no_threads_of_its_own(before_paddle):
    runtime.prepare()
    assert "MKL_NUM_THREADS" not in os.environ
    assert runtime.thread_count() == 1


def test_threads_that_are_asked_for_win_over_the_users_variable(before_paddle):
    before_paddle.setenv("MKL_NUM_THREADS", "4")
    before_paddle.setenv("OMP_NUM_THREADS", "5")
    runtime.prepare(2)
    assert (os.environ["MKL_NUM_THREADS"], os.environ["OMP_NUM_THREADS"]) == ("2", "5")


def test_mkls_quick_path_is_switched_on_for_amd_alone(before_paddle):
    before_paddle.setattr(runtime, "_is_amd", lambda: False)
    runtime.prepare()
    assert "MKL_DEBUG_CPU_TYPE" not in os.environ
    before_paddle.setattr(runtime, "_is_amd", lambda: True)
    runtime.prepare()
    assert os.environ["MKL_DEBUG_CPU_TYPE"] == "5"


@pytest.mark.parametrize(
    "cpuinfo, of_python, name, is_amd",
    [
        ("vendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC\n", "x86_64", "AMD EPYC", True),
        ("vendor_id\t: GenuineIntel\nmodel name\t: Intel 8086\n", "AMD", "Intel 8086", False),
        ("Features\t: fp asimd\n", "arm", "arm", False),  # Linux on ARM gives no name
        ("", "AMD64 Family 25, AuthenticAMD", "AMD64 Family 25, AuthenticAMD", True),  # Windows
    ],
)
def test_the_processor_is_named_by_linux_or_else_by_python(
    monkeypatch, cpuinfo, of_python, name, is_amd
):
    monkeypatch.delenv("MKL_DEBUG_CPU_TYPE", raising=False)
    monkeypatch.setattr(runtime, "_cpuinfo", lambda: cpuinfo)
    monkeypatch.setattr(runtime.platform, "processor", lambda: of_python)
    assert (runtime.processor(), runtime._is_amd()) == (name, is_amd)


def test_the_users_choice_of_mkls_path_stays(before_paddle):
    before_paddle.setattr(runtime, "_is_amd", lambda: True)
    before_paddle.setenv("MKL_DEBUG_CPU_TYPE", "4")
    runtime.prepare()
    assert os.environ["MKL_DEBUG_CPU_TYPE"] == "4"


@pytest.mark.parametrize("threads", [0, -1])
def test_fewer_threads_than_one_are_refused(before_paddle, threads):
    with pytest.raises(UsageError, match=f"is {threads}; it must be 1 or more"):
        runtime.prepare(threads)
    assert "MKL_NUM_THREADS" not in os.environ


def test_after_paddle_another_number_of_threads_is_refused(monkeypatch):
    monkeypatch.setenv("MKL_NUM_THREADS", "2")
    runtime.prepare(2)  # the same number is not a change
    runtime.prepare()
    with pytest.raises(UsageError, match="already loaded with 2 thread.*set MKL_NUM_THREADS=3"):
        runtime.prepare(3)
    assert os.environ["MKL_NUM_THREADS"] == "2"


@pytest.mark.parametrize(
    "mkl, omp, count", [("2", "5", 2), ("", "5", 5), ("", "", 1), ("many", "5", 5)]
)
def test_thread_count_is_that_of_the_first_variable(monkeypatch, mkl, omp, count):
    monkeypatch.setenv("MKL_NUM_THREADS", mkl)
    monkeypatch.setenv("OMP_NUM_THREADS", omp)
    assert runtime.thread_count() == count


def test_the_package_prepares_the_process_and_does_not_import_paddle():
    code = (
        "import os, sys, warnings, paddle_mnist\n"
        "assert 'paddle' not in sys.modules and 'numpy' not in sys.modules\n"
        "from paddle_mnist.system.runtime import prepare\n"
        "prepare(2)\n"
        "import paddle\n"
        "from paddle_mnist.system.runtime import thread_count\n"
        "print(os.environ['MKL_NUM_THREADS'], os.environ['OMP_NUM_THREADS'], thread_count())\n"
    )
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        cwd=Path(runtime.__file__).parents[2],
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    # Paddle sets the second one itself, and warns where it is not 1.
    assert done.stdout == "2 1 2\n"
    assert "ccache" not in done.stderr
    assert "OMP_NUM_THREADS" not in done.stderr


def test_the_cpu_can_always_be_chosen():
    assert runtime.select_device("cpu") == "cpu"
    assert paddle.device.get_device() == "cpu"


@pytest.fixture
def graphics(monkeypatch):
    """A function (built with CUDA, number of GPUs) that pretends; notes the chosen devices."""
    chosen = []

    def pretend(cuda: bool, count: int) -> list[str]:
        monkeypatch.setattr(paddle.device, "is_compiled_with_cuda", lambda: cuda)
        monkeypatch.setattr(paddle.device.cuda, "device_count", lambda: count)
        monkeypatch.setattr(paddle.device, "set_device", chosen.append)
        for name in LAUNCHER:
            monkeypatch.setenv(name, "")  # so that it is put back afterwards
            monkeypatch.delenv(name)
        return chosen

    return pretend


@pytest.mark.parametrize("cuda, count", [(False, 0), (True, 0)])
def test_without_a_gpu_auto_is_the_cpu_and_gpu_is_refused(graphics, cuda, count):
    chosen = graphics(cuda, count)
    assert runtime.select_device("auto") == "cpu"
    with pytest.raises(UsageError, match="no GPU can be used.*--device cpu"):
        runtime.select_device("gpu")
    assert chosen == ["cpu"]


def test_with_a_gpu_auto_takes_it(graphics):
    chosen = graphics(True, 2)
    assert runtime.select_device() == "gpu:0"
    assert runtime.select_device("gpu") == "gpu:0"
    assert runtime.select_device("cpu") == "cpu"
    assert chosen == ["gpu:0", "gpu:0", "cpu"]


def test_each_process_of_a_machine_takes_a_gpu_of_its_own(graphics, monkeypatch):
    chosen = graphics(True, 2)
    monkeypatch.setenv("PADDLE_LOCAL_RANK", "1")
    assert runtime.select_device() == "gpu:1"
    assert os.environ[LAUNCHER[0]] == "1"  # where Paddle looks for it
    # Paddle's launcher may have dealt them out otherwise.
    monkeypatch.setenv("FLAGS_selected_gpus", "0")
    assert runtime.select_device() == "gpu:0"
    monkeypatch.setenv("FLAGS_selected_gpus", "2")
    with pytest.raises(UsageError, match="process 2 of this machine .* has no GPU left, of 2"):
        runtime.select_device()
    assert chosen == ["gpu:1", "gpu:0"]


@pytest.mark.parametrize("supported, name", [(True, "bfloat16"), (False, "float16")])
def test_mixed_precision_takes_the_type_that_the_gpu_knows(monkeypatch, supported, name):
    monkeypatch.setattr(paddle.amp, "is_bfloat16_supported", lambda: supported)
    assert runtime.select_precision(True, "gpu:0") == name
    assert runtime.select_precision(False, "gpu:0") == "float32"


def test_mixed_precision_is_refused_on_a_cpu_where_paddle_does_not_have_it():
    with pytest.raises(UsageError, match="--amp needs a GPU"):
        runtime.select_precision(True, "cpu")
    with pytest.warns(UserWarning, match="makes no effect"), paddle.amp.auto_cast(True):
        product = paddle.matmul(paddle.ones([2, 2]), paddle.ones([2, 2]))
    assert product.dtype == paddle.float32


@pytest.mark.parametrize("name", ["tpu", "CPU", "gpu:1", ""])
def test_other_devices_are_refused_with_those_that_are_allowed(name):
    with pytest.raises(UsageError) as error:
        runtime.select_device(name)
    assert repr(name) in str(error.value)
    assert "auto, cpu, gpu" in str(error.value)


def drawn(seed: int) -> tuple[list[float], list[float]]:
    random = runtime.set_seed(seed)
    return random.random(3).tolist(), paddle.rand([3]).tolist()


def test_a_seed_settles_numpys_numbers_and_paddles():
    for seed in (0, 1, 2**32 - 1):
        assert drawn(seed) == drawn(seed)
    numpys, paddles = drawn(0)
    others, other_paddles = drawn(1)
    assert numpys != others
    assert paddles != other_paddles


def test_a_seed_leaves_numpys_shared_generator_alone():
    np.random.seed(7)
    first = np.random.random()
    np.random.seed(7)
    runtime.set_seed(0)
    assert np.random.random() == first


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_out_of_range_are_refused(seed):
    with pytest.raises(UsageError) as error:
        runtime.set_seed(seed)
    assert str(seed) in str(error.value)
    assert "from 0 to 4294967295" in str(error.value)
