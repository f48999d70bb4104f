"""What every program needs and no lesson is about: errors, files, threads, the command line."""
