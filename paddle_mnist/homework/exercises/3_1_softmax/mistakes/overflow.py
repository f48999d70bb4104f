def softmax(logits):
    powers = logits.exp()
    return powers / powers.sum(axis=1, keepdim=True)
