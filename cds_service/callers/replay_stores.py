"""Where uses of tokens are shared: a file beside the database, or Redis where workers run on several machines."""

import sqlite3
from math import ceil
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from cds_service.callers.replay import SharedUses, StoreLost
from cds_service.errors import BadSetting

_FILE = "sqlite:///"
_REDIS = ("redis", "rediss")
_BUSY_SECONDS = 0.5
_REDIS_SECONDS = 0.25
_PURGE_SECONDS = 60.0
_PREFIX = b"ldn-cds:token:"
_INSERT = (
    "INSERT INTO token_uses (digest, until) VALUES (?, ?) "
    "ON CONFLICT (digest) DO UPDATE SET until = excluded.until WHERE token_uses.until < ?"
)


def shared_uses(url: str) -> SharedUses | None:
    """The store of a URL: `sqlite:///file`, `redis://…`, or None for `memory`, where nothing is shared.

    Raises BadSetting where it cannot be used at all. A Redis that does not answer now may do so later.
    """
    if url == "memory":
        return None
    if url.startswith(_FILE) and len(url) > len(_FILE):
        return FileUses(Path(url.removeprefix(_FILE)))
    if _is_redis(url):
        return RedisUses(url)
    raise BadSetting("CDS_REPLAY_STORE must be memory, sqlite:///file or a redis URL.")


def _is_redis(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in _REDIS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


class FileUses:
    """An SQLite file for all workers of one machine. Threads queue here, so that processes alone meet at its lock."""

    def __init__(self, path: Path) -> None:
        """Raises BadSetting where the file cannot be made or is no such file."""
        self._path = path
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._purged = 0.0
        try:
            self._open().close()
        except (sqlite3.Error, OSError):
            raise BadSetting(f"CDS_REPLAY_STORE names a file that cannot be used: {path}.") from None

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS token_uses (digest BLOB PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID"
            )
        except BaseException:
            connection.close()
            raise
        return connection

    def first(self, digest: bytes, until: float, now: float) -> bool:
        with self._lock:
            try:
                self._connection = self._connection or self._open()
                new = self._connection.execute(_INSERT, (digest, until, now)).rowcount == 1
                if now - self._purged > _PURGE_SECONDS:
                    self._purged = now
                    self._connection.execute("DELETE FROM token_uses WHERE until < ?", (now,))
                return new
            except sqlite3.Error as fault:
                self._forget()
                raise StoreLost(type(fault).__name__) from None

    def _forget(self) -> None:
        """The file may have been taken away; the next use opens what is there then."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        with self._lock:
            self._forget()


class RedisUses:
    """Redis, for workers on several machines. It keeps a digest until the token has expired."""

    def __init__(self, url: str) -> None:
        """Raises BadSetting where the client library is not installed or does not take the URL."""
        try:
            import redis
        except ImportError:
            raise BadSetting("CDS_REPLAY_STORE names Redis, whose client is not installed: ldn-cds[redis].") from None
        self._fault: type[Exception] = redis.RedisError
        try:
            self._client: Any = redis.Redis.from_url(
                url, socket_timeout=_REDIS_SECONDS, socket_connect_timeout=_REDIS_SECONDS, protocol=2
            )
        except ValueError:
            raise BadSetting("CDS_REPLAY_STORE holds a Redis URL that cannot be used.") from None

    def first(self, digest: bytes, until: float, now: float) -> bool:
        try:
            seconds = max(ceil(until - now), 1)
            return bool(self._client.set(_PREFIX + digest.hex().encode(), b"1", nx=True, ex=seconds))
        except (self._fault, OSError) as fault:
            raise StoreLost(type(fault).__name__) from None

    def close(self) -> None:
        self._client.close()
