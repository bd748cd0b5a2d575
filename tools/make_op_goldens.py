#!/usr/bin/env python3
"""Writes tests/golden/ops/*.json: what real TensorFlow computes for each op of src/ops, one node at a time.

usage: make_op_goldens.py [FOLDER]          (needs TensorFlow; the files are committed, so building and testing do not)

A file is {"tensorflow": version, "cases": [case…]}, a case
  {"op", "attributes": {name: {kind: value}}, "inputs": [tensor…], "outputs": [tensor…]}, a tensor {"dtype", "shape", "values"},
  without values where TensorFlow leaves them uninitialized.
Attributes at TensorFlow's default are left out, so that ours are tested too. TensorFlow's CPU kernels know NHWC alone: a case
with channels first is the NHWC case with its tensors transposed.
"""
import json
import os
import sys

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")
import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
FAMILIES = {}
RANDOM = np.random.RandomState(1)


# Inputs: multiples of 1/16, which every float type holds.
def floats(*shape, low=-2, high=2, dtype=np.float32):
    return (RANDOM.randint(low * 16, high * 16 + 1, shape) / 16).astype(dtype)


def integers(*shape, low=-9, high=10, dtype=np.int32):
    return RANDOM.randint(low, high, shape).astype(dtype)


def ints(*values, dtype=np.int32):
    return np.array(values, dtype)


def scalar(value, dtype=np.float32):
    return np.array(value, dtype)


def number_as_json(x):
    if isinstance(x, (bool, np.bool_)):
        return int(x)
    if isinstance(x, (int, np.integer)):
        return int(x)
    if np.isnan(x):
        return "nan"
    if np.isinf(x):
        return "inf" if x > 0 else "-inf"
    digits = "%.17g" % x if isinstance(x, np.float64) else "%.9g" % x
    short = "%.6g" % x
    return float(short if type(x)(float(short)) == x else digits)


def tensor_as_json(array):
    array = np.asarray(array)
    if array.dtype == object:
        return {"dtype": "string", "shape": list(array.shape), "values": [x if isinstance(x, str) else x.decode() for x in array.ravel()]}
    dtype = tf.as_dtype(array.dtype).name
    if dtype in ("float16", "bfloat16"):
        array = array.astype(np.float32)
    return {"dtype": dtype, "shape": list(array.shape), "values": [number_as_json(x) for x in array.ravel()]}


def attribute_as_json(value):
    kind = value.WhichOneof("value")
    if kind == "type":
        return {"type": tf.as_dtype(value.type).name}
    if kind == "shape":
        return {"shape": [d.size for d in value.shape.dim]}
    if kind == "s":
        return {"s": value.s.decode()}
    if kind == "list":
        if value.list.type:
            return {"types": [tf.as_dtype(t).name for t in value.list.type]}
        return {"ints": list(value.list.i)}
    if kind == "tensor":
        return {"tensor": tensor_as_json(tf.make_ndarray(value.tensor))}
    return {kind: getattr(value, kind)}


def case(family, op, **arguments):
    """Runs one node. Arrays (and lists of arrays) among the arguments are its inputs, the rest its attributes."""
    feeds = {}

    def feed(array):
        placeholder = tf1.placeholder(tf.as_dtype(array.dtype), array.shape)
        feeds[placeholder.ref()] = array
        return placeholder

    with tf1.Graph().as_default() as graph:
        given = {}
        for key, value in arguments.items():
            if isinstance(value, np.ndarray):
                given[key] = feed(value)
            elif isinstance(value, list) and value and isinstance(value[0], np.ndarray):
                given[key] = [feed(v) for v in value]
            else:
                given[key] = value
        result = getattr(tf.raw_ops, op)(**given)
        node = result if isinstance(result, tf.Operation) else (result[0] if isinstance(result, (list, tuple)) else result).op
        assert node.type == op, node.type
        config = tf1.ConfigProto()
        config.graph_options.rewrite_options.disable_meta_optimizer = True
        with tf1.Session(graph=graph, config=config) as session:
            outputs = session.run(list(node.outputs), {ref.deref(): array for ref, array in feeds.items()})
        inputs = [feeds[tensor.ref()] for tensor in node.inputs]
        defaults = {a.name: a.default_value for a in node.op_def.attr if a.HasField("default_value")}
        attributes = {k: attribute_as_json(v) for k, v in sorted(node.node_def.attr.items())
                      if not k.startswith("_") and not (k in defaults and defaults[k] == v)}
    made = {"op": op, "attributes": attributes, "inputs": [tensor_as_json(x) for x in inputs],
            "outputs": [tensor_as_json(x) for x in outputs]}
    FAMILIES.setdefault(family, []).append(made)
    return made


def channels_first(family, made, inputs, outputs):
    """The same case with the named input and output positions transposed, and list attributes to match."""
    def moved(tensor):
        array = np.array(tensor["values"]).reshape(tensor["shape"])
        array = np.moveaxis(array, -1, 1)
        flat = [number for number in array.ravel().tolist()]
        return {"dtype": tensor["dtype"], "shape": list(array.shape), "values": flat}

    rank = len(made["inputs"][inputs[0]]["shape"])
    other = json.loads(json.dumps(made))
    for key in ("strides", "dilations", "ksize"):
        if key in other["attributes"]:
            values = other["attributes"][key]["ints"]
            other["attributes"][key] = {"ints": [values[0], values[-1]] + values[1:-1]}
    if "explicit_paddings" in other["attributes"]:
        values = other["attributes"]["explicit_paddings"]["ints"]
        other["attributes"]["explicit_paddings"] = {"ints": values[:2] + values[-2:] + values[2:-2]}
    other["attributes"]["data_format"] = {"s": "NCHW" if rank == 4 else "NCDHW"}
    for i in inputs:
        other["inputs"][i] = moved(other["inputs"][i])
    for i in outputs:
        other["outputs"][i] = moved(other["outputs"][i])
    FAMILIES[family].append(other)
    return other


