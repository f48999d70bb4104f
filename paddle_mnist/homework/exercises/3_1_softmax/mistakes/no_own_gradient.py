def softmax(logits):
    powers = (logits - logits.max(axis=1, keepdim=True)).exp()
    return powers / powers.sum(axis=1, keepdim=True).detach()
