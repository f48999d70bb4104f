"""The networks, one a file. Each takes float32 [N, 784] or [N, 28, 28] and returns logits."""
