def best_epoch_and_stop(validation_losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < lowest:
            lowest, waited = loss, 0
        else:
            waited += 1
            if waited == patience:
                return lowest, epoch
    return lowest, len(validation_losses)
