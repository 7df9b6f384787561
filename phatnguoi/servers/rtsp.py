"""An RTSP server over the files of a folder (aio-rtsp-toolkit: H.264 and H.265, TCP)."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

from phatnguoi.servers.process import ChildProcess, free_port, program

START_TIMEOUT_S = 15.0


class RtspServer(ChildProcess):
    """Serves `directory`; `url("clip.mp4")` plays it for ever, `url("clip.mp4", play_count=1)` once."""

    def __init__(self, directory: Path, log_path: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        command = [program("rtsp-server"), "--dir", str(directory), "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--control-port", str(free_port())]
        super().__init__(command, log_path=log_path, stop_signal=signal.SIGINT)
        self.wait_until(self._answers, START_TIMEOUT_S, "rtsp-server")

    def url(self, name: str, play_count: int = 0) -> str:
        return f"rtsp://127.0.0.1:{self.port}/{name}?play_count={play_count}"

    def _answers(self) -> bool:
        request = f"OPTIONS rtsp://127.0.0.1:{self.port}/ RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as connection:
                connection.sendall(request)
                return connection.recv(64).startswith(b"RTSP/1.0")
        except OSError:
            return False
