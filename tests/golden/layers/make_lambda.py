"""Golden cases of Lambda layers: the same functions compiled by every Python, with the answers of TensorFlow 2.15's Keras.

usage: make_lambda.py PYTHON…      run by the Python that has TensorFlow 2.15

Each PYTHON is an interpreter of one version (2.7, 3.6 to 3.13). It compiles and marshals the functions, as Keras' func_dump does in it;
python_VERSION.json is one model of all of them. Keras itself runs the functions from their source, once: lambda.npz.
"""
import json
import os
import subprocess
import sys

FUNCTIONS = {
    'scale': ("lambda x: x / 127.5 - 1.0", 'image'),
    'abs_diff': ("lambda a: K.abs(a[0] - a[1])", 'pair'),
    'last_step': ("lambda x: x[:, -1, :]", 'steps'),
    'some_steps': ("lambda x: x[:, 1:4:2]", 'steps'),
    'l2': ("lambda x: K.l2_normalize(x, axis=1)", 'flat'),
    'expand': ("lambda x: tf.expand_dims(x, -1)", 'steps'),
    'mean_axis': ("lambda x: K.mean(x, axis=1)", 'steps'),
    'mean_keep': ("lambda x: K.mean(x, axis=[1, 2], keepdims=True)", 'steps'),
    'poly': ("lambda x: x**2 + 3*x - 0.5", 'flat'),
    'distance': ("lambda v: K.sqrt(K.maximum(K.sum(K.square(v[0] - v[1]), axis=1, keepdims=True), K.epsilon()))", 'pair'),
    'int_shape': ("lambda x: K.reshape(x, (-1, K.int_shape(x)[1] * K.int_shape(x)[2]))", 'steps'),
    'shape_attribute': ("lambda x: tf.reshape(x, [-1, x.shape[2], x.shape[1]])", 'steps'),
    'tf_shape': ("lambda x: tf.reshape(x, [tf.shape(x)[0], 20])", 'steps'),
    'concat': ("lambda x: K.concatenate([x[0], x[1] * 2], axis=-1)", 'pair'),
    'conditional': ("lambda x: x * 2 if K.int_shape(x)[1] > 3 else x * 3", 'flat'),
    'nested': ("lambda x: (lambda y: y * y)(x) + 1", 'flat'),
    'comprehension': ("lambda x: K.stack([x[:, i] * (i + 1) for i in range(3)], axis=1)", 'flat'),
    'softmax': ("lambda x: tf.nn.softmax(x, axis=-1)", 'steps'),
    'permute': ("lambda x: K.permute_dimensions(x, (0, 2, 1))", 'steps'),
    'clip': ("lambda x: K.clip(x, -0.5, 0.5)", 'flat'),
    'negative': ("lambda x: -x", 'flat'),
    'compare': ("lambda x: K.cast(x > 0, 'float32')", 'flat'),
    'default': ("lambda x, k=3.0: x * k", 'flat'),
    'new_axis': ("lambda x: x[:, None, ..., ::2]", 'steps'),
    'backwards': ("lambda x: x[:, ::-1, 0]", 'steps'),
    'two_outputs': ("lambda x: [x[:, :2], x[:, 2:]]", 'flat'),
    'closure': ("(lambda c: (lambda x: x * c + c))(2.5)", 'flat'),
    'variables': ("def f(x):\n    a = K.exp(x)\n    b = K.sum(a, axis=1, keepdims=True)\n    return a / b\n", 'flat'),
    'imports': ("def f(x):\n    import tensorflow as tf\n    from tensorflow.keras import backend as B\n    y = tf.nn.relu(x)\n    return B.sum(y, axis=-1)\n", 'steps'),
    'loop': ("def f(x):\n    total = x[:, 0]\n    for i in range(1, 4):\n        total = total + x[:, i] * i\n    return total\n", 'flat'),
    'unpack': ("def f(tensors):\n    a, b = tensors\n    if len(tensors) == 2 and a is not None:\n        return a * b\n    return a\n", 'pair'),
    'split': ("lambda x: tf.split(x, 2, axis=1)[1]", 'flat'),
    'argmax': ("lambda x: K.cast(K.argmax(x, axis=-1), 'float32')", 'steps'),
    'tile': ("lambda x: K.tile(K.expand_dims(x, 1), [1, 3, 1])", 'flat'),
    'list_sum': ("lambda x: tf.transpose(x, perm=[0] + [2, 1])", 'steps'),
    'batch_dot': ("lambda v: K.batch_dot(v[0], v[1], axes=[2, 2])", 'two_steps'),
    'switch': ("lambda x: K.switch(K.greater(x, 0), x, x * 0.1)", 'flat'),
    'inner_function': ("def f(x):\n    def g(y, s=2):\n        return y * s\n    return g(x) + g(x, s=3)\n", 'flat'),
}
DUMP = r"""
import base64, json, marshal, sys
result = {}
for name, source in json.load(open(sys.argv[1])).items():
    space = {}
    if source.startswith('def'):
        exec(compile(source, 'model.py', 'exec'), space)
        function = space['f']
    else:
        function = eval(compile(source, 'model.py', 'eval'), space)
    code = base64.b64encode(marshal.dumps(function.__code__)).decode('ascii')
    closure = [cell.cell_contents for cell in function.__closure__] if function.__closure__ else None
    result[name] = [code, list(function.__defaults__) if function.__defaults__ else None, closure]
print(json.dumps({'version': '%d.%d' % sys.version_info[:2], 'functions': result}))
"""
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lambda')


