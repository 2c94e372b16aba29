"""Guarded HTTP: the only way to the network for feeds, hubs, webhooks and icons.

One thread drives all requests by libcurl's multi interface. Every hop is checked: its
URL, what its name resolves to, and once more the address that is really dialled. One
request at a time for each host, and a rest after each answer; others wait in its lane,
and waiting does not count against the time limit.
"""

import logging
import threading
from collections.abc import Callable
from collections.abc import Sequence
from concurrent.futures import Future
from functools import lru_cache
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Self

import certifi
import pycurl

from aggregator.errors import FetchError
from aggregator.errors import Reason
from aggregator.intake import addresses
from aggregator.intake.exchange import Done
from aggregator.intake.exchange import Job
from aggregator.intake.exchange import Request
from aggregator.intake.exchange import Response
from aggregator.intake.exchange import header_lines
from aggregator.intake.lanes import Lanes
from aggregator.intake.lanes import lane_of
from aggregator.intake.loop import Loop
from aggregator.intake.politeness import rest_after
from aggregator.intake.resolve import Answer as LookedUp
from aggregator.intake.resolve import LookUps
from aggregator.intake.resolve import Resolver
from aggregator.intake.resolve import system_resolve
from aggregator.intake.wire import REDIRECTS
from aggregator.intake.wire import Answer
from aggregator.intake.wire import Connect
from aggregator.intake.wire import Place
from aggregator.intake.wire import Wire

__all__ = ["Dial", "Net", "Request", "Resolver", "Response", "system_resolve"]

# (scheme, host, port) → where to dial in plain HTTP instead; None: as usual.
Dial = Callable[[str, str, int], tuple[str, int] | None]
log = logging.getLogger(__name__)


