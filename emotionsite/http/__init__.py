"""The web server: waitress, with deadlines and limits for slow and broken clients."""
