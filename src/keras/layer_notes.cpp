#include "keras/layer_notes.h"

#include "keras/layer.h"

namespace hoarfrost::keras {
namespace {

constexpr std::string_view kPython = "its meaning is another library's code, which is not in the file";
constexpr std::string_view kApproximate =
    "kapre's angle in as many steps as it is told is not converted; take Phase, behind STFT";
constexpr std::string_view kQuantizers =
    "training; quantized_ulaw, quantized_hswish, bernoulli; a qnoise_factor other than 1; alpha \"auto\" of "
    "activations";
constexpr std::string_view kQuantization =
    "int4 of Keras before 3.14; AWQ, and GPTQ of 3.14 and 3.15, which do not save the zero points";
constexpr std::string_view kAddonsKernel = "a kernel of TensorFlow Addons' own computes it, which no TensorFlow has";
constexpr std::string_view kPlaces = "the places that max_pool_with_argmax gives are not converted";
constexpr std::string_view kCache = "caches of keys and values";
constexpr std::string_view kPositions = "a start_index or positions that are tensors";
constexpr std::string_view kTraining = "training";
constexpr std::string_view kQuantizeConfigs =
    "training; a quantize_config of somebody's own; activations within recurrent layers; CQAT (clusters and "
    "quantization)";
constexpr std::string_view kClusters = "training; Bidirectional; clusters of each channel where channels are first";
constexpr std::string_view kBase = "a class that others derive from";

constexpr LayerNote kNotes[] = {
    {"AtrousConv1D", NoteKind::kOtherName, "Conv1D"},
    {"AtrousConv2D", NoteKind::kOtherName, "Conv2D"},
    {"AtrousConvolution1D", NoteKind::kOtherName, "Conv1D"},
    {"AtrousConvolution2D", NoteKind::kOtherName, "Conv2D"},
    {"Deconv2D", NoteKind::kOtherName, "Conv2DTranspose"},
    {"Deconvolution2D", NoteKind::kOtherName, "Conv2DTranspose"},
    {"Pipeline", NoteKind::kOtherName, "Sequential"},
    {"TimeDistributedDense", NoteKind::kOtherName, "Dense"},

    {"AbstractRNNCell", NoteKind::kAbstract, kBase},
    {"ConvRecurrent2D", NoteKind::kAbstract, kBase},
    {"Layer", NoteKind::kAbstract, kBase},
    {"PreprocessingLayer", NoteKind::kAbstract, kBase},
    {"Recurrent", NoteKind::kAbstract, kBase},
    {"Wrapper", NoteKind::kAbstract, kBase},

    {"Addons>CRF", NoteKind::kRefused,
     "its best sequence is sought step by step, which is not converted; end the model before it"},
    {"Addons>CorrelationCost", NoteKind::kRefused, kAddonsKernel},
    {"Addons>EmbeddingBag", NoteKind::kRefused, kAddonsKernel},
    {"Addons>MaxUnpooling2D", NoteKind::kRefused, kPlaces},
    {"Addons>MaxUnpooling2DV2", NoteKind::kRefused, kPlaces},
    {"DenseFeatures", NoteKind::kRefused,
     "its feature columns are Python objects of TensorFlow, which are not in the file"},
    {"FlaxLayer", NoteKind::kRefused, kPython},
    {"JaxLayer", NoteKind::kRefused, kPython},
    {"PhaseTflite", NoteKind::kRefused, kApproximate},
    {"TFSMLayer", NoteKind::kRefused,
     "its meaning is in a SavedModel elsewhere; `hoarfrost freeze-graph` freezes that"},
    {"TorchModuleWrapper", NoteKind::kRefused, kPython},

    {"Addons>ESN", NoteKind::kLimited, kTraining},
    {"Addons>ESNCell", NoteKind::kLimited, kTraining},
    {"Addons>LayerNormLSTMCell", NoteKind::kLimited, kTraining},
    {"Addons>LayerNormSimpleRNNCell", NoteKind::kLimited, kTraining},
    {"Addons>MultiHeadAttention", NoteKind::kLimited, "masks"},
    {"Addons>NASCell", NoteKind::kLimited, kTraining},
    {"Addons>PeepholeLSTMCell", NoteKind::kLimited, kTraining},
    {"Addons>StochasticDepth", NoteKind::kLimited, kTraining},
    {"Addons>WeightNormalization", NoteKind::kLimited, "recurrent layers, training"},
    {"ApplyFilterbank", NoteKind::kLimited, "filterbanks other than mel and log"},
    {"CategoryEncoding", NoteKind::kLimited, "sparse outputs"},
    {"CenterCrop", NoteKind::kLimited, "images of unknown size"},
    {"ContrastLimitedAdaptiveHistogramEqualization", NoteKind::kLimited,
     "images of unknown size, tiles that pad more than the image has"},
    {"ClusterWeights", NoteKind::kLimited, kClusters},
    {"ClusterWeightsMHA", NoteKind::kLimited, kClusters},
    {"ClusterWeightsRNN", NoteKind::kLimited, kClusters},
    {"Delta", NoteKind::kLimited, "several channels, on which kapre fails"},
    {"Dense", NoteKind::kLimited, kQuantization},
    {"Discretization", NoteKind::kLimited, "bins that were adapted and are not in the configuration, sparse outputs"},
    {"EinsumDense", NoteKind::kLimited, kQuantization},
    {"Embedding", NoteKind::kLimited, "int4 of Keras before 3.14, sparse outputs"},
    {"HashedCrossing", NoteKind::kLimited, "sparse outputs"},
    {"Hashing", NoteKind::kLimited, "sparse outputs"},
    {"IntegerLookup", NoteKind::kLimited, "vocabularies outside the file, sparse outputs"},
    {"InverseSTFT", NoteKind::kLimited, "what is not from STFT; n_fft above 4096"},
    {"LocallyConnected1D", NoteKind::kLimited, "a matrix of over 2^28 elements (implementation 2 and 3)"},
    {"LocallyConnected2D", NoteKind::kLimited, "a matrix of over 2^28 elements (implementation 2 and 3)"},
    {"MelSpectrogram", NoteKind::kLimited, "windows other than hann and hamming; fft_length above 4096"},
    {"Phase", NoteKind::kLimited, "approx_atan_accuracy; what is not from STFT"},
    {"PruneLowMagnitude", NoteKind::kLimited, "training"},
    {"QActivation", NoteKind::kLimited, kQuantizers},
    {"QAveragePooling2D", NoteKind::kLimited, kQuantizers},
    {"QBatchNormalization", NoteKind::kLimited, kQuantizers},
    {"QConv1D", NoteKind::kLimited, kQuantizers},
    {"QConv2D", NoteKind::kLimited, kQuantizers},
    {"QConv2DBatchnorm", NoteKind::kLimited, kQuantizers},
    {"QConv2DTranspose", NoteKind::kLimited, kQuantizers},
    {"QDense", NoteKind::kLimited, kQuantizers},
    {"QDepthwiseConv2D", NoteKind::kLimited, kQuantizers},
    {"QDepthwiseConv2DBatchnorm", NoteKind::kLimited, kQuantizers},
    {"QGRU", NoteKind::kLimited, kQuantizers},
    {"QGlobalAveragePooling2D", NoteKind::kLimited, kQuantizers},
    {"QLSTM", NoteKind::kLimited, kQuantizers},
    {"QSeparableConv1D", NoteKind::kLimited, kQuantizers},
    {"QSeparableConv2D", NoteKind::kLimited, kQuantizers},
    {"QSimpleRNN", NoteKind::kLimited, kQuantizers},
    {"QuantizeAnnotate", NoteKind::kLimited, "training"},
    {"QuantizeLayer", NoteKind::kLimited, "training; quantizers of somebody's own"},
    {"QuantizeWrapper", NoteKind::kLimited, kQuantizeConfigs},
    {"QuantizeWrapperV2", NoteKind::kLimited, kQuantizeConfigs},
    {"RandomCrop", NoteKind::kLimited, "Keras 3's on images of another size than its own"},
    {"Resizing", NoteKind::kLimited,
     "images of whole numbers (Keras 3) and of unknown size, but for bilinear and nearest"},
    {"STFT", NoteKind::kLimited, "what Magnitude, Phase and InverseSTFT do not take; n_fft above 4096"},
    {"STFTTflite", NoteKind::kLimited, "n_fft above 4096"},
    {"ReversibleEmbedding", NoteKind::kLimited, "LoRA adapters, quantized tables, reverse_dtype"},
    {"SpectralNormalization", NoteKind::kLimited, "training"},
    {"StringLookup", NoteKind::kLimited, "vocabularies outside the file, sparse outputs"},
    {"TextVectorization", NoteKind::kLimited,
     "vocabularies outside the file, functions as standardize or split, output_mode None, ragged and sparse outputs, "
     "ngrams without a split"},
    {"UpSampling2D", NoteKind::kLimited, "interpolations other than nearest and bilinear on images of unknown size"},
    {"keras_hub>CachedMultiHeadAttention", NoteKind::kLimited, kCache},
    {"keras_hub>MaskedLMHead", NoteKind::kLimited, "training of a token_embedding that is shared"},
    {"keras_hub>PositionEmbedding", NoteKind::kLimited, kPositions},
    {"keras_hub>RotaryEmbedding", NoteKind::kLimited,
     "a start_index or positions that are tensors; KerasNLP's scaling_factor"},
    {"keras_hub>SinePositionEncoding", NoteKind::kLimited, kPositions},
    {"keras_hub>TokenAndPositionEmbedding", NoteKind::kLimited, kPositions},
    {"keras_hub>TransformerDecoder", NoteKind::kLimited, kCache},
    {"keras_hub>TransformerEncoder", NoteKind::kLimited, "the scores of its attention as a result"},
};

}  // namespace

std::vector<LayerNote> layer_notes() {
  std::vector<LayerNote> result;
  for (const LayerNote& note : kNotes) {
    if (note.kind != NoteKind::kRefused || find_layer(note.class_name) == nullptr) result.push_back(note);
  }
  return result;
}

std::string_view refusal_of(std::string_view class_name) {
  const auto reason_of = [](std::string_view name) -> std::string_view {
    for (const LayerNote& note : kNotes) {
      if (note.class_name == name && note.kind == NoteKind::kRefused) return note.text;
    }
    return {};
  };
  if (const std::string_view reason = reason_of(class_name); !reason.empty()) return reason;
  const size_t bracket = class_name.rfind('>');
  if (bracket != std::string_view::npos && !class_name.starts_with("keras"))
    return {};                                       // somebody else's class of that name
  return reason_of(class_name.substr(bracket + 1));  // the whole where there is no bracket
}

}  // namespace hoarfrost::keras
