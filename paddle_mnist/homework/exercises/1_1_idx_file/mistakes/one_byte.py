import numpy as np


def read_images(path: str) -> np.ndarray:
    """Read an unpacked IDX file of pictures into a uint8 array [N, rows, columns]."""
    with open(path, "rb") as file:
        content = file.read()
    count = content[7]
    rows = content[11]
    columns = content[15]
    pixels = np.frombuffer(content[16:], dtype="uint8")
    promised = count * rows * columns
    # A download that stopped half-way must not pass for a whole file.
    if len(pixels) != promised:
        raise ValueError(f"{path} has {len(pixels)} of {promised} pixels")
    return pixels.reshape(count, rows, columns)
