"""Networks whose answers are known: a classifier of single voxels and a filter, written with the onnx helpers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def save(path: Path, nodes, tensors, *, channels=2, size=None, kind=TensorProto.FLOAT, outputs=1, inputs=1) -> Path:
    """Write a network from "image" [1, 1, a, b, c] to "answer" [1, channels, a, b, c]; ``size`` None leaves it open."""
    spatial = [None] * 3 if size is None else list(size)
    graph = helper.make_graph(
        nodes, "net",
        [helper.make_tensor_value_info(f"image{'2' * n}", kind, [1, 1, *spatial]) for n in range(inputs)],
        [helper.make_tensor_value_info(f"answer{'2' * n}", kind, [1, channels, *spatial]) for n in range(outputs)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in tensors.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def classifier(path: Path, levels=(0.4, 0.7), size=None, kind=np.float32) -> Path:
    """Channel n wins where the input lies between level n and n + 1: logits are n x - (level 1 + ... + level n)."""
    count = len(levels) + 1
    weight = 50 * np.arange(count, dtype=kind).reshape(count, 1, 1, 1, 1)
    bias = -50 * np.concatenate([[0.0], np.cumsum(levels)]).astype(kind)
    node = helper.make_node("Conv", ["image", "weight", "bias"], ["answer"], kernel_shape=[1, 1, 1])
    onnx_kind = TensorProto.FLOAT if kind == np.float32 else TensorProto.FLOAT16
    return save(path, [node], {"weight": weight.astype(kind), "bias": bias.astype(kind)}, channels=count, size=size,
                kind=onnx_kind)


def blur_kernel() -> np.ndarray:
    """A lopsided kernel of 5 x 3 x 3 that sums to 1: no symmetry hides a turned axis."""
    kernel = np.random.default_rng(5).random((5, 3, 3)).astype(np.float32)
    kernel[4] *= 3
    kernel[:, 2] *= 2
    return kernel / kernel.sum()


def blur(path: Path, level=0.5) -> Path:
    """Channel 1 (sigmoid or softmax over 0) is where the filtered input lies above ``level``."""
    kernel = np.zeros((2, 1, 5, 3, 3), np.float32)
    kernel[1, 0] = 200 * blur_kernel()
    node = helper.make_node("Conv", ["image", "weight", "bias"], ["answer"], kernel_shape=[5, 3, 3],
                            pads=[2, 1, 1, 2, 1, 1])
    return save(path, [node], {"weight": kernel, "bias": np.array([0, -200 * level], np.float32)})


def write_card(folder: Path, **changes) -> Path:
    """A card for ``net.onnx``; a value of None leaves the key out."""
    content = {
        "name": "test net", "network": "net.onnx", "spacing_mm": [4.0, 4.0, 4.0], "orientation": "SPL",
        "window": [-1000, 1000], "patch": [16, 16, 16], "classes": {"1": "liver", "2": "spleen"},
    }  # fmt: skip
    content.update(changes)
    file = folder / "card.json"
    file.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
    return file
