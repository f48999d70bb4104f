import numpy as np


def read_images(path: str) -> np.ndarray:
    """Read an unpacked IDX file of pictures into a uint8 array [N, rows, columns]."""
    with open(path, "rb") as file:
        content = file.read()
    rows = int.from_bytes(content[8:12], "big")
    columns = int.from_bytes(content[12:16], "big")
    pixels = np.frombuffer(content[16:], dtype="uint8")
    return pixels.reshape(-1, rows, columns)