def dump(python):
    sources = os.path.join(FOLDER, 'sources.json')
    with open(sources, 'w') as file:
        json.dump({name: source for name, (source, _) in FUNCTIONS.items()}, file)
    result = json.loads(subprocess.run([python, '-c', DUMP, sources], check=True, capture_output=True, text=True).stdout)
    os.remove(sources)
    return result


def main():
    os.environ.update(CUDA_VISIBLE_DEVICES='', TF_ENABLE_ONEDNN_OPTS='0')
    import numpy as np
    import tensorflow as tf
    keras = tf.keras
    os.makedirs(FOLDER, exist_ok=True)
    shapes = {'flat': (6,), 'other': (6,), 'steps': (5, 4), 'other_steps': (3, 4), 'image': (4, 5, 3)}
    inputs = {name: keras.Input(shape, name=name) for name, shape in shapes.items()}
    kinds = {name: inputs[name] for name in shapes}
    kinds.update(pair=[inputs['flat'], inputs['other']], two_steps=[inputs['other_steps'], inputs['steps']])
    outputs = []
    for name, (source, kind) in FUNCTIONS.items():
        space = {'K': keras.backend, 'tf': tf, 'np': np}
        if source.startswith('def'):
            exec(source, space)
        function = space['f'] if source.startswith('def') else eval(source, space)
        y = keras.layers.Lambda(function, name=name)(kinds[kind])
        outputs += y if isinstance(y, list) else [y]
    net = keras.Model(list(inputs.values()), outputs)
    random = np.random.RandomState(1)
    arrays = [random.normal(0, 1, (2,) + shape).astype('float32') for shape in shapes.values()]
    saved = {'in%d' % i: x for i, x in enumerate(arrays)}
    saved.update({'out%d' % i: np.asarray(y) for i, y in enumerate(net(arrays, training=False))})
    np.savez_compressed(os.path.join(FOLDER, 'lambda.npz'), **saved)
    architecture = json.loads(net.to_json())
    index = os.path.join(os.path.dirname(FOLDER), 'index.json')
    entries = json.load(open(index))
    for python in sys.argv[1:]:
        dumped = dump(python)
        for layer in architecture['config']['layers']:
            if layer['class_name'] == 'Lambda':
                layer['config'].update(function=dumped['functions'][layer['config']['name']], function_type='lambda')
        name = 'lambda/python_%s.json' % dumped['version']
        with open(os.path.join(os.path.dirname(FOLDER), name), 'w') as file:
            json.dump(architecture, file, indent=0)
        entry = {'model': name, 'answers': 'lambda/lambda.npz', 'layers': ['InputLayer', 'Lambda'], 'operations': [], 'rtol': 1e-4, 'atol': 1e-5}
        entries = [e for e in entries if e['model'] != name] + [entry]
    with open(index, 'w') as file:
        file.write('[\n' + ',\n'.join(json.dumps(entry) for entry in entries) + '\n]\n')


main()
