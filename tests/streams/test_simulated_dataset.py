"""Pictures for training: every label lies on what it names, in the order of classes that the network is given."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from streams.simulated.dataset import CLASS_NAMES, LEAST_HEIGHT_PX, Labelled, crops, labelled_frames, write_labelled


def test_labels_of_a_varied_world_lie_in_the_picture() -> None:
    for picture in labelled_frames(1_050, 360, frames=1):
        assert picture.image.shape == (360, 640, 3)
        assert picture.boxes
        for label, x1, y1, x2, y2 in picture.boxes:
            assert 0 <= label < len(CLASS_NAMES)
            assert 0 <= x1 < x2 <= 640 and 0 <= y1 < y2 <= 360 and y2 - y1 >= LEAST_HEIGHT_PX


def test_a_box_that_is_mostly_cut_away_is_no_label() -> None:
    picture = Labelled("p", np.zeros((416, 640, 3), np.uint8), [(2, 0, 0, 100, 100), (3, 600, 10, 640, 60)])
    left, right = crops(picture, np.random.default_rng(0))
    assert left.image.shape == right.image.shape == (416, 416, 3)
    for crop in (left, right):
        for _, x1, y1, x2, y2 in crop.boxes:
            assert 0 <= x1 < x2 <= 416 and 0 <= y1 < y2 <= 416
    assert [box[0] for box in left.boxes] == [2]
    assert 2 not in [box[0] for box in right.boxes]


def test_a_label_is_written_as_class_middle_and_size_in_shares(tmp_path: Path) -> None:
    picture = Labelled("p", np.zeros((100, 200, 3), np.uint8), [(3, 20, 10, 60, 50)])
    write_labelled(picture, tmp_path, 90)
    assert (tmp_path / "labels" / "p.txt").read_text() == "3 0.200000 0.300000 0.200000 0.400000\n"
    assert (tmp_path / "images" / "p.jpg").exists()
