"""The course itself: it knows nothing of threads, processes, files or the command line."""
