"""The benchmark of several networks and views: a view is the image, moved."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="module")
def ensemble(load_benchmark):
    return load_benchmark("ensemble")


@pytest.mark.parametrize("rows", [-1, 0, 1])
@pytest.mark.parametrize("columns", [-1, 0, 1])
def test_a_dot_moves_as_it_is_told(ensemble, rows, columns):
    images = np.zeros((2, 28, 28), np.uint8)
    images[0, 10, 20] = 255
    moved = ensemble.moved(images, rows, columns)
    assert moved.shape == images.shape
    assert moved[0, 10 + rows, 20 + columns] == 255
    assert moved.sum() == 255


def test_what_is_moved_out_is_lost_and_black_moves_in(ensemble):
    images = np.full((1, 28, 28), 7, np.uint8)
    moved = ensemble.moved(images, 1, 0)
    assert (moved[0, 0] == 0).all()
    assert (moved[0, 1:] == 7).all()


def test_the_views_are_five_different_ones_and_the_image_itself_comes_first(ensemble):
    assert len(set(ensemble.VIEWS)) == 5
    assert ensemble.VIEWS[0] == (0, 0)
