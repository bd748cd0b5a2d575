// A TensorFlow graph in OpenCV's dnn module, as its users run it. It links nothing of Hoarfrost, whose protobuf is
// another. usage: opencv_forward MODEL.pb OUT_FOLDER (NAME SIZES FILE)… -- OUTPUT… SIZES are 1x3x32x32, FILE holds
// float32 numbers; each output's numbers go to OUT_FOLDER/0, 1, …, its sizes to stdout.
#include <fstream>
#include <iostream>
#include <iterator>
#include <opencv2/dnn.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace {

cv::Mat read_blob(const std::string& sizes, const std::string& file) {
  std::vector<int> dims;
  std::stringstream stream(sizes);
  for (std::string size; std::getline(stream, size, 'x');) dims.push_back(std::stoi(size));
  cv::Mat blob(dims, CV_32F);
  std::ifstream in(file, std::ios::binary);
  in.read(reinterpret_cast<char*>(blob.data), static_cast<std::streamsize>(blob.total() * sizeof(float)));
  if (!in) throw std::runtime_error(file + ": fewer numbers than " + sizes);
  return blob;
}

void write_blob(const cv::Mat& blob, const std::string& file) {
  const cv::Mat whole = blob.isContinuous() ? blob : blob.clone();
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(whole.data), static_cast<std::streamsize>(whole.total() * sizeof(float)));
  for (int i = 0; i < whole.dims; ++i) std::cout << (i > 0 ? "x" : "") << whole.size[i];
  std::cout << "\n";
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  cv::dnn::Net net = cv::dnn::readNetFromTensorflow(arguments.at(0));
  cv::setNumThreads(1);
  size_t i = 2;
  const bool has_one = arguments.at(5) == "--";
  for (; arguments.at(i) != "--"; i += 3) {
    const cv::Mat blob = read_blob(arguments.at(i + 1), arguments.at(i + 2));
    if (has_one)
      net.setInput(blob);
    else
      net.setInput(blob, arguments.at(i));
  }
  for (size_t o = 0; ++i < arguments.size(); ++o)
    write_blob(net.forward(arguments[i]), arguments.at(1) + "/" + std::to_string(o));
  return 0;
} catch (const std::exception& problem) {
  std::cerr << problem.what() << "\n";
  return 1;
}
