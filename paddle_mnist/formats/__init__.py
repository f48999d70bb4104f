"""Weights and networks of other programs."""
