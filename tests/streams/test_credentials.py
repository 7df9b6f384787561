"""A camera's name and password never leave by a message."""

from __future__ import annotations

import pytest

from streams.credentials import VariableNotSetError, expand, redact, register_secret
from streams.errors import CameraRefusedError, SourceNotKnownError
from streams.open import open_source


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rtsp://op:secret@10.0.0.5/s1", "rtsp://***@10.0.0.5/s1"),
        ("cannot open rtsp://op:p@ss/w@10.0.0.5:554/s1 now", "cannot open rtsp://***@10.0.0.5:554/s1 now"),
        ("rtsp://10.0.0.5/s1?user=x&password=abc&n=1", "rtsp://10.0.0.5/s1?user=x&password=***&n=1"),
        ("rtsp://10.0.0.5/s1", "rtsp://10.0.0.5/s1"),
        ("write to me@example.org", "write to me@example.org"),
    ],
)
def test_redacts(text: str, expected: str) -> None:
    assert redact(text) == expected


def test_a_registered_secret_is_blackened_wherever_it_stands() -> None:
    register_secret("Tr0ub4dor")
    assert redact("the camera said: bad password Tr0ub4dor!") == "the camera said: bad password ***!"


def test_a_variable_is_read_from_the_environment_and_percent_encoded_in_the_user_part() -> None:
    address = expand("rtsp://${CAM_USER}:${CAM_PW}@10.0.0.5/${CAM_PATH}", _environment())
    assert address == "rtsp://op:p%40ss%2Fw0rd%3A@10.0.0.5/stream/1"


def test_what_a_variable_held_is_blackened_afterwards() -> None:
    expand("rtsp://${CAM_USER}:${CAM_PW}@10.0.0.5/${CAM_PATH}", _environment())
    assert redact("got p@ss/w0rd: and p%40ss%2Fw0rd%3A") == "got *** and ***"


def test_a_path_may_hold_a_variable() -> None:
    assert expand("${CLIPS}/a.mp4", {"CLIPS": "/srv/clips"}) == "/srv/clips/a.mp4"


def test_an_unset_variable_is_named_but_no_value_is() -> None:
    with pytest.raises(VariableNotSetError, match=r"has no CAM_PW, expected it for \$\{CAM_PW\}"):
        expand("rtsp://${CAM_USER}:${CAM_PW}@10.0.0.5/s1", {"CAM_USER": "operator"})
    with pytest.raises(SourceNotKnownError, match="has no CAM_PW"):
        open_source("rtsp://u:${CAM_PW}@10.0.0.5/s1", environment={})


def test_an_error_of_the_streams_is_one_line_without_credentials() -> None:
    error = CameraRefusedError("rtsp://op:hunter2@10.0.0.5/s1:\n the camera refuses")
    assert str(error) == "rtsp://***@10.0.0.5/s1: the camera refuses"


def _environment() -> dict[str, str]:
    return {"CAM_USER": "op", "CAM_PW": "p@ss/w0rd:", "CAM_PATH": "stream/1"}
