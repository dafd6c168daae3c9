"""Compares our network with other packages that ship weights for expressions."""
