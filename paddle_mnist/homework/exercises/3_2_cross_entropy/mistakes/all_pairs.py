def cross_entropy(logits, labels):
    shifted = logits - logits.max(axis=1, keepdim=True)
    log_probabilities = shifted - shifted.exp().sum(axis=1, keepdim=True).log()
    return -log_probabilities[:, labels].mean()
