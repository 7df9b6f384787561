"""The real servers that tests start, by one name each; `tests/conftest.py` has the fixtures."""

from phatnguoi.servers import ChildProcess, RtspServer, S3Server, ServerNotStartedError, free_port
from phatnguoi.servers.postgres import PostgresServer

__all__ = ["ChildProcess", "PostgresServer", "RtspServer", "S3Server", "ServerNotStartedError", "free_port"]
