"""The production shape on one host without containers: `make stack`."""
