import numpy as np


def gradient(weights: np.ndarray, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The gradient [P] of the mean square error of one neuron with weights [P]."""
    errors = images @ weights - labels  # [n]
    return 2 / len(labels) * images.T @ errors  # [P]


def go_on(state: dict, images: np.ndarray, labels: np.ndarray, steps: int) -> dict:
    """Train for more steps on images [N, P] and labels [N]; return the new state."""
    random = np.random.default_rng()
    random.bit_generator.state = state["random"]
    weights, velocity = state["weights"], state["velocity"]
    done = state["step"] + steps
    for step in range(state["step"], done):
        chosen = random.integers(0, len(images), 4)  # [4]
        # New arrays: `-=` would change those of the old state.
        velocity = 0.9 * velocity + gradient(weights, images[chosen], labels[chosen])
        weights = weights - 0.05 * 0.9**step * velocity  # [P]
    return {
        "weights": weights,
        "velocity": velocity,
        "step": done,
        "random": random.bit_generator.state,
    }
