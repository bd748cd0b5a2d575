#include "keras/operation_notes.h"

#include <algorithm>

namespace hoarfrost::keras {
namespace {

constexpr std::string_view kSize = "the size of its result depends on the values, which no frozen graph's shapes tell";
constexpr std::string_view kFunction =
    "it takes Python functions, which the file does not hold; write out in the model what they do";
constexpr std::string_view kFactors =
    "such factors are not unique, and TensorFlow 1 has no operation that gives the same ones everywhere";
constexpr std::string_view kComplex = "complex numbers of Keras 3's own making are not converted";
constexpr std::string_view kSampling = "sampling an image at computed places is not converted";
constexpr std::string_view kWhole = "TensorFlow 1 has no operation of this meaning on whole numbers";
constexpr std::string_view kLabels = "it aligns sequences of labels; take the model's output before it";
constexpr std::string_view kSparse = "sparse and ragged tensors are not converted";
constexpr std::string_view kText = "text is not converted, but for comparing it";
constexpr std::string_view kPython = "its meaning is Python that runs beside the graph";

constexpr OperationNote kNotes[] = {
    {"AffineTransform", kSampling},
    {"Argpartition", "the order of its elements is not told; use argsort"},
    {"AssociativeScan", kFunction},
    {"Bincount", kSize},
    {"CTCDecode", kLabels},
    {"CTCLoss", kLabels},
    {"Cond", kFunction},
    {"ConvTranspose", "a transposed convolution whose kernel is a tensor is not converted; the layers are"},
    {"Eig", kFactors},
    {"Eigh", kFactors},
    {"ElasticTransform", "it is random"},
    {"FFT2", kComplex},
    {"Fold", "adding up patches that overlap is not converted"},
    {"ForiLoop", kFunction},
    {"Function", "a function of Keras' own workings, which no file holds"},
    {"Gcd", kWhole},
    {"Histogram", "Keras 3.15 itself fails to call it"},
    {"I0", "TensorFlow 1 has no Bessel functions"},
    {"IFFT2", kComplex},
    {"ISTFT", kComplex},
    {"JVP", kFunction},
    {"Lcm", kWhole},
    {"Lstsq", kFactors},
    {"LuFactor", kFactors},
    {"Map", kFunction},
    {"MapCoordinates", kSampling},
    {"MatrixRank", kFactors},
    {"Nextafter", "TensorFlow 1 has no operation of this meaning"},
    {"Nonzero", kSize},
    {"PerspectiveTransform", kSampling},
    {"Pinv", kFactors},
    {"Polar", kComplex},
    {"Qr", kFactors},
    {"Rearrange", "patterns of axes are not converted; reshape and transpose are"},
    {"SSIM", "structural similarity is not converted; it compares images, and is no part of a model's answer"},
    {"SVD", kFactors},
    {"Scan", kFunction},
    {"ScaleAndTranslate", kSampling},
    {"SegmentReduction", "a class that others derive from"},
    {"Switch", kFunction},
    {"Unique", kSize},
    {"VectorizedMap", kFunction},
    {"View", "the bits of one type as another are not converted"},
    {"ViewAsComplex", kComplex},
    {"ViewAsReal", kComplex},
    {"WhileLoop", kFunction},
    {"tf.RaggedTensor.from_tensor", kSparse},
    {"tf.audio.decode_wav", "decoding files is not converted; do it before the model"},
    {"tf.broadcast_dynamic_shape", "shapes that are computed of shapes are not converted"},
    {"tf.compat.v1.scan", kFunction},
    {"tf.image.combined_non_max_suppression", kSize},
    {"tf.image.convert_image_dtype",
     "it depends on a type that its author's code does not say; cast and scale instead"},
    {"tf.image.crop_and_resize", kSampling},
    {"tf.image.non_max_suppression", kSize},
    {"tf.image.ssim", "structural similarity is not converted; it compares images, and is no part of a model's answer"},
    {"tf.io.decode_image", "decoding files is not converted; do it before the model"},
    {"tf.io.decode_jpeg", "decoding files is not converted; do it before the model"},
    {"tf.io.decode_png", "decoding files is not converted; do it before the model"},
    {"tf.linalg.eigh", kFactors},
    {"tf.linalg.pinv", kFactors},
    {"tf.linalg.qr", kFactors},
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
