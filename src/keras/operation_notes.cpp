#include "keras/operation_notes.h"

#include <algorithm>

namespace hoarfrost::keras {
namespace {

constexpr std::string_view kSize = "the size of its result depends on the values, which no frozen graph's shapes tell";
constexpr std::string_view kFunction =
    "it takes Python functions, which the file does not hold; write out in the model what they do";
constexpr std::string_view kBytecode =
    "it runs a Python function for one element of the first axis after the other; write out what that makes of the "
    "whole "
    "tensor, in the model or in a Lambda layer";
constexpr std::string_view kUnsaved = "Keras 3.15 itself cannot save it";
constexpr std::string_view kFactors =
    "such factors are not unique: programs give them other signs and another order; QR, Cholesky, solve, det and inv "
    "are "
    "converted";
constexpr std::string_view kCutOff =
    "it cuts small singular values off, and which are small hangs on rounding; solve, inv and QR are converted";
constexpr std::string_view kComplex = "complex numbers of Keras 3's own making are not converted";
constexpr std::string_view kWhole = "TensorFlow 1 has no operation of this meaning on whole numbers";
constexpr std::string_view kLabels = "it aligns sequences of labels; take the model's output before it";
constexpr std::string_view kSparse = "sparse and ragged tensors are not converted";
constexpr std::string_view kText = "text is not converted, but for comparing it";
constexpr std::string_view kPython = "its meaning is Python that runs beside the graph";

constexpr OperationNote kNotes[] = {
    {"Argpartition", "the order of its elements is not told; use argsort"},
    {"AssociativeScan", kBytecode},
    {"Bincount", kSize},
    {"CTCLoss", kLabels},
    {"Cond", "its functions take their tensors from outside; Keras 3.15 saves it, but cannot load it again"},
    {"ConvTranspose", "a transposed convolution whose kernel is a tensor is not converted; the layers are"},
    {"Eig", kFactors},
    {"Eigh", kFactors},
    {"ElasticTransform", "it is random"},
    {"ForiLoop", kUnsaved},
    {"Function", "a function of Keras' own workings, which no file holds"},
    {"Gcd", kWhole},
    {"Histogram", "Keras 3.15 itself fails to call it"},
    {"I0", "TensorFlow 1 has no Bessel functions"},
    {"JVP", kFunction},
    {"Lcm", kWhole},
    {"Lstsq", kCutOff},
    {"LuFactor", "over TensorFlow, Keras 3.15 itself cannot compute it for a batch"},
    {"Map", kBytecode},
    {"MatrixRank", kCutOff},
    {"Nextafter", "TensorFlow 1 has no operation of this meaning"},
    {"Nonzero", kSize},
    {"Pinv", kCutOff},
    {"Polar", kComplex},
    {"SVD", kFactors},
    {"Scan", kBytecode},
    {"SegmentReduction", "a class that others derive from"},
    {"Switch", "its branches are Python functions; write out in the model what they compute, and choose by where"},
    {"Unique", kSize},
    {"VectorizedMap", kBytecode},
    {"View", "the bits of one type as another are not converted"},
    {"ViewAsComplex", kComplex},
    {"ViewAsReal", kComplex},
    {"WhileLoop", kUnsaved},
    {"tf.RaggedTensor.from_tensor", kSparse},
    {"tf.audio.decode_wav", "decoding files is not converted; do it before the model"},
    {"tf.broadcast_dynamic_shape", "shapes that are computed of shapes are not converted"},
    {"tf.compat.v1.scan", kFunction},
    {"tf.image.combined_non_max_suppression",
     "its loop over boxes is not converted; take the model's output before it"},
    {"tf.image.convert_image_dtype",
     "it depends on a type that its author's code does not say; cast and scale instead"},
    {"tf.image.non_max_suppression", kSize},
    {"tf.io.decode_image", "decoding files is not converted; do it before the model"},
    {"tf.io.decode_jpeg", "decoding files is not converted; do it before the model"},
    {"tf.io.decode_png", "decoding files is not converted; do it before the model"},
    {"tf.linalg.eigh", kFactors},
    {"tf.linalg.pinv", kCutOff},
    {"tf.linalg.svd", kFactors},
    {"tf.map_fn", kFunction},
    {"tf.math.bessel_i0", "TensorFlow 1 has no Bessel functions"},
    {"tf.math.bincount", kSize},
    {"tf.math.segment_max", kSize},
    {"tf.math.segment_mean", kSize},
    {"tf.math.segment_min", kSize},
    {"tf.math.segment_prod", kSize},
    {"tf.math.segment_sum", kSize},
    {"tf.nn.conv2d_transpose", "a transposed convolution whose kernel is a tensor is not converted; the layers are"},
    {"tf.nn.ctc_loss", kLabels},
    {"tf.nn.dilation2d", "dilation and erosion are not converted"},
    {"tf.nn.erosion2d", "dilation and erosion are not converted"},
    {"tf.nn.max_pool_with_argmax", "pooling that tells the places is not converted"},
    {"tf.numpy_function", kPython},
    {"tf.py_function", kPython},
    {"tf.scan", kFunction},
    {"tf.sparse.from_dense", kSparse},
    {"tf.strings.as_string", kText},
    {"tf.strings.length", kText},
    {"tf.strings.split", kText},
    {"tf.unique", kSize},
    {"tf.vectorized_map", kFunction},
};

}  // namespace

std::span<const OperationNote> operation_notes() { return kNotes; }

std::string_view refusal_of_operation(std::string_view name) {
  const auto* found = std::ranges::find(kNotes, name, &OperationNote::name);
  return found == std::end(kNotes) ? std::string_view() : found->reason;
}

}  // namespace hoarfrost::keras