def sources():
    f = "source"
    x = floats(2, 3)
    case(f, "Identity", input=x)
    case(f, "Identity", input=integers(3, dtype=np.int64))
    case(f, "IdentityN", input=[x, integers(2)])
    case(f, "Snapshot", input=x)
    case(f, "StopGradient", input=x)
    case(f, "PreventGradient", input=x)
    case(f, "CheckNumerics", tensor=x, message="bad")
    case(f, "PlaceholderWithDefault", input=x, shape=[None, 3])
    case(f, "NoOp")
    # A Placeholder's and a Const's values are told, not computed.
    FAMILIES[f].append({"op": "Placeholder", "attributes": {"dtype": {"type": "float32"}, "shape": {"shape": [-1, 3]}}, "inputs": [],
                        "outputs": [tensor_as_json(x)]})
    FAMILIES[f].append({"op": "Const", "attributes": {"dtype": {"type": "float32"}, "value": {"tensor": tensor_as_json(x)}},
                        "inputs": [], "outputs": [tensor_as_json(x)]})


def convolutions():
    f = "convolution"
    x = floats(2, 7, 6, 3)
    for padding in ("SAME", "VALID"):
        for stride, dilation in ((1, 1), (2, 1), (1, 2)):
            made = case(f, "Conv2D", input=x, filter=floats(3, 2, 3, 4), strides=[1, stride, stride, 1],
                        dilations=[1, dilation, dilation, 1], padding=padding)
    made = case(f, "Conv2D", input=x, filter=floats(3, 3, 3, 2), strides=[1, 2, 1, 1], padding="EXPLICIT",
                explicit_paddings=[0, 0, 1, 2, 0, 3, 0, 0])
    channels_first(f, made, [0], [0])
    channels_first(f, case(f, "Conv2D", input=x, filter=floats(2, 2, 3, 2), strides=[1, 2, 3, 1], padding="SAME"), [0], [0])
    case(f, "Conv2D", input=floats(1, 4, 4, 4), filter=floats(2, 2, 2, 6), strides=[1, 1, 1, 1], padding="SAME")  # 2 groups
    case(f, "Conv2D", input=floats(1, 4, 4, 2, dtype=np.float64), filter=floats(2, 2, 2, 2, dtype=np.float64), strides=[1, 1, 1, 1],
         padding="VALID")
    case(f, "Conv2D", input=floats(1, 4, 4, 2, dtype=np.float16), filter=floats(2, 2, 2, 2, dtype=np.float16), strides=[1, 1, 1, 1],
         padding="VALID")
    case(f, "Conv2D", input=floats(1, 2, 2, 1), filter=floats(5, 5, 1, 1), strides=[1, 1, 1, 1], padding="SAME")
    for padding, stride in (("SAME", 1), ("VALID", 2), ("SAME", 2)):
        made = case(f, "DepthwiseConv2dNative", input=x, filter=floats(3, 2, 3, 2), strides=[1, stride, stride, 1], padding=padding)
    channels_first(f, made, [0], [0])
    for padding in ("VALID", "SAME"):  # the CPU kernel knows no dilation; nn.depthwise_conv2d computes it by SpaceToBatchND
        w = floats(3, 2, 3, 2)
        y = tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], padding, dilations=[2, 2]).numpy()
        FAMILIES[f].append({"op": "DepthwiseConv2dNative",
                            "attributes": {"T": {"type": "float32"}, "strides": {"ints": [1, 1, 1, 1]}, "dilations": {"ints": [1, 2, 2, 1]},
                                           "padding": {"s": padding}},
                            "inputs": [tensor_as_json(x), tensor_as_json(w)], "outputs": [tensor_as_json(y)]})
    v = floats(1, 5, 4, 3, 2)
    case(f, "Conv3D", input=v, filter=floats(2, 3, 2, 2, 3), strides=[1, 1, 1, 1, 1], padding="VALID")
    channels_first(f, case(f, "Conv3D", input=v, filter=floats(2, 3, 2, 2, 3), strides=[1, 2, 1, 2, 1], padding="SAME"), [0], [0])


def transposed_convolutions():
    f = "convolution_transpose"
    for padding, stride, size, given in (("SAME", 2, (6, 5), (3, 3)), ("VALID", 2, (7, 8), (3, 3)), ("SAME", 1, (4, 4), (4, 4)),
                                         ("VALID", 3, (9, 9), (3, 3))):
        made = case(f, "Conv2DBackpropInput", input_sizes=ints(2, *size, 2), filter=floats(3, 3, 2, 3), out_backprop=floats(2, *given, 3),
                    strides=[1, stride, stride, 1], padding=padding)
    first = channels_first(f, made, [2], [0])
    sizes = first["inputs"][0]["values"]
    first["inputs"][0]["values"] = [sizes[0], sizes[-1]] + sizes[1:-1]
    # The CPU kernel knows no dilation: the transpose of TensorFlow's dilated Conv2D, column by column.
    w, given = floats(2, 2, 2, 3), floats(1, 3, 3, 3)
    columns = tf.nn.conv2d(np.eye(50, dtype=np.float32).reshape(50, 5, 5, 2), w, 1, "VALID", dilations=2).numpy().reshape(50, -1)
    FAMILIES[f].append({"op": "Conv2DBackpropInput",
                        "attributes": {"T": {"type": "float32"}, "strides": {"ints": [1, 1, 1, 1]}, "dilations": {"ints": [1, 2, 2, 1]},
                                       "padding": {"s": "VALID"}},
                        "inputs": [tensor_as_json(x) for x in (ints(1, 5, 5, 2), w, given)],
                        "outputs": [tensor_as_json((columns @ given.ravel()).reshape(1, 5, 5, 2))]})
    case(f, "Conv2DBackpropInput", input_sizes=ints(1, 5, 5, 2), filter=floats(3, 3, 2, 3), out_backprop=floats(1, 3, 4, 3),
         strides=[1, 2, 2, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 1, 1, 1, 3, 0, 0])
    case(f, "Conv3DBackpropInputV2", input_sizes=ints(1, 4, 4, 3, 2), filter=floats(2, 2, 2, 2, 3), out_backprop=floats(1, 2, 2, 2, 3),
         strides=[1, 2, 2, 2, 1], padding="SAME")


