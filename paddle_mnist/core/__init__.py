"""The course itself.

To be read in this order: transforms, losses, metrics, optimizers, stages, config, loop, callbacks,
augmentation. Nothing here knows of threads, processes, files or the command line.
"""
