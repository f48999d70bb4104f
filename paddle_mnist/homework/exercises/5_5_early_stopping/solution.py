def best_epoch_and_stop(
    validation_losses: list[float],
    patience: int,
) -> tuple[int, int]:
    """The best epoch, and the epoch after which training ends, both counted from 1."""
    lowest, best, waited = float("inf"), 0, 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < lowest:
            lowest, best, waited = loss, epoch, 0
        else:  # equal losses come here, and nan too: it is lower than nothing
            waited += 1
            if waited == patience:
                return best, epoch
    return best, len(validation_losses)
