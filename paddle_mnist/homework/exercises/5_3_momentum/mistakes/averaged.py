def momentum_step(weights, velocity, gradient, learning_rate, momentum):
    new_velocity = momentum * velocity + (1 - momentum) * gradient
    return weights - learning_rate * new_velocity, new_velocity
