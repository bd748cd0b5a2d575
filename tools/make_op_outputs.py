#!/usr/bin/env python3
"""Writes src/tensorflow/op_outputs.def: the names of the outputs of TensorFlow's ops that have several.

Needs a Python with TensorFlow 2.15, whose list of ops it asks.
usage: make_op_outputs.py > src/tensorflow/op_outputs.def
"""
from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session as session

ops = op_def_pb2.OpList()
ops.ParseFromString(session.TF_GetBuffer(session.TF_GetAllOpList()))
print('// The outputs of TensorFlow 2.15\'s ops that have several, made by tools/make_op_outputs.py. A list is NAME*N, with the\n'
      '// attribute that says its length (a number, or a list of types).')
for op in sorted(ops.op, key=lambda op: op.name):
    if len(op.output_arg) < 2 or op.name.startswith('_'): continue
    outputs = ','.join(a.name + (f'*{a.number_attr or a.type_list_attr}' if a.number_attr or a.type_list_attr else '') for a in op.output_arg)
    print(f'HOARFROST_OP_OUTPUTS({op.name}, "{outputs}")')
