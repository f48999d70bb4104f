"""The loop: every image counts once, the same seed gives the same weights, bad losses stop it."""

from __future__ import annotations

from functools import partial

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_mnist.core.augmentation import RandomAffine
from paddle_mnist.core.callbacks import Validate
from paddle_mnist.core.loop import Batches, Callback, evaluate, fit, train_step
from paddle_mnist.core.losses import cross_entropy, square_error
from paddle_mnist.core.stages import build_network
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import Split
from paddle_mnist.system.errors import TrainingError
from paddle_mnist.system.runtime import set_seed


def random_split(count: int, seed: int = 0) -> Split:
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (count, 28, 28), dtype=np.uint8)
    return Split(images, random.integers(0, 10, count, dtype=np.int64))


def weights_of(network: nn.Layer) -> dict[str, np.ndarray]:
    return {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}


def assert_equal_weights(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def step_of(network: nn.Layer, rate: float = 0.01, loss_function=cross_entropy):
    optimizer = paddle.optimizer.SGD(rate, network.parameters())
    return partial(train_step, network, loss_function, optimizer)


def trained(
    seed: int = 0,
    epochs: int = 2,
    stage: str = "mlp",
    *,
    rate: float = 0.01,
    train: Split | None = None,
    validation: Split | None = None,
    batch_size: int = 8,
    augment=None,
    callbacks=(),
    history=(),
):
    """A small training from the start; returns the network and its progress."""
    random = set_seed(seed)
    network = build_network(stage)
    loss_function = square_error if stage == "linear" else cross_entropy
    batches = Batches(train or random_split(37), batch_size, random, augment)
    validate = [Validate(network, loss_function, validation)] if validation else []
    progress = fit(
        step_of(network, rate, loss_function),
        batches,
        epochs,
        callbacks=[*validate, *callbacks],
        history=history,
    )
    return network, progress


# evaluate


@pytest.mark.parametrize("count, batch_size", [(37, 8), (37, 37), (37, 36), (5, 500), (1, 1)])
def test_evaluate_counts_every_image_once(count, batch_size):
    set_seed(0)
    network, split = build_network("mlp"), random_split(count)
    x = split.images.reshape(count, 784) / 255.0
    weights = {name: array.astype(np.float64) for name, array in weights_of(network).items()}
    hidden = np.maximum(x @ weights["hidden.weight"] + weights["hidden.bias"], 0)
    logits = hidden @ weights["output.weight"] + weights["output.bias"]
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(count), split.labels]
    correct = int((logits.argmax(axis=1) == split.labels).sum())

    found = evaluate(network, cross_entropy, split, batch_size)

    assert found.loss == pytest.approx(losses.mean(), rel=1e-5)
    assert (found.correct, found.count) == (correct, count)
    assert found.accuracy == correct / count
    np.testing.assert_allclose(found.outputs, logits, atol=1e-5)


def test_evaluate_of_the_linear_stage_rounds():
    network = build_network("linear")
    network.neuron.weight.set_value(np.zeros((784, 1), np.float32))
    network.neuron.bias.set_value(np.array([3.6], np.float32))
    split = Split(random_split(4).images, np.array([4, 4, 3, 9]))
    found = evaluate(network, square_error, split)
    assert (found.correct, found.accuracy) == (2, 0.5)
    assert found.loss == pytest.approx((0.16 + 0.16 + 0.36 + 29.16) / 4, rel=1e-5)
    assert found.outputs.shape == (4, 1)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("stage", ["cnn", "tuned-cnn"])
def test_evaluate_changes_nothing_in_the_network(stage, training):
    network = build_network(stage)
    network.train() if training else network.eval()
    before = weights_of(network)
    first = evaluate(network, cross_entropy, random_split(9), 4)
    assert_equal_weights(weights_of(network), before)
    assert all(layer.training == training for layer in network.sublayers(include_self=True))
    assert all(tensor.grad is None for tensor in network.parameters())
    # Dropout and the batch's own statistics are off: again, and in other batches, the same.
    second = evaluate(network, cross_entropy, random_split(9), 9)
    np.testing.assert_allclose(second.outputs, first.outputs, atol=1e-5)


