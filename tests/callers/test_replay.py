"""A token is good once: across threads, workers and restarts, and as well as can be where the store is lost."""

import multiprocessing
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
from fakeredis import TcpFakeServer
from hypothesis import given
from hypothesis import strategies as st
from issuing import NOW, Ehr, client
from receiving import Clock, Desk, reasons

from cds_service.callers.replay import OwnUses, StoreLost, Uses, digest_of
from cds_service.callers.replay_stores import FileUses, RedisUses, shared_uses
from cds_service.errors import BadSetting

TOKEN = digest_of("general", "https://ehr.example.com", "one")
END = NOW + 360.0


class LostStore:
    """A store that can be lost and found."""

    def __init__(self) -> None:
        self.lost = True
        self.asked = 0
        self.held = OwnUses()

    def first(self, digest: bytes, until: float, now: float) -> bool:
        self.asked += 1
        if self.lost:
            raise StoreLost("OperationalError")
        return self.held.first(digest, until, now)


@pytest.fixture
def redis_url() -> Iterator[str]:
    """Redis' own protocol over a socket, answered by fakeredis."""
    server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"redis://127.0.0.1:{server.server_address[1]}/0"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_a_token_is_taken_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(tmp_path)
    token = Ehr().token()
    assert [desk.admits(token) for _ in range(3)] == [True, False, False]
    assert list(reasons(caplog.records)) == ["used-before"] * 2
    assert desk.admits(Ehr().token())