def pools():
    f = "pool"
    x = floats(2, 6, 5, 3)
    for op in ("MaxPool", "AvgPool"):
        key = "input" if op == "MaxPool" else "value"
        for padding, k, s in (("VALID", 2, 2), ("SAME", 2, 2), ("SAME", 3, 1), ("VALID", 3, 2), ("SAME", 3, 3)):
            made = case(f, op, ksize=[1, k, k, 1], strides=[1, s, s, 1], padding=padding, **{key: x})
        channels_first(f, made, [0], [0])
        case(f, op + "3D", input=floats(1, 4, 5, 4, 2), ksize=[1, 2, 3, 2, 1], strides=[1, 2, 2, 1, 1], padding="SAME")
        channels_first(f, case(f, op + "3D", input=floats(1, 4, 5, 4, 2), ksize=[1, 2, 2, 2, 1], strides=[1, 2, 2, 2, 1], padding="VALID"),
                       [0], [0])
    case(f, "MaxPool", input=x, ksize=[1, 2, 3, 1], strides=[1, 1, 2, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 1, 0, 1, 2, 0, 0])
    case(f, "MaxPool", input=integers(1, 4, 4, 2), ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
    case(f, "AvgPool", value=floats(1, 4, 4, 2, dtype=np.float64), ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], padding="SAME")


def batch_norms():
    f = "batch_norm"
    statistics = dict(scale=floats(3), offset=floats(3), mean=floats(3), variance=floats(3, low=1, high=3), is_training=False)
    for op in ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"):
        made = case(f, op, x=floats(2, 4, 3, 3), epsilon=0.001, **statistics)
        channels_first(f, made, [0], [0])
        case(f, op, x=floats(1, 2, 2, 3), **statistics)
    case(f, "FusedBatchNormV3", x=floats(1, 2, 2, 3, dtype=np.float16), epsilon=0.001, **statistics)
    for made in FAMILIES[f]:  # at inference TensorFlow leaves the reserve spaces uninitialized
        for output in made["outputs"][3:]:
            output.pop("values")


def products():
    f = "mat_mul"
    for a in (False, True):
        for b in (False, True):
            x = floats(*((4, 3) if a else (3, 4)))
            y = floats(*((2, 4) if b else (4, 2)))
            case(f, "MatMul", a=x, b=y, transpose_a=a, transpose_b=b)
            x, y = np.stack([x, x * 2]), np.stack([y, y - 1])
            case(f, "BatchMatMul", x=x, y=y, adj_x=a, adj_y=b)
            case(f, "BatchMatMulV2", x=x, y=y[:1], adj_x=a, adj_y=b)
    case(f, "MatMul", a=integers(2, 3), b=integers(3, 2))
    case(f, "MatMul", a=floats(2, 3, dtype=np.float64), b=floats(3, 2, dtype=np.float64))
    case(f, "MatMul", a=floats(2, 3, dtype=np.float16), b=floats(3, 2, dtype=np.float16))
    case(f, "BatchMatMulV2", x=floats(3, 1, 2, 3), y=floats(2, 3, 2))
    for equation, shapes in (("ij,jk->ik", [(2, 3), (3, 4)]), ("abc,cde->abde", [(2, 3, 4), (4, 2, 2)]), ("aecd,abcd->acbe", [(2, 3, 2, 4), (2, 2, 2, 4)]),
                             ("ij->ji", [(2, 3)]), ("ii->i", [(3, 3)]), ("ijk->j", [(2, 3, 2)]), ("i,j->ij", [(2,), (3,)]),
                             ("...ij,...jk->...ik", [(2, 1, 2, 3), (3, 3, 2)]), ("ij,->ij", [(2, 2), ()])):
        case(f, "Einsum", inputs=[floats(*s) for s in shapes], equation=equation)


UNARY = """Relu Relu6 Elu Selu Sigmoid Tanh Softplus Softsign Exp Expm1 Neg Abs Sign Square Reciprocal Inv Erf Erfc Floor Ceil Rint
Round Sin Cos Tan Sinh Cosh Atan Asinh""".split()
POSITIVE = "Log Log1p Sqrt Rsqrt".split()


def argument_of(op):
    return {"Relu": "features", "Relu6": "features", "Elu": "features", "Selu": "features", "Softplus": "features",
            "Softsign": "features"}.get(op, "x")


def unary():
    f = "unary"
    x = np.concatenate([floats(11, low=-6, high=8), np.array([0, -0.0, 0.5, 1.5, 2.5, -0.5, -1.5], np.float32)])
    for op in UNARY:
        special = [np.inf, -np.inf, np.nan] if op in ("Relu", "Neg", "Abs", "Exp", "Floor", "Round") else []
        values = np.concatenate([x, np.array(special, np.float32)])
        if op in ("Reciprocal", "Inv"):
            values = values[values != 0]
        case(f, op, **{argument_of(op): values})
    for op in ("Relu", "Sigmoid", "Exp", "Square"):
        case(f, op, **{argument_of(op): x.astype(np.float64)})
        case(f, op, **{argument_of(op): x.astype(np.float16)})
    case(f, "Relu", features=x.astype(tf.bfloat16.as_numpy_dtype))
    for op in ("Relu", "Neg", "Abs", "Sign", "Square", "Round"):
        case(f, op, **{argument_of(op): integers(8)})
    case(f, "Square", x=ints(2**20, -3))  # wraps
    for op in POSITIVE:
        case(f, op, x=floats(12, low=0, high=8) + np.float32(1 / 16))
    for op in ("Asin", "Acos", "Atanh"):
        case(f, op, x=floats(9, low=-1, high=1) * np.float32(15 / 16))
    case(f, "Acosh", x=floats(9, low=1, high=8))
    case(f, "LeakyRelu", features=x)
    case(f, "LeakyRelu", features=x, alpha=0.3)
    special = np.array([0, 1, np.nan, np.inf, -np.inf], np.float32)
    for op in ("IsNan", "IsInf", "IsFinite"):
        case(f, op, x=special)
    case(f, "LogicalNot", x=np.array([[True, False]]))
    for op in ("Softmax", "LogSoftmax"):
        case(f, op, logits=floats(3, 5, low=-8, high=8))
        case(f, op, logits=floats(2, 3, 4) + np.float32(90))
        case(f, op, logits=floats(2, 5, dtype=np.float16))
    case(f, "ClipByValue", t=floats(2, 5), clip_value_min=scalar(-1), clip_value_max=scalar(0.5))
    case(f, "ClipByValue", t=floats(2, 3), clip_value_min=floats(2, 3, high=0), clip_value_max=floats(2, 3, low=0))
    case(f, "LRN", input=floats(1, 2, 2, 9))
    case(f, "LRN", input=floats(1, 2, 2, 9), depth_radius=2, bias=2.0, alpha=0.5, beta=0.75)
    case(f, "L2Loss", t=floats(3, 4))
    for source in (np.float32, np.float64, np.int32, np.int64, np.uint8, np.bool_, np.float16):
        values = np.array([0, 1, 2.75, 5, 200.5], np.float32).astype(source)
        for target in (tf.float32, tf.float64, tf.int32, tf.int64, tf.uint8, tf.int8, tf.bool, tf.float16, tf.bfloat16):
            if tf.as_dtype(source) != target and not (target in (tf.int8,) and source in (np.float32, np.float64, np.float16)):
                case(f, "Cast", x=values, DstT=target)
    case(f, "Cast", x=np.array([-2.75, -0.5, 2.5, 1e6], np.float32), DstT=tf.int32)


