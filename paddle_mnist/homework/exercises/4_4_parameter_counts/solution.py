def count_parameters(layers: list) -> int:
    """How many numbers layers such as [("conv", 1, 8, 5, False), ("relu",)] store."""
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            channels_in, channels_out, side, has_bias = sizes
            # One kernel for each channel out; it looks at all channels in at once.
            total += channels_out * channels_in * side * side
            if has_bias:
                total += channels_out
        elif kind == "linear":
            inputs, outputs, has_bias = sizes
            total += inputs * outputs
            if has_bias:
                total += outputs
        elif kind == "batch_norm":
            (channels,) = sizes
            total += 4 * channels
        # Pooling, ReLU and flattening have nothing to store.
    return total
