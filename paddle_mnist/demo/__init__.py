"""A page to draw digits on: one HTML file, with trained networks inside.

`python -m paddle_mnist.demo --help` tells how to write one. The page runs in the browser alone: its
programs are in the folder `page`, and what they compute is tested against Paddle.
"""
