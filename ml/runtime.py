"""Opens networks on ONNX Runtime: docs/decisions/0002-serving-runtime.md says why it serves."""

from pathlib import Path

import onnxruntime


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
