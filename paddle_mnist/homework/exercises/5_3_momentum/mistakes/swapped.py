def momentum_step(weights, velocity, gradient, learning_rate, momentum):
    new_velocity = momentum * velocity + gradient
    return new_velocity, weights - learning_rate * new_velocity
