"""A network's layers as data, and the packing of its numbers."""

from __future__ import annotations

import base64

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.demo.layers import layers_of, packed
from paddle_mnist.models.layers import Convolution, MaxPool
from paddle_mnist.system.errors import RunError, UsageError


def unpacked(tensor: dict) -> np.ndarray:
    """The numbers of a packed tensor: each three bytes are the upper ones of a float32."""
    three = np.frombuffer(base64.b64decode(tensor["data"]), np.uint8).reshape(-1, 3)
    four = np.concatenate([np.zeros((len(three), 1), np.uint8), three], axis=1)
    return four.view("<f4").reshape(tensor["shape"])


def through(*values: float) -> list[float]:
    return unpacked(packed(np.array(values, np.float32))).tolist()


def test_packing_changes_a_number_by_at_most_one_part_in_2_to_the_16():
    random = np.random.default_rng(0)
    signs = random.choice([-1, 1], 100_000)
    numbers = (signs * 10.0 ** random.uniform(-30, 30, 100_000)).astype(np.float32)
    exact = numbers.astype(np.float64)
    errors = np.abs(unpacked(packed(numbers)) - exact) / np.abs(exact)
    assert errors.max() <= 2.0**-16
    assert errors.max() > 2.0**-17  # 15 bits and no more: three bytes are well used


def test_numbers_of_16_bits_are_kept():
    kept = [0.0, 1.0, -2.0, 65535.0, 1 + 2.0**-15, -(2.0**-126), 2.0**127, 0.15625]
    assert through(*kept) == kept
    assert np.signbit(through(-0.0)[0])


def test_of_two_equally_near_numbers_the_even_one_is_taken():
    step = 2.0**-15  # from 1 to 2 the numbers that three bytes can hold lie this far apart
    between = [1 + step / 2, 1 + 3 * step / 2, 1 + 5 * step / 2, 2 - step / 2]
    assert through(*between) == [1, 1 + 2 * step, 1 + 2 * step, 2]
    nearly = np.float32(1 + step / 2)
    assert through(np.nextafter(nearly, 2)) == [1 + step]
    assert through(np.nextafter(nearly, 1)) == [1]


def test_numbers_too_small_for_a_full_exponent_come_near():
    tiny = np.float32(1e-40)
    assert through(tiny)[0] == pytest.approx(float(tiny), abs=2.0**-141)


def test_the_lowest_byte_comes_first_and_each_number_takes_four_characters():
    # 1.0 is 0x3F800000 and -2.5 is 0xC0200000.
    found = packed(np.array([[1.0], [-2.5]], np.float32))
    assert found["shape"] == [2, 1]
    assert base64.b64decode(found["data"]) == bytes([0x00, 0x80, 0x3F, 0x00, 0x20, 0xC0])
    assert len(found["data"]) == 8


def test_numbers_are_packed_row_by_row_however_they_lie_in_memory():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(unpacked(packed(np.asfortranarray(array))), array)


LARGEST = float(np.finfo(np.float32).max)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, LARGEST, -LARGEST])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(RunError, match="not finite numbers; train again"):
        packed(np.array([0.5, value], np.float32))


def test_nan_of_any_bits_is_refused():
    odd = np.array([0x7F800001, 0x7FFFFFFF, 0xFFFFFFFF], np.uint32).view(np.float32)
    for value in odd:
        with pytest.raises(RunError):
            packed(value.reshape(1))


KINDS = {
    "linear": ["linear"],
    "mlp": ["linear", "relu", "linear"],
    "cnn": [
        *["convolution", "max_pool", "batch_norm", "relu"] * 2,
        *["flatten", "linear", "relu", "linear"],
    ],
    "deep-cnn": [
        *["convolution", "max_pool", "relu"] * 3,
        *["flatten", "linear", "relu", "linear", "relu", "linear"],
    ],
    "dropout-cnn": [
        *["convolution", "relu", "convolution", "max_pool", "relu"],
        *["flatten", "linear", "relu", "linear"],
    ],
    "tuned-cnn": [
        *["convolution", "relu", "batch_norm", "max_pool"] * 2,
        *["convolution", "relu", "max_pool"],
        *["flatten", "linear", "relu", "batch_norm", "linear"],
    ],
}


@pytest.mark.parametrize("stage", KINDS)
def test_the_layers_of_the_stages_come_in_their_order(stage):
    assert [layer["kind"] for layer in layers_of(build_network(stage))] == KINDS[stage]


