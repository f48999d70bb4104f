def momentum_step(weights, velocity, gradient, learning_rate, momentum):
    new_velocity = momentum * velocity + gradient
    return weights - learning_rate * gradient, new_velocity
