from paddle_mnist.homework.accuracy import (
    Goal,
    expect_accuracy,
    expect_network,
    expect_parameters,
    measured,
)
from paddle_mnist.homework.checking import Answer

BUDGET = 20_000
GOALS = {"mnist": Goal(validation=0.988, test=0.99), "sample": Goal(validation=0.96, test=0.96)}


def check_network(answer: Answer) -> None:
    expect_network(answer, measured(answer))


def check_parameters(answer: Answer) -> None:
    expect_parameters(answer, measured(answer), BUDGET)


def check_accuracy(answer: Answer) -> None:
    expect_accuracy(answer, measured(answer), GOALS)
