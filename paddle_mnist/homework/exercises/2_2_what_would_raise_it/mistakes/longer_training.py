def what_raises_it():
    return ["a", "c", "e"]
