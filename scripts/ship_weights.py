"""Put trained runs into the package, as the weights that ship.

    python scripts/ship_weights.py runs/linear runs/mlp runs/cnn runs/best

Only weights and what tells where they come from are taken: no state to go on from, and nothing of
the machine that they were trained on but its versions. A network that learned from smoothed labels
is less sure than it may be: the logits of its last layer are divided by the temperature that fits
the validation images, so that 99% means 99 of 100. Weights are stored in 16 bits where all of
MNIST's test images are read the same with them. Needs all of MNIST, found as in training.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # so that it runs without an installed package

from paddle_mnist.runs.folder import MODEL, Run, load_record, save_run
from paddle_mnist.runs.shipped import FOLDER, SEEN_OF_MNIST
from paddle_mnist.system.command_line import Parser, run
from paddle_mnist.system.errors import RunError
from paddle_mnist.system.runtime import prepare

if TYPE_CHECKING:
    import numpy as np

    from paddle_mnist.core.loop import Evaluation
    from paddle_mnist.data import Split
    from paddle_mnist.runs.folder import Tensors

# Of no use without the state of the training, and what tells of the machine.
LEFT_OUT = ("random", "schedule", "processor")
# The largest change of a probability, or of the linear stage's number, that is nothing.
LIMIT = 1e-3
# Tried one after the other: all weights in 16 bits; then only those of as many numbers, because
# the few of a filter are used for each pixel, and what is rounded in them adds up.
SMALLEST = (1, 10_000)


def build_parser() -> Parser:
    """The command's arguments."""
    parser = Parser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a run on MNIST")
    parser.add_argument(
        "--into", type=Path, default=FOLDER, metavar="DIR", help=f"default: {FOLDER}"
    )
    return parser


def ship_all(arguments: argparse.Namespace) -> None:
    """Run the command."""
    prepare(1)  # as the runs were trained, so that nothing is rounded in another way
    write_seen_of_mnist(arguments.into / SEEN_OF_MNIST.name)
    for folder in arguments.runs:
        target = ship(folder, arguments.into)
        record = load_record(target)
        size = (target / MODEL).stat().st_size
        print(
            f"{target.name}: {size / 1e6:.2f} MB, {record['stored_as']}, "
            f"largest change {record['largest_change']:.1e}, test {record['test']}"
        )


def ship(folder: Path, into: Path) -> Path:
    """Copy one run's weights and record into the package; returns the folder there.

    Raises:
        RunError: the run is missing or damaged, was not trained on MNIST, or its weights do not
            read the test images as its record says.
    """
    from paddle_mnist.core.config import Config
    from paddle_mnist.data import fingerprint, load_mnist
    from paddle_mnist.runs.reporting import command_of

    record = load_record(folder)
    mnist = load_mnist(validation=record["config"]["validation"])
    same = fingerprint(mnist.train, mnist.validation, mnist.test) == record["data"]["fingerprint"]
    if not same:
        raise RunError(f"the run in {folder} was not trained on the MNIST that is here")
    model = Run(folder, record).model()
    as_trained = measure(record["stage"], model, mnist.test)
    if as_trained.correct != record["test"]["correct"]:
        raise RunError(
            f"the weights in {folder} read {as_trained.correct:,} test images right, and its "
            f"record says {record['test']['correct']:,}; train it again"
        )
    temperature = None
    if record["config"].get("label_smoothing"):
        temperature = cool(record["stage"], model, mnist.validation)
    model, kind, change, test = stored(record["stage"], model, mnist.test)
    kept = {name: value for name, value in record.items() if name not in LEFT_OUT}
    kept["history"] = [
        {name: value for name, value in row.items() if name != "losses"}
        for row in record["history"]
    ]
    kept["data"] = {**record["data"], "path": "MNIST"}
    config = Config(**{**record["config"], "data": "auto"})
    kept["config"] = dataclasses.asdict(config)
    kept["command"] = command_of(config)
    kept["test"] = {**record["test"], "loss": test.loss}
    kept.update(shipped=True, stored_as=kind, largest_change=change)
    if temperature:
        kept["temperature"] = temperature
    target = into / record["stage"]
    save_run(target, kept, model, None)
    return target


