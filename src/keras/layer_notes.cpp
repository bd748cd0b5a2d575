#include "keras/layer_notes.h"

#include "keras/layer.h"

namespace hoarfrost::keras {
namespace {

constexpr std::string_view kPython = "its meaning is another library's code, which is not in the file";
constexpr std::string_view kHistogram =
    "its output depends on the image's histogram, which is not converted; do it before the model";
constexpr std::string_view kAudio =
    "a layer of kapre's that is not converted; there are STFT, Magnitude, ApplyFilterbank and MagnitudeToDecibel";
constexpr std::string_view kQuantizedRecurrence = "QKeras' recurrent layers are not converted";
constexpr std::string_view kFolded =
    "QKeras' folding of batch normalization is not converted; unfold it (qkeras.bn_folding_utils) first";
constexpr std::string_view kQuantized =
    "QKeras' layer of that name is not converted; `hoarfrost layers` lists those that are";
constexpr std::string_view kQuantizers =
    "training; quantized_ulaw, quantized_hswish, bernoulli; a qnoise_factor other than 1; alpha \"auto\" of "
    "activations";
constexpr std::string_view kBase = "a class that others derive from";

constexpr LayerNote kNotes[] = {
    {"AtrousConv1D", NoteKind::kOtherName, "Conv1D"},
    {"AtrousConv2D", NoteKind::kOtherName, "Conv2D"},
    {"AtrousConvolution1D", NoteKind::kOtherName, "Conv1D"},
    {"AtrousConvolution2D", NoteKind::kOtherName, "Conv2D"},
    {"Deconv2D", NoteKind::kOtherName, "Conv2DTranspose"},
    {"Deconvolution2D", NoteKind::kOtherName, "Conv2DTranspose"},
    {"TimeDistributedDense", NoteKind::kOtherName, "Dense"},

    {"AbstractRNNCell", NoteKind::kAbstract, kBase},
    {"ConvRecurrent2D", NoteKind::kAbstract, kBase},
    {"Layer", NoteKind::kAbstract, kBase},
    {"PreprocessingLayer", NoteKind::kAbstract, kBase},
    {"Recurrent", NoteKind::kAbstract, kBase},
    {"Wrapper", NoteKind::kAbstract, kBase},

    {"AmplitudeToDB", NoteKind::kRefused, kAudio},
    {"ConcatenateFrequencyMap", NoteKind::kRefused, kAudio},
    {"ContrastLimitedAdaptiveHistogramEqualization", NoteKind::kRefused, kHistogram},
    {"DenseFeatures", NoteKind::kRefused,
     "its feature columns are Python objects of TensorFlow, which are not in the file"},
    {"Equalization", NoteKind::kRefused, kHistogram},
    {"FlaxLayer", NoteKind::kRefused, kPython},
    {"InverseSTFT", NoteKind::kRefused, kAudio},
    {"JaxLayer", NoteKind::kRefused, kPython},
    {"Melspectrogram", NoteKind::kRefused, kAudio},
    {"Pipeline", NoteKind::kRefused,
     "layers of a data pipeline in one are not converted; call them one by one in the model"},
    {"QAdaptiveActivation", NoteKind::kRefused, kQuantized},
    {"QAveragePooling2D", NoteKind::kRefused, kQuantized},
    {"QBidirectional", NoteKind::kRefused, kQuantizedRecurrence},
    {"QConv2DBatchnorm", NoteKind::kRefused, kFolded},
    {"QConv2DTranspose", NoteKind::kRefused, kQuantized},
    {"QDepthwiseConv2DBatchnorm", NoteKind::kRefused, kFolded},
    {"QGRU", NoteKind::kRefused, kQuantizedRecurrence},
    {"QGlobalAveragePooling2D", NoteKind::kRefused, kQuantized},
    {"QLSTM", NoteKind::kRefused, kQuantizedRecurrence},
    {"QSeparableConv1D", NoteKind::kRefused, kQuantized},
    {"QSeparableConv2D", NoteKind::kRefused, kQuantized},
    {"QSimpleRNN", NoteKind::kRefused, kQuantizedRecurrence},
    {"RandomFourierFeatures", NoteKind::kRefused, "an experiment of Keras 2, which is not converted"},
    {"Spectrogram", NoteKind::kRefused, kAudio},
    {"TFSMLayer", NoteKind::kRefused,
     "its meaning is in a SavedModel elsewhere; `hoarfrost freeze-graph` freezes that"},
    {"TorchModuleWrapper", NoteKind::kRefused, kPython},

    {"Addons>WeightNormalization", NoteKind::kLimited, "recurrent layers, training"},
    {"ApplyFilterbank", NoteKind::kLimited, "filterbanks other than mel"},
    {"CategoryEncoding", NoteKind::kLimited, "sparse outputs"},
    {"CenterCrop", NoteKind::kLimited, "images of unknown size"},
    {"Dense", NoteKind::kLimited, "quantization to int4, float8, GPTQ and AWQ"},
    {"Discretization", NoteKind::kLimited, "bins that were adapted and are not in the configuration, sparse outputs"},
    {"EinsumDense", NoteKind::kLimited, "quantization"},
    {"Embedding", NoteKind::kLimited, "quantization to int4, sparse outputs"},
    {"HashedCrossing", NoteKind::kLimited, "sparse outputs"},
    {"Hashing", NoteKind::kLimited, "sparse outputs"},
    {"IntegerLookup", NoteKind::kLimited, "vocabularies outside the file, sparse outputs"},
    {"LocallyConnected1D", NoteKind::kLimited, "a matrix of over 2^28 elements (implementation 2 and 3)"},
    {"LocallyConnected2D", NoteKind::kLimited, "a matrix of over 2^28 elements (implementation 2 and 3)"},
    {"MelSpectrogram", NoteKind::kLimited, "windows other than hann and hamming; fft_length above 4096"},
    {"QActivation", NoteKind::kLimited, kQuantizers},
    {"QBatchNormalization", NoteKind::kLimited, kQuantizers},
    {"QConv1D", NoteKind::kLimited, kQuantizers},
    {"QConv2D", NoteKind::kLimited, kQuantizers},
    {"QDense", NoteKind::kLimited, kQuantizers},
    {"QDepthwiseConv2D", NoteKind::kLimited, kQuantizers},
    {"RandomCrop", NoteKind::kLimited, "Keras 3's on images of another size than its own"},
    {"Resizing", NoteKind::kLimited,
     "Keras 3's on images of whole numbers, but for nearest; images of unknown size, but for bilinear and nearest"},
    {"STFT", NoteKind::kLimited, "what Magnitude does not take; windows other than hann and hamming; n_fft above 4096"},
    {"ReversibleEmbedding", NoteKind::kLimited, "LoRA adapters, quantized tables, reverse_dtype"},
    {"SpectralNormalization", NoteKind::kLimited, "training"},
    {"StringLookup", NoteKind::kLimited, "vocabularies outside the file, sparse outputs"},
    {"TextVectorization", NoteKind::kLimited,
     "vocabularies outside the file, functions as standardize or split, output_mode None, ragged and sparse outputs, "
     "ngrams without a split"},
    {"UpSampling2D", NoteKind::kLimited, "interpolations other than nearest and bilinear on images of unknown size"},
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
  const size_t bracket = class_name.rfind('>');
  if (bracket != std::string_view::npos && !class_name.starts_with("keras"))
    return {};  // somebody else's class of that name
  const std::string_view plain = bracket == std::string_view::npos ? class_name : class_name.substr(bracket + 1);
  for (const LayerNote& note : kNotes) {
    if (note.class_name == plain && note.kind == NoteKind::kRefused) return note.text;
  }
  return {};
}

}  // namespace hoarfrost::keras
