"""What all tests share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch, tmp_path_factory):
    """Tests see neither this machine's data nor its caches, and never the network."""
    monkeypatch.setenv("PADDLE_MNIST_OFFLINE", "1")
    monkeypatch.setenv("PADDLE_MNIST_CACHE", str(tmp_path_factory.mktemp("cache")))