def test_evaluate_prepares_no_gradients():
    asked = []

    def loss_function(outputs, labels):
        asked.append((paddle.is_grad_enabled(), outputs.stop_gradient))
        return cross_entropy(outputs, labels)

    evaluate(build_network("mlp"), loss_function, random_split(5), 2)
    assert asked == 3 * [(False, True)]
    assert paddle.is_grad_enabled()


def test_evaluate_refuses_weights_that_have_become_useless():
    network = build_network("linear")
    network.neuron.weight.set_value(np.full((784, 1), 1e30, np.float32))
    with pytest.raises(TrainingError, match="the loss is inf on 3 images"):
        evaluate(network, square_error, random_split(3))


# train_step


def test_a_step_goes_against_the_gradient():
    set_seed(0)
    network, split = build_network("linear"), random_split(6)
    before = weights_of(network)
    x = split.images.reshape(6, 784) / 255.0
    w, b = before["neuron.weight"].astype(np.float64)[:, 0], before["neuron.bias"][0]
    surplus = x @ w + b - split.labels
    images, labels = norm_img(split.images), paddle.to_tensor(split.labels)
    optimizer = paddle.optimizer.SGD(0.001, network.parameters())

    loss, correct = train_step(network, square_error, optimizer, images, labels)

    # Both are of before the step.
    assert loss == pytest.approx((surplus**2).mean(), rel=1e-5)
    assert correct == (np.rint(x @ w + b).clip(0, 9) == split.labels).sum()
    after = weights_of(network)
    np.testing.assert_allclose(
        after["neuron.weight"][:, 0], w - 0.001 * 2 / 6 * surplus @ x, atol=1e-6
    )
    np.testing.assert_allclose(after["neuron.bias"][0], b - 0.001 * 2 / 6 * surplus.sum(), 1e-4)


def test_gradients_do_not_add_up_over_steps():
    network, split = build_network("linear"), random_split(6)
    images, labels = norm_img(split.images), paddle.to_tensor(split.labels)
    still = paddle.optimizer.SGD(0.0, network.parameters())
    for _step in range(2):
        train_step(network, square_error, still, images, labels)
    square_error(network(images), labels).backward()
    once = network.neuron.weight.grad.numpy()
    network.clear_gradients()
    square_error(network(images), labels).backward()
    np.testing.assert_array_equal(network.neuron.weight.grad.numpy(), once)


# fit


