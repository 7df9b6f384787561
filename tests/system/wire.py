"""A wire between two processes that can be watched: a TCP proxy on loopback that tells when something passes by."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

CHUNK_BYTES = 16_384


class Wire:
    """Forwards `port` to `target_port`. `on_request(bytes so far)` is called for each chunk towards the target."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.on_request: Callable[[bytes], None] = lambda _chunk: None
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(here,), daemon=True).start()

    def _serve(self, here: socket.socket) -> None:
        with here:
            try:
                there = socket.create_connection(("127.0.0.1", self._target_port), timeout=5)
            except OSError:  # nobody is there: as it looks to the caller without the wire
                return
            with there:
                there.settimeout(None)
                back = threading.Thread(target=_copy, args=(there, here, lambda _chunk: None), daemon=True)
                back.start()
                _copy(here, there, lambda chunk: self.on_request(chunk))
                back.join()


def _copy(source: socket.socket, sink: socket.socket, tell: Callable[[bytes], None]) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(CHUNK_BYTES):
            sink.sendall(chunk)
            tell(chunk)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    wire = Wire(port)
    try:
        yield wire
    finally:
        wire.close()
