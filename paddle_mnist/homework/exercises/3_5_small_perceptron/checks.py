from paddle_mnist.homework.accuracy import (
    Goal,
    expect_accuracy,
    expect_network,
    expect_no_convolution,
    expect_parameters,
    measured,
)
from paddle_mnist.homework.checking import Answer

BUDGET = 50_000
GOALS = {"mnist": Goal(validation=0.975, test=0.975), "sample": Goal(validation=0.92, test=0.92)}


def check_network(answer: Answer) -> None:
    expect_network(answer, measured(answer))


def check_parameters(answer: Answer) -> None:
    expect_parameters(answer, measured(answer), BUDGET)


def check_layers(answer: Answer) -> None:
    expect_no_convolution(answer, measured(answer))


def check_accuracy(answer: Answer) -> None:
    expect_accuracy(answer, measured(answer), GOALS)
