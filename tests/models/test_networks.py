"""The networks: their sizes, what they take and return, and that each can learn."""

from __future__ import annotations

import math

import numpy as np
import paddle
import pytest

from paddle_mnist.core.loop import train_step
from paddle_mnist.core.losses import cross_entropy, square_error
from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import load_mnist
from paddle_mnist.system.runtime import set_seed

CLASSIFIERS = [name for name, stage in STAGES.items() if stage.loss == "cross_entropy"]


def linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def convolution(channels_in: int, channels_out: int, side: int) -> int:
    return channels_in * channels_out * side * side


# A normalised channel has a scale and a shift, and two running averages that are not trained.
NORM_TRAINED, NORM_AVERAGES = 2, 2

# (trained, not trained), layer by layer. The totals of all but the cnn are those of the recipes.
BY_HAND = {
    "linear": (linear(784, 1), 0),
    "mlp": (linear(784, 512) + linear(512, 10), 0),
    "cnn": (
        # 28 -> conv5 24 -> pool 12 -> conv5 8 -> pool 4; no biases before normalisation.
        convolution(1, 8, 5)
        + 8 * NORM_TRAINED
        + convolution(8, 32, 5)
        + 32 * NORM_TRAINED
        + linear(32 * 4 * 4, 128)
        + linear(128, 10),
        (8 + 32) * NORM_AVERAGES,
    ),
    "deep-cnn": (
        # 28 -> conv3 26 -> pool 13 -> conv3 11 -> pool 5 -> conv3 3 -> pool 1
        convolution(1, 32, 3)
        + 32
        + convolution(32, 64, 3)
        + 64
        + convolution(64, 64, 3)
        + 64
        + linear(64, 64)
        + linear(64, 500)
        + linear(500, 10),
        0,
    ),
    "dropout-cnn": (
        # 28 -> conv3 26 -> conv3 24 -> pool 12
        convolution(1, 32, 3)
        + 32
        + convolution(32, 64, 3)
        + 64
        + linear(64 * 12 * 12, 128)
        + linear(128, 10),
        0,
    ),
    "tuned-cnn": (
        # same padding: 28 -> pool 14 -> pool 7 -> pool 3
        convolution(1, 64, 3)
        + 64
        + 64 * NORM_TRAINED
        + convolution(64, 128, 3)
        + 128
        + 128 * NORM_TRAINED
        + convolution(128, 192, 3)
        + 192
        + linear(192 * 3 * 3, 256)
        + 256 * NORM_TRAINED
        + linear(256, 10),
        (64 + 128 + 256) * NORM_AVERAGES,
    ),
    "tiny": (
        # 28 -> conv5 24 -> pool 12 -> conv3 12 (same padding) -> conv3 12 -> pool 6
        # -> conv3 4 -> pool 2; no biases before normalisation.
        convolution(1, 8, 5)
        + convolution(8, 14, 3)
        + convolution(14, 16, 3)
        + convolution(16, 24, 3)
        + (8 + 14 + 16 + 24) * NORM_TRAINED
        + linear(24 * 2 * 2, 10),
        (8 + 14 + 16 + 24) * NORM_AVERAGES,
    ),
    "best": (
        # 28 -> conv5 24 -> pool 12 -> conv3 12 (same padding) -> conv3 12 -> pool 6 -> conv3 6
        # -> conv3 6 -> pool 3; no biases before normalisation.
        convolution(1, 24, 5)
        + convolution(24, 48, 3)
        + convolution(48, 48, 3)
        + convolution(48, 96, 3)
        + convolution(96, 96, 3)
        + (24 + 48 + 48 + 96 + 96) * NORM_TRAINED
        + linear(96 * 3 * 3, 10),
        (24 + 48 + 48 + 96 + 96) * NORM_AVERAGES,
    ),
}
PUBLISHED = {
    "linear": (785, 785),
    "mlp": (407_050, 407_050),
    "deep-cnn": (97_414, 97_414),
    "dropout-cnn": (1_199_882, 1_199_882),
    "tuned-cnn": (742_858, 741_962),
}


@pytest.fixture(scope="module")
def digits():
    return load_mnist("sample", validation=0.0).train.take(slice(200))


