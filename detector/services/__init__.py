"""Every write, one module a concern."""
