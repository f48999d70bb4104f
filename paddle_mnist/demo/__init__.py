"""A page to draw digits on: one HTML file, with trained networks inside.

It runs in the browser alone: its programs are in the folder `page`, and what they compute is tested
against Paddle.
"""