BINARY = "Add AddV2 Sub Mul Div RealDiv FloorDiv FloorMod Maximum Minimum SquaredDifference Atan2 DivNoNan".split()
COMPARISON = "Equal NotEqual Less LessEqual Greater GreaterEqual".split()


def binary():
    f = "binary"
    def keys(op):
        return ("y", "x") if op == "Atan2" else ("x", "y")
    for op in BINARY:
        a, b = keys(op)
        safe = floats(3) + np.float32(1 / 32)
        case(f, op, **{a: floats(2, 3), b: safe})
        case(f, op, **{a: floats(2, 1, 3, dtype=np.float64), b: floats(4, 1, dtype=np.float64) + 1 / 32})
        if op not in ("RealDiv", "Atan2", "DivNoNan"):
            case(f, op, **{a: integers(3, 4), b: ints(3, -2, 5, -7)})
            case(f, op, **{a: integers(4, dtype=np.int64), b: scalar(-4, np.int64)})
    case(f, "DivNoNan", x=floats(3), y=ints(0, 1, 2).astype(np.float32))
    case(f, "TruncateDiv", x=integers(3, 4), y=ints(3, -2, 5, -7))
    case(f, "Div", x=ints(-2**31), y=ints(2))
    case(f, "Pow", x=floats(3, 4, low=0, high=3), y=floats(4))
    case(f, "Pow", x=ints(-3, 2, 7, 0), y=ints(3, 10, 0, 0))
    case(f, "Maximum", x=np.array([np.nan, 1, -np.inf], np.float32), y=np.array([1, 2, 3], np.float32))
    case(f, "AddV2", x=floats(2, 3, dtype=np.float16), y=floats(3, dtype=np.float16))
    case(f, "Mul", x=floats(2, 3).astype(tf.bfloat16.as_numpy_dtype), y=floats(2, 1).astype(tf.bfloat16.as_numpy_dtype))
    case(f, "AddV2", x=floats(0, 3), y=floats(3))
    case(f, "AddN", inputs=[floats(2, 3), floats(2, 3), floats(2, 3)])
    case(f, "AddN", inputs=[integers(4), integers(4)])
    for op in COMPARISON:
        case(f, op, x=floats(2, 6, low=-1, high=1), y=floats(6, low=-1, high=1))
        case(f, op, x=integers(3, 4, low=0, high=2), y=ints(0, 1, 0, 1))
    booleans = np.array([[False, False], [True, True]]), np.array([False, True])
    case(f, "LogicalAnd", x=booleans[0], y=booleans[1])
    case(f, "LogicalOr", x=booleans[0], y=booleans[1])
    case(f, "BiasAdd", value=floats(2, 3, 2, 4), bias=floats(4))
    case(f, "BiasAdd", value=floats(3, 4), bias=floats(4))
    case(f, "BiasAdd", value=floats(2, 3, 2, 4), bias=floats(3), data_format="NCHW")
    case(f, "BiasAddV1", value=floats(3, 4), bias=floats(4))
    case(f, "Select", condition=np.array([True, False]), x=floats(2, 3), y=floats(2, 3))
    case(f, "Select", condition=np.array([[True, False, True]]), x=floats(1, 3), y=floats(1, 3))
    case(f, "Select", condition=np.array(True), x=integers(3), y=integers(3))
    case(f, "SelectV2", condition=np.array([[True], [False]]), t=floats(3), e=floats(2, 1))


