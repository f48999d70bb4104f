def what_raises_it() -> list[str]:
    """The letters of the changes that clearly raise it, such as ["a", "b"]."""
    # c pushes the answers down, which are too large for many small digits.
    # e asks another question: "which of the ten is it?", and not "how large is it?".
    # a, b and f look for better weights of one neuron: there are none that help.
    # With d the training overflows.
    return ["c", "e"]
