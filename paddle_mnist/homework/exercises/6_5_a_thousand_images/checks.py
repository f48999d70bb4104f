from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.measuring import (
    expect_accuracy,
    expect_network,
    measured,
    train_and_read,
)

OF_EACH_DIGIT = 100
GOALS = {"mnist": 0.975, "sample": 0.975}


def check_network(answer: Answer) -> None:
    expect_network(answer, measured(answer, train_and_read, OF_EACH_DIGIT))


def check_accuracy(answer: Answer) -> None:
    expect_accuracy(answer, measured(answer, train_and_read, OF_EACH_DIGIT), GOALS)
