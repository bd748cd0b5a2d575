#!/usr/bin/env python3
"""Holds every module to the dependencies that its CMakeLists.txt declares: an #include outside them fails.

usage: includes_test.py REPOSITORY
"""
import pathlib
import re
import sys

PUBLIC = {"error": "base", "file": "base", "report": "evaluation", "statistics": "evaluation", "preprocessing": "data", "builder": "keras", "layers": "keras", "callback": "training", "examples": "training"}  # public headers whose name is not their module's
ORDER = ["base", "distributed", "tensor", "hdf5", "graph", "ops", "tensorflow", "python", "keras", "passes", "onnx", "targets", "runtime", "data", "evaluation", "training", "cli"]
STRANGERS = [{"tensorflow", "keras"}, {"tensorflow", "passes"}, {"keras", "passes"}, {"keras", "ops"}, {"tensorflow", "onnx"}, {"keras", "onnx"}, {"passes", "onnx"}]  # modules that do not know each other


def declared(folder):
    text = (folder / "CMakeLists.txt").read_text()
    call = re.search(r"hoarfrost_add_module\((\w+)([^)]*)\)", text)
    depends = re.search(r"DEPENDS\s+([\w\s]+?)\s*(?:LIBRARIES|SOURCES|TOGETHER|$)", call.group(2)) if call else None
    return set(depends.group(1).split()) if depends else set()


def module_of(include, src):
    if include.startswith("hoarfrost/"):
        name = pathlib.Path(include).stem
        return PUBLIC.get(name, name)
    first = include.split("/")[0]
    return first if (src / first).is_dir() else None


def problems(root):
    src = root / "src"
    modules = sorted(folder.name for folder in src.iterdir() if folder.is_dir())
    allowed = {module: declared(src / module) for module in modules}
    for module, depends in allowed.items():
        for other in sorted(depends):
            if ORDER.index(other) >= ORDER.index(module) or {module, other} in STRANGERS:
                yield f"src/{module}/CMakeLists.txt: `{module}` may not depend on `{other}`"
        for path in sorted((src / module).rglob("*")):
            if path.suffix not in (".cpp", ".h", ".def"):
                continue
            is_test = path.stem.endswith("_test")
            for number, line in enumerate(path.read_text().splitlines(), 1):
                found = re.match(r'\s*#include [<"]([^>"]+)[>"]', line)
                other = module_of(found.group(1), src) if found else None
                if other and other != module and other not in depends and not is_test:
                    yield f"{path.relative_to(root)}:{number}: `{module}` includes `{found.group(1)}` of `{other}`, which it does not declare"


def main():
    found = list(problems(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "every include stays within the declared dependencies")
    sys.exit(bool(found))


main()
