"""Weights, optimiser and random numbers as arrays and JSON values, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle
from paddle import nn

from paddle_mnist.runs.folder import Run, Tensors
from paddle_mnist.runs.record import Record, is_of_kind
from paddle_mnist.system.errors import RunError

_MOST_NAMES = 20  # in an error; a file of anybody's may hold any number of tensors


def weights_of(network: nn.Layer) -> Tensors:
    """A network's weights and running averages, by name."""
    return {name: tensor.numpy() for name, tensor in network.state_dict().items()}


def load_weights(network: nn.Layer, weights: Tensors) -> None:
    """Put weights into a network.

    Raises:
        RunError: names or shapes are not those of the network, or an array is not float32, or holds
            something else than finite numbers.
    """
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = {name: array.shape for name, array in weights.items()}
    if expected != found:
        differing = sorted(set(expected.items()) ^ set(found.items()))
        raise RunError(
            "the weights belong to another network; they differ in "
            + ", ".join([*dict.fromkeys(f"{name:.80}" for name, _shape in differing)][:_MOST_NAMES])
        )
    others = [name for name, array in weights.items() if array.dtype != np.float32]
    if others:
        kind = weights[others[0]].dtype
        raise RunError(f"the weights {', '.join(others)} are {kind}; expected float32")
    useless = [name for name, array in weights.items() if not np.isfinite(array).all()]
    if useless:
        raise RunError(
            f"the weights {', '.join(useless)} hold values that are not numbers, or infinite; "
            "train again"
        )
    state: dict[str, Any] = dict(weights)  # Paddle takes arrays too, though its types do not say so
    network.set_state_dict(state)


def optimizer_state(optimizer: paddle.optimizer.Optimizer) -> tuple[Tensors, Record]:
    """An optimiser's running averages, and the state of its learning-rate schedule.

    Paddle numbers the names of these averages through the whole process; build and train under
    `paddle.utils.unique_name.guard()` so that they are the same the next time.
    """
    state = optimizer.state_dict()
    schedule = state.pop("LR_Scheduler", {})
    return {name: tensor.numpy() for name, tensor in state.items()}, schedule


def load_optimizer_state(
    optimizer: paddle.optimizer.Optimizer, averages: Tensors, schedule: Record
) -> None:
    """Put back what `optimizer_state` returned, before the first step of a new optimiser.

    Raises:
        RunError: they are not those of this optimiser.
    """
    _check_averages(optimizer, averages)
    _check_schedule(optimizer.state_dict().get("LR_Scheduler", {}), schedule)
    state: dict[str, Any] = {name: paddle.to_tensor(array) for name, array in averages.items()}
    if schedule:
        state["LR_Scheduler"] = schedule
    optimizer.set_state_dict(state)


def _check_averages(optimizer: paddle.optimizer.Optimizer, averages: Tensors) -> None:
    # Paddle itself would notice only at the first step, or not at all.
    shapes = {each.name: tuple(each.shape) for each in optimizer._parameter_list if each.trainable}
    kinds: dict[str, set[str]] = {name: set() for name in shapes}
    for name, array in averages.items():
        owner = next((owner for owner in shapes if name.startswith(f"{owner}_")), None)
        # As large as the parameter, or one number for all of it.
        if owner is None or array.dtype != np.float32 or array.shape not in ((1,), shapes[owner]):
            raise RunError(
                "the optimiser's state is damaged, or of another network: it holds "
                f"{name!a:.80}, {array.dtype} {list(array.shape)}; train again"
            )
        kinds[owner].add(name[len(owner) :])
    if len(set(map(frozenset, kinds.values()))) > 1:
        raise RunError(
            "the optimiser's state is damaged, or of another network: it does not hold the same "
            "of each parameter; train again"
        )


def _check_schedule(expected: Record, schedule: Any) -> None:
    fits = isinstance(schedule, dict) and schedule.keys() == expected.keys()
    if not fits or not all(is_of_kind(value, "float | None") for value in schedule.values()):
        raise RunError(
            f"the learning rate's state is damaged: {schedule!a:.80}, expected numbers for "
            f"{', '.join(expected) or 'nothing'}; train again"
        )


def random_state(random: np.random.Generator) -> Record:
    """The state of everything random, as JSON values: NumPy's generator, and Paddle's."""
    device, seed, offset, engine = paddle.get_rng_state()[0].__getstate__()
    # The engine's state is text, given as a list of its bytes.
    return {
        "numpy": random.bit_generator.state,
        "paddle": [device, seed, offset, bytes(engine).decode("ascii")],
    }


def restore_random_state(random: np.random.Generator, saved: Record) -> None:
    """Put back what `random_state` returned."""
    random.bit_generator.state = saved["numpy"]
    device, seed, offset, engine = saved["paddle"]
    kind = type(paddle.get_rng_state()[0])
    # Paddle's state object takes a state only while it is new.
    state = kind.__new__(kind)
    state.__setstate__((device, seed, offset, list(engine.encode("ascii"))))
    paddle.set_rng_state([state])


def training_state(
    network: nn.Layer, optimizer: paddle.optimizer.Optimizer, random: np.random.Generator
) -> tuple[Tensors, Record]:
    """What a training is continued from: the tensors to save, and entries of `run.json`."""
    averages, schedule = optimizer_state(optimizer)
    tensors = {f"network/{name}": array for name, array in weights_of(network).items()}
    tensors.update({f"optimizer/{name}": array for name, array in averages.items()})
    return tensors, {"random": random_state(random), "schedule": schedule}


def restore(
    run: Run, network: nn.Layer, optimizer: paddle.optimizer.Optimizer, random: np.random.Generator
) -> Tensors:
    """Put a new network, its optimiser and random numbers to where a run ends.

    Returns:
        The weights to use so far, which need not be the last ones.

    Raises:
        RunError: the run is damaged.
    """
    model, state = run.model(), run.state()
    run.seen()  # refuses a damaged one
    parts: dict[str, Tensors] = {"network": {}, "optimizer": {}}
    for name, array in state.items():
        part, _, rest = name.partition("/")
        parts.setdefault(part, {})[rest] = array
    try:
        load_weights(network, model)  # which may be used only after the last epoch
        load_weights(network, parts["network"])
        load_optimizer_state(optimizer, parts["optimizer"], run.record["schedule"])
        restore_random_state(random, run.record["random"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RuntimeError) as error:
        # What Python, NumPy and Paddle say of a state that is none of theirs.
        raise RunError(
            f"the run in {run.folder} is damaged: {error!a:.200}; train again"
        ) from error
    return model