def shapes():
    f = "shape"
    x = floats(2, 3, 4)
    case(f, "Reshape", tensor=x, shape=ints(6, -1))
    case(f, "Reshape", tensor=x, shape=ints(4, 6, dtype=np.int64))
    case(f, "Reshape", tensor=floats(0, 3), shape=ints(3, 0))
    case(f, "Squeeze", input=floats(1, 3, 1, 2))
    case(f, "Squeeze", input=floats(1, 3, 1, 2), axis=[-2])
    for axis in (0, 2, -1):
        case(f, "ExpandDims", input=floats(2, 3), axis=scalar(axis, np.int32))
    case(f, "Shape", input=x)
    case(f, "Shape", input=x, out_type=tf.int64)
    case(f, "ShapeN", input=[x, floats(3)])
    case(f, "Size", input=x)
    case(f, "Rank", input=x)
    for axis in (0, 1, -1):
        case(f, "Concat", concat_dim=scalar(axis % 2, np.int32), values=[floats(2, 3), floats(2, 3)])
        case(f, "ConcatV2", values=[floats(2, 3, 2), floats(2, 3, 2), floats(2, 3, 2)], axis=scalar(axis, np.int32))
        case(f, "Pack", values=[floats(2, 3), floats(2, 3)], axis=axis)
        case(f, "Unpack", value=floats(2, 2, 2), num=2, axis=axis)
        case(f, "Split", axis=scalar(axis, np.int32), value=floats(4, 4, 4), num_split=2)
    case(f, "ConcatV2", values=[integers(1, 2), integers(3, 2)], axis=scalar(0, np.int32))
    case(f, "SplitV", value=floats(2, 6), size_splits=ints(1, -1, 3), axis=scalar(1, np.int32), num_split=3)
    case(f, "Slice", input=x, begin=ints(0, 1, 2), size=ints(2, -1, 1))
    y = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    for begin, end, strides, masks in (((0, 1), (2, 3), (1, 1), {}), ((1,), (2,), (1,), dict(shrink_axis_mask=1)), ((0, 0), (0, 2), (1, 1), dict(ellipsis_mask=1)),
                                       ((0, 2, 0), (0, 0, 0), (1, -1, 1), dict(begin_mask=1, end_mask=7)), ((0, 0, -1), (9, 9, -9), (1, 2, -2), {}),
                                       ((0, 0, 0), (1, 2, 0), (1, 1, 1), dict(new_axis_mask=1)), ((-1, 0, 1), (0, 0, 3), (1, 1, 1), dict(shrink_axis_mask=1, ellipsis_mask=2)),
                                       ((5,), (9,), (1,), {}), ((0, 0), (0, 0), (1, 1), dict(new_axis_mask=2, shrink_axis_mask=1)),
                                       ((2, 0, 3), (0, 1, 0), (1, 1, -1), dict(begin_mask=5, end_mask=7))):
        case(f, "StridedSlice", input=y, begin=ints(*begin), end=ints(*end), strides=ints(*strides), **masks)
    case(f, "Transpose", x=x, perm=ints(2, 0, 1))
    case(f, "Transpose", x=np.array([[True, False]]), perm=ints(1, 0))
    case(f, "ReverseV2", tensor=x, axis=ints(-1, 0))
    case(f, "Tile", input=floats(2, 3), multiples=ints(2, 3))
    case(f, "BroadcastTo", input=floats(3, 1), shape=ints(2, 3, 2))
    case(f, "Pad", input=floats(2, 3), paddings=np.array([[1, 0], [2, 1]], np.int32))
    case(f, "PadV2", input=floats(2, 3), paddings=np.array([[0, 1], [1, 1]], np.int64), constant_values=scalar(-1))
    for mode in ("REFLECT", "SYMMETRIC"):
        case(f, "MirrorPad", input=floats(3, 4), paddings=np.array([[2, 1], [1, 3]], np.int32), mode=mode)
    case(f, "Gather", params=floats(4, 3), indices=ints(3, 0, 3))
    for axis, batch_dims in ((0, 0), (1, 0), (-1, 0), (1, 1), (2, 1)):
        case(f, "GatherV2", params=floats(2, 3, 4), indices=integers(2, 2, low=0, high=2), axis=scalar(axis, np.int32), batch_dims=batch_dims)
    case(f, "GatherNd", params=floats(2, 3, 4), indices=ints(1, 2, 0, 1).reshape(2, 2))
    case(f, "GatherNd", params=floats(2, 3), indices=ints(1, 0).reshape(2, 1))
    case(f, "Fill", dims=ints(2, 3), value=scalar(2.5))
    case(f, "ZerosLike", x=x)
    case(f, "OnesLike", x=integers(3))
    case(f, "Range", start=scalar(2, np.int32), limit=scalar(11, np.int32), delta=scalar(3, np.int32))
    case(f, "Range", start=scalar(1), limit=scalar(-1), delta=scalar(-0.3))
    for axis in (-1, 0, 1):
        case(f, "OneHot", indices=ints(0, 2, -1, 3, 1, 0).reshape(2, 3), depth=scalar(3, np.int32), on_value=scalar(1), off_value=scalar(0), axis=axis)
    case(f, "SpaceToBatchND", input=floats(2, 3, 4, 2), block_shape=ints(2, 2), paddings=np.array([[1, 0], [0, 2]], np.int32))
    case(f, "SpaceToBatchND", input=floats(1, 5, 2), block_shape=ints(3), paddings=np.array([[0, 1]], np.int32))
    case(f, "BatchToSpaceND", input=floats(8, 2, 3, 1), block_shape=ints(2, 2), crops=np.array([[1, 0], [0, 2]], np.int32))
    case(f, "BatchToSpaceND", input=floats(6, 2, 2), block_shape=ints(3), crops=np.array([[2, 1]], np.int32))
    case(f, "SpaceToDepth", input=floats(1, 4, 6, 2), block_size=2)
    case(f, "DepthToSpace", input=floats(1, 2, 3, 8), block_size=2)


def reductions():
    f = "reduction"
    x = floats(2, 3, 4)
    for op in ("Sum", "Mean", "Prod", "Max", "Min"):
        for axes, keep in ((ints(1), False), (ints(0, 2), True), (ints(-1), True), (ints(0, 1, 2), False), (ints(), False)):
            case(f, op, input=x, axis=axes, keep_dims=keep)
        case(f, op, input=integers(2, 3), axis=scalar(1, np.int32))
        case(f, op, input=floats(2, 3, dtype=np.float16), axis=ints(1))
    b = RANDOM.randint(0, 2, (3, 4)).astype(bool)
    case(f, "All", input=b, axis=ints(1))
    case(f, "Any", input=b, axis=ints(0), keep_dims=True)
    for op in ("ArgMax", "ArgMin"):
        case(f, op, input=integers(3, 5, low=0, high=4).astype(np.float32), dimension=scalar(1, np.int32))
        case(f, op, input=x, dimension=scalar(-3, np.int32), output_type=tf.int32)
    for exclusive in (False, True):
        for reverse in (False, True):
            case(f, "Cumsum", x=floats(2, 3, 2), axis=scalar(1, np.int32), exclusive=exclusive, reverse=reverse)
            case(f, "Cumprod", x=integers(2, 3), axis=scalar(-1, np.int32), exclusive=exclusive, reverse=reverse)
    case(f, "TopKV2", input=integers(3, 6, low=0, high=5).astype(np.float32), k=scalar(4, np.int32))


def resizes():
    f = "resize"
    for op in ("ResizeBilinear", "ResizeNearestNeighbor"):
        for align, half in ((False, False), (True, False), (False, True)):
            for size in ((7, 5), (2, 3), (1, 8)):
                case(f, op, images=floats(1, 4, 3, 2), size=ints(*size), align_corners=align, half_pixel_centers=half)
    case(f, "ResizeBilinear", images=integers(1, 3, 3, 1, low=0, high=255, dtype=np.uint8), size=ints(6, 6))
    case(f, "ResizeNearestNeighbor", images=integers(2, 3, 3, 1), size=ints(6, 6))


