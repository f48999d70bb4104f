"""The optimisers and learning-rate schedules that `--optimizer` and the stages name.

The classes are Paddle's own; the constants are those of Keras, from which the recipes come:
RMSprop with rho 0.9 and epsilon 1e-7, Adadelta with rho 0.95, Adam with epsilon 1e-7. Keras adds
RMSprop's epsilon after it takes the square root, Paddle before; so here it is squared, 1e-14.
Paddle is imported only when something is built, so that the names are known without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import paddle
    from paddle.optimizer.lr import LRScheduler


@dataclass(frozen=True)
class Optimizer:
    """How one optimiser is built.

    Attributes:
        class_name: its name in `paddle.optimizer`.
        learning_rate: used where a stage was made for another optimiser.
        constants: further arguments of the class.
    """

    class_name: str
    learning_rate: float
    constants: dict[str, float] = field(default_factory=dict)


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer("SGD", 0.01),
    "momentum": Optimizer("Momentum", 0.01, {"momentum": 0.9}),
    "rmsprop": Optimizer("RMSProp", 0.001, {"rho": 0.9, "epsilon": 1e-14}),
    "adadelta": Optimizer("Adadelta", 1.0, {"rho": 0.95, "epsilon": 1e-7}),
    "adam": Optimizer("Adam", 0.001, {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}),
}

SCHEDULES = ("constant", "one-cycle", "plateau")


def build_schedule(name: str, learning_rate: float, steps: int) -> LRScheduler | float:
    """Build what an optimiser takes as its learning rate.

    Args:
        name: "constant": the rate stays; "one-cycle": up from a tenth of the rate over the first
            quarter of the training, then down to a thousandth of it, one step a batch (L. Smith,
            arXiv:1708.07120; with fewer than 5 steps, too few for a cycle, the rate stays);
            "plateau": half the rate after 3 epochs without a lower validation loss, but never
            under 1e-5, one step an epoch.
        learning_rate: the rate, above 0; for "one-cycle" the highest one.
        steps: batches in the whole training.

    Returns:
        A scheduler of `paddle.optimizer.lr`, or the rate itself where it stays.
    """
    from paddle.optimizer import lr

    # Under 5 steps the first quarter has not even one step, and Paddle's formula divides by zero.
    if name == "one-cycle" and steps >= 5:
        return lr.OneCycleLR(
            learning_rate,
            total_steps=steps,
            divide_factor=10,
            end_learning_rate=learning_rate / 1000,
            phase_pct=0.25,
        )
    if name == "plateau":
        # As in Keras, only a fall by 1e-4 counts: an absolute difference, not a share of the loss.
        # A patience of 3 acts at the third epoch without one there, and an epoch later in Paddle.
        return lr.ReduceOnPlateau(
            learning_rate,
            factor=0.5,
            patience=2,
            threshold=1e-4,
            threshold_mode="abs",
            min_lr=1e-5,
        )
    return learning_rate


def build_optimizer(
    name: str, learning_rate: LRScheduler | float, parameters: list[paddle.Tensor]
) -> paddle.optimizer.Optimizer:
    """Build the optimiser `name` of OPTIMIZERS, which will change these parameters."""
    import paddle

    recipe = OPTIMIZERS[name]
    optimizer_class = getattr(paddle.optimizer, recipe.class_name)
    return optimizer_class(learning_rate, parameters=parameters, **recipe.constants)