def test_a_new_signature_over_the_same_id_is_no_new_token(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.admits(Ehr().token(jti="same"))
    assert not desk.admits(Ehr().token(jti="same", now=NOW + 1))


def test_it_is_remembered_for_as_long_as_the_token_could_be_taken(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    token = Ehr().token()
    assert desk.admits(token)
    for _ in range(359):
        desk.clock.pass_by(1)
        assert not desk.admits(token)


def test_two_issuers_and_two_tenants_may_use_the_same_id(tmp_path: Path) -> None:
    entries = [
        client("a", tenant_claim="a"),
        client("b", tenant_claim="b"),
        client("c", issuer="https://c.example.com"),
    ]
    desk = Desk(tmp_path, *entries)
    assert desk.admits(Ehr().token(jti="same", tenant="a"))
    assert desk.admits(Ehr().token(jti="same", tenant="b"))
    assert desk.admits(Ehr(issuer="https://c.example.com").token(jti="same"))
    assert not desk.admits(Ehr().token(jti="same", tenant="a"))


def test_where_use_is_only_observed_a_second_use_is_logged_and_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(tmp_path, client(replay="observe"))
    token = Ehr().token()
    assert [desk.admits(token) for _ in range(2)] == [True, True]
    assert [record.facts for record in caplog.records if record.getMessage() == "token-used-again"] == [  # type: ignore[attr-defined]
        {"tenant": "general"}
    ]


def _use(path: str, _: int) -> int:
    with closing(FileUses(Path(path))) as shared, ThreadPoolExecutor(50) as threads:
        uses = Uses(shared)
        assert not uses.degraded
        taken = sum(threads.map(lambda _: uses.first(TOKEN, END, NOW), range(50)))
        assert not uses.degraded
        return taken


def test_two_workers_of_fifty_threads_take_it_once(tmp_path: Path) -> None:
    children = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(2, mp_context=children) as pool:
        assert sum(pool.map(_use, [str(tmp_path / "uses.sqlite")] * 2, range(2))) == 1


def test_after_a_restart_it_is_still_used(tmp_path: Path) -> None:
    for expected in (True, False):
        with closing(FileUses(tmp_path / "uses.sqlite")) as shared:
            assert Uses(shared).first(TOKEN, END, NOW) is expected


def test_an_expired_use_makes_room(tmp_path: Path) -> None:
    with closing(FileUses(tmp_path / "uses.sqlite")) as shared:
        assert shared.first(TOKEN, END, NOW)
        assert shared.first(TOKEN, END + 1000, END + 1)
        assert not shared.first(TOKEN, END + 1000, END + 2)
        for number in range(10):
            assert shared.first(digest_of("t", "i", str(number)), END, NOW)
        assert shared.first(digest_of("t", "i", "later"), END + 5000, END + 2000)
    with closing(sqlite3.connect(tmp_path / "uses.sqlite")) as held:
        assert held.execute("SELECT count(*) FROM token_uses").fetchone() == (1,)


def test_nothing_of_a_token_is_stored(tmp_path: Path) -> None:
    with closing(FileUses(tmp_path / "uses.sqlite")) as shared:
        desk = Desk(tmp_path, uses=Uses(shared))
        assert desk.admits(Ehr().token(jti="Kanarienvogel", sub="Kanarienvogel"))
    assert all(b"Kanarienvogel" not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_lost_store_stops_nobody_and_is_said_loudly(caplog: pytest.LogCaptureFixture) -> None:
    clock, store = Clock(), LostStore()
    uses = Uses(store, lambda: clock.tick)
    assert uses.first(TOKEN, END, NOW)
    assert not uses.first(TOKEN, END, NOW)
    assert uses.degraded
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [("ERROR", "replay-store-lost")]
    assert uses.first(b"other", END, NOW)
    assert store.asked == 1
    clock.pass_by(5)
    store.lost = False
    assert not uses.degraded
    assert uses.first(b"third", END, NOW)
    assert store.asked == 2


def test_a_file_that_is_taken_away_is_a_lost_store_and_one_that_returns_is_used(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    with closing(FileUses(folder / "uses.sqlite")) as shared:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        with pytest.raises(StoreLost):
            shared.first(TOKEN, END, NOW)
        folder.mkdir()
        assert shared.first(TOKEN, END, NOW)
        assert not shared.first(TOKEN, END, NOW)


def test_redis_takes_a_token_once_for_all_workers_until_it_has_expired(redis_url: str) -> None:
    with closing(RedisUses(redis_url)) as one, closing(RedisUses(redis_url)) as other:
        assert one.first(TOKEN, END, NOW)
        assert not other.first(TOKEN, END, NOW)
        assert other.first(b"other", END, NOW)
        assert 0 < one._client.ttl(b"ldn-cds:token:" + TOKEN.hex().encode()) <= 360


def test_a_hundred_threads_take_it_once_from_redis(redis_url: str) -> None:
    with closing(RedisUses(redis_url)) as shared, ThreadPoolExecutor(20) as threads:
        assert sum(threads.map(lambda _: Uses(shared).first(TOKEN, END, NOW), range(100))) == 1


def test_a_redis_that_does_not_answer_is_a_lost_store(redis_url: str) -> None:
    with closing(RedisUses("redis://127.0.0.1:1/0")) as shared, pytest.raises(StoreLost):
        shared.first(TOKEN, END, NOW)


@pytest.mark.parametrize(
    "url", ["", "sqlite://", "sqlite:///", "postgresql://x/y", "redis://", "redis://h:0", "http://x", "redis://[::1"]
)
def test_a_url_that_names_no_store_is_a_bad_setting(url: str) -> None:
    with pytest.raises(BadSetting, match="CDS_REPLAY_STORE"):
        shared_uses(url)


def test_a_file_that_cannot_be_made_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="CDS_REPLAY_STORE"):
        shared_uses(f"sqlite:///{tmp_path / 'nowhere' / 'uses.sqlite'}")
    (tmp_path / "text").write_text("no database, but text that is long enough to be looked at as one" * 20)
    with pytest.raises(BadSetting, match="CDS_REPLAY_STORE"):
        shared_uses(f"sqlite:///{tmp_path / 'text'}")


def test_each_url_leads_to_its_store(tmp_path: Path, redis_url: str) -> None:
    assert shared_uses("memory") is None
    file, redis = shared_uses(f"sqlite:///{tmp_path / 'uses.sqlite'}"), shared_uses(redis_url)
    assert isinstance(file, FileUses)
    assert isinstance(redis, RedisUses)
    redis.close()


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.integers(0, 40), st.integers(1, 20)), max_size=30))
def test_own_memory_forgets_nothing_before_its_time(calls: list[tuple[bytes, int, int]]) -> None:
    """Against a plain list, at times that only go forward."""
    uses, ends, now = OwnUses(), dict[bytes, float](), 0.0
    for digest, later, life in calls:
        now += later
        expected = not (digest in ends and ends[digest] >= now)
        assert uses.first(digest, now + life, now) is expected
        if expected:
            ends[digest] = now + life
