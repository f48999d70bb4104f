def training_step(network, optimizer, images, labels):
    targets = labels.astype("float32").reshape([-1, 1])
    loss = ((network(images) - targets) ** 2).mean()
    optimizer.step()
    loss.backward()
    optimizer.clear_grad()
    return float(loss)
