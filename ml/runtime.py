"""Opens networks on ONNX Runtime: docs/decisions/0002-serving-runtime.md says why it serves."""

import os
from pathlib import Path
from typing import Final

import onnxruntime

MAX_THREADS: Final = 2
"""Threads of one call; more gain little on networks as small as ours."""


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def session(
    network: Path | bytes, *, threads: int | None = None, any_size: bool = False
) -> onnxruntime.InferenceSession:
    """Open a network, given as a path or as bytes. Threads may share the session without a lock.

    Call it after a fork, since the session's threads do not survive one. One call of the network
    uses `threads` threads; the default is one per core, at most two. `any_size` is for networks
    whose inputs differ in size: memory is then returned after each call.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or min(MAX_THREADS, usable_cores())
    # An idle worker must not use a core while it waits for the next photo.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = options.enable_mem_pattern = not any_size
    source = network if isinstance(network, bytes) else str(network)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
