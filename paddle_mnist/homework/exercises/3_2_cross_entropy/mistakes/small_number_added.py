import paddle
import paddle.nn.functional as F


def cross_entropy(logits, labels):
    probabilities = F.softmax(logits)
    chosen = probabilities[paddle.arange(len(labels)), labels]
    return -(chosen + 1e-8).log().mean()
