"""`phatnguoi weights`: which exported networks are here, and how to get more.

A `.pt` file is a pickle: it can run code when it is opened. So its SHA-256 is compared before that, always.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from phatnguoi import weights_export
from phatnguoi.errors import CommandError

SHIPPED = Path(__file__).resolve().parents[1] / "models" / "weights"
INPUT_PX = 640


@dataclass(frozen=True, slots=True)
class KnownWeights:
    """One entry of `models/weights/weights.toml`; `file`, `url` and `sha256` are those of the original checkpoint.

    Attributes:
        knows: `streets` or `simulated`: the world that the network was trained on.
        files: SHA-256 of every file that is shipped with this project.
    """

    name: str
    folder: str
    licence: str
    classes: str
    measured_on: str
    file: str = ""
    url: str = ""
    sha256: str = ""
    knows: str = ""
    """"simulated": true of the simulated world only."""
    files: dict[str, str] = field(default_factory=dict)
    """Files that are shipped beside the register, with their SHA-256."""

    def place(self) -> Path:
        """Where the exported network lies, or is to be put."""
        own = os.environ.get("PHATNGUOI_WEIGHTS")
        return (Path(own) if own else SHIPPED) / self.folder


def known_weights() -> dict[str, KnownWeights]:
    entries = tomllib.loads((SHIPPED / "weights.toml").read_text(encoding="utf-8"))["weights"]
    return {entry["name"]: KnownWeights(**entry) for entry in entries}


def chosen_weights(given: Path | None) -> Path:
    """The weights to run: as given, else PHATNGUOI_WEIGHTS (weights, or a folder of them), else the pulled ones.

    Raises:
        CommandError: there are none; the message says how to get some.
    """
    if given is not None:
        return given
    own = os.environ.get("PHATNGUOI_WEIGHTS")
    if own and (Path(own).suffix in (".pt", ".xml", ".onnx") or (Path(own) / "metadata.yaml").exists()):
        return Path(own)
    place = (Path(own) if own else SHIPPED) / "yolo11n_openvino_model"
    if not place.exists():
        raise CommandError(
            f"no weights at {place}: give --weights PATH, or run `phatnguoi weights pull yolo11n` to have them made"
        )
    return place


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="the weights that are known, and whether they are here")
    pull = actions.add_parser("pull", help="fetch a checkpoint, check it, export it")
    pull.add_argument("name")
    pull.add_argument("--file", type=Path, help="the checkpoint, where it was brought by hand")
    weights_export.configure(actions)


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "list":
        for known in known_weights().values():
            state = "here" if known.place().exists() else "absent"
            print(f"{known.name}  {state}  {known.place()}  {known.licence}; classes: {known.classes}")
        return 0
    if arguments.action == "export":
        return weights_export.run(arguments)
    return pull(arguments.name, arguments.file)


def pull(name: str, brought: Path | None) -> int:
    """Fetch, check, export.

    Raises:
        CommandError: unknown name; no ultralytics; release site out of reach; wrong SHA-256.
    """
    known = known_weights().get(name)
    if known is None or not known.url:
        names = sorted(entry.name for entry in known_weights().values() if entry.url)
        raise CommandError(f"weights {name!r}: got an unknown name, expected one of {names}")
    if known.place().exists():
        print(f"{name} is here: {known.place()}")
        return 0
    if importlib.util.find_spec("ultralytics") is None:
        raise CommandError(
            f"weights {name}: ultralytics is not in this environment, and it makes the export. "
            f"Run `make install-yolo`, then `.venv-yolo/bin/phatnguoi weights pull {name}`"
        )
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / known.file
        if brought is None:
            _download(known, checkpoint)
        else:
            _copy(brought, checkpoint)
        check_sha256(checkpoint, known.sha256)
        _export(checkpoint, known.place())
    print(f"{name} is here now: {known.place()}")
    return 0


def check_sha256(path: Path, expected: str) -> Path:
    """The path, when its bytes have the expected SHA-256.

    Raises:
        CommandError: they have not; nothing has opened the file.
    """
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        raise CommandError(f"weights {path.name}: got SHA-256 {found}, expected {expected}; not opened")
    return path


def _copy(brought: Path, checkpoint: Path) -> None:
    if not brought.is_file():
        raise CommandError(f"weights {brought}: no such file")
    shutil.copyfile(brought, checkpoint)


def _download(known: KnownWeights, checkpoint: Path) -> None:
    os.environ["YOLO_OFFLINE"] = "false"  # this command alone may go out
    from ultralytics.utils.downloads import safe_download

    try:
        safe_download(url=known.url, file=checkpoint, retry=1, progress=False, min_bytes=1e5)
    except (OSError, RuntimeError, ValueError):
        checkpoint.unlink(missing_ok=True)
    if not checkpoint.exists():
        raise CommandError(
            f"weights {known.name}: {known.url} cannot be reached. "
            f"Bring that file ({known.file}, SHA-256 {known.sha256}; its classes are {known.classes}), "
            f"then run `phatnguoi weights pull {known.name} --file {known.file}`; "
            f"or put a folder exported elsewhere at {known.place()}"
        )


def _export(checkpoint: Path, place: Path) -> None:
    """Export to OpenVINO; moved into place at the very end, so that nothing half made is ever there."""
    from ultralytics import YOLO

    exported = Path(YOLO(checkpoint).export(format="openvino", imgsz=INPUT_PX, verbose=False))
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(exported, place)
