"""Fuzzes a reader of data, by the coverage of its code: for finding what tests did not think of.

    python -m pip install atheris        # Linux on x86-64, Python 3.9 to 3.13
    python tests/promises/fuzz/data_readers.py idx -runs=100000 -max_total_time=300

Formats: the folders of corpus/. What follows is for libFuzzer (-help=1 lists all). It starts from
the corpus and writes what reaches new code into fuzzing/<format>/; an input that raises anything
but the project's own errors, or takes more than a second, ends it and is written there as crash-….
Then mend the reader, and put the file, made small with -minimize_crash=1, into corpus/<format>/,
where test_corpus.py reads it in every run.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from pathlib import Path

import atheris

# What Python compares is what the fuzzer learns from, in the libraries below the readers, too.
with atheris.instrument_imports(include=["paddle_mnist.data", "gzip", "zipfile"]):
    from test_corpus import CORPUS, READERS

from paddle_mnist.system.errors import PaddleMnistError


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in READERS:
        sys.exit(f"usage: python {sys.argv[0]} {{{','.join(READERS)}}} [libFuzzer's options]")
    name, *options = sys.argv[1:]
    found = Path("fuzzing") / name
    found.mkdir(parents=True, exist_ok=True)

    with tempfile.TemporaryDirectory() as folder:

        def read(content: bytes) -> None:
            start = time.process_time()
            with contextlib.suppress(PaddleMnistError):
                READERS[name](content, Path(folder))
            if time.process_time() - start > 1:
                raise TimeoutError("more than a second")

        folders = [str(found), str(CORPUS / name)]
        limits = ["-timeout=30", "-max_len=2000", "-len_control=0", f"-artifact_prefix={found}/"]
        atheris.Setup([sys.argv[0], *limits, *options, *folders], read)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
