"""Bytecode that does not name the folder of the script that made it: imported before Keras saves a Lambda."""
import marshal
import os

dumps = marshal.dumps


def plain(code):
    constants = tuple(plain(value) if hasattr(value, 'co_code') else value for value in code.co_consts)
    return code.replace(co_filename=os.path.basename(code.co_filename), co_consts=constants)


marshal.dumps = lambda value, *version: dumps(plain(value) if hasattr(value, 'co_code') else value, *version)
