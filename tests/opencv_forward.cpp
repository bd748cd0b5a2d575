// A TensorFlow graph in OpenCV's dnn module, as its users run it. It links nothing of Hoarfrost, whose protobuf is
// another. usage: opencv_forward MODEL.pb OUT_FOLDER (NAME SIZES FILE)… -- OUTPUT… SIZES are 1x3x32x32, FILE holds
// float32 numbers of one or more such blobs, which are fed in turn; each output's numbers go to OUT_FOLDER/0, 1, …, its
// sizes to stdout.
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <numeric>
#include <opencv2/dnn.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct Input {
  std::string name;
  std::vector<int> dims;
  std::vector<float> numbers;  // of all blobs
  [[nodiscard]] size_t blob_size() const {
    return std::accumulate(dims.begin(), dims.end(), size_t{1}, [](size_t n, int dim) { return n * dim; });
  }
};

Input read_input(const std::string& name, const std::string& sizes, const std::string& file) {
  Input input{name, {}, {}};
  std::stringstream stream(sizes);
  for (std::string size; std::getline(stream, size, 'x');) input.dims.push_back(std::stoi(size));
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  input.numbers.resize(bytes.size() / sizeof(float));
  std::memcpy(input.numbers.data(), bytes.data(), input.numbers.size() * sizeof(float));
  if (input.numbers.empty() || input.numbers.size() % input.blob_size() != 0)
    throw std::runtime_error(file + ": expected numbers of whole blobs " + sizes);
  return input;
}

void append_blob(const cv::Mat& blob, const std::string& file) {
  const cv::Mat whole = blob.isContinuous() ? blob : blob.clone();
  std::ofstream(file, std::ios::binary | std::ios::app)
      .write(reinterpret_cast<const char*>(whole.data), static_cast<std::streamsize>(whole.total() * sizeof(float)));
}

void show_sizes(const cv::Mat& blob) {
  for (int i = 0; i < blob.dims; ++i) std::cout << (i > 0 ? "x" : "") << blob.size[i];
  std::cout << "\n";
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  cv::dnn::Net net = cv::dnn::readNetFromTensorflow(arguments.at(0));
  cv::setNumThreads(1);
  std::vector<Input> inputs;
  size_t i = 2;
  for (; arguments.at(i) != "--"; i += 3)
    inputs.push_back(read_input(arguments[i], arguments.at(i + 1), arguments.at(i + 2)));
  const std::vector<std::string> outputs(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
  const size_t n_blobs = inputs.at(0).numbers.size() / inputs[0].blob_size();
  for (size_t blob = 0; blob < n_blobs; ++blob) {
    for (Input& input : inputs) {
      if (input.numbers.size() != n_blobs * input.blob_size()) throw std::runtime_error("inputs of other lengths");
      const cv::Mat x(input.dims, CV_32F, input.numbers.data() + blob * input.blob_size());
      net.setInput(x, inputs.size() == 1 ? "" : input.name);
    }
    for (size_t o = 0; o < outputs.size(); ++o) {
      const cv::Mat found = net.forward(outputs[o]);
      append_blob(found, arguments.at(1) + "/" + std::to_string(o));
      if (blob == 0) show_sizes(found);
    }
  }
  return 0;
} catch (const std::exception& problem) {
  std::cerr << problem.what() << "\n";
  return 1;
}
