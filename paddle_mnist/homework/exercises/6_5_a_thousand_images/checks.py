from paddle_mnist.homework.accuracy import (
    Goal,
    expect_accuracy,
    expect_network,
    measured,
)
from paddle_mnist.homework.checking import Answer

OF_EACH_DIGIT = 100
GOALS = {"mnist": Goal(validation=0.975, test=0.98), "sample": Goal(validation=0.975, test=0.97)}


def check_network(answer: Answer) -> None:
    expect_network(answer, measured(answer, OF_EACH_DIGIT))


def check_accuracy(answer: Answer) -> None:
    expect_accuracy(answer, measured(answer, OF_EACH_DIGIT), GOALS)
