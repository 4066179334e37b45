"""Who has to be told when something changes."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from functools import partial

from homeassistant.core import CALLBACK_TYPE, callback


class Subscriptions[KeyT: Hashable]:
    """Callbacks by key: a change of one key costs what one key costs."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        """Tell ``on_change`` whenever the set of keys becomes another."""
        self._callbacks: defaultdict[KeyT, list[CALLBACK_TYPE]] = defaultdict(list)
        self._on_change = on_change

    @property
    def keys(self) -> frozenset[KeyT]:
        """Return the keys that somebody waits for."""
        return frozenset(self._callbacks)

    @callback
    def async_add(self, key: KeyT, told: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call ``told`` when the key changes, until what is returned is called."""
        callbacks = self._callbacks[key]
        callbacks.append(told)
        if len(callbacks) == 1:
            self._on_change()

        # There are thousands of these: a partial is the smallest thing that can be called.
        return partial(self._async_remove, key, told)

    @callback
    def _async_remove(self, key: KeyT, told: CALLBACK_TYPE) -> None:
        callbacks = self._callbacks[key]
        callbacks.remove(told)
        if not callbacks:
            del self._callbacks[key]
            self._on_change()

    @callback
    def async_tell(self, keys: Iterable[KeyT]) -> None:
        """Call everybody who waits for one of the keys."""
        for key in keys:
            for told in tuple(self._callbacks.get(key, ())):
                told()

    @callback
    def async_tell_all(self) -> None:
        """Call everybody."""
        self.async_tell(tuple(self._callbacks))


class Listeners[KeyT: Hashable, EventT]:
    """Callbacks by key that are told what happened."""

    def __init__(self) -> None:
        """Begin with nobody who listens."""
        self._callbacks: defaultdict[KeyT, list[Callable[[EventT], None]]] = (
            defaultdict(list)
        )

    @callback
    def async_add(self, key: KeyT, told: Callable[[EventT], None]) -> CALLBACK_TYPE:
        """Call ``told`` with what happens to the key, until what is returned is called."""
        self._callbacks[key].append(told)

        @callback
        def remove() -> None:
            self._callbacks[key].remove(told)
            if not self._callbacks[key]:
                del self._callbacks[key]

        return remove

    @callback
    def async_tell(self, key: KeyT, event: EventT) -> None:
        """Tell everybody who listens to the key."""
        for told in tuple(self._callbacks.get(key, ())):
            told(event)
