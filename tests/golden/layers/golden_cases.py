"""What the scripts of other packages' layers share: cases of several endings, and how one is written down beside index.json."""
import json
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = []


def case(*endings):
    def add(function):
        for ending in endings:
            CASES.append((function, ending))
        return function
    return add


def is_asked(function):
    return not sys.argv[1:] or function.__name__ in sys.argv[1:]


def asked_cases():
    """(function, ending, name) of the cases that the command line names, of all where it names none."""
    for function, ending in CASES:
        if is_asked(function):
            yield function, ending, function.__name__ + ('_archive' if ending == 'keras' else '')


def write_answers(folder, name, arrays, answers):
    saved = {'in%d' % i: x for i, x in enumerate(arrays)}
    saved.update({'out%d' % i: np.asarray(y) for i, y in enumerate(answers if isinstance(answers, (list, tuple)) else [answers])})
    np.savez_compressed(os.path.join(HERE, folder, name + '.npz'), **saved)


def add_to_index(folder, name, ending, layers):
    """layers: the classes in the model. The case takes the last place, from wherever it stood."""
    index = os.path.join(HERE, 'index.json')
    model = '%s/%s.%s' % (folder, name, ending)
    entry = {'model': model, 'answers': '%s/%s.npz' % (folder, name), 'layers': layers, 'operations': [], 'rtol': 1e-4, 'atol': 1e-5}
    lines = [line.rstrip(',') for line in open(index).read().strip().splitlines()[1:-1]]
    lines = [line for line in lines if json.loads(line)['model'] != model] + [json.dumps(entry)]
    with open(index, 'w') as file:
        file.write('[\n' + ',\n'.join(lines) + '\n]\n')
    print(model, layers)