def gradients():
    """What training differentiates to. In a family of its own, made last: the cases before keep their numbers."""
    f = "gradient"
    x, w, dy = floats(2, 6, 5, 3), floats(3, 2, 3, 4), floats(2, 3, 3, 4)
    case(f, "Conv2DBackpropFilter", input=x, filter_sizes=ints(3, 2, 3, 4), out_backprop=dy, strides=[1, 2, 2, 1], padding="SAME")
    case(f, "Conv2DBackpropFilter", input=x, filter_sizes=ints(3, 2, 3, 4), out_backprop=floats(2, 4, 4, 4), strides=[1, 1, 1, 1], padding="VALID")
    case(f, "Conv3DBackpropFilterV2", input=floats(1, 4, 4, 3, 2), filter_sizes=ints(2, 2, 2, 2, 3), out_backprop=floats(1, 2, 2, 2, 3),
         strides=[1, 2, 2, 2, 1], padding="SAME")
    case(f, "DepthwiseConv2dNativeBackpropFilter", input=x, filter_sizes=ints(3, 2, 3, 2), out_backprop=floats(2, 3, 3, 6),
         strides=[1, 2, 2, 1], padding="SAME")
    case(f, "DepthwiseConv2dNativeBackpropInput", input_sizes=ints(2, 6, 5, 3), filter=floats(3, 2, 3, 2), out_backprop=floats(2, 3, 3, 6),
         strides=[1, 2, 2, 1], padding="SAME")
    for k, s, padding in ((2, 2, "VALID"), (3, 2, "SAME"), (3, 1, "SAME")):
        pool = dict(ksize=[1, k, k, 1], strides=[1, s, s, 1], padding=padding)
        y = tf.nn.max_pool2d(x, k, s, padding).numpy()
        case(f, "MaxPoolGrad", orig_input=x, orig_output=y, grad=floats(*y.shape), **pool)
        case(f, "AvgPoolGrad", orig_input_shape=ints(2, 6, 5, 3), grad=floats(*y.shape), **pool)
    # Which of equal maxima takes all is the kernel's own affair in three axes: no two are equal here.
    v = (RANDOM.permutation(160).reshape(1, 4, 5, 4, 2) / 16).astype(np.float32)
    pool = dict(ksize=[1, 2, 3, 2, 1], strides=[1, 2, 2, 1, 1], padding="SAME")
    y = tf.nn.max_pool3d(v, [2, 3, 2], [2, 2, 1], "SAME").numpy()
    case(f, "MaxPool3DGrad", orig_input=v, orig_output=y, grad=floats(*y.shape), **pool)
    case(f, "AvgPool3DGrad", orig_input_shape=ints(1, 4, 5, 4, 2), grad=floats(*y.shape), **pool)
    case(f, "BiasAddGrad", out_backprop=floats(2, 3, 4))
    case(f, "BiasAddGrad", out_backprop=floats(2, 3, 4, 2), data_format="NCHW")
    a, b = floats(3, 5), floats(3, 5, low=-3, high=8)
    case(f, "ReluGrad", gradients=a, features=b)
    case(f, "Relu6Grad", gradients=a, features=b)
    case(f, "EluGrad", gradients=a, outputs=np.maximum(b, np.float32(-0.875)))
    case(f, "SigmoidGrad", y=a, dy=b)
    case(f, "TanhGrad", y=a, dy=b)
    x = floats(2, 4, 3, 3)
    empty = np.zeros((0,), np.float32)
    scale, offset = floats(3, low=1, high=3), floats(3)
    for op in ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"):
        made = case(f, op, x=x, scale=scale, offset=offset, mean=empty, variance=empty, epsilon=0.001, is_training=True)
        for output in made["outputs"][5:]:
            output.pop("values")  # a reserve of the kernel's own
            output["shape"] = []
        reserve = [np.array(made["outputs"][i]["values"], np.float32) for i in (3, 4)]
        third = dict(reserve_space_3=np.zeros((), np.float32)) if op.endswith("V3") else {}
        case(f, op.replace("Norm", "NormGrad"), y_backprop=floats(2, 4, 3, 3), x=x, scale=scale, reserve_space_1=reserve[0],
             reserve_space_2=reserve[1], epsilon=0.001, is_training=True, **third)
    for op in ("StatelessRandomUniform", "StatelessRandomNormal"):
        case(f, op, shape=ints(3, 7), seed=np.array([5, 1 << 40], np.int64))
        case(f, op, shape=ints(2), seed=np.array([-1, 3], np.int32))
    case(f, "UnsortedSegmentSum", data=floats(2, 3, 4), segment_ids=ints(0, 2, 0, -1, 2, 3).reshape(2, 3), num_segments=scalar(5, np.int32))
    case(f, "UnsortedSegmentSum", data=integers(4), segment_ids=np.array([1, 1, 0, 2], np.int64), num_segments=scalar(3, np.int32))


def collectives():
    f = "collective"
    group = dict(group_size=1, group_key=1, merge_op="Add", final_op="Id", subdiv_offsets=[0])
    case(f, "CollectiveReduce", input=floats(2, 3), instance_key=1, **group)
    case(f, "CollectiveReduce", input=floats(4, dtype=np.float64), instance_key=2, **group)


def projective():
    """What Keras' random layers see pictures through. Made after all others, whose cases keep their numbers."""
    f = "projective"
    maps = np.array([[1, 0, -1.25, 0, 1, 2.5, 0, 0], [0.8, -0.6, 2.3, 0.6, 0.8, -1.7, 0, 0]], np.float32)
    for fill_mode in ("REFLECT", "WRAP", "CONSTANT", "NEAREST"):
        for interpolation in ("BILINEAR", "NEAREST"):
            case(f, "ImageProjectiveTransformV3", images=floats(2, 5, 4, 2), transforms=maps, output_shape=ints(5, 4), fill_value=scalar(0.75),
                 interpolation=interpolation, fill_mode=fill_mode)
    case(f, "ImageProjectiveTransformV3", images=floats(2, 3, 3, 1), transforms=np.array([[3, 0, -9, 0.5, -2, 11, 0.25, -0.125]], np.float32),
         output_shape=ints(4, 6), fill_value=scalar(-1.0), interpolation="BILINEAR", fill_mode="REFLECT")
    case(f, "ImageProjectiveTransformV3", images=floats(1, 1, 1, 2), transforms=maps[:1], output_shape=ints(2, 2), fill_value=scalar(0.0),
         interpolation="NEAREST", fill_mode="WRAP")


