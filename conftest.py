"""Prepares every run of tests."""

import gc

import pytest

# The collector would look through all that Django, Keras and pytest have imported, again and again.
gc.set_threshold(50_000, 20, 50)


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.collect()
    gc.freeze()
