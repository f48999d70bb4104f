import numpy as np
from paddle import nn

from paddle_mnist.data import load_mnist
from paddle_mnist.homework.checking import Answer, kind_of
from paddle_mnist.runtime import set_seed
from paddle_mnist.transforms import norm_img

# The square error of a neuron that says 4.5 to every picture: ten digits, equally frequent.
NOT_LOOKING = 8.25
# The mean of the digits' squares: the square error of a neuron that says 0 to every picture.
ALWAYS_ZERO = 28.5


def train_and_read(answer, seed):
    """Runs where the answer is: train it on 1,000 images, and show it 500 others."""
    sample = load_mnist("sample")
    train = sample.train.take(slice(1000))
    set_seed(seed)
    returned = answer(train.images.copy(), train.labels.copy())
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        return returned
    neuron, losses = returned
    if not isinstance(neuron, nn.Layer):
        return returned
    outputs = neuron(norm_img(sample.validation.images)).numpy()  # [500, 1]
    return {"losses": losses, "outputs": outputs}


def measured(answer: Answer) -> dict:
    # Once for all checks.
    if "training" not in answer.memory:
        answer.memory["training"] = read_plain(answer, answer.run(train_and_read, 0))
    return answer.memory["training"]


def read_plain(answer: Answer, found) -> dict:
    """The same, with the losses as numbers; other kinds of answers end the check."""
    if found is None:
        answer.wrong("nothing")
    if not isinstance(found, dict):
        parts = found if isinstance(found, (tuple, list)) else [found]
        kinds = ", ".join(kind_of(part) for part in parts)
        answer.wrong("kind", expected_kind="(nn.Layer, list)", got_kind=f"({kinds})")
    losses = found["losses"]
    sizes = [np.size(loss) for loss in losses] if isinstance(losses, (list, tuple)) else []
    if not sizes or set(sizes) != {1} or None in losses:
        answer.wrong("kind", expected_kind="(nn.Layer, list)", got_kind=kind_of(losses))
    losses = np.array([float(np.reshape(loss, ())) for loss in losses])
    return {"losses": losses, "outputs": found["outputs"]}


def check_runs(answer: Answer) -> None:
    measured(answer)


def check_losses(answer: Answer) -> None:
    losses = measured(answer)["losses"]
    first = losses[0]
    if not np.isfinite(losses).all():
        infinite = int(np.argmin(np.isfinite(losses)))
        answer.wrong("overflows", first=first, second=losses[min(1, infinite)], step=infinite)
    # A neuron whose random numbers are small says small numbers.
    if first > 10 * ALWAYS_ZERO:
        answer.wrong("begins_too_high", first=first, last=losses[-63:].mean())
    if first < 5:
        answer.wrong("other_numbers", first=first)


def check_new_images(answer: Answer) -> None:
    found = measured(answer)
    outputs = found["outputs"].reshape(-1)[:500].astype("float64")
    last = float(found["losses"][-63:].mean())
    error = float(((outputs - load_mnist("sample").validation.labels) ** 2).mean())
    answer.note("reached", last=last, error=error)
    if error > NOT_LOOKING - 2:
        least, most = np.quantile(outputs, [0.05, 0.95])
        if most - least < 2:
            answer.wrong("always_the_same", least=least, most=most)
        answer.wrong("new_images_differ", last=last, error=error)
