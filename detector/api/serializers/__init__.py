"""Converts what the API shows and takes, one module a concept."""
