"""Import the compiled libraries once; where the system lacks one of theirs, say in one line what to install."""

import importlib
import re
import sys

COMPILED = ("numpy", "cv2", "av", "openvino", "PIL.Image", "psycopg", "argon2")
DEBIAN_PACKAGES = {
    "libstdc++.so.6": "libstdc++6",
    "libgcc_s.so.1": "libgcc-s1",
    "libz.so.1": "zlib1g",
    "libffi.so.8": "libffi8",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "libgomp.so.1": "libgomp1",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
}


def missing_library(error: ImportError) -> str:
    found = re.search(r"(lib\S+?\.so(?:\.\d+)*)", str(error))
    return found.group(1) if found else str(error)


def main() -> int:
    for name in COMPILED:
        try:
            importlib.import_module(name)
        except ImportError as error:
            library = missing_library(error)
            package = DEBIAN_PACKAGES.get(library, f"the package that holds {library}")
            print(f"{name}: {library} is missing. Run: apt-get install {package}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
