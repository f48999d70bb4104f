"""The download of MNIST's four files into a folder, from the first mirror that serves them whole.

It survives bad networks: whatever a mirror does, it is given up when too little arrives, so that
without a network an answer comes within 30 seconds.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from paddle_mnist.data.mnist_files import SHA256, read_original
from paddle_mnist.system.errors import DataError
from paddle_mnist.system.files import sync_folder, write_synced

if TYPE_CHECKING:
    import httpx
    from tqdm import tqdm

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://dataset.bj.bcebos.com/mnist/",  # Paddle's own; reachable in China
)
PUBLISHED_BYTES = 11_594_722  # the four gzipped files together, as the page of MNIST lists them

LOCK = ".download.lock"
TEMPORARY_SUFFIX = ".part"
LONGEST_REASON = 200  # letters; some reasons repeat what a mirror sent
TICK = 0.1  # seconds between two looks at what has arrived


def cache_folder() -> Path:
    """Find the user's cache folder for MNIST, or the one that PADDLE_MNIST_CACHE names.

    It need not exist. Where nobody knows the user's home, it begins with a `~` and cannot be made.
    """
    named = os.environ.get("PADDLE_MNIST_CACHE")
    if named:
        return Path(os.path.expanduser(named))
    import platformdirs

    try:
        return Path(platformdirs.user_cache_dir("paddle_mnist"))
    except RuntimeError:  # so newer versions say what older ones say by the ~
        return Path("~", ".cache", "paddle_mnist")


def paddle_cache_folder() -> Path:
    """Find the folder into which `paddle.vision.datasets.MNIST` downloads; it need not exist.

    Source: `paddle/dataset/common.py` of PaddlePaddle 3.3.1, DATA_HOME.
    """
    return Path(os.path.expanduser("~"), ".cache", "paddle", "dataset", "mnist")


@dataclass(frozen=True)
class Limits:
    """How long to wait and how much to take.

    The pace is what ends every bad transfer: a mirror is given up when fewer than `pace_bytes` have
    arrived within any `pace_seconds`. With the defaults that is 20 kB/s, at which MNIST takes ten
    minutes: a slow but honest connection succeeds, while three silent or dripping mirrors are
    given up after 3 × 8 s. The limits of connecting and reading end most transfers sooner or with a
    better reason, but neither covers a name look-up that hangs or a header that drips in.
    """

    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    pace_seconds: float = 8.0
    pace_bytes: int = 160_000
    file_bytes: int = 16_000_000  # the largest published file has 9,912,422
    redirects: int = 5
    # Longer than an honest download takes at the slowest pace.
    lock_seconds: float = 900.0


DEFAULT_LIMITS = Limits()


@dataclass
class _Transfer:
    """What the fetching thread and the watching one share."""

    received: int = 0
    abandoned: bool = False
    client: httpx.Client | None = None
    # (name, content) of each file, or the exception that ended the transfer.
    arrivals: queue.SimpleQueue[tuple[str, bytes] | Exception] = field(
        default_factory=queue.SimpleQueue
    )


def _host(mirror: str) -> str:
    return urlsplit(mirror).netloc


def _fetch_file(client: httpx.Client, url: str, transfer: _Transfer, limits: Limits) -> bytes:
    content = bytearray()
    with client.stream("GET", url) as response:
        if response.status_code != 200:
            raise DataError(f"HTTP {response.status_code}")
        # Raw: a server that declares the .gz file to be an encoding is not to have it unpacked.
        for piece in response.iter_raw():
            content += piece
            transfer.received += len(piece)
            if len(content) > limits.file_bytes:
                raise DataError(f"a file goes on after {limits.file_bytes:,} bytes")
            if transfer.abandoned:
                raise DataError("given up")
    return bytes(content)


def _fetch_files(mirror: str, names: Sequence[str], transfer: _Transfer, limits: Limits) -> None:
    """Run in a thread of its own, because a name look-up cannot be given a time limit."""
    try:
        import httpx

        with httpx.Client(
            timeout=httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds),
            follow_redirects=True,
            max_redirects=limits.redirects,
            headers={"Accept-Encoding": "identity"},
        ) as client:
            transfer.client = client
            for name in names:
                content = _fetch_file(client, f"{mirror}{name}.gz", transfer, limits)
                transfer.arrivals.put((name, content))
    except Exception as error:  # nothing is lost: the watching thread tells it or raises it again
        transfer.arrivals.put(error)


def _reason(error: Exception, limits: Limits) -> str:
    """Say in a few words why a transfer ended; raise `error` where it is not the network's."""
    import httpx

    if isinstance(error, DataError):
        return str(error)
    if isinstance(error, httpx.ConnectTimeout):
        return f"no connection within {limits.connect_seconds:g} s"
    if isinstance(error, httpx.ReadTimeout):
        return f"nothing arrived for {limits.read_seconds:g} s"
    if isinstance(error, httpx.TooManyRedirects):
        return f"more than {limits.redirects} redirects"
    # The last three come from proxies and certificates that the environment names wrongly.
    if isinstance(error, (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ImportError)):
        return " ".join(str(error).split())[:LONGEST_REASON] or type(error).__name__
    raise error


