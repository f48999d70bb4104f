def best_epoch_and_stop(validation_losses, patience):
    lowest, best, waited = float("inf"), 0, 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < lowest:
            lowest, best, waited = loss, epoch, 0
        else:
            waited += 1
            if waited == patience:
                return validation_losses.index(min(validation_losses)) + 1, epoch
    return best, len(validation_losses)
