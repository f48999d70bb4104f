def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            channels_in, channels_out, side, _ = sizes
            total += channels_out * channels_in * side * side
        elif kind == "linear":
            inputs, outputs, _ = sizes
            total += inputs * outputs
        elif kind == "batch_norm":
            total += 4 * sizes[0]
    return total
