"""Real servers on loopback, out of pip packages: for the demo and for the tests. Nothing here is used in production."""

from phatnguoi.servers.process import ChildProcess, ServerNotStartedError, free_port
from phatnguoi.servers.rtsp import RtspServer
from phatnguoi.servers.s3 import S3Server

__all__ = ["ChildProcess", "RtspServer", "S3Server", "ServerNotStartedError", "free_port"]
