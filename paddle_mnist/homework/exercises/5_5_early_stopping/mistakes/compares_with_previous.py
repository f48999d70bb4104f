def best_epoch_and_stop(validation_losses, patience):
    previous, best, waited = float("inf"), 0, 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < previous:
            best, waited = epoch, 0
        else:
            waited += 1
            if waited == patience:
                return best, epoch
        previous = loss
    return best, len(validation_losses)
