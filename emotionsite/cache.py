"""The Redis cache, which locks nobody out while Redis is unavailable."""

from typing import Any

from django_redis.cache import RedisCache as BaseRedisCache


class RedisCache(BaseRedisCache[Any]):
    """django-redis's cache, whose `add` succeeds while Redis is unavailable.

    allauth takes a lock by adding a key before it counts a log-in, and refuses the log-in where
    that fails. With django-redis's own result nobody could log in while Redis is unavailable.
    """

    def add(self, *args: Any, **kwargs: Any) -> bool:
        """Add a key. Returns whether it was new, and True while Redis is unavailable.

        django-redis returns None in that case.
        """
        was_new = super().add(*args, **kwargs)
        return True if was_new is None else bool(was_new)