@pytest.mark.parametrize("stage", STAGES)
def test_all_that_was_learned_is_there(stage):
    network = build_network(stage)
    found = [
        value["shape"]
        for layer in layers_of(network)
        for value in layer.values()
        if isinstance(value, dict)
    ]
    # Of the four vectors of a batch normalisation two are left: a factor and a summand.
    expected = [
        tensor.shape
        for name, tensor in network.state_dict().items()
        if not name.endswith(("._mean", "._variance"))
    ]
    assert sorted(found) == sorted(map(list, expected))


def test_a_convolution():
    layer = Convolution(2, 3, 4, padding=1)
    (found,) = layers_of(layer)
    assert (found["kind"], found["padding"]) == ("convolution", 1)
    assert found["weight"]["shape"] == [3, 2, 4, 4]
    np.testing.assert_allclose(unpacked(found["weight"]), layer.weight.numpy(), rtol=2.0**-16)
    assert found["bias"]["shape"] == [3]


def test_paddles_own_convolution():
    (found,) = layers_of(nn.Conv2D(2, 3, 4, padding=2, bias_attr=False))
    assert (found["kind"], found["padding"], found["bias"]) == ("convolution", 2, None)
    assert found["weight"]["shape"] == [3, 2, 4, 4]


@pytest.mark.parametrize(
    "settings",
    [
        {"stride": 2},
        {"dilation": 2},
        {"groups": 2},
        {"padding": "same"},
        {"padding": [1, 2]},
        {"padding": 1, "padding_mode": "reflect"},
        {"data_format": "NHWC"},
        {"kernel_size": [3, 2]},
    ],
    ids=str,
)
def test_a_convolution_that_the_page_cannot_compute_is_refused(settings):
    with pytest.raises(UsageError, match=r"stride 1, .* this one is Conv2D\(2, 4"):
        layers_of(nn.Conv2D(2, 4, **{"kernel_size": 3, **settings}))


def test_batch_normalisation_is_one_factor_and_one_summand():
    layer = nn.BatchNorm2D(2, epsilon=0.0)
    layer.set_state_dict(
        {
            "weight": paddle.to_tensor([3.0, 1.0]),
            "bias": paddle.to_tensor([0.5, 0.0]),
            "_mean": paddle.to_tensor([4.0, -1.0]),
            "_variance": paddle.to_tensor([4.0, 0.25]),
        }
    )
    (found,) = layers_of(layer)
    # (x - 4) / 2 * 3 + 0.5 = 1.5 x - 5.5, and (x + 1) / 0.5 = 2 x + 2
    assert found["kind"] == "batch_norm"
    assert unpacked(found["scale"]).tolist() == [1.5, 2.0]
    assert unpacked(found["shift"]).tolist() == [-5.5, 2.0]


def test_batch_normalisation_has_its_epsilon():
    (found,) = layers_of(nn.BatchNorm1D(1, epsilon=3.0))  # variance 1: 1 / sqrt(1 + 3)
    assert unpacked(found["scale"]).tolist() == [0.5]


def test_batch_normalisation_without_factors_of_its_own():
    (found,) = layers_of(nn.BatchNorm2D(2, epsilon=0.0, weight_attr=False, bias_attr=False))
    assert unpacked(found["scale"]).tolist() == [1.0, 1.0]
    assert unpacked(found["shift"]).tolist() == [0.0, 0.0]


def test_a_linear_layer_without_bias():
    (found,) = layers_of(nn.Linear(2, 3, bias_attr=False))
    assert (found["weight"]["shape"], found["bias"]) == ([2, 3], None)


def test_dropout_is_left_out():
    network = nn.Sequential(nn.Dropout(0.5), nn.ReLU(), nn.Sequential(nn.Dropout(0.5), MaxPool()))
    assert layers_of(network) == [{"kind": "relu"}, {"kind": "max_pool"}]


def test_means_over_parts_of_maps_are_refused():
    assert layers_of(nn.AdaptiveAvgPool2D(1)) == [{"kind": "average_pool"}]
    with pytest.raises(UsageError, match="whole maps only"):
        layers_of(nn.AdaptiveAvgPool2D(2))


@pytest.mark.parametrize("layer", [nn.Sigmoid, nn.LeakyReLU, lambda: nn.MaxPool2D(3)])
def test_an_unknown_layer_is_named(layer):
    unknown = layer()
    with pytest.raises(UsageError, match=f"of the type {type(unknown).__name__}; it knows: Conv"):
        layers_of(nn.Sequential(nn.Linear(2, 2), unknown))


def test_weights_that_are_no_numbers_are_refused():
    network = build_network("linear")
    network.neuron.bias.set_value(paddle.to_tensor([float("nan")]))
    with pytest.raises(RunError, match="not finite"):
        layers_of(network)
