"""network.js in a real Chromium computes what Paddle computes."""

from __future__ import annotations

import base64
import json
import os

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_mnist.core.metrics import predicted_digits, softmax
from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import load_mnist
from paddle_mnist.demo.layers import layers_of
from paddle_mnist.demo.page import stages_of
from paddle_mnist.models.layers import Convolution, MaxPool
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.shipped import SHIPPED, shipped_run
from paddle_mnist.system.runtime import set_seed


@pytest.fixture(scope="module")
def engine(run_parts):
    """A window with nothing but the networks."""
    return run_parts("statistics.js", "network.js", "network_calls.js")


def read_all(engine, stage: dict, images: np.ndarray) -> list[dict]:
    """What the page reads in pictures, uint8 [N, 28, 28]."""
    text = base64.b64encode(images.tobytes()).decode()
    return engine.evaluate("([stage, text]) => readAll([stage], text)", [stage, text])


def column(readings: list[dict], name: str) -> np.ndarray:
    return np.array([reading[name] for reading in readings])


@pytest.fixture(scope="module")
def images():
    """500 test images: of MNIST where its place is known, else of the sample."""
    return load_mnist(os.environ.get("PADDLE_MNIST_DATA") or "sample").test.images[:500]


@pytest.mark.parametrize("stage", SHIPPED)
def test_probabilities_are_those_of_paddle(engine, images, stage):
    recognizer = Recognizer.load(shipped_run(stage))
    readings = read_all(engine, stages_of([recognizer])[0], images)
    outputs = recognizer.outputs(images)
    np.testing.assert_array_equal(column(readings, "digit"), predicted_digits(outputs))
    if outputs.shape[1] == 1:
        np.testing.assert_allclose(column(readings, "outputs"), outputs, rtol=0, atol=1e-4)
        return
    expected = softmax(outputs)
    assert expected.std(axis=0).min() > 0.2  # a trained network: it tells the pictures apart
    np.testing.assert_allclose(column(readings, "probabilities"), expected, rtol=0, atol=1e-4)


def test_a_wrong_weight_is_noticed(engine, images):
    recognizer = Recognizer.load(shipped_run("cnn"))
    (stage,) = stages_of([recognizer])
    weight = stage["layers"][0]["weight"]
    data = bytearray(base64.b64decode(weight["data"]))
    data[3 * 12 + 2] ^= 0x80  # the sign of one number in the middle of the first filter
    weight["data"] = base64.b64encode(data).decode()
    probabilities = column(read_all(engine, stage, images[:20]), "probabilities")
    assert np.abs(probabilities - softmax(recognizer.outputs(images[:20]))).max() > 1e-3


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_can_be_computed(engine, name, images):
    set_seed(0)
    network = build_network(name)
    random = np.random.default_rng(0)
    for key, tensor in network.state_dict().items():
        if key.endswith("_mean"):
            tensor.set_value(random.normal(0, 0.1, tensor.shape).astype(np.float32))
        elif key.endswith("_variance"):
            tensor.set_value(random.uniform(0.05, 2, tensor.shape).astype(np.float32))
    recognizer = Recognizer(network, name)
    expected = recognizer.outputs(images[:4])
    found = column(read_all(engine, stages_of([recognizer])[0], images[:4]), "outputs")
    # Weights are rounded to 16 bits, and the error grows a little from layer to layer.
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def plain(network: nn.Layer, seed: int) -> nn.Layer:
    """Give a network weights of so few bits that packing keeps them exactly."""
    random = np.random.default_rng(seed)
    for key, tensor in network.state_dict().items():
        values = random.integers(-32, 33, tensor.shape) / 64
        if key.endswith("_variance"):
            values = 4.0 ** random.integers(-1, 2, tensor.shape)
        tensor.set_value(values.astype(np.float32))
    network.eval()
    return network


def norm(layer: type, size: int) -> nn.Layer:
    # Without epsilon the factor gamma / sqrt(variance) is exact.
    return layer(size, epsilon=0.0)


SMALL = {
    "one neuron": lambda: [nn.Flatten(), nn.Linear(784, 1)],
    "hidden neurons": lambda: [nn.Flatten(), nn.Linear(784, 6), nn.ReLU(), nn.Linear(6, 10)],
    "valid padding, even sizes": lambda: [Convolution(1, 4, 3), nn.ReLU(), MaxPool()],
    "odd sizes": lambda: [Convolution(1, 3, 4), MaxPool(), Convolution(3, 5, 2), MaxPool()],
    "same padding": lambda: [Convolution(1, 2, 3, padding=1), Convolution(2, 5, 5, padding=2)],
    "wide padding": lambda: [Convolution(1, 2, 2, padding=3)],
    "no bias": lambda: [
        nn.Conv2D(1, 7, 5, bias_attr=False),
        nn.Flatten(),
        nn.Linear(7 * 24 * 24, 3, bias_attr=False),
    ],
    "paddle's own bias and padding": lambda: [nn.Conv2D(1, 6, 3, padding=1)],
    "norm before and after": lambda: [
        nn.Conv2D(1, 4, 3),
        norm(nn.BatchNorm2D, 4),
        nn.ReLU(),
        norm(nn.BatchNorm2D, 4),
        MaxPool(),
    ],
    "norm of neurons": lambda: [nn.Flatten(), nn.Linear(784, 5), norm(nn.BatchNorm1D, 5)],
    "mean of maps": lambda: [Convolution(1, 3, 5), nn.AdaptiveAvgPool2D(1), nn.Flatten()],
    "dropout": lambda: [Convolution(1, 2, 3), nn.Dropout(0.5), nn.Flatten()],
    "one pixel left": lambda: [Convolution(1, 2, 27), MaxPool(), nn.Flatten(), nn.Linear(2, 10)],
}