class Recorder(Callback):
    """Notes what was called, and with which epoch."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []
        self.losses: list[float] = []

    def on_train_begin(self, progress):
        self.calls.append(("train begin", progress.epoch))

    def on_epoch_begin(self, progress):
        self.calls.append(("epoch begin", progress.epoch))

    def on_batch_end(self, progress):
        self.calls.append(("batch", progress.epoch))
        self.losses.append(progress.loss)

    def on_epoch_end(self, progress):
        self.calls.append(("epoch end", len(progress.history)))


def test_each_epoch_trains_on_every_image_once_in_another_order():
    seen, train = [], random_split(37)

    def note(rows, random):
        seen.append(rows.numpy())
        return rows

    trained(train=train, batch_size=8, augment=note)
    assert [len(batch) for batch in seen] == 2 * [8, 8, 8, 8, 5]
    expected = norm_img(train.images).numpy()
    first, second = np.concatenate(seen[:5]), np.concatenate(seen[5:])
    for epoch in (first, second):
        order = [int(np.flatnonzero((expected == row).all(axis=1))[0]) for row in epoch]
        assert sorted(order) == list(range(37))
        assert order != sorted(order)
    assert (first != second).any()


def test_images_keep_their_own_labels():
    # Each image shows its label as brightness, so that one neuron can read it exactly.
    labels = np.arange(40) % 10
    images = np.repeat(labels * 25, 784).reshape(40, 28, 28).astype(np.uint8)
    train = Split(images, labels)
    network, _progress = trained(stage="linear", rate=0.001, epochs=300, train=train)
    assert evaluate(network, square_error, train).accuracy == 1


def test_the_last_small_batch_is_trained_on():
    class CountsSteps(paddle.optimizer.SGD):
        steps = 0

        def step(self):
            self.steps += 1
            super().step()

    random = set_seed(0)
    network = build_network("mlp")
    optimizer = CountsSteps(0.01, network.parameters())
    step = partial(train_step, network, cross_entropy, optimizer)
    progress = fit(step, Batches(random_split(9), 8, random), epochs=1)
    assert progress.batches == 2
    assert optimizer.steps == 2


def test_the_loss_of_an_epoch_is_weighted_by_the_size_of_the_batches():
    # At a rate of 0 the network stays, so that the epoch's mean must be the data's mean.
    train = random_split(37)
    network, progress = trained(rate=0.0, epochs=1, train=train, batch_size=16)
    measured = evaluate(network, cross_entropy, train)
    assert progress.history[0]["loss"] == pytest.approx(measured.loss, rel=1e-5)
    assert progress.history[0]["accuracy"] == pytest.approx(measured.accuracy)


def test_training_lowers_the_loss():
    _network, progress = trained(epochs=10, rate=0.1)
    losses = [row["loss"] for row in progress.history]
    assert losses[-1] < losses[0] / 2


def test_history_has_a_row_for_each_epoch():
    validation = random_split(11, 1)
    network, progress = trained(epochs=3, validation=validation)
    assert [row["epoch"] for row in progress.history] == [1, 2, 3]
    for row in progress.history:
        assert set(row) == {
            "epoch", "loss", "accuracy", "losses", "validation_loss", "validation_accuracy",
            "seconds",
        }  # fmt: skip
        assert row["seconds"] > 0
    measured = evaluate(network, cross_entropy, validation)
    assert progress.history[-1]["validation_loss"] == measured.loss
    assert progress.history[-1]["validation_accuracy"] == measured.accuracy


def test_without_callbacks_the_rows_are_of_the_training_alone():
    _network, progress = trained(epochs=1)
    assert set(progress.history[0]) == {"epoch", "loss", "accuracy", "losses", "seconds"}


def test_the_losses_within_an_epoch_are_those_of_its_batches():
    seen = []

    class Collect(Callback):
        def on_batch_end(self, progress):
            seen.append(progress.losses[-1])

    _network, progress = trained(epochs=1, callbacks=[Collect()])
    (row,) = progress.history
    assert len(seen) == 5
    # 37 images in batches of 8 are 5 batches, so each is a part of its own.
    assert row["losses"] == pytest.approx(seen)
    assert row["loss"] == pytest.approx((8 * sum(seen[:4]) + 5 * seen[4]) / 37)


@pytest.mark.parametrize("stage", ["linear", "cnn", "tuned-cnn"])
def test_one_image_is_enough(stage):
    one = random_split(1)
    network, progress = trained(stage=stage, train=one, validation=one, epochs=2, rate=1e-4)
    assert len(progress.history) == 2
    assert all(np.isfinite(array).all() for array in weights_of(network).values())


@pytest.mark.parametrize("stage", ["mlp", "tuned-cnn"])
def test_the_same_seed_gives_the_same_weights(stage):
    options = {"stage": stage, "train": random_split(9), "batch_size": 4, "epochs": 1}
    first, _ = trained(seed=4, augment=RandomAffine(), **options)
    second, _ = trained(seed=4, augment=RandomAffine(), **options)
    other, _ = trained(seed=5, augment=RandomAffine(), **options)
    assert_equal_weights(weights_of(first), weights_of(second))
    assert all(
        (array != weights_of(other)[name]).any() for name, array in weights_of(first).items()
    )


def test_augmentation_changes_what_the_network_learns_from():
    plain, _ = trained(epochs=1)
    augmented, _ = trained(epochs=1, augment=RandomAffine())
    assert (plain.hidden.weight.numpy() != augmented.hidden.weight.numpy()).any()


def test_augmentation_gets_the_trainings_generator():
    given = []

    def note(rows, random):
        given.append(random)
        return rows

    generator = np.random.default_rng(0)
    list(Batches(random_split(5), 2, generator, note))
    assert len(given) == 3
    assert all(random is generator for random in given)


def test_validation_images_are_not_augmented():
    def darken(rows, random):
        return rows * 0

    validation = random_split(8, 1)
    network, progress = trained(epochs=1, validation=validation, augment=darken)
    measured = evaluate(network, cross_entropy, validation)
    assert progress.history[0]["validation_loss"] == measured.loss


def test_a_training_goes_on_after_its_history():
    whole, whole_progress = trained(epochs=3)

    random = set_seed(0)
    network = build_network("mlp")
    step, batches, recorder = step_of(network), Batches(random_split(37), 8, random), Recorder()
    given = list(fit(step, batches, epochs=1).history)
    second = fit(step, batches, epochs=3, history=given, callbacks=[recorder])

    assert_equal_weights(weights_of(network), weights_of(whole))
    assert [row["epoch"] for row in second.history] == [1, 2, 3]
    assert [row["loss"] for row in second.history] == [r["loss"] for r in whole_progress.history]
    assert [call for call in recorder.calls if call[0] == "epoch begin"] == [
        ("epoch begin", 2),
        ("epoch begin", 3),
    ]
    assert len(given) == 1  # the caller's list stays


def test_nothing_is_left_to_do_after_a_full_history():
    _network, done = trained(epochs=2)
    recorder = Recorder()
    network, progress = trained(epochs=2, history=done.history, callbacks=[recorder])
    assert progress.history == done.history
    assert recorder.calls == [("train begin", 0)]
    set_seed(0)
    assert_equal_weights(weights_of(network), weights_of(build_network("mlp")))


def test_callbacks_are_called_in_order():
    recorder = Recorder()
    trained(epochs=2, train=random_split(5), batch_size=2, callbacks=[recorder])
    expected = [("train begin", 0)]
    for epoch in (1, 2):
        expected += [("epoch begin", epoch), *3 * [("batch", epoch)], ("epoch end", epoch)]
    assert recorder.calls == expected


def test_a_callback_can_end_the_training():
    class Enough(Callback):
        def on_epoch_end(self, progress):
            if progress.epoch == 2:
                progress.stop_reason = "enough"

    _network, progress = trained(epochs=5, callbacks=[Enough()])
    assert len(progress.history) == 2
    assert progress.stop_reason == "enough"


def test_a_callback_can_end_the_training_before_it_begins():
    class Done(Callback):
        def on_train_begin(self, progress):
            progress.stop_reason = "done before"

    _network, progress = trained(callbacks=[Done()])
    assert progress.history == []


def test_dropout_and_normalisation_are_in_training_mode_after_each_validation():
    modes = []
    network = build_network("cnn")
    network.eval()  # as a network that was measured before
    train = step_of(network)

    def step(images, labels):
        found = train(images, labels)
        modes.append(network.training)
        return found

    batches = Batches(random_split(4), 4, np.random.default_rng(0))
    fit(step, batches, 2, callbacks=[Validate(network, cross_entropy, random_split(4))])
    assert modes == [True, True]


def test_any_function_of_a_batch_is_a_step():
    batches = Batches(random_split(9), 4, np.random.default_rng(0))
    progress = fit(lambda images, labels: (0.5, len(labels)), batches, epochs=2)
    assert [(row["loss"], row["accuracy"]) for row in progress.history] == [(0.5, 1.0)] * 2


def test_a_loss_that_is_no_number_stops_with_advice():
    with pytest.raises(TrainingError) as error:
        trained(stage="linear", rate=1e30)
    text = str(error.value)
    assert "the loss became" in text
    assert "in epoch 1, batch" in text
    assert text.endswith("the steps were too large; try a learning rate lower than now")


def test_a_loss_that_is_no_number_stops_though_an_epoch_is_one_batch():
    # The loss before the only step is fine; the weights after it are not.
    with pytest.raises(TrainingError, match="lower learning rate"):
        trained(stage="linear", rate=1e30, batch_size=37, validation=random_split(5), epochs=1)
