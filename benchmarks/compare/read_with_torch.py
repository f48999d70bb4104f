"""The digit in one picture, by PyTorch: the program whose cold start `predict` is compared with.

python -m compare.read_with_torch STAGE WEIGHTS PICTURE
"""

from __future__ import annotations

import sys

from compare.with_torch import load_reader, prepared, probabilities


def main() -> None:
    """Load the weights, prepare the picture, read it."""
    stage, weights, picture = sys.argv[1:]
    found = probabilities(load_reader(stage, weights, channels_last=False), prepared(picture))
    print(f"{picture}: {int(found.argmax())} ({float(found.max()):.1%})")


if __name__ == "__main__":
    main()
