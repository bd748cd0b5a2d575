#!/usr/bin/env bash
# Trains the tutorials' two networks, takes their three saves and every example's through convert, freeze-graph and evaluate
# into one folder, and closes with a table.
# usage: tools/run_flow.sh OUTPUT_FOLDER
set -eu -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin=$PWD/build/release/bin
output=$1
rows=()

# size_of FILE…: their sizes together, for people.
size_of() { stat -c %s "$@" | awk '{n += $1} END {printf n < 1000 ? "%d B" : n < 1e6 ? "%.1f kB" : "%.1f MB", n < 1000 ? n : n < 1e6 ? n / 1e3 : n / 1e6}'; }
accuracy_in() { sed -n 's/.*accuracy[^0-9]*: *\([0-9.]*\).*/\1/p' "$1" | tail -n 1; }

# flow EXAMPLE METHOD DATA INPUT_NODE OUTPUT_NODE HOW SAVE…: the SAVE is one .h5, or the architecture and its weights. HOW the
# Keras model is evaluated: --reference by its layers' definitions, which takes its time, or nothing: frozen in memory.
flow() {
  local example=$1 method=$2 data=$3 input=$4 node=$5 how=$6
  shift 6
  local folder=$output/$example/$method
  local source=(-kh "$1") model=("$1") name=${1##*/}
  if [ $# -eq 2 ]; then source=(-kj "$1" -kh "$2"); model=("$1" --weights "$2"); name="${1##*/} + ${2##*/}"; fi
  mkdir -p "$folder"
  echo
  echo "== $example, $method: $name"
  "$bin/keras_2_tf" "${source[@]}" -tfc "$folder/tfchkpt.ckpt" -tfg "$folder/tf_graph.pb"
  "$bin/freeze_graph" --input_graph="$folder/tf_graph.pb" --input_checkpoint="$folder/tfchkpt.ckpt" --input_binary=true \
    --output_graph="$folder/frozen_graph.pb" --output_node_names="$node"
  "$bin/hoarfrost" verify "${model[@]}" "$folder/frozen_graph.pb"
  "$bin/hoarfrost" evaluate "${model[@]}" $how --data "$data" | tee "$folder/keras_accuracy.txt"
  "$bin/evaluate_accuracy" --graph="$folder/frozen_graph.pb" --input_node="$input" --output_node="$node" -b 8 --dataset "$data" |
    tee "$folder/frozen_accuracy.txt"
  local before after
  before=$(accuracy_in "$folder/keras_accuracy.txt")
  after=$(accuracy_in "$folder/frozen_accuracy.txt")
  [ "$before" = "$after" ] || { echo "$example, $method: the Keras model's accuracy is $before, the frozen graph's $after" >&2; exit 1; }
  local shown=$example/$method
  rows+=("$shown/tfchkpt.ckpt.*|$(size_of "$folder"/tfchkpt.ckpt.*)|checkpoint: the variables, for TensorFlow's Saver||"
         "$shown/tf_graph.pb|$(size_of "$folder/tf_graph.pb")|inference graph, for freeze_graph||"
         "$shown/frozen_graph.pb|$(size_of "$folder/frozen_graph.pb")|frozen graph, for the target (from $name)|$before|$after")
}

# train EXAMPLE KIND BATCH_SIZE EPOCHS LOSS VALIDATION_SPLIT: as the tutorial's train_save does, on generated images.
train() {
  local example=$1 kind=$2 batch=$3 epochs=$4 loss=$5 split=$6
  local to=$output/trained_$example
  echo
  echo "== trained_$example: $epochs epochs"
  "$bin/hoarfrost" generate-data "$kind" "$to/data"
  if [ "$example" = cifar10 ]; then  # its network written in C++: examples/cifar10/train_save.cpp
    "$bin/train_save_cifar10" --data "$to/data" --output "$to" --batchsize "$batch" --epochs "$epochs"
  else  # and the other one's as JSON
    "$bin/hoarfrost" train "examples/$example/model.json" --data "$to/data" --validation-split "$split" --loss "$loss" \
      --learning-rate 1e-4 --decay 1e-6 --batch-size "$batch" --epochs "$epochs" -o "$to"
  fi
  local node input
  node=$(sed -n 's/.*"output_layers": *\[\["\([^"]*\)".*/\1/p' "examples/$example/model.json")/Softmax
  input=$(sed -n 's/.*"input_layers": *\[\["\([^"]*\)".*/\1/p' "examples/$example/model.json")
  flow "trained_$example" method1 "$to/data" "$input" "$node" "" "$to/method1/keras_chkpt.h5"
  flow "trained_$example" method2 "$to/data" "$input" "$node" "" "$to/method2/k_complete_model.h5"
  flow "trained_$example" method3 "$to/data" "$input" "$node" "" "$to/method3/k_model_architecture.json" "$to/method3/k_model_weights.h5"
}

train cifar10 cifar10 100 5 categorical_crossentropy 0.1
train sign_language sign-language 32 3 categorical_crossentropy 0.15

for example in cifar10 sign_language cifar10_keras_2.2.4 sign_language_keras_2.2.4; do
  from=examples/$example
  data=$(ls -d "$from"/data/*)
  node=$(sed -n 's/.*"output_layers": *\[\["\([^"]*\)".*/\1/p' "$from/method3/k_model_architecture.json")/Softmax
  flow "$example" method1 "$data" input_1 "$node" --reference "$from/method1/keras_chkpt.h5"
  flow "$example" method2 "$data" input_1 "$node" --reference "$from/method2/k_complete_model.h5"
  flow "$example" method3 "$data" input_1 "$node" --reference "$from/method3/k_model_architecture.json" "$from/method3/k_model_weights.h5"
done

echo
echo "Everything lies in $output. Accuracy before: the Keras model (the small examples by their layers' definitions, the trained ones as evaluate freezes them in memory); after: the frozen graph."
echo "They agree for every file, or this run would have stopped; how high they are is a matter of how long they were trained."
printf '%s\n' 'artefact|size|what it is for|before|after' "${rows[@]}" | column -t -s '|' -o '  '
