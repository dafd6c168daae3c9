"""Redis as a cache that may be away: counts are forgotten then, and nobody is locked out."""

from typing import Any

from django_redis.cache import RedisCache as BaseRedisCache


class RedisCache(BaseRedisCache[Any]):
    """Says of a lock that it was taken where nobody is there to give it.

    allauth counts log-ins under such locks and refuses whoever gets none.
    """

    def add(self, *args: Any, **kwargs: Any) -> bool:
        """Return whether the key was new; django-redis answers None for a server that is away."""
        was_new = super().add(*args, **kwargs)
        return True if was_new is None else bool(was_new)
