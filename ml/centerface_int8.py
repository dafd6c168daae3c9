"""Turns the graph of CenterFace into one of eight-bit arithmetic, for `ml.centerface_graph`.

Static quantization (Jacob et al. 2018, arXiv:1712.05877) with ONNX Runtime's tool. Before it, the
channels of each layer are brought to similar ranges, which changes no result (Nagel et al. 2019,
arXiv:1906.04721): one scale of eight bits then fits them all. `ml.training.detector_ranges`
measured the constants in `FOLDER`. Figures: docs/decisions/0042-detector-in-eight-bits.md.
"""

import json
import logging
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml.manifest import WEIGHTS_FOLDER

FOLDER: Final = WEIGHTS_FOLDER / "centerface_int8"
RANGES: Final = "ranges.json"
"""Lowest and highest value of each tensor, in the format of ONNX Runtime's tool."""
CONSTANTS: Final = "constants.json"
"""`factors`: by what each channel of each hidden tensor is divided, and multiplied where it is
used. `score`: what is added to the logit of the score, since eight bits lower it on average. Both
in sixteenths, which floats hold exactly: every machine makes the same graph."""
OPSET: Final = 13
"""The first version of ONNX with a scale for each channel. What the graph uses is as in its own."""
STEM: Final = 4
"""So many nodes at the beginning stay in float: eight bits are too few for the picture itself, and
convolutions of three channels gain nothing."""
BACKBONE: Final = 95
"""From this node on, neck and heads, all stays in float: they decide on landmarks and boxes."""


def quantize(content: bytes, folder: Path | None = None, pictures: Any = None) -> bytes:
    """Return the int8 version of the float32 graph, by the files of a folder (`FOLDER`).

    Where that of the ranges is missing, they are measured on `pictures` (a `CalibrationDataReader`)
    and written there. Weights keep to seven bits, since processors without
    VNNI saturate the sum of two products of eight.
    """
    import onnx
    from onnxruntime import quantization

    folder = folder or FOLDER
    constants = json.loads((folder / CONSTANTS).read_text(encoding="ascii"))
    model = balanced(onnx.load_from_string(content), constants)
    nodes = [node.name for node in model.graph.node]
    # It advises on preparations that this graph does not need.
    logging.getLogger().addFilter(_is_no_advice)
    try:
        with tempfile.TemporaryDirectory() as place:
            target = Path(place) / "int8.onnx"
            quantization.quantize_static(
                model,
                str(target),
                pictures,
                calibration_cache_path=str(folder / RANGES),
                quant_format=quantization.QuantFormat.QDQ,
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
                per_channel=True,
                reduce_range=True,
                nodes_to_exclude=[*nodes[:STEM], *nodes[BACKBONE:]],
            )
            quantized = onnx.load(str(target))
    finally:
        logging.getLogger().removeFilter(_is_no_advice)
    return bytes(quantized.SerializeToString(deterministic=True))


def balanced(model: Any, constants: dict[str, Any]) -> Any:
    """Apply the `CONSTANTS` to a model, and name its nodes. Changes it, and returns it."""
    from onnx import numpy_helper

    model.opset_import[0].version = OPSET
    for number, node in enumerate(model.graph.node):
        node.name = f"{node.op_type}_{number}"
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    arrays = {name: numpy_helper.to_array(tensor).copy() for name, tensor in tensors.items()}
    for before, name, after in hidden(model):
        scale = np.array(constants["factors"][name], np.float32).reshape(-1, 1, 1, 1) / 16
        weight, bias = before.input[1:3]
        arrays[weight] /= scale
        arrays[bias] /= scale.ravel()
        of_channels = is_depthwise(arrays[after.input[1]])
        arrays[after.input[1]] *= scale if of_channels else scale.transpose(1, 0, 2, 3)
    arrays[_score_of(model).input[2]] += np.float32(constants["score"] / 16)
    for name, tensor in tensors.items():
        tensor.CopyFrom(numpy_helper.from_array(arrays[name], name))
    return model


def hidden(model: Any) -> list[tuple[Any, str, Any]]:
    """Return each convolution whose result, after a ReLU, only one other convolution uses.

    With it the result's name and that other one. ReLU lets a positive factor through, so that the
    first may divide a channel by it, and the second multiply.
    """
    users: dict[str, list[Any]] = {}
    for node in model.graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)

    def only_user(name: str, kind: str) -> Any:
        found = users.get(name, [])
        return found[0] if len(found) == 1 and found[0].op_type == kind else None

    chains = []
    for node in model.graph.node:
        if node.op_type != "Conv":
            continue
        relu = only_user(node.output[0], "Relu")
        after = relu and only_user(relu.output[0], "Conv")
        if after:
            chains.append((node, str(relu.output[0]), after))
    return chains


def _score_of(model: Any) -> Any:
    """Return the convolution before the sigmoid of the heatmap."""
    [sigmoid] = [node for node in model.graph.node if node.op_type == "Sigmoid"]
    [score] = [node for node in model.graph.node if node.output[0] == sigmoid.input[0]]
    return score


def is_depthwise(weight: Any) -> bool:
    """Return whether a convolution has one filter (1, H, W) for each channel."""
    return bool(weight.shape[1] == 1 and weight.shape[0] > 1)


def _is_no_advice(record: logging.LogRecord) -> bool:
    return "pre-processing before quantization" not in record.getMessage()