@pytest.mark.parametrize("case", SMALL)
def test_every_kind_of_layer(engine, case, images):
    network = plain(nn.Sequential(*SMALL[case]()), seed=7)
    layers = layers_of(network)
    readings = read_all(engine, {"layers": layers}, images[:5])
    with paddle.no_grad():
        expected = network(norm_img(images[:5]).reshape([-1, 1, 28, 28])).numpy()
    scale = np.abs(expected).max()
    assert scale > 0.1
    np.testing.assert_allclose(
        column(readings, "outputs"), expected.reshape(5, -1), rtol=0, atol=1e-5 * max(1, scale)
    )


def test_each_layer_gives_its_maps(engine, images):
    network = build_network("cnn")
    (reading,) = read_all(engine, {"layers": layers_of(network)}, images[:1])
    assert [found["layer"] for found in reading["maps"]] == list(range(12))
    assert [(found["kind"], found["shape"]) for found in reading["maps"]] == [
        ("convolution", [8, 24, 24]),
        ("max_pool", [8, 12, 12]),
        ("batch_norm", [8, 12, 12]),
        ("relu", [8, 12, 12]),
        ("convolution", [32, 8, 8]),
        ("max_pool", [32, 4, 4]),
        ("batch_norm", [32, 4, 4]),
        ("relu", [32, 4, 4]),
        ("flatten", [512]),
        ("linear", [128]),
        ("relu", [128]),
        ("linear", [10]),
    ]
    for found in reading["maps"]:
        assert found["values"] == np.prod(found["shape"])


def test_a_map_can_be_looked_at_before_the_next_layer(engine, images):
    network = nn.Sequential(Convolution(1, 2, 5), nn.ReLU(), MaxPool(), nn.Flatten())
    before = network[0](norm_img(images[:1]).reshape([1, 1, 28, 28])).numpy()[0]  # [2, 24, 24]
    assert before.min() < 0  # what ReLU takes away is still in the map before it
    values = engine.evaluate(
        """([stage, text]) => {
             const [{ layers }] = network.decodeStages({ stages: [stage] });
             const pixels = Float32Array.from(atob(text), (level) => level.charCodeAt(0) / 255);
             return [...network.forward(layers, pixels).maps[0].values];
           }""",
        [{"layers": layers_of(network)}, base64.b64encode(images[0].tobytes()).decode()],
    )
    np.testing.assert_allclose(values, before.ravel(), rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    "logits", [[0.0] * 10, [1000.0, *[0.0] * 9], [-1000.0, *[0.0] * 9], [*range(10)]]
)
def test_softmax(engine, logits):
    found = engine.evaluate("(logits) => [...network.softmax(logits)]", logits)
    np.testing.assert_allclose(found, softmax(np.array([logits], np.float64))[0], atol=1e-15)
    assert sum(found) == pytest.approx(1, abs=1e-12)


NUMBERS = [-7.0, -0.5, 0.49, 0.5, 1.5, 2.5, 2.51, 4.4, 4.6, 7.5, 8.5, 9.5, 12.5]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_neurons_number_becomes_a_digit_as_in_python(engine, number):
    found = engine.evaluate("(number) => network.predictedDigit([number])", number)
    assert found == predicted_digits(np.array([[number]], np.float32))[0]


def test_of_equal_scores_the_first_wins_as_in_python(engine):
    scores = [0, 3, 1, 3, 0, 0, 0, 0, 0, 0]
    found = engine.evaluate("(scores) => network.predictedDigit(Float32Array.from(scores))", scores)
    assert found == predicted_digits(np.array([scores], np.float32))[0] == 1


def test_a_stage_keeps_what_is_no_tensor(engine):
    stage = {
        "stage": "x",
        "accuracy": None,
        "layers": [{"kind": "relu"}, {"padding": 1, "b": None}],
    }
    text = json.dumps({"version": "1", "stages": [stage]})
    found = engine.evaluate("(text) => network.decodeStages(JSON.parse(text))", text)
    assert found == [stage]
