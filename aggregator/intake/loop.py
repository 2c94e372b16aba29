"""The thread in which libcurl works: sleeps until a socket, timer or caller wakes it.

It knows nothing of requests: it runs what other threads post, drives handles, reports
each that has ended. All of it but `post` and `stop` belongs to the loop's own thread.
"""

import selectors
import socket
import threading
from collections.abc import Callable
from time import monotonic

import pycurl

Action = Callable[[], None]
Ended = Callable[[pycurl.Curl, int, str], None]  # handle, libcurl's result, message

_EVENTS = {
    pycurl.POLL_IN: selectors.EVENT_READ,
    pycurl.POLL_OUT: selectors.EVENT_WRITE,
    pycurl.POLL_INOUT: selectors.EVENT_READ | selectors.EVENT_WRITE,
}
_READY = {
    selectors.EVENT_READ: pycurl.CSELECT_IN,
    selectors.EVENT_WRITE: pycurl.CSELECT_OUT,
    selectors.EVENT_READ
    | selectors.EVENT_WRITE: pycurl.CSELECT_IN
    | pycurl.CSELECT_OUT,
}


class Loop:
    """Owns a multi handle and all that its thread waits for."""

    def __init__(self, ended: Ended, *, most_connections: int) -> None:
        self._ended = ended
        self._lock = threading.Lock()
        self._posted: list[Action] = []
        self._open = True
        self._stopping = False
        self._alarms: dict[object, tuple[float, Action]] = {}
        self._curl_timer: float | None = None
        self._selector = selectors.DefaultSelector()
        self._bell, self._ring = socket.socketpair()
        self._bell.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, most_connections)

    def post(self, action: Action) -> bool:
        """Have the loop's thread run an action; False: it never will."""
        with self._lock:
            if not self._open:
                return False
            if not self._posted and not self._stopping:
                self._ring.send(b"\0")
            self._posted.append(action)
            return True

    def stop(self) -> None:
        """Have the loop end after its present turn."""
        with self._lock:
            first, self._stopping = not self._stopping, True
            if first and self._open:  # after the flag, lest the bell be heard too early
                self._ring.send(b"\0")

    def run(self, *, turn: Action, last: Action) -> None:
        """Work until stopped.

        Args:
            turn: Called after whatever happened, before sleeping.
            last: Called when no further action will be taken.
        """
        try:
            while not self._stopping:
                self._run_posted()
                turn()
                self._wait()
        finally:
            self._shut(last)

    def add(self, curl: pycurl.Curl) -> None:
        """Start a handle's transfer."""
        self._multi.add_handle(curl)

    def drop(self, curl: pycurl.Curl) -> None:
        """Break a transfer off; it is not reported."""
        self._multi.remove_handle(curl)

    def set_alarm(self, key: object, seconds: float, action: Action) -> None:
        """Have an action run after a time, unless it is cleared before."""
        self._alarms[key] = (monotonic() + seconds, action)

    def clear_alarm(self, key: object) -> bool:
        """Take an alarm back; False: it was not set, or has run."""
        return self._alarms.pop(key, None) is not None

    def _run_posted(self) -> None:
        with self._lock:
            posted, self._posted = self._posted, []
        for action in posted:
            action()

    def _shut(self, last: Action) -> None:
        with self._lock:
            self._open = False
        self._run_posted()
        last()
        self._multi.close()
        self._selector.close()
        self._bell.close()
        self._ring.close()

    def _wait(self) -> None:
        for key, mask in self._selector.select(self._patience()):
            if key.fileobj is self._bell:
                self._bell.recv(64)
            else:
                self._multi.socket_action(key.fd, _READY[mask])
        now = monotonic()
        if self._curl_timer is not None and now >= self._curl_timer:
            self._curl_timer = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        for name in [name for name, (at, _) in self._alarms.items() if at <= now]:
            self._alarms.pop(name)[1]()
        self._report()

    def _patience(self) -> float | None:
        times = [at for at, _ in self._alarms.values()]
        if self._curl_timer is not None:
            times.append(self._curl_timer)
        return max(0.0, min(times) - monotonic()) if times else None

    def _report(self) -> None:
        more = 1
        while more:
            more, good, bad = self._multi.info_read()
            ended = [(curl, 0, "") for curl in good] + bad
            for curl, code, message in ended:
                self._multi.remove_handle(curl)
                self._ended(curl, code, message)

    def _watch(self, event: int, number: int, _multi: object, _data: object) -> None:
        known = number in self._selector.get_map()
        if event == pycurl.POLL_REMOVE:
            if known:
                self._selector.unregister(number)
        elif known:
            self._selector.modify(number, _EVENTS[event])
        else:
            self._selector.register(number, _EVENTS[event])

    def _set_timer(self, milliseconds: int) -> None:
        late = milliseconds / 1000
        self._curl_timer = None if milliseconds < 0 else monotonic() + late
