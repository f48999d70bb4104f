"""Fuzzes what reads runs, weights and pictures, as data_readers.py beside it does with data.

python tests/promises/fuzz/run_readers.py run -runs=100000 -max_total_time=300
"""

from __future__ import annotations

import atheris

with atheris.instrument_imports(
    include=["paddle_mnist", "safetensors", "PIL", "json", "pickletools"]
):
    import test_corpus  # noqa: F401

from data_readers import main

if __name__ == "__main__":
    main()
