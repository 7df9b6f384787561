"""Letterbox, decode, NMS; and weights that are no model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.vision.openvino_network import OpenVinoNetwork
from detector.vision.regions import region_of_interest
from detector.vision.vehicles import Floats, WeightsUnusableError, YoloDetector, letterbox
from detector.vision.weights import open_weights
from models.domain.camera import Camera
from models.domain.geometry import BoxPx


class DrawnNetwork:
    """Keeps the port's contract; answers with rows that the test wrote."""

    input_px = (320, 640)
    names = ("person", "car", "dog", "motorcycle", "truck")

    def __init__(self, rows: list[tuple[float, float, float, float, int, float]]) -> None:
        self._rows = rows

    def forward(self, batch: Floats) -> Floats:
        output = np.zeros((1, 4 + len(self.names), max(1, len(self._rows))), np.float32)
        for number, (x, y, w, h, label, score) in enumerate(self._rows):
            output[0, :4, number] = (x, y, w, h)
            output[0, 4 + label, number] = score
        return output


def found(
    rows: list[tuple[float, float, float, float, int, float]], shape: tuple[int, int] = (320, 640)
) -> list[tuple[str, BoxPx]]:
    picture = np.zeros((*shape, 3), np.uint8)
    return [(d.label, d.box) for d in YoloDetector(DrawnNetwork(rows)).detect([picture])[0]]


def test_boxes_come_back_in_px_of_the_picture() -> None:
    assert found([(320, 160, 100, 40, 1, 0.9)]) == [("car", BoxPx(270, 140, 370, 180))]
    assert found([(320, 160, 100, 40, 1, 0.9)], shape=(640, 1280)) == [("car", BoxPx(540, 280, 740, 360))]


def test_margins_of_the_letterbox_are_taken_off() -> None:
    assert found([(320, 160, 100, 40, 1, 0.9)], shape=(320, 320)) == [("car", BoxPx(110, 140, 210, 180))]


def test_car_and_truck_on_one_place_are_one() -> None:
    assert found([(320, 160, 100, 40, 1, 0.9), (321, 160, 100, 40, 4, 0.5)]) == [("car", BoxPx(270, 140, 370, 180))]


def test_rider_and_bike_do_not_hide_each_other() -> None:
    labels = [label for label, _ in found([(320, 160, 40, 80, 0, 0.9), (320, 165, 42, 80, 3, 0.5)])]
    assert labels == ["person", "motorcycle"]


def test_what_is_no_vehicle_is_passed_over() -> None:
    assert found([(320, 160, 100, 40, 2, 0.9)]) == []


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(*[st.floats(-50, 700)] * 4, st.integers(0, 4), st.floats(0, 1)), max_size=30))
def test_boxes_lie_inside_the_picture(rows: list[tuple[float, float, float, float, int, float]]) -> None:
    for _, box in found(rows):
        assert 0 <= box.x1 <= 640 and 0 <= box.x2 <= 640 and 0 <= box.y1 <= 320 and 0 <= box.y2 <= 320


def test_letterbox_keeps_the_proportions() -> None:
    tensor, scale, left, top = letterbox(np.full((100, 400, 3), 255, np.uint8), (320, 640))
    assert tensor.shape == (1, 3, 320, 640)[1:]
    assert (scale, left, top) == (1.6, 0, 80)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("absent.onnx", None, "no such file"),
        ("picture.onnx", b"\xff\xd8\xff\xe0 this is no model", "no model that can be run"),
        ("broken.xml", b"<net", "no model that can be run"),
        ("pickle.pt", b"\x80\x02}q\x00.", "make install-yolo|no ultralytics checkpoint"),
    ],
)
def test_weights_that_are_no_model_give_one_clear_line(
    tmp_path: Path, name: str, content: bytes | None, what: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsUnusableError, match=what) as error:
        open_weights(path, (320, 320))
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_weights_without_class_names_are_refused(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "models" / "yolo11n_int8_openvino_model"
    for suffix in (".xml", ".bin"):
        (tmp_path / f"model{suffix}").symlink_to(folder / f"yolo11n{suffix}")
    (tmp_path / "metadata.yaml").write_text("{}")
    with pytest.raises(WeightsUnusableError, match="no class names"):
        OpenVinoNetwork(tmp_path, (320, 320))


def test_the_region_holds_everything_that_is_drawn() -> None:
    drawing = {
        "schema": 1, "id": "abc", "name": "x", "source": "x.mp4", "frame": {"width": 1600, "height": 1200},
        "lines": [{"id": "stop", "points_px": [[400, 800], [900, 820]], "from_px": [600, 1100]}],
    }  # fmt: skip
    region = region_of_interest(Camera.model_validate(drawing))
    assert region.x1 <= 400 and region.x2 >= 900 and region.y1 <= 800 and region.y2 >= 820
    assert all(side % 32 == 0 for side in region.input_px)


def test_nothing_drawn_looks_at_the_whole_picture() -> None:
    drawing = {"schema": 1, "id": "abc", "name": "x", "source": "x.mp4", "frame": {"width": 640, "height": 480}}
    region = region_of_interest(Camera.model_validate(drawing))
    assert (region.x1, region.y1, region.x2, region.y2) == (0, 0, 640, 480)
