#!/usr/bin/env bash
# The interop stage: what Hoarfrost wrote is loaded by real TensorFlow, ONNX Runtime, OpenVINO and OpenCV.
# usage: tools/interop/run.sh GOLDEN_FOLDER CHECKERS_FOLDER      Closes with 'interop: N passed, N failed'.
set -u
golden=$(realpath "$1")
checkers=$(realpath "$2")
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
work=$PWD/build/interop
bin=$PWD/build/release/bin/hoarfrost
mkdir -p "$work"

# environment NAME PACKAGE…: a virtual environment, made once.
environment() {
  local name=$1
  shift
  [ -f "$work/$name/complete" ] && return
  echo "Making the virtual environment $name: $*"
  python3 -m venv "$work/$name" && "$work/$name/bin/pip" install -q "$@" && touch "$work/$name/complete"
}
# packages FOLDER: old releases of TensorFlow, of which only the lists of ops are read; Python 3.11 cannot install them.
packages() {
  [ -f "$1/complete" ] && return
  local of_1='--platform manylinux1_x86_64 --python-version 3.6 --abi cp36m' of_15='--platform manylinux2010_x86_64 --python-version 3.7 --abi cp37m'
  # shellcheck disable=SC2086
  for wanted in "$of_1 tensorflow==1.4.0" "$of_1 tensorflow==1.12.0" "$of_15 tensorflow-cpu==1.15.0"; do
    "$tf" -m pip download -q --no-deps --only-binary=:all: --implementation cp -d "$1" $wanted || return
  done
  touch "$1/complete"
}
# The newest OpenCV and TensorFlow 2.15 want different numpys.
environment tensorflow tensorflow-cpu==2.15.1 h5py tf2onnx==1.16.1 onnx==1.15.0 onnxruntime openvino 'numpy<2' || exit 1
environment opencv opencv-python-headless numpy || exit 1
environment keras3 keras==3.15.0 jax h5py || exit 1
tf=$work/tensorflow/bin/python
export CUDA_VISIBLE_DEVICES= TF_CPP_MIN_LOG_LEVEL=3

