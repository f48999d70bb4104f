def what_raises_it():
    return ["e", "f"]