def cool(stage: str, model: Tensors, validation: Split) -> float:
    """Divide the logits by the temperature that fits the validation images; returns it.

    Args:
        stage: whose last layer is linear.
        model: the weights; those of the last layer are changed in place.
        validation: images that the network was not trained on.

    Raises:
        RunError: no temperature fits better than all others.
    """
    from paddle import nn

    from paddle_mnist.core.stages import build_network
    from paddle_mnist.measure.calibration import fit_temperature

    temperature = fit_temperature(measure(stage, model, validation).outputs, validation.labels)
    if isinstance(temperature, str):
        raise RunError(temperature)
    layers = build_network(stage).named_sublayers()
    last = [name for name, layer in layers if isinstance(layer, nn.Linear)][-1]
    for name in (f"{last}.weight", f"{last}.bias"):
        model[name] = (model[name] / temperature).astype(model[name].dtype)
    return temperature


def stored(stage: str, model: Tensors, test: Split) -> tuple[Tensors, str, float, Evaluation]:
    """Weights as they are stored: in 16 bits where nothing is lost by it, else as they are.

    Args:
        stage: whose weights they are.
        model: in 32 bits.
        test: MNIST's test images.

    Returns:
        The weights, "float16" or "float32", the largest change of a probability that this makes,
        and what they read in the test images.
    """
    import numpy as np

    as_it_is = measure(stage, model, test)
    for smallest in SMALLEST:
        half = in_half(model, smallest)
        is_smaller = any(array.dtype == np.float16 for array in half.values())
        if not is_smaller or not all(np.isfinite(array).all() for array in half.values()):
            continue
        rounded = {name: array.astype(np.float32) for name, array in half.items()}
        test_in_half = measure(stage, rounded, test)
        change = largest_change(as_it_is.outputs, test_in_half.outputs)
        if change < LIMIT and same_digits(as_it_is.outputs, test_in_half.outputs):
            return half, "float16", change, test_in_half
    return model, "float32", 0.0, as_it_is


def in_half(model: Tensors, smallest: int) -> Tensors:
    """Weights in 16 bits, but for those of fewer numbers than `smallest`, and running averages.

    Running averages are few, and may lie beyond what 16 bits can hold.
    """
    import numpy as np

    with np.errstate(over="ignore"):  # found out where they are used
        return {
            name: array
            if array.size < smallest or name.endswith(("._mean", "._variance"))
            else array.astype(np.float16)
            for name, array in model.items()
        }


def measure(stage: str, weights: Tensors, test: Split) -> Evaluation:
    """What a stage's network reads with these weights."""
    from paddle_mnist.core.loop import evaluate
    from paddle_mnist.core.losses import LOSSES
    from paddle_mnist.core.stages import STAGES, build_network
    from paddle_mnist.runs.state import load_weights

    network = build_network(stage)
    load_weights(network, weights)
    return evaluate(network, LOSSES[STAGES[stage].loss], test)


def largest_change(outputs: np.ndarray, others: np.ndarray) -> float:
    """The largest change of a probability, or of the linear stage's number; [N, 10] or [N, 1]."""
    from paddle_mnist.core.metrics import softmax

    if outputs.shape[1] > 1:
        outputs, others = softmax(outputs), softmax(others)
    return float(abs(outputs - others).max())


def same_digits(outputs: np.ndarray, others: np.ndarray) -> bool:
    """Whether all digits are read the same, rounded or truncated."""
    from paddle_mnist.core.metrics import predicted_digits

    ways = (False, True) if outputs.shape[1] == 1 else (False,)
    pairs = [
        (predicted_digits(outputs, truncate=way), predicted_digits(others, truncate=way))
        for way in ways
    ]
    return all((digits == other_digits).all() for digits, other_digits in pairs)


def write_seen_of_mnist(path: Path) -> None:
    """Write the hashes of MNIST's training images, which all runs that ship share.

    Raises:
        RunError: MNIST is not here.
    """
    import safetensors.numpy

    from paddle_mnist.data import load_mnist
    from paddle_mnist.data.mnist import DATA_VARIABLE
    from paddle_mnist.runs.seen import seen_images
    from paddle_mnist.system.files import replace_file

    mnist = load_mnist(validation=0.0)
    if not mnist.source.is_mnist or mnist.source.kind == "kaggle":
        raise RunError(f"{mnist.source.path} does not hold MNIST; name it in {DATA_VARIABLE}")
    path.parent.mkdir(parents=True, exist_ok=True)
    hashes = seen_images(mnist.train, mnist.validation)["train"]
    replace_file(path, safetensors.numpy.save({"either": hashes}))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command's entry; returns the exit code."""
    return run(ship_all, build_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
