"""Finds the faces of photos in a process of its own, which keeps nothing."""
