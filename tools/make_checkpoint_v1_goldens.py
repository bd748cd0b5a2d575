#!/usr/bin/env python3
"""Makes tests/golden/tensorflow/ckpt_v1: the same values as TensorFlow's Saver writes them with V1 (one file, shards) and V2.

Needs a Python with TensorFlow 2.15. usage: make_checkpoint_v1_goldens.py FOLDER
"""
import os, sys
os.environ.update(CUDA_VISIBLE_DEVICES='', TF_CPP_MIN_LOG_LEVEL='3')
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
rng = np.random.default_rng(5)
types = ['float32', 'float64', 'int32', 'uint8', 'int16', 'int8', 'int64', 'complex64', 'complex128', 'float16', 'uint16', 'bool']
config = v1.ConfigProto(device_count={'CPU': 2})
with tf.Graph().as_default(), v1.Session(config=config) as session:
    variables = {}
    def add(name, value, device=0):
        with tf.device(f'/cpu:{device}'): variables[name] = v1.get_variable(name, initializer=value, use_resource=False)
    for i, t in enumerate(types): add(f'of/{t}', (rng.normal(size=[3, 2]) * 50).astype(t), i % 2)
    add('scalar', np.float32(2.5))
    add('empty', np.zeros([0, 3], np.float32), 1)
    add('same', np.full([50], 7, np.int32))
    add('text', np.array([b'a', b'', b'\x00\xff' * 20], dtype=object))
    with v1.variable_scope('parts', partitioner=v1.fixed_size_partitioner(3, axis=1)):
        v1.get_variable('w', [4, 8], initializer=v1.random_normal_initializer(seed=3), use_resource=False)
    session.run(v1.global_variables_initializer())
    for name, arguments in {'one': dict(write_version=v1.train.SaverDef.V1), 'sharded': dict(write_version=v1.train.SaverDef.V1, sharded=True),
                            'v2': dict(write_version=v1.train.SaverDef.V2)}.items():
        v1.train.Saver(**arguments).save(session, f'{folder}/{name}.ckpt', write_meta_graph=False, write_state=False)
