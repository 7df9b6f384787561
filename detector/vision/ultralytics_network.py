"""Runs a `.pt` checkpoint by ultralytics (extra `yolo`): the same letterbox, decode and NMS as an exported network."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from detector.vision.vehicles import Floats, WeightsUnusableError

STRIDE_PX = 32


class UltralyticsNetwork:
    """A torch network out of an ultralytics checkpoint.

    Args:
        path: the `.pt` file. Its hash is checked by whoever chose it, before this opens it: a `.pt` is a pickle.
        input_px: (height, width) of the input, brought to whole strides.
        threads: CPU threads.

    Raises:
        WeightsUnusableError: ultralytics is not installed, or the file is none of its checkpoints.
    """

    def __init__(self, path: Path, input_px: tuple[int, int], threads: int = 2) -> None:
        os.environ.setdefault("YOLO_AUTOINSTALL", "false")
        os.environ.setdefault("YOLO_OFFLINE", "true")
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin took 2.3 s a frame on busy cores
        if importlib.util.find_spec("ultralytics") is None:
            raise WeightsUnusableError(f"weights {path}: a .pt needs ultralytics: run `make install-yolo`")
        if not path.exists():
            raise WeightsUnusableError(f"weights {path}: no such file, expected a .pt checkpoint")
        import torch
        from ultralytics import YOLO

        self._torch: Any = torch
        torch.set_num_threads(threads)
        try:
            model: Any = YOLO(path, task="detect").model.float().eval()
        except (ModuleNotFoundError, AttributeError, TypeError, RuntimeError, OSError, EOFError, KeyError) as error:
            raise WeightsUnusableError(
                f"weights {path}: no ultralytics checkpoint that can be run (YOLOv5 pickles are refused): {error}"
            ) from None
        self._model = model
        self.names: Sequence[str] = [str(model.names[index]) for index in sorted(model.names)]
        self.input_px = (_whole(input_px[0]), _whole(input_px[1]))

    def forward(self, batch: Floats) -> Floats:
        with self._torch.inference_mode():
            output = self._model(self._torch.from_numpy(batch))
        first = output[0] if isinstance(output, list | tuple) else output
        return np.asarray(first.numpy(), dtype=np.float32)


def _whole(side_px: int) -> int:
    return max(STRIDE_PX, -(-side_px // STRIDE_PX) * STRIDE_PX)
