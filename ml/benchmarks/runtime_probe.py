"""Measures one serving runtime in this process; `ml.benchmarks.runtimes` starts it.

    python ml/benchmarks/runtime_probe.py speed|threads onnxruntime|opencv|litert GRAPH CROPS

It imports nothing else of this package, so an environment with NumPy and one runtime is enough.
CROPS is an .npz with `crops` (N, 48, 48, 1) float32 and Keras' logits of both heads. Prints one
JSON object.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Run = Callable[[NDArray[np.float32]], dict[str, NDArray[np.float32]]]
HEADS = ["consensus", "fer2013"]
THREADS = 2


def onnxruntime_run(graph: str) -> Run:
    """Load the graph in ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda crops: dict(zip(HEADS, session.run(HEADS, {name: crops}), strict=True))


def opencv_run(graph: str) -> Run:
    """Load the graph in OpenCV's new engine; the classic one crashes on a second batch size."""
    import cv2

    cv2.setNumThreads(THREADS)
    net = cv2.dnn.readNetFromONNX(graph, cv2.dnn.ENGINE_NEW)

    def run(crops: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        net.setInput(crops)
        outputs = [np.asarray(output, np.float32) for output in net.forward(HEADS)]
        return dict(zip(HEADS, outputs, strict=True))

    return run


def litert_run(graph: str) -> Run:
    """Load the graph in LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(graph, num_threads=THREADS)
    signature = interpreter.get_signature_runner()
    name = next(iter(signature.get_input_details()))
    return lambda crops: dict(signature(**{name: crops}))


RUNTIMES: dict[str, Callable[[str], Run]] = {
    "onnxruntime": onnxruntime_run,
    "opencv": opencv_run,
    "litert": litert_run,
}


def resident_megabytes() -> float:
    """Return the resident memory of this process (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def milliseconds(run: Run, crops: NDArray[np.float32], rounds: int) -> float:
    """Return the median time of a call, after three calls to warm up."""
    for _ in range(3):
        run(crops)
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        run(crops)
        times.append(time.perf_counter() - began)
    return float(np.median(times) * 1000)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities of logits (N, 7)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def speed(runtime: str, graph: str, expected: dict[str, NDArray[np.float32]]) -> dict[str, Any]:
    """Measure load time, memory, time per face and the distance from Keras' probabilities."""
    crops = expected["crops"]
    before, began = resident_megabytes(), time.perf_counter()
    run = RUNTIMES[runtime](graph)
    run(crops[:1])
    loaded = time.perf_counter() - began
    one, eight = milliseconds(run, crops[:1], 60), milliseconds(run, crops[:8], 25)
    memory = resident_megabytes() - before
    outputs = run(crops)
    return {
        "first result s": loaded,
        "memory MB": memory,
        "ms a face, batch 1": one,
        "ms a face, batch 8": eight / 8,
        "largest difference": max(
            float(np.abs(softmax(outputs[head]) - softmax(expected[head])).max()) for head in HEADS
        ),
    }


def threads(runtime: str, graph: str, expected: dict[str, NDArray[np.float32]]) -> dict[str, Any]:
    """Count the right results of 160 calls by 8 threads on one object without a lock."""
    run, crops = RUNTIMES[runtime](graph), expected["crops"]
    right = []

    def work(offset: int) -> None:
        for step in range(20):
            at = (offset * 7 + step) % (len(crops) - 4)
            rows = slice(at, at + 1 + step % 4)
            outputs = run(np.ascontiguousarray(crops[rows]))
            if all(np.allclose(outputs[head], expected[head][rows], atol=1e-3) for head in HEADS):
                right.append(at)

    threading.excepthook = lambda _: None
    workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {"right calls of 160": len(right)}


def main() -> None:
    """Run the measurement that the command line names, and print it."""
    mode, runtime, graph, crops = sys.argv[1:]
    with np.load(crops) as file:
        expected = {name: file[name] for name in file.files}
    measure = speed if mode == "speed" else threads
    print(json.dumps(measure(runtime, graph, expected)))


if __name__ == "__main__":
    main()
