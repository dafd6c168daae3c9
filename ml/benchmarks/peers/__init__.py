"""Other packages that ship weights for expressions, beside ours."""
