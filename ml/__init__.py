"""Face detection and expression classification. Knows nothing of Django or Celery."""
