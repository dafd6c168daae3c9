"""Opens networks on ONNX Runtime: docs/decisions/0002-serving-runtime.md says why it serves."""

from pathlib import Path
from typing import Any, Final

import onnxruntime
from numpy.typing import NDArray

USUAL_INPUT: Final = 3 * 400_000
"""Numbers in an input. After a larger one the memory that a session gained is freed again."""


def session(
    network: Path | bytes, *, threads: int = 1, any_size: bool = False
) -> onnxruntime.InferenceSession:
    """Open a network, given as a path or as bytes. Threads may share the session without a lock.

    Call it after a fork, since the session's threads do not survive one. One call of the network
    uses one thread unless `threads` says otherwise: a platform has a worker for each core.
    `any_size` is for networks whose inputs differ in size: then memory is not planned by the first.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # An idle worker must not use a core while it waits for the next photo.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_mem_pattern = not any_size
    source = network if isinstance(network, bytes) else str(network)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def run(
    network: onnxruntime.InferenceSession, outputs: list[str], inputs: dict[str, NDArray[Any]]
) -> list[Any]:
    """Run a network. Returns its outputs.

    A session keeps the memory of its largest call for later ones (its arena). Usual calls share it;
    what an unusually large one added is freed at its end.
    """
    is_usual = sum(values.size for values in inputs.values()) <= USUAL_INPUT
    return list(network.run(outputs, inputs, None if is_usual else _freeing()))


def _freeing() -> onnxruntime.RunOptions:
    # https://github.com/microsoft/onnxruntime: onnxruntime_run_options_config_keys.h
    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options
