"""A training becomes a folder, and a folder becomes a `Recognizer`."""
