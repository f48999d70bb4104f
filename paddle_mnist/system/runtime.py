"""Threads, BLAS, memory, home, device and seeds: what must be settled before Paddle is imported.

Commands and chapters begin with `prepare()`. This file knows nothing of data, networks or training.
"""

from __future__ import annotations

import ctypes
import logging
import os
import platform
import sys
import warnings
from typing import TYPE_CHECKING

from paddle_mnist.system.errors import UsageError
from paddle_mnist.system.spare_home import replace_home, takes_caches

if TYPE_CHECKING:
    import numpy as np

# glibc's names for two dials of its memory allocator (malloc.h).
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEEP_FREED_BYTES = 1 << 30

# What Paddle warns of though nothing is wrong: at every import, that a compiler's cache for
# extensions is missing; in every batch normalisation, that its running averages are kept.
_PADDLE_CHATTER = ("No ccache found", "When training, we now always track global mean and variance")

DEVICES = ("auto", "cpu", "gpu")


def _cpuinfo() -> str:
    """What Linux tells of the processors; nothing on other systems."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as cpuinfo:
            return cpuinfo.read()
    except OSError:
        return ""


def _is_amd() -> bool:
    cpuinfo = _cpuinfo()
    return "AuthenticAMD" in cpuinfo if cpuinfo else "AMD" in platform.processor()


def _keep_freed_memory() -> None:
    # A training step frees and asks again for the same large blocks. By default glibc gives each
    # block back to the system, and the next step pays for fresh, zeroed pages.
    libc = ctypes.CDLL(None)
    libc.mallopt(_M_MMAP_THRESHOLD, _KEEP_FREED_BYTES)
    libc.mallopt(_M_TRIM_THRESHOLD, 2 * _KEEP_FREED_BYTES - 1)


def prepare(threads: int | None = None) -> None:
    """Set the process up for fast training on a CPU; call it before Paddle is imported.

    Variables that the user has set are left alone, except that `threads` wins when it is given.
    Where the user's home folder cannot be written, which Paddle's import needs, Paddle gets
    another place for its caches until the process ends, and a line on standard error says so.

    Args:
        threads: how many threads a matrix product may use, 1 or more; None leaves it to the
            user's variables, or to Paddle, whose default is 1.

    Raises:
        UsageError: `threads` is less than 1, or Paddle is loaded already, so that another number
            of threads would have no effect.
    """
    if threads is not None:
        _set_threads(threads)
    if _is_amd():
        # The MKL inside Paddle's wheel takes a slow path on AMD processors unless told that AVX2
        # is there; newer versions of MKL ignore the variable.
        os.environ.setdefault("MKL_DEBUG_CPU_TYPE", "5")
    # Newer versions of onnxruntime report to their maker what they run, unless told not to.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    for message in _PADDLE_CHATTER:
        warnings.filterwarnings("ignore", message=message)
    # On its first use Matplotlib lists the system's fonts, and Paddle's log settings show that.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.WARNING)
    if sys.platform == "linux" and platform.libc_ver()[0] == "glibc":
        _keep_freed_memory()
    if "paddle" not in sys.modules and not takes_caches(os.path.expanduser("~")):
        replace_home()


def _set_threads(threads: int) -> None:
    if threads < 1:
        raise UsageError(f"the number of threads is {threads}; it must be 1 or more")
    if "paddle" in sys.modules and thread_count() != threads:
        raise UsageError(
            f"Paddle is already loaded with {thread_count()} thread(s), and takes no other number "
            f"until Python is started again; set MKL_NUM_THREADS={threads} before that"
        )
    # MKL's own variable, not OMP_NUM_THREADS: Paddle prints a warning at every import when that
    # one is not 1, and its convolutions, image by image, get slower with it.
    os.environ["MKL_NUM_THREADS"] = str(threads)


def thread_count() -> int:
    """The number of threads that matrix products use in this process."""
    for name in ("MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        if os.environ.get(name, "").isdigit():
            return int(os.environ[name])
    return 1


def processor() -> str:
    """The processor's name, and the path that MKL was told to take there: both decide the bits."""
    lines = _cpuinfo().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    name = names[0] if names else platform.processor() or platform.machine()
    path = os.environ.get("MKL_DEBUG_CPU_TYPE")
    return f"{name} (MKL_DEBUG_CPU_TYPE={path})" if path else name


def select_device(name: str = "auto") -> str:
    """Choose where tensors live from now on.

    Args:
        name: "auto" (a GPU where Paddle can use one, else the CPU), "cpu" or "gpu".

    Returns:
        "cpu" or "gpu:0"; of several processes on this machine, each has a GPU of its own.

    Raises:
        UsageError: another name, a GPU that cannot be used, or more processes than GPUs.
    """
    import paddle

    if name not in DEVICES:
        raise UsageError(f"unknown device {name!r}; allowed: {', '.join(DEVICES)}")
    has_gpu = paddle.device.is_compiled_with_cuda() and paddle.device.cuda.device_count() > 0
    if name == "gpu" and not has_gpu:
        raise UsageError(
            "no GPU can be used: the installed Paddle is the CPU build, or no GPU was found; "
            "use --device cpu"
        )
    device = f"gpu:{_own_gpu()}" if has_gpu and name != "cpu" else "cpu"
    paddle.device.set_device(device)
    return device


def _own_gpu() -> int:
    import paddle

    # Paddle's launcher sets both variables; Paddle itself reads the first.
    place = os.environ.get("PADDLE_LOCAL_RANK", "0")
    number = int(os.environ.setdefault("FLAGS_selected_gpus", place).split(",")[0])
    count = paddle.device.cuda.device_count()
    if number >= count:
        raise UsageError(
            f"process {number} of this machine (counted from 0) has no GPU left, of {count}; use "
            "no more processes than GPUs, or --device cpu"
        )
    return number


def select_precision(amp: bool, device: str) -> str:
    """Choose the type of number to train in on a device, as `select_device` names it.

    Returns:
        "float32"; with automatic mixed precision, where operations that tolerate it are computed in
        16 bits, "bfloat16" or, where the GPU is too old for that, "float16".

    Raises:
        UsageError: mixed precision is asked for on a CPU.
    """
    if not amp:
        return "float32"
    if device == "cpu":
        raise UsageError(
            "--amp needs a GPU: on a CPU, Paddle leaves all numbers float32 whatever it is told; "
            "leave --amp out"
        )
    import paddle

    return "bfloat16" if paddle.amp.is_bfloat16_supported() else "float16"


def set_seed(seed: int) -> np.random.Generator:
    """Seed everything random: Paddle (first weights, dropout) and the generator returned.

    The shuffling of images and the augmentation draw from the returned generator, because
    `paddle.seed` does not reach NumPy, and because its state can be saved with a run.

    Raises:
        UsageError: the seed is not from 0 to 2**32 - 1.
    """
    import numpy as np
    import paddle

    if not 0 <= seed < 2**32:
        raise UsageError(f"the seed is {seed}; it must be from 0 to {2**32 - 1}")
    paddle.seed(seed)
    return np.random.default_rng(seed)
