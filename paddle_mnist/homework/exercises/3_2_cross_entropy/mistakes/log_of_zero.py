import paddle.nn.functional as F


def cross_entropy(logits, labels):
    powers = (logits - logits.max(axis=1, keepdim=True)).exp()
    probabilities = powers / powers.sum(axis=1, keepdim=True)
    one_hot = F.one_hot(labels, logits.shape[1])
    return -(one_hot * probabilities.log()).sum(axis=1).mean()