def linear_algebra():
    """Made after all others, as what follows."""
    f = "linear_algebra"
    for dtype in (np.float32, np.float64):
        matrices = floats(2, 3, 3, dtype=dtype) + 3 * np.eye(3, dtype=dtype)
        case(f, "MatrixInverse", input=matrices)
        case(f, "MatrixInverse", input=matrices, adjoint=True)
        case(f, "MatrixDeterminant", input=matrices)
        case(f, "MatrixSolve", matrix=matrices, rhs=floats(2, 3, 2, dtype=dtype))
        case(f, "MatrixSolve", matrix=matrices, rhs=floats(2, 3, 2, dtype=dtype), adjoint=True)
        for lower in (True, False):
            for adjoint in (True, False):
                case(f, "MatrixTriangularSolve", matrix=matrices, rhs=floats(2, 3, 2, dtype=dtype), lower=lower, adjoint=adjoint)
        case(f, "Cholesky", input=np.matmul(matrices, np.swapaxes(matrices, 1, 2)))
    case(f, "MatrixDeterminant", input=np.array([[0, 1, 2], [0, 3, 4], [0, 5, 7]], np.float32))
    case(f, "MatrixDeterminant", input=np.zeros((2, 0, 0), np.float32))
    case(f, "MatrixInverse", input=np.array([[0, 2], [-4, 0]], np.float32))
    case(f, "Cholesky", input=np.array([[4, 7], [2, 5]], np.float32))


def later_numbers():
    """Ops on numbers that came after the others."""
    f = "later_numbers"
    for dtype in (np.int32, np.int64, np.uint8, np.int8, np.int16):
        low = 0 if dtype == np.uint8 else -100
        x, y = integers(2, 5, low=low, high=100, dtype=dtype), integers(5, low=low, high=100, dtype=dtype)
        for op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor"):
            case(f, op, x=x, y=y)
        for op in ("LeftShift", "RightShift"):
            case(f, op, x=x, y=integers(2, 5, low=0, high=7, dtype=dtype))
        case(f, "Invert", x=x)
    case(f, "TruncateMod", x=integers(3, 4), y=integers(4, low=1, high=5))
    case(f, "TruncateMod", x=floats(3, 4), y=floats(4, low=1))
    for dtype in (np.float32, np.float64):
        case(f, "Lgamma", x=floats(12, low=0, dtype=dtype) + dtype(0.03125))
        case(f, "Lgamma", x=floats(6, dtype=dtype) - dtype(0.28125))
        case(f, "Digamma", x=floats(12, low=0, high=20, dtype=dtype) + dtype(0.03125))
        case(f, "Digamma", x=floats(6, dtype=dtype) - dtype(0.28125))
    case(f, "ScatterNd", indices=ints(1, 0, 1, 4).reshape(4, 1), updates=floats(4, 3), shape=ints(6, 3))
    case(f, "ScatterNd", indices=integers(2, 2, 2, low=0, high=3, dtype=np.int64), updates=floats(2, 2, 2), shape=np.array([3, 4, 2]))
    case(f, "ScatterNd", indices=ints(0, 2, 1, 1).reshape(2, 2), updates=integers(2), shape=ints(2, 3))


def fake_quantizations():
    """Among the values those that lie between two levels; ranges that hold no zero, or nothing else."""
    f = "fake_quant"
    random = np.random.RandomState(11)
    x = np.concatenate([random.normal(0, 3, 40), np.arange(-4, 5) * 0.5, [6, -6, 100, -100]]).astype(np.float32)
    case(f, "FakeQuantWithMinMaxArgs", inputs=x)
    case(f, "FakeQuantWithMinMaxArgs", inputs=x, min=-1.5, max=2.25, num_bits=4)
    case(f, "FakeQuantWithMinMaxArgs", inputs=x.reshape(1, 53), min=-1.0, max=1.0, narrow_range=True)
    for low, high in ((-6, 6), (-0.7, 3.1), (0, 2.7), (-3.3, 0), (0.5, 2), (-4, -1), (0, 0)):
        for options in ({}, {"narrow_range": True}, {"num_bits": 5}, {"num_bits": 16}):
            if options and (low, high) not in ((-6, 6), (-0.7, 3.1)):
                continue
            case(f, "FakeQuantWithMinMaxVars", inputs=x, min=scalar(low), max=scalar(high), **options)
    low, high = np.array([-1, 0, -2.7, -6, 0.5], np.float32), np.array([1, 0, 0.4, 6, 3], np.float32)
    for shape in ((5,), (7, 5), (2, 3, 2, 5), (2, 3, 5)):
        y = random.normal(0, 2, shape).astype(np.float32)
        case(f, "FakeQuantWithMinMaxVarsPerChannel", inputs=y, min=low, max=high)
        case(f, "FakeQuantWithMinMaxVarsPerChannel", inputs=y, min=low, max=high, num_bits=4, narrow_range=True)


def strings(*values):
    return np.array(values, object)


