def best_epoch_and_stop(validation_losses, patience):
    lowest, best, waited = validation_losses[0], 1, 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < lowest:
            lowest, best, waited = loss, epoch, 0
        else:
            waited += 1
            if waited == patience:
                return best, epoch
    return best, len(validation_losses)
