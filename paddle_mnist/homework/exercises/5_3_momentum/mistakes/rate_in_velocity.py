def momentum_step(weights, velocity, gradient, learning_rate, momentum):
    new_velocity = momentum * velocity + learning_rate * gradient
    return weights - new_velocity, new_velocity
