def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            channels_in, channels_out, side, has_bias = sizes
            total += channels_out * channels_in * side * side
            total += has_bias
        elif kind == "linear":
            inputs, outputs, has_bias = sizes
            total += inputs * outputs
            total += has_bias
        elif kind == "batch_norm":
            total += 4 * sizes[0]
    return total
