"""The tasks as users of PyTorch do them who care for speed: plain loops over tensors in memory."""

from __future__ import annotations

import time
from typing import Any, Callable

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

from compare.arrays import read_arrays
from compare.networks import Layer, read_network
from compare.worker import Action

VERSION = f"PyTorch {torch.__version__}"
EVALUATION_BATCH = 500


# How each kind of layer is made here.
LAYERS: dict[str, Callable[[Layer], nn.Module]] = {
    "convolution": lambda one: nn.Conv2d(
        one["inputs"], one["outputs"], one["kernel"], padding=one["padding"], bias=one["bias"]
    ),
    "max_pool": lambda _one: nn.MaxPool2d(2),
    "batch_norm": lambda one: nn.BatchNorm2d(one["channels"]),
    "relu": lambda _one: nn.ReLU(),
    "dropout": lambda one: nn.Dropout(one["share"]),
    "flatten": lambda _one: nn.Flatten(),
    "linear": lambda one: nn.Linear(one["inputs"], one["outputs"]),
}


def build_network(stage: str) -> nn.Module:
    """The network of a stage, for images [N, 1, 28, 28]; its weights are named as the package's."""
    network = nn.Sequential()
    for one in read_network(stage):
        part, _, name = one["name"].rpartition(".")
        if part and not hasattr(network, part):
            network.add_module(part, nn.Sequential())
        (getattr(network, part) if part else network).add_module(name, LAYERS[one["kind"]](one))
    return network


def build_fast_network() -> nn.Module:
    """The network of github.com/tuomaso/train_mnist_fast, 215,194 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 24, 5),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(24, 32, 3),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(800, 256),
        nn.ReLU(),
        nn.Linear(256, 10),
    )


def build_optimizer(stage: str, network: nn.Module) -> torch.optim.Optimizer:
    """The optimiser of a stage, with the constants of Keras, from which the recipes come.

    One call for all parameters (foreach, fused) is quicker than one for each.
    """
    parameters = list(network.parameters())
    if stage == "cnn":
        return torch.optim.Adam(parameters, 0.001, fused=True)
    if stage == "dropout-cnn":
        return torch.optim.Adadelta(parameters, 1.0, rho=0.95, eps=1e-7, foreach=True)
    return torch.optim.RMSprop(parameters, 0.001, alpha=0.9, eps=1e-7, foreach=True)


def laid_out(network: nn.Module, channels_last: bool) -> nn.Module:
    """The network with its weights in one of the two orders that PyTorch's convolutions know."""
    return network.to(memory_format=torch.channels_last) if channels_last else network


def train(folder: str, stage: str, batch_size: int, threads: int, channels_last: bool) -> Action:
    """Train a stage's network for one epoch over the images in a folder."""
    torch.set_num_threads(threads)
    images, labels = (torch.from_numpy(array) for array in read_arrays(folder))
    network = laid_out(build_network(stage), channels_last).train()
    optimizer = build_optimizer(stage, network)

    def action() -> None:
        correct, loss_sum = 0, 0.0
        order = torch.randperm(len(labels))
        for chosen in order.split(batch_size):
            batch, batch_labels = images[chosen].unsqueeze(1).float().div_(255), labels[chosen]
            if channels_last:
                batch = batch.contiguous(memory_format=torch.channels_last)
            optimizer.zero_grad(set_to_none=True)
            logits = network(batch)
            loss = F.cross_entropy(logits, batch_labels)
            loss.backward()
            optimizer.step()
            loss_sum += loss.item()
            correct += int((logits.argmax(1) == batch_labels).sum())

    return action