def texts():
    """Made after all others, whose cases keep their numbers."""
    f = "text"
    words = strings("", "a", "grün", "Kühe, die Gras MAMPFEN; und noch sehr viel mehr davon, bis über 64 Zeichen hinaus.", "1234567890123456", "x" * 33, "[UNK]", "日本")
    for n in (1, 7, 2**31 - 1, 2**62):
        case(f, "StringToHashBucketFast", input=words, num_buckets=n)
        case(f, "StringToHashBucketStrong", input=words.reshape(2, 4), num_buckets=n, key=[133, 2**62 + 1])
    for dtype in (np.int32, np.int64, np.uint8, np.int8, np.int16):
        case(f, "AsString", input=np.array([[0, 1, 127], [5, 10, 99]], dtype))
    case(f, "AsString", input=np.array([-2**63, 2**63 - 1, -1]))
    case(f, "AsString", input=np.array([True, False]))
    case(f, "StringJoin", inputs=[words[:4], words[2:6]], separator=" ")
    case(f, "StringJoin", inputs=[words.reshape(4, 2), strings("-").reshape(()), words.reshape(4, 2)])
    case(f, "StringLower", input=strings("", "ABC xyz [@`{", "GRÜN Ä", "A1"))
    sentences = strings("", "Hi, you! (a-b) \\ _x_", "...", " zwei  Wörter\t\nund\vnoch\feins\r", "'\"#$%&*+/:;<=>?@[]^`{|}~", "日本\u00a0x")
    punctuation = r"""[!"#$%&()\*\+,-\./:;<=>?@\[\\\]^_`{|}~\']"""
    case(f, "StaticRegexReplace", input=sentences, pattern=punctuation, rewrite="")
    case(f, "StaticRegexReplace", input=sentences, pattern=punctuation, rewrite=r"<\0>", replace_global=False)
    case(f, "StaticRegexReplace", input=sentences, pattern="(?s)(.)", rewrite=r"\1|")
    case(f, "StaticRegexReplace", input=sentences, pattern=".", rewrite="x")
    case(f, "StaticRegexReplace", input=sentences, pattern="[a-z ]+", rewrite=r"\\\0_")
    case(f, "RegexReplace", input=sentences.reshape(2, 3), pattern=strings("A").reshape(()), rewrite=strings("a").reshape(()))
    case(f, "RegexReplace", input=sentences, pattern=strings("\\.").reshape(()), rewrite=strings("!").reshape(()))
    case(f, "StringSplit", input=strings("ab c", ""), delimiter=strings("").reshape(()))  # byte by byte
    for delimiter in (" ", " \t\n\v\f\r", ",;"):
        case(f, "StringSplit", input=sentences[:5], delimiter=strings(delimiter).reshape(()))
    case(f, "StringSplit", input=strings(",a,,b,", "", "c"), delimiter=strings(",").reshape(()), skip_empty=False)
    case(f, "StringSplit", input=strings("", ""), delimiter=strings(" ").reshape(()))
    case(f, "Equal", x=words.reshape(8, 1), y=strings("a", "", "grün"))
    case(f, "NotEqual", x=words, y=strings("[UNK]"))
    for op in ("Gather", "GatherV2"):
        case(f, op, params=words, indices=ints(7, 0, 2, 2).reshape(2, 2), **({"axis": scalar(0, np.int32)} if op == "GatherV2" else {}))
    case(f, "GatherNd", params=words.reshape(4, 2), indices=ints(3, 1, 0, 0).reshape(2, 2))
    case(f, "Slice", input=words.reshape(2, 4), begin=ints(0, 1), size=ints(-1, 2))
    case(f, "StridedSlice", input=words.reshape(2, 4), begin=ints(0, 1), end=ints(0, -1), strides=ints(1, 1), begin_mask=1, end_mask=1)
    case(f, "Select", condition=np.array([True, False]), x=words[:2], y=words[2:4])
    case(f, "SelectV2", condition=np.array([True, False]), t=words[:2], e=strings("?").reshape(()))
    case(f, "ConcatV2", values=[words.reshape(2, 4), words[:2].reshape(2, 1)], axis=scalar(1, np.int32))
    case(f, "Transpose", x=words.reshape(2, 4), perm=ints(1, 0))
    case(f, "Reshape", tensor=words, shape=ints(2, -1))
    case(f, "ExpandDims", input=words, axis=scalar(-1, np.int32))
    case(f, "Squeeze", input=words.reshape(8, 1))
    case(f, "Identity", input=words)


def sparse():
    f = "sparse"
    for values in (np.array([[True, False, True], [False, False, True]]), floats(2, 2, 3, low=0, high=1), ints(0, 3, -1)):
        case(f, "Where", condition=values)
    rows = np.array([[0, 0], [0, 2], [1, 1]], np.int64)
    shape = np.array([2, 4], np.int64)
    case(f, "SparseToDense", sparse_indices=rows, output_shape=shape, sparse_values=np.array([5, 6, 7], np.int64), default_value=scalar(-1, np.int64))
    case(f, "SparseToDense", sparse_indices=rows, output_shape=shape, sparse_values=strings("a", "grün", ""), default_value=strings("?").reshape(()))
    case(f, "SparseToDense", sparse_indices=ints(1, 3), output_shape=ints(5), sparse_values=scalar(2.5), default_value=scalar(0.0))
    case(f, "SparseToDense", sparse_indices=np.zeros((0, 2), np.int64), output_shape=np.array([2, 0], np.int64), sparse_values=strings(), default_value=strings("").reshape(()))
    columns = [strings("a", "grün", "").reshape(3, 1), np.array([[5], [-1], [2**40]]), strings("x", "y", "z").reshape(3, 1)]
    for chosen in ([0, 1], [0, 2], [1, 1], [0, 1, 2], [0]):
        for n in (7, 2**62, 0):
            dense = [columns[i] for i in chosen]
            kind = tf.int64 if any(x.dtype != object for x in dense) else tf.string
            case(f, "SparseCross", indices=[], values=[], shapes=[], dense_inputs=dense, hashed_output=True, num_buckets=n, hash_key=0xDECAFCAFFE,
                 out_type=tf.int64, internal_type=kind)
    case(f, "SparseCross", indices=[], values=[], shapes=[], dense_inputs=[np.arange(6).reshape(2, 3), np.arange(4).reshape(2, 2)], hashed_output=True, num_buckets=1000,
         hash_key=3, out_type=tf.int64, internal_type=tf.int64)


def factorizations():
    f = "factorization"
    for dtype in (np.float32, np.float64):
        for m, n in ((4, 3), (3, 4), (3, 3)):
            for full in (False, True):
                case(f, "Qr", input=floats(2, m, n, dtype=dtype), full_matrices=full)
    case(f, "Qr", input=np.array([[2, 1, 0], [0, -3, 1], [0, 0, 4]], np.float32))
    case(f, "Qr", input=np.array([[0, 1], [-2, 3], [0, 5]], np.float32), full_matrices=True)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "tests", "golden", "ops")
    os.makedirs(folder, exist_ok=True)
    for make in (sources, convolutions, transposed_convolutions, pools, batch_norms, products, unary, binary, shapes, reductions, resizes, gradients, collectives,
                 projective, linear_algebra, later_numbers, fake_quantizations, texts, sparse, factorizations):
        make()
    for family, cases in FAMILIES.items():
        with open(os.path.join(folder, family + ".json"), "w") as file:
            lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
            file.write('{"tensorflow":"%s","cases":[\n%s\n]}\n' % (tf.__version__, lines))
        print("%s: %d cases" % (family, len(cases)))


if __name__ == "__main__":
    main()
