from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.measuring import (
    expect_accuracy,
    expect_network,
    expect_parameters,
    measured,
    train_and_read,
)

BUDGET = 20_000
GOALS = {"mnist": 0.988, "sample": 0.96}


def check_network(answer: Answer) -> None:
    expect_network(answer, measured(answer, train_and_read))


def check_parameters(answer: Answer) -> None:
    expect_parameters(answer, measured(answer, train_and_read), BUDGET)


def check_accuracy(answer: Answer) -> None:
    expect_accuracy(answer, measured(answer, train_and_read), GOALS)