def train_wholly(
    train: str, test: str, seed: int, epochs: int, threads: int, channels_last: bool
) -> Action:
    """The recipe of github.com/tuomaso/train_mnist_fast; only its training is timed.

    Adam with betas 0.7 and 0.9, batches of 256, one cycle up to 0.01 and down again, images
    normalised and shuffled once beforehand.

    Args:
        train: the folder of the training images.
        test: the folder of the test images.
        seed: 0 or more.
        epochs: 1 as it was published.
        threads: 1 or more.
        channels_last: see `laid_out`.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    images, labels = normalised(train)
    order = torch.randperm(len(labels))
    images, labels = images[order], labels[order]
    test_images, test_labels = normalised(test)
    if channels_last:
        images = images.contiguous(memory_format=torch.channels_last)
    network = laid_out(build_fast_network(), channels_last)
    batches = list(zip(images.split(256), labels.split(256)))

    def action() -> dict[str, Any]:
        started = time.perf_counter()
        optimizer = torch.optim.Adam(network.parameters(), 0.01, betas=(0.7, 0.9), fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 0.01, total_steps=epochs * len(batches), cycle_momentum=False
        )
        for batch, batch_labels in epochs * batches:
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(network(batch), batch_labels).backward()
            optimizer.step()
            schedule.step()
        seconds = time.perf_counter() - started
        with torch.inference_mode():
            digits = torch.cat([network(part).argmax(1) for part in test_images.split(1000)])
        accuracy = (digits == test_labels).float().mean()
        return {"training_seconds": seconds, "accuracy": float(accuracy)}

    return action


def normalised(folder: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Images float32 [N, 1, 28, 28] with the mean 0 and the deviation 1, and their labels."""
    images, labels = (torch.from_numpy(array) for array in read_arrays(folder))
    return images.unsqueeze(1).float().div_(255).sub_(0.1307).div_(0.3081), labels


def load_weights(network: nn.Module, weights: str) -> None:
    """Put weights of this package into the same network of PyTorch's layers.

    Paddle stores the weights of linear layers the other way round, and calls the running averages
    of batch normalisation otherwise.
    """
    state = {}
    for name, tensor in load_file(weights).items():
        theirs = name.replace("._mean", ".running_mean").replace("._variance", ".running_var")
        state[theirs] = tensor.t() if tensor.dim() == 2 else tensor
    missing, unexpected = network.load_state_dict(state, strict=False)
    # PyTorch counts batches, which changes nothing while reading.
    lost = [name for name in missing if not name.endswith("num_batches_tracked")]
    if lost or unexpected:
        raise ValueError(f"weights that do not fit: {', '.join([*lost, *unexpected])}")


def load_reader(stage: str, weights: str, channels_last: bool) -> nn.Module:
    """The network of a stage with its weights, ready to read."""
    network = build_network(stage)
    load_weights(network, weights)
    return laid_out(network, channels_last).eval()


def evaluate(
    folder: str, stage: str, weights: str, outputs: str, threads: int, channels_last: bool
) -> Action:
    """Read all images in a folder, and leave the outputs in a file."""
    torch.set_num_threads(threads)
    images = torch.from_numpy(read_arrays(folder)[0])
    network = load_reader(stage, weights, channels_last)

    def read_all() -> np.ndarray:
        found = []
        with torch.inference_mode():
            for part in images.split(EVALUATION_BATCH):
                batch = part.unsqueeze(1).float().div_(255)
                if channels_last:
                    batch = batch.contiguous(memory_format=torch.channels_last)
                found.append(network(batch))
        return torch.cat(found).numpy()

    np.save(outputs, read_all())

    def action() -> None:
        read_all()

    return action


def prepared(picture: str) -> np.ndarray:
    """A picture file as uint8 [1, 28, 28], by the preparation of this package, which is NumPy."""
    # Only here: nothing else that is measured needs the package or Pillow.
    from paddle_mnist.images import load_image

    return load_image(picture)


def probabilities(network: nn.Module, image: np.ndarray) -> torch.Tensor:
    """The probabilities [10] of one prepared image, uint8 [1, 28, 28]."""
    with torch.inference_mode():
        pixels = torch.from_numpy(image).float().div_(255)
        return network(pixels.reshape(1, 1, 28, 28)).softmax(1)[0]


def read_pictures(
    stage: str, weights: str, pictures: list[str], times: int, threads: int, channels_last: bool
) -> Action:
    """Read picture files one after the other; the preparation is that of this package."""
    torch.set_num_threads(threads)
    network = load_reader(stage, weights, channels_last)
    probabilities(network, prepared(pictures[0]))

    def action() -> None:
        for path in times * pictures:
            probabilities(network, prepared(path)).argmax()

    return action


def read_prepared(
    stage: str, weights: str, pictures: list[str], times: int, threads: int, channels_last: bool
) -> Action:
    """Read images that are prepared already, one after the other."""
    torch.set_num_threads(threads)
    network = load_reader(stage, weights, channels_last)
    images = [prepared(path) for path in pictures]
    probabilities(network, images[0])

    def action() -> None:
        for image in times * images:
            probabilities(network, image).argmax()

    return action
