def best_epoch_and_stop(
    validation_losses: list[float],
    patience: int,
) -> tuple[int, int]:
    """The best epoch, and the epoch after which training ends, both counted from 1."""
    ...
