#!/usr/bin/env python3
"""Writes src/python/opcodes.def from the interpreters themselves.

usage: make_python_opcodes.py PYTHON… [XDIS_PYTHON]

Each PYTHON is an interpreter of one version (2.7, 3.6 to 3.13), asked for its own `opcode` module. 3.4 and 3.5 come from the PyPI
package xdis, where XDIS_PYTHON is an interpreter that has it.
"""
import json
import pathlib
import subprocess
import sys

VERSIONS = ["2.7", "3.4", "3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]
ASK = """
import json, opcode, sys
caches = getattr(opcode, '_inline_cache_entries', {})
if not isinstance(caches, dict):
    caches = dict((opcode.opname[i], n) for i, n in enumerate(caches))
print(json.dumps({'version': '%d.%d' % sys.version_info[:2], 'ops': opcode.opmap, 'caches': dict((k, n) for k, n in caches.items() if n)}))
"""
ASK_XDIS = """
import importlib, json
for v in ('34', '35'):
    m = importlib.import_module('xdis.opcodes.opcode_3x.opcode_' + v)
    print(json.dumps({'version': v[0] + '.' + v[1], 'ops': m.opmap, 'caches': {}}))
"""


def main():
    tables = {}
    for python in sys.argv[1:]:
        for code in (ASK, ASK_XDIS):
            result = subprocess.run([python, "-c", code], capture_output=True, text=True)
            for line in result.stdout.splitlines():
                table = json.loads(line)
                tables.setdefault(table["version"], table)
    missing = [v for v in VERSIONS if v not in tables]
    if missing:
        sys.exit(f"no interpreter for {', '.join(missing)}")
    names = sorted({name for v in VERSIONS for name, code in tables[v]["ops"].items() if code < 256 and not name.startswith("INSTRUMENTED")})
    lines = ["// Made by tools/make_python_opcodes.py. Each row: the instruction, its number in CPython " + ", ".join(VERSIONS) + " (-1: none),",
             "// and how many CACHE entries follow it in 3.11, 3.12 and 3.13."]
    for name in names:
        numbers = [tables[v]["ops"].get(name, -1) for v in VERSIONS]
        numbers = [n if n < 256 else -1 for n in numbers]
        caches = [tables[v]["caches"].get(name, 0) for v in VERSIONS[-3:]]
        text = name.replace("+", "_")  # 2.7's SLICE+1
        lines.append(f"HOARFROST_OPCODE({text}, {', '.join(map(str, numbers))}, {', '.join(map(str, caches))})")
    target = pathlib.Path(__file__).resolve().parent.parent / "src/python/opcodes.def"
    target.write_text("\n".join(lines) + "\n")


main()
