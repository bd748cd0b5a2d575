#!/usr/bin/env python3
"""Puts the commands of README.md's examples and what they really print into README.md, and the list of layers into docs/layers.md.

usage: tools/make_readme.py [--check] [--bin FOLDER]
--check: fail when README.md, or docs/layers.md, does not show what the program prints; without it they are written

Figures that differ from run to run (seconds, throughput) are compared as `…`.
"""
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(sys.argv[sys.argv.index("--bin") + 1]).resolve() if "--bin" in sys.argv else ROOT / "build/release/bin"
BEGIN, END = "<!-- examples: tools/make_readme.py -->\n", "<!-- end of examples -->\n"
EXAMPLE = "examples/cifar10"
EXAMPLES = [
    ("Keras model to frozen graph, proven", "hoarfrost freeze model.h5 -o frozen.pb"),
    ("The tutorials' three steps, with their own names and flags",
     "keras_2_tf -kh model.h5 -tfc train/tfchkpt.ckpt -tfg train/tf_graph.pb\n"
     "freeze_graph --input_graph=train/tf_graph.pb --input_checkpoint=train/tfchkpt.ckpt --input_binary=true"
     " --output_graph=freeze/frozen_graph.pb --output_node_names=dense_1/Softmax\n"
     "evaluate_accuracy --graph=freeze/frozen_graph.pb --input_node=input_1 --output_node=dense_1/Softmax -b 32 --dataset test_batch.bin"),
    ("The same as `hoarfrost convert`, `freeze-graph` and `evaluate`; the Keras model itself, by its layers' definitions",
     "hoarfrost convert model.h5 --checkpoint out/tfchkpt.ckpt --graph out/tf_graph.pbtxt --json\n"
     "hoarfrost freeze-graph --input_graph=out/tf_graph.pbtxt --input_checkpoint=out/tfchkpt.ckpt --output_graph=out/frozen.pb"
     " --output_node_names=dense_1\n"
     "hoarfrost evaluate model.h5 --reference --data test_batch.bin --json"),
    ("Is this graph that model? Layer by layer", "hoarfrost verify model.h5 frozen.pb"),
    ("Where it is right and where wrong: text, CSV, JSON, and a page with the curves and the pictures (docs/evaluation.md)",
     "hoarfrost evaluate frozen.pb --data test_batch.bin --verbose --report report.html --report report.csv"),
    ("What changes when one model takes another's place", "hoarfrost compare frozen.pb checkpoint.h5 --data test_batch.bin"),
    ("What is in a file", "hoarfrost inspect model.h5\nhoarfrost inspect frozen.pb"),
    ("To TensorFlow 2, TensorFlow Serving and ONNX (docs/export.md)",
     "hoarfrost export model.h5 --format savedmodel -o serving/1\nhoarfrost export model.h5 --format onnx -o model.onnx"),
    ("A picture; and whether two graphs are the same", "hoarfrost draw frozen.pb -o graph.dot\nhoarfrost diff frozen.pb freeze/frozen_graph.pb"),
    ("Outputs for given inputs", "hoarfrost predict frozen.pb --data inputs.npy -o outputs.npz"),
    ("Throughput and latency", "hoarfrost benchmark frozen.pb --batch-size 32 --seconds 1"),
]


def run(line, folder):
    program, rest = line.split(" ", 1)
    result = subprocess.run(f"{BIN / program} {rest}", shell=True, cwd=folder, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{line}\n{result.stderr}")
    said = "\n".join(l for l in result.stderr.splitlines() if l.startswith(("INFO:", "hoarfrost:")))
    return f"$ {line}\n" + (said + "\n" if said else "") + result.stdout


def prepare(folder):
    for name, source in (("model.h5", "method2/k_complete_model.h5"), ("checkpoint.h5", "method1/keras_chkpt.h5"), ("test_batch.bin", "data/test_batch.bin")):
        (folder / name).write_bytes((ROOT / EXAMPLE / source).read_bytes())
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 32, 32, 3), }"
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    (folder / "inputs.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(2 * 32 * 32 * 3 * 4))


def section():
    text = ""
    with tempfile.TemporaryDirectory() as name:
        prepare(pathlib.Path(name))
        for title, lines in EXAMPLES:
            shown = "".join(run(line, name) for line in lines.splitlines())
            text += f"**{title}**\n\n```\n{shown}```\n\n"
    return text


def without_timings(text):
    text = re.sub(r"\d+ examples in [\d.]+ s", "… examples in … s", text)
    text = re.sub(r'\d\.\de[-+]\d\d', '…', text)  # rounding errors differ between instruction sets
    text = re.sub(r'"seconds":[\d.e-]+', '"seconds":…', text)
    text = re.sub(r"output \d+: [\d.]+ and [\d.]+$", "output …", text, flags=re.M)
    # benchmark's table is as wide as its figures
    return re.sub(r"^( *batch) +runs .*\n-+\n *32 .*$", r"\1 runs …", text, flags=re.M)


def layers_page():
    listing = subprocess.run([BIN / "hoarfrost", "layers", "--markdown"], capture_output=True, text=True, check=True).stdout
    return "# Supported layers and ops\n\nPrinted by `hoarfrost layers --markdown`; a test holds this page to it.\n\n" + listing


def main():
    page = ROOT / "docs/layers.md"
    if "--check" not in sys.argv:
        page.write_text(layers_page())
    elif page.read_text() != layers_page():
        sys.exit("docs/layers.md is not what `hoarfrost layers --markdown` prints; run tools/make_readme.py")
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text().partition(BEGIN)
    shown, _, after = rest.partition(END)
    made = section()
    if "--check" in sys.argv:
        if without_timings(made) != without_timings(shown):
            lines = difflib.unified_diff(without_timings(shown).splitlines(), without_timings(made).splitlines(), "README.md", "printed", n=0, lineterm="")
            print("\n".join(lines))
            sys.exit("README.md does not show what its commands print; run tools/make_readme.py")
        return
    readme.write_text(before + BEGIN + made + END + after)


main()
