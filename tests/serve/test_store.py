import pytest

from mfjax.serve.store import Store


@pytest.fixture
def clock():
    """A clock that is set by hand: its list's only value."""
    return [0.0]


@pytest.fixture
def store(clock):
    return Store(count=3, size=100, seconds=10, clock=lambda: clock[0])


def test_what_is_kept_is_found_by_its_key_alone(store):
    keys = [store.put(name) for name in "ab"]
    assert [store.get(key) for key in keys] == ["a", "b"]
    assert store.get("nothing") is None
    assert all(len(key) >= 20 for key in keys)


def test_what_nobody_asks_for_is_forgotten(store, clock):
    used, unused = store.put("used"), store.put("unused")
    clock[0] = 8
    assert store.get(used) == "used"
    clock[0] = 12
    assert (store.get(used), store.get(unused)) == ("used", None)
    clock[0] = 30
    store.sweep()
    assert len(store) == 0


def test_of_too_many_the_one_used_longest_ago_is_forgotten(store):
    first, second = store.put(1), store.put(2)
    store.put(3)
    store.get(first)
    store.put(4)
    assert (store.get(first), store.get(second)) == (1, None)


def test_of_too_many_bytes_the_oldest_are_forgotten_and_the_newest_stays(store):
    small, large = store.put("small", 60), store.put("large", 60)
    assert (store.get(small), store.get(large)) == (None, "large")
    other = store.put("other", 10)
    store.grow(large, 95)
    assert (store.get(large), store.get(other)) == (None, "other")
    huge = store.put("huge", 1000)
    assert (len(store), store.get(huge)) == (1, "huge")


def test_what_is_dropped_is_gone(store):
    key = store.put("a")
    assert (store.drop(key), store.drop(key), store.get(key)) == ("a", None, None)
