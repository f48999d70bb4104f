def softmax(logits):
    powers = logits.exp()
    return powers / powers.sum()
