"""The web server: waitress, and what it lacks against slow and broken clients."""
