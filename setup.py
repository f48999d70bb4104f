"""Refuses a Python that no wheel of paddlepaddle is made for; everything else is in setup.cfg.

pip looks for all dependencies before it looks at python_requires, and then blames one of them.
"""

import sys

if not (3, 9) <= sys.version_info[:2] <= (3, 13):
    found = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit(
        f"error: paddle_mnist needs Python 3.9 to 3.13, because paddlepaddle is made for these; "
        f"this is Python {found}. Install one of them and make the environment with it, "
        f"for example: python3.12 -m venv .venv"
    )

# Only here: what an unsupported Python has of setuptools may not load.
from setuptools import setup

setup()