def parameter_counts(network: paddle.nn.Layer) -> tuple[int, int]:
    tensors = network.state_dict().values()
    sizes = [(math.prod(tensor.shape), not tensor.stop_gradient) for tensor in tensors]
    return sum(size for size, _ in sizes), sum(size for size, trained in sizes if trained)


@pytest.mark.parametrize("stage", STAGES)
def test_parameter_counts_are_those_of_the_layers_by_hand(stage):
    trained, averages = BY_HAND[stage]
    assert parameter_counts(build_network(stage)) == (trained + averages, trained)
    assert STAGES[stage].parameters == trained + averages


@pytest.mark.parametrize("stage", PUBLISHED)
def test_parameter_counts_are_the_published_ones(stage):
    assert parameter_counts(build_network(stage)) == PUBLISHED[stage]


@pytest.mark.parametrize("stage", STAGES)
def test_rows_and_pictures_give_the_same_outputs(stage, digits):
    network = build_network(stage)
    network.eval()
    rows = norm_img(digits.images[:3])
    with paddle.no_grad():
        from_rows = network(rows)
        from_pictures = network(rows.reshape([3, 28, 28]))
    assert from_rows.shape == [3, 1 if stage == "linear" else 10]
    np.testing.assert_array_equal(from_rows.numpy(), from_pictures.numpy())


@pytest.mark.parametrize("stage", CLASSIFIERS)
def test_outputs_are_logits_not_probabilities(stage, digits):
    set_seed(0)
    network = build_network(stage)
    network.eval()
    # Strong ink makes logits large, while probabilities would still add up to 1.
    with paddle.no_grad():
        outputs = network(100 * norm_img(digits.images[:8])).numpy()
    assert (np.abs(outputs.sum(axis=1) - 1) > 0.1).any()
    assert (outputs < 0).any()
    assert (outputs > 1).any()


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("stage", CLASSIFIERS)
def test_the_first_loss_is_that_of_knowing_nothing(stage, seed, digits):
    set_seed(seed)
    network = build_network(stage)
    if stage == "tuned-cnn":
        # Its published recipe normalises the last hidden layer, so that in training the first
        # logits are spread widely (variance about 256 / 0.7 * 2 / (256 + 10) = 2.7). Untrained and
        # unnormalised, as evaluation sees it, it knows nothing like the others.
        network.eval()
    with paddle.no_grad():
        loss = cross_entropy(network(norm_img(digits.images)), paddle.to_tensor(digits.labels))
    assert float(loss) == pytest.approx(math.log(10), rel=0.1)


@pytest.mark.parametrize("stage", CLASSIFIERS)
def test_one_batch_can_be_overfitted(stage, digits):
    set_seed(0)
    network = build_network(stage)
    network.train()
    optimizer = paddle.optimizer.Adam(0.001, parameters=network.parameters())
    batch = digits.take(slice(16))
    images, labels = norm_img(batch.images), paddle.to_tensor(batch.labels)
    losses = [
        train_step(network, cross_entropy, optimizer, images, labels)[0] for _step in range(60)
    ]
    # A softmax inside the network would keep the loss above ln(1 + 9/e) = 1.461 for ever.
    assert np.mean(losses[-5:]) < 0.5


def test_gradients_of_the_neuron_are_the_hand_derived_ones(digits):
    set_seed(3)
    network = build_network("linear")
    batch = digits.take(slice(16))
    square_error(network(norm_img(batch.images)), paddle.to_tensor(batch.labels)).backward()

    x = batch.images.reshape(16, 784) / 255.0  # float64 [16, 784]
    w = network.neuron.weight.numpy().astype(np.float64)[:, 0]  # [784]
    b = network.neuron.bias.item()
    surplus = x @ w + b - batch.labels  # [16]
    by_weight = 2 / 16 * surplus @ x  # [784]
    by_bias = 2 / 16 * surplus.sum()

    # float32 keeps 7 digits; a sum of 16 products loses one of them, or two.
    tolerance = 1e-5 * np.abs(by_weight).max()
    assert tolerance < 1e-3
    np.testing.assert_allclose(
        network.neuron.weight.grad.numpy()[:, 0], by_weight, rtol=0, atol=tolerance
    )
    assert network.neuron.bias.grad.item() == pytest.approx(by_bias, rel=1e-5)
