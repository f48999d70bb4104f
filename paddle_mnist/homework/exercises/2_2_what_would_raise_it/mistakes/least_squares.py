def what_raises_it():
    return ["b", "c", "e"]
