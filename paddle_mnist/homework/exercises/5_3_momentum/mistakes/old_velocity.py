def momentum_step(weights, velocity, gradient, learning_rate, momentum):
    new_weights = weights - learning_rate * velocity
    return new_weights, momentum * velocity + gradient
