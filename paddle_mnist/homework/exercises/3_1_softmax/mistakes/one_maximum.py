def softmax(logits):
    powers = (logits - logits.max()).exp()
    return powers / powers.sum(axis=1, keepdim=True)
