"""Redis as the cache: while it is away counts are forgotten, and nobody is locked out."""

from typing import Any

from django_redis.cache import RedisCache as BaseRedisCache


class RedisCache(BaseRedisCache[Any]):
    """django-redis's cache, in which a key can be added while the server is away.

    allauth takes a lock by adding a key before it counts a log-in, and refuses the log-in where the
    key cannot be added. With django-redis's own answer nobody could log in while Redis is away.
    """

    def add(self, *args: Any, **kwargs: Any) -> bool:
        """Return whether the key was new; True while the server is away.

        django-redis returns None then.
        """
        was_new = super().add(*args, **kwargs)
        return True if was_new is None else bool(was_new)