# check TITLE COMMAND…: shows failures and the closing count, in one piece, and notes the counts.
check() {
  local title=$1 log counts
  shift
  log=$(mktemp "$work/log.XXXXXX")
  "$@" >"$log" 2>&1
  counts=$(grep -oE '[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
  {
    echo "-- $title (after $SECONDS s)"
    grep -E '^FAIL|^(DIFFERENT|CRASH|TIMEOUT|TF REJECTS)' "$log"
    [ -n "$counts" ] || { tail -n 5 "$log"; counts='0 passed, 1 failed'; }
    echo "$counts" | tee -a "$work/counts"
  } >"$log.shown"
  cat "$log.shown"
  rm -f "$log" "$log.shown"
}
# stage COMMAND…: beside the others, as many at once as there are processors; nearly all of them run on one.
stage() {
  while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
  "$@" &
}

golden_models() {
  local kind
  for kind in h5 json json3 keras; do
    check "golden models from .$kind, run by TensorFlow" "$tf" "$checkers/check_with_tensorflow.py" --quiet --hoarfrost "$bin" --from "$kind" "$work/golden/index.json"
  done
}
graphs_and_strangers() {
  check "freeze_graph's cases" "$tf" tools/interop/graphs.py "$tf" "$checkers/check_graphs.py" "$bin" "$golden"
  check "strangers' models" "$tf" tools/interop/real.py "$tf" "$checkers/check_real.py" "$bin"
  check "strangers' frozen graphs, beside TensorFlow" "$tf" -W ignore tools/interop/public_graphs.py --hoarfrost "$bin" "$golden/../real"
  check "every flag of freeze_graph, beside TensorFlow's own" "$tf" tools/interop/freeze_flags.py --hoarfrost "$bin" --work "$work/flags"
  check "accuracies in TensorFlow, of the same graphs on the same data" "$tf" tools/interop/evaluate.py --hoarfrost "$bin" examples
}
tutorials() {
  check "the tutorials' models in OpenVINO" "$tf" tools/interop/consumers.py --consumer openvino --hoarfrost "$bin" "$golden"
  check "the tutorials' models in ONNX Runtime" "$tf" tools/interop/consumers.py --consumer onnxruntime --hoarfrost "$bin" "$golden"
  check "the tutorials' models in OpenCV" "$work/opencv/bin/python" tools/interop/consumers.py --consumer opencv --hoarfrost "$bin" "$golden"
}
opencv() {
  check "golden layers in the newest OpenCV" "$work/opencv/bin/python" tools/interop/targets.py --hoarfrost "$bin" tests/golden/layers
  [ -d "$work/features/pb" ] || (mkdir -p "$work/features" && cd "$work/features" && "$tf" "$checkers/make_feature_models.py" >"$work/features.log" 2>&1)
  check "one feature each, and applications, in the newest OpenCV" "$work/opencv/bin/python" tools/interop/features.py --hoarfrost "$bin" "$work/features"
}
op_history() {
  local packages=$work/packages
  if "$tf" tools/list_tensorflow_ops.py -o "$work/ops.json" 1.4="$(echo "$packages"/tensorflow-1.4.*)" 1.12="$(echo "$packages"/tensorflow-1.12.*)" \
    1.15="$(echo "$packages"/tensorflow_cpu-1.15.*)" 2=installed 2>"$work/ops.log" >"$work/ops.said"; then
    cat "$work/ops.said"
    echo "1 passed, 0 failed"
  else
    sed 's/^/FAIL /' "$work/ops.said" "$work/ops.log"
    echo "0 passed, 1 failed"
  fi
}
releases() {
  packages "$work/packages"
  check "op_history.def, beside the packages" op_history
  for targets in "tf1.4 tf1.12 tf1.15 tf2" openvino; do
    # shellcheck disable=SC2086
    check "golden layers for $targets" "$tf" -W ignore tools/interop/dialects.py --target $targets --hoarfrost "$bin" --ops "$work/ops.json" tests/golden/layers
  done
}
# Keras 3 goes on with trainings of Keras 2.15.
saves() {
  check "our saves in Keras: keras2" "$tf" -W ignore tools/interop/saves.py keras2 --resave build/release/bin/resave --work "$work/saves" tests/golden/layers
  check "our saves in Keras: keras3" "$work/keras3/bin/python" -W ignore tools/interop/saves.py keras3 --resave build/release/bin/resave --work "$work/saves" tests/golden/layers
}

"$tf" tools/interop/subset.py --hoarfrost "$bin" "$golden" "$work/golden"
: >"$work/counts"
# The longest first.
stage releases
stage saves
stage check "golden layers as our SavedModel in TensorFlow" "$tf" tools/interop/exports.py --format savedmodel --hoarfrost "$bin" tests/golden/layers
stage check "random layers of Keras 2.15" "$tf" -W ignore tools/interop/sweep.py --hoarfrost "$bin" --work "$work/sweep2" --count 120
stage opencv
stage check "keras.applications of Keras 2.15" "$tf" -W ignore tools/interop/applications.py --hoarfrost "$bin" --work "$work/applications2"
stage golden_models
stage check "golden layers as our ONNX in ONNX Runtime" "$tf" tools/interop/exports.py --format onnx --hoarfrost "$bin" tests/golden/layers
stage check "keras.applications of Keras 3" "$work/keras3/bin/python" -W ignore tools/interop/applications.py --hoarfrost "$bin" --work "$work/applications3"
stage check "random layers of Keras 3" "$work/keras3/bin/python" -W ignore tools/interop/sweep.py --hoarfrost "$bin" --work "$work/sweep3" --count 60
stage graphs_and_strangers
stage tutorials
wait

passed=$(awk '{n += $1} END {print n + 0}' "$work/counts")
failed=$(awk '{n += $3} END {print n + 0}' "$work/counts")
echo "interop: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