def _keeps_pace(samples: deque[tuple[float, int]], received: int, limits: Limits) -> bool:
    """Note (time, bytes so far) and tell whether enough arrived in the last pace_seconds."""
    now = time.monotonic()
    samples.append((now, received))
    while len(samples) > 1 and samples[1][0] <= now - limits.pace_seconds:
        samples.popleft()
    since, before = samples[0]
    return now - since < limits.pace_seconds or received - before >= limits.pace_bytes


def _publish(folder: Path, name: str, content: bytes) -> None:
    """Put a file into its place whole and checked, or not at all."""
    packed = f"{name}.gz"
    temporary = folder / f".{packed}.{os.getpid()}{TEMPORARY_SUFFIX}"
    try:
        write_synced(temporary, content)
        try:
            read_original(temporary, name)
        except DataError as error:
            raise DataError(
                f"what it sent as {packed} ({len(content):,} bytes) is not MNIST's"
            ) from error
        os.replace(temporary, folder / packed)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(folder)


def _receive(
    folder: Path, names: Sequence[str], transfer: _Transfer, limits: Limits, bar: tqdm[Any]
) -> tuple[list[str], str]:
    """Publish what arrives; tell what is still missing, and why the mirror was given up."""
    missing = list(names)
    samples = deque([(time.monotonic(), 0)])
    while missing:
        try:
            arrival = transfer.arrivals.get(timeout=TICK)
        except queue.Empty:
            arrival = None
        bar.update(transfer.received - bar.n)
        if isinstance(arrival, Exception):
            return missing, _reason(arrival, limits)
        if arrival is not None:
            name, content = arrival
            try:
                _publish(folder, name, content)
            except DataError as error:
                return missing, str(error)
            missing.remove(name)
        elif not _keeps_pace(samples, transfer.received, limits):
            slow = f"fewer than {limits.pace_bytes:,} bytes in {limits.pace_seconds:g} s"
            return missing, slow
    return [], ""


def _try_mirror(
    mirror: str, folder: Path, names: Sequence[str], limits: Limits
) -> tuple[list[str], str]:
    """Fetch files from a mirror; the answer is that of `_receive`."""
    from tqdm import tqdm

    transfer = _Transfer()
    threading.Thread(
        target=_fetch_files, args=(mirror, names, transfer, limits), daemon=True
    ).start()
    # disable=None: no bar where standard error is not a terminal.
    bar = tqdm(
        desc=f"MNIST from {_host(mirror)}",
        total=PUBLISHED_BYTES,
        unit="B",
        unit_scale=True,
        disable=None,
    )
    try:
        with bar:
            return _receive(folder, names, transfer, limits, bar)
    finally:
        transfer.abandoned = True
        # A mirror that goes on sending headers would keep the thread busy for ever.
        if transfer.client is not None:
            transfer.client.close()


def _is_original(path: Path, name: str) -> bool:
    try:
        read_original(path, name)
    except DataError:  # told by whoever wanted to read it; here it only has to be fetched
        return False
    return True


def _fetch_missing(folder: Path, mirrors: Sequence[str], limits: Limits) -> None:
    missing = [name for name in SHA256 if not _is_original(folder / f"{name}.gz", name)]
    failures = []
    for mirror in mirrors:
        if missing:
            missing, reason = _try_mirror(mirror, folder, missing, limits)
            failures.append(f"{_host(mirror)}: {reason}")
    if missing:
        raise DataError(f"MNIST could not be downloaded ({'; '.join(failures)})")


def download(
    folder: str | os.PathLike[str],
    *,
    mirrors: Sequence[str] = MIRRORS,
    limits: Limits = DEFAULT_LIMITS,
) -> None:
    """Make sure that the four gzipped files of MNIST are in `folder`, whole and checked.

    Each file is checked (SHA-256 of its unpacked content) and then renamed into its place, so that
    nobody ever sees a part of one. While one process fetches, others wait, and then find the files.

    Args:
        folder: made if it is missing; files that are there and right are kept.
        mirrors: addresses that end in `/`, tried in this order.
        limits: times and sizes.

    Raises:
        DataError: no mirror serves the files (it tells what was wrong with each), or the folder
            cannot be written.
    """
    import filelock

    folder = Path(folder)
    if folder.parts[:1] == ("~",):  # what is left where nobody knows the user's home
        raise DataError(
            "MNIST cannot be downloaded: there is no home folder to keep it in; name a folder in "
            "PADDLE_MNIST_CACHE"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(str(folder / LOCK), timeout=limits.lock_seconds):
            # Only who holds the lock writes temporary files: these are left by a killed process.
            for stale in folder.glob(f".*{TEMPORARY_SUFFIX}"):
                stale.unlink()
            _fetch_missing(folder, mirrors, limits)
    except filelock.Timeout as error:
        raise DataError(
            f"another process has been downloading into {folder} for more than "
            f"{limits.lock_seconds:g} s; wait for it or end it, then try again"
        ) from error
    except (OSError, NotImplementedError) as error:  # the latter: a file system without locks
        raise DataError(
            f"MNIST cannot be downloaded into {folder}: {error}; make room and give permission "
            "there, or name another folder in PADDLE_MNIST_CACHE"
        ) from error
