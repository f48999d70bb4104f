"""Handwritten digits with PaddlePaddle, a step at a time.

Importing this package changes nothing. A program that is to train fast on a CPU calls
`system.runtime.prepare()` before it imports Paddle, as all commands and chapters do.
"""

__version__ = "0.1.0"
