import numpy as np

from paddle_mnist.homework.checking import Answer


def feature_maps(pictures, kernels, bias):
    """For each number in the window: all pictures, shifted, times the weights of all channels."""
    rows, columns = np.array(pictures.shape[2:]) - kernels.shape[2:] + 1
    total = np.zeros((len(pictures), len(kernels), rows, columns)) + bias.reshape(-1, 1, 1)
    for i, j in np.ndindex(kernels.shape[2:]):
        shifted = pictures[:, :, i : i + rows, j : j + columns].astype("float64")
        total += np.einsum("nchw,kc->nkhw", shifted, kernels[:, :, i, j])
    return total.astype("float32")


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).integers(-4, 5, shape).astype("float32")


def check_one(answer: Answer) -> None:
    picture = np.array([[[[1, 2, 0], [0, 1, 4]]]], dtype="float32")  # [1, 1, 2, 3]
    kernel = np.array([[[[1, 10], [100, 1000]]]], dtype="float32")  # [1, 1, 2, 2]
    bias = np.array([0.5], dtype="float32")
    expected = np.array([[[[1021.5, 4102.5]]]], dtype="float32")  # by hand
    mistakes = {"no_bias": expected - 0.5, "channels_last": expected.transpose([0, 2, 3, 1])}
    answer.expect(answer(picture, kernel, bias), expected, mistakes)


def check_batch(answer: Answer) -> None:
    # All sizes differ, so that no mistake is hidden: N 2, C 3, K 5, places 3 × 4, windows 2 × 3.
    pictures, kernels = numbers(2, 3, 4, 6), numbers(5, 3, 2, 3, seed=1)
    bias = np.array([100, 200, 300, 400, 500], dtype="float32")
    expected = feature_maps(pictures, kernels, bias)  # [2, 5, 3, 4]
    last = expected.transpose([0, 2, 3, 1])  # [2, 3, 4, 5]
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (2, 3), axis=(2, 3))
    places_first = windows.transpose([0, 2, 3, 1, 4, 5])  # [2, 3, 4, 3, 2, 3]
    channels_after = windows.transpose([0, 2, 3, 4, 5, 1])
    columns = kernels.reshape(5, 18).T  # [18, 5]

    def maps(matrix, weights):
        sums = matrix.reshape(24, 18) @ weights + bias  # [24, 5]
        return sums.reshape(2, 3, 4, 5).transpose([0, 3, 1, 2])

    mixed = {
        "windows_mixed": maps(windows, columns),
        "kernels_mixed": maps(places_first, kernels.reshape(18, 5)),
        "other_order": maps(channels_after, columns),
    }

    def recognise(rearranged):
        # With the bias in its place, or without any.
        without = rearranged - bias.reshape(-1, 1, 1)
        return lambda got: np.allclose(got, rearranged) or np.allclose(got, without)

    mistakes = {
        "no_bias": expected - bias.reshape(-1, 1, 1),
        "channels_last": last,
        "maps_mixed": last.reshape(expected.shape),
        **{key: recognise(rearranged) for key, rearranged in mixed.items()},
    }
    answer.expect(answer(pictures, kernels, bias), expected, mistakes)


def check_edges(answer: Answer) -> None:
    bias = np.array([1, -1], dtype="float32")
    for pictures, kernels in (
        (numbers(2, 3, 4, 5), numbers(2, 3, 1, 1, seed=1)),
        (numbers(3, 4, 5, 2), numbers(2, 4, 5, 2, seed=1)),
        (numbers(0, 3, 4, 5), numbers(2, 3, 2, 2, seed=1)),
    ):
        expected = feature_maps(pictures, kernels, bias)
        answer.expect(answer(pictures, kernels, bias), expected)


def check_decimals(answer: Answer) -> None:
    random = np.random.default_rng(3)
    pictures = random.random((3, 2, 9, 8), dtype="float32")
    kernels = random.random((4, 2, 3, 3), dtype="float32") - np.float32(0.5)
    bias = random.random(4, dtype="float32")
    answer.expect(answer(pictures, kernels, bias), feature_maps(pictures, kernels, bias))