class Net:
    """Owns the thread, the connections and the look-ups of all requests."""

    def __init__(
        self,
        *,
        user_agent: str,
        allow_private: Sequence[str] = (),
        concurrency: int = 32,
        spacing: float = 0.25,
        resolve: Resolver = system_resolve,
        dial: Dial | None = None,
        connect: Connect | None = None,
    ) -> None:
        """Start the thread.

        Args:
            allow_private: Networks that may be reached although private, at any port.
            spacing: Seconds for which a host is let alone after an answer, at least.
            dial: Where to go instead of a host; that address is checked like any other.
            connect: Opens the connection to a checked address in place of libcurl.
        """
        self._user_agent = user_agent
        self._allow = addresses.networks(allow_private)
        self._concurrency = concurrency
        self._spacing = spacing
        self._dial = dial
        self._connect = connect
        self._judge = lru_cache(maxsize=4096)(self._judge_address)
        self._ca_file = certifi.where()
        self._jobs: dict[Job, Wire | None] = {}
        self._running: dict[pycurl.Curl, Job] = {}
        self._idle: list[Wire] = []
        self._active = 0
        self._lanes: Lanes[Job] = Lanes()
        self._look_ups = LookUps(resolve, most=concurrency)
        self._loop = Loop(self._ended, most_connections=concurrency)
        self._thread = threading.Thread(target=self._work, name="net", daemon=True)
        self._thread.start()

    def submit(self, request: Request, done: Done) -> None:
        """Start a request; `done` gets its end, once, in the net's thread.

        `done` must not wait. Of a closed net it is called at once, in this thread.
        """
        job = Job(request, done)
        if not self._loop.post(partial(self._accept, job)):
            done(_closed())

    def get(self, request: Request) -> Response:
        """Make a request and wait for its end; not to be called by a `done`.

        Raises:
            FetchError: No answer could be had.
        """
        future: Future[Response | FetchError] = Future()
        self.submit(request, future.set_result)
        result = future.result()
        if isinstance(result, FetchError):
            raise result
        return result

    def close(self, timeout: float = 5.0) -> None:
        """Break off what is under way; wait so many seconds for the thread to end."""
        self._loop.stop()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _work(self) -> None:
        self._loop.run(turn=self._let_out, last=self._break_off)

    def _accept(self, job: Job) -> None:
        self._jobs[job] = None
        agent = job.request.user_agent or self._user_agent
        try:
            job.headers = header_lines(job.request.headers, agent)
            target = job.aim(job.request.url, allow=self._allow)
        except FetchError as error:
            self._end(job, error)
        else:
            self._enter(target, job, wait=job.request.wait_seconds)

    def _enter(self, target: addresses.Target, job: Job, *, wait: float) -> None:
        lane = lane_of(target.host, target.port)
        self._lanes.enter(lane, job, at=monotonic() + wait)

    def _let_out(self) -> None:
        self._loop.clear_alarm(self._lanes)
        while self._active < self._concurrency:
            job = self._lanes.take(monotonic())
            if job is None:
                return self._sleep_on()
            self._active += 1
            job.began = monotonic()
            self._try(job, self._find)

    def _sleep_on(self) -> None:
        at = self._lanes.next_at()
        if at is not None:  # the alarm need do nothing: after it comes the next turn
            self._loop.set_alarm(self._lanes, at - monotonic(), lambda: None)

    def _try(self, job: Job, step: Callable[[Job, addresses.Target], None]) -> None:
        assert job.target is not None
        try:
            step(job, job.target)
        except FetchError as error:
            self._end(job, error)

    def _find(self, job: Job, target: addresses.Target) -> None:
        place = self._dial and self._dial(target.scheme, target.host, target.port)
        if place:
            self._send(job, self._dialled(target, *place))
        elif target.literal:
            self._choose(target, (target.host,))
            self._send(job, Place(url=target.url))
        else:
            self._loop.set_alarm(job, job.left, partial(self._end, job, _late()))
            answered = partial(self._post_found, job)
            self._look_ups.ask(target.host, target.port, answered)

    def _dialled(self, target: addresses.Target, address: str, port: int) -> Place:
        addresses.choose(target, (address,), port=port, allow=self._allow)
        # An https URL is asked in plain HTTP; its Host header stays.
        url = "http" + target.url.removeprefix(target.scheme)
        return Place(url=url, connect_to=f"::{_bracketed(address)}:{port}")

    def _post_found(self, job: Job, found: LookedUp) -> None:
        self._loop.post(partial(self._found, job, found))

    def _found(self, job: Job, found: LookedUp) -> None:
        if self._loop.clear_alarm(job):  # else it comes too late
            self._try(job, partial(self._pin, found=found))

    def _pin(self, job: Job, target: addresses.Target, *, found: LookedUp) -> None:
        if isinstance(found, FetchError):
            raise found
        chosen = ",".join(map(_bracketed, self._choose(target, found)))
        pin = f"{target.host}:{target.port}:{chosen}"
        self._send(job, Place(url=target.url, resolve=pin))

    def _choose(
        self, target: addresses.Target, found: Sequence[str]
    ) -> tuple[str, ...]:
        return addresses.choose(target, found, port=target.port, allow=self._allow)

    def _send(self, job: Job, place: Place) -> None:
        wire = self._idle.pop() if self._idle else Wire(self._judge, self._connect)
        assert job.began is not None
        wire.load(
            place,
            headers=job.headers,
            ca_file=job.request.ca_file or self._ca_file,
            seconds=job.left - (monotonic() - job.began),
            max_bytes=job.request.max_bytes,
            posted=job.request.posted,
        )
        self._jobs[job] = wire
        self._running[wire.curl] = job
        self._loop.add(wire.curl)

    def _ended(self, curl: pycurl.Curl, code: int, message: str) -> None:
        job = self._running.pop(curl)
        wire = self._jobs[job]
        assert wire is not None
        self._jobs[job] = None
        self._idle.append(wire)
        answer = wire.unload(code, message)
        if isinstance(answer, FetchError):
            self._end(job, answer)
        elif _leads_on(job.request, answer):
            self._redirect(job, answer)
        else:
            self._end(job, job.respond(answer, now=monotonic()))

    def _redirect(self, job: Job, answer: Answer) -> None:
        self._rest(job)
        try:
            target = job.follow(answer, allow=self._allow)
        except FetchError as error:
            self._end(job, error)
        else:
            self._enter(target, job, wait=0.0)

    def _rest(self, job: Job) -> None:
        if job.began is None or job.target is None:
            return
        now = monotonic()
        took = now - job.began
        job.left -= took
        job.began = None
        self._active -= 1
        lane = lane_of(job.target.host, job.target.port)
        self._lanes.leave(lane, until=now + rest_after(took, self._spacing))

    def _end(self, job: Job, result: Response | FetchError) -> None:
        self._rest(job)
        del self._jobs[job]
        if isinstance(result, FetchError):
            result = job.failed(result)
        try:
            job.done(result)
        except Exception:  # a caller's fault must not end everybody's requests
            log.exception("a callback failed url=%s", job.request.url)

    def _break_off(self) -> None:
        for job, wire in list(self._jobs.items()):
            if wire is not None:
                self._loop.drop(wire.curl)
                self._idle.append(wire)
            self._end(job, _closed())
        for wire in self._idle:
            wire.close()
        self._look_ups.close()

    def _judge_address(self, address: str, port: int) -> str | None:
        return addresses.refusal(address, allow=self._allow) or addresses.port_refusal(
            address, port, allow=self._allow
        )


def _leads_on(request: Request, answer: Answer) -> bool:
    # What was posted is for whom it was addressed to, and goes nowhere else.
    if request.method == "POST":
        return False
    return answer.status in REDIRECTS and "location" in answer.headers


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _closed() -> FetchError:
    return FetchError(Reason.BROKEN, "closed")


def _late() -> FetchError:
    return FetchError(Reason.TIMEOUT, "looking the name up")
