"""Views of the API: parse, one service or selector, render."""
