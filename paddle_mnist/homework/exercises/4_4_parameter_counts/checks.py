from paddle_mnist.homework.checking import Answer

# The stages of the course and their published numbers of parameters.
MLP = [("flatten",), ("linear", 784, 512, True), ("relu",), ("linear", 512, 10, True)]
CNN = [
    *(("conv", 1, 8, 5, False), ("pool", 2), ("batch_norm", 8), ("relu",)),
    *(("conv", 8, 32, 5, False), ("pool", 2), ("batch_norm", 32), ("relu",)),
    *(("flatten",), ("linear", 512, 128, True), ("relu",), ("linear", 128, 10, True)),
]
DEEP_CNN = [
    *(("conv", 1, 32, 3, True), ("relu",), ("pool", 2)),
    *(("conv", 32, 64, 3, True), ("relu",), ("pool", 2)),
    *(("conv", 64, 64, 3, True), ("relu",), ("pool", 2), ("flatten",)),
    *(("linear", 64, 64, True), ("linear", 64, 500, True), ("linear", 500, 10, True)),
]
DROPOUT_CNN = [
    *(("conv", 1, 32, 3, True), ("relu",), ("conv", 32, 64, 3, True), ("relu",), ("pool", 2)),
    *(("flatten",), ("linear", 9216, 128, True), ("relu",), ("linear", 128, 10, True)),
]
# LeNet-5, in the form in which it is usually built today.
LENET = [
    *(("conv", 1, 6, 5, True), ("pool", 2), ("conv", 6, 16, 5, True), ("pool", 2), ("flatten",)),
    *(("linear", 400, 120, True), ("linear", 120, 84, True), ("linear", 84, 10, True)),
]
NETWORKS = ((MLP, 407_050), (CNN, 73_714), (DEEP_CNN, 97_414), (DROPOUT_CNN, 1_199_882))


def check_convolution(answer: Answer) -> None:
    # Four kernels of 3 · 5 · 5 = 75 weights, and four biases.
    mistakes = {
        "no_bias": 300,
        "side_not_squared": 4 * 3 * 5 + 4,
        "channels_in_forgotten": 4 * 5 * 5 + 4,
        "bias_of_inputs": 303,
        "bias_once": 301,
        "bias_for_each_weight": 600,
    }
    answer.expect(answer([("conv", 3, 4, 5, True)]), 304, mistakes)
    answer.expect(answer([("conv", 3, 4, 5, False)]), 300, {"bias_always": 304})


def check_linear(answer: Answer) -> None:
    mistakes = {
        "no_bias": 21,
        "bias_of_inputs": 28,
        "bias_once": 22,
        "bias_for_each_weight": 42,
    }
    answer.expect(answer([("linear", 7, 3, True)]), 24, mistakes)
    answer.expect(answer([("linear", 7, 3, False)]), 21, {"bias_always": 24})


def check_others(answer: Answer) -> None:
    answer.expect(answer([("batch_norm", 8)]), 32, {"learned_only": 16})
    for side in (2, 3):
        mistakes = {"pooling_counted": lambda got: got > 0}
        answer.expect(answer([("pool", side)]), 0, mistakes)
    answer.expect(answer([("relu",)]), 0)
    answer.expect(answer([("flatten",)]), 0)


def check_several(answer: Answer) -> None:
    layers = [("linear", 2, 3, True), ("linear", 3, 5, False), ("conv", 1, 2, 3, False)]
    single = (9, 15, 18)
    mistakes = {"one_layer_only": lambda got: got in single}
    answer.expect(answer(layers), sum(single), mistakes)
    answer.expect(answer([]), 0)


def check_networks(answer: Answer) -> None:
    for layers, expected in (*NETWORKS, (LENET, 61_706)):
        answer.expect(answer(layers), expected)
