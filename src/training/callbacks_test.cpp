// Callbacks against the real ones of Keras 2.15: tests/golden/training/callbacks.json (tools/make_callback_goldens.py).

#include <gmock/gmock.h>
#include <hoarfrost/callback.h>
#include <hoarfrost/error.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <fstream>
#include <sstream>

#include "base/crc32c.h"
#include "message_of.h"
#include "temporary_folder.h"
#include "tensorflow/event_file.h"
#include "tensorflow/proto/event.pb.h"
#include "training/json.h"

namespace hoarfrost::training {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::message_of;

const Json& golden(const std::string& part) {
  static const Json all = Json::parse(std::ifstream(HOARFROST_GOLDEN "/training/callbacks.json"));
  return all.at(part);
}

double number(const Json& json) {
  return json.is_null() ? NAN : json.is_string() ? (json == "inf" ? INFINITY : -INFINITY) : json.get<double>();
}

Logs logs_of(const Json& json) {
  Logs logs;
  for (const auto& [key, value] : json.items()) logs.emplace_back(key, number(value));
  return logs;
}

// A training whose only weight is the epoch that it has seen.
class Training : public Control {
 public:
  [[nodiscard]] double learning_rate() const override { return rate; }
  void set_learning_rate(double value) override { rate = value; }
  [[nodiscard]] int64_t iterations() const override { return n_steps; }
  [[nodiscard]] int64_t epochs() const override { return 100; }
  [[nodiscard]] int64_t batches() const override { return 10; }
  void stop(const std::string& why) override { is_stopped = true, reason = why; }
  void say(const std::string& line) override { said.push_back(line); }
  [[nodiscard]] std::vector<std::pair<std::string, Tensor>> weights() const override {
    return given_weights.empty()
               ? std::vector<std::pair<std::string, Tensor>>{{"epoch", Tensor::scalar<int64_t>(epoch)}}
               : given_weights;
  }
  void set_weights(const std::vector<std::pair<std::string, Tensor>>& weights) override {
    restored = weights.at(0).second.values<int64_t>()[0];
  }
  void save(const std::filesystem::path& path, bool weights_only) override {
    if (is_full) throw Error(ErrorCode::kIo, path.string(), "cannot write it: No space left on device");
    saved.push_back({epoch, path.string(), weights_only});
  }
  [[nodiscard]] std::vector<std::string> log_names() const override { return names; }

  double rate = 0.001;
  int64_t n_steps = 0;
  int64_t epoch = 0;
  bool is_stopped = false, is_full = false;
  std::string reason;
  int64_t restored = -1;
  std::vector<std::string> said, names;
  std::vector<std::pair<std::string, Tensor>> given_weights;
  Json saved = Json::array();
};

void run_epoch(Callback& callback, Training& training, int64_t epoch, Logs logs, int64_t n_batches = 0) {
  training.epoch = epoch;
  callback.on_epoch_begin(training, epoch);
  for (int64_t batch = 0; batch < n_batches; ++batch) callback.on_batch_end(training, batch, {logs[0]});
  callback.on_epoch_end(training, epoch, logs);
}

std::string text_of(const std::filesystem::path& path) {
  return (std::ostringstream() << std::ifstream(path).rdbuf()).str();
}

std::string replaced(std::string text, const std::string& word, const std::string& by) {
  return text.replace(text.find(word), word.size(), by);
}

// Each case twice: in one go, and resumed after every epoch by a callback made anew.
TEST(Callbacks, DecideAsKerasAlsoWhenResumed) {
  for (const bool is_resumed : {false, true}) {
    for (const Json& item : golden("decisions")) {
      const std::string call = item.at("call");
      SCOPED_TRACE(call + (is_resumed ? ", resumed" : ""));
      Training training;
      training.rate = item.at("rate");
      auto callback = make_callback(call);
      callback->on_train_begin(training);
      const auto n = item.at("epochs").get<int64_t>();
      for (int64_t epoch = 0; epoch < n; ++epoch) {
        ASSERT_FALSE(training.is_stopped) << epoch;
        run_epoch(*callback, training, epoch, logs_of(item.at("logs").at(static_cast<size_t>(epoch))),
                  item.at("n_batches"));
        EXPECT_EQ(training.rate, item.at("rates").at(static_cast<size_t>(epoch)).get<double>()) << epoch;
        if (!is_resumed || training.is_stopped) continue;
        auto next = make_callback(call);
        if (!callback->state().empty()) next->set_state(callback->state());
        next->set_kept_weights(callback->kept_weights());
        next->on_train_begin(training);
        callback = std::move(next);
      }
      callback->on_train_end(training);
      EXPECT_EQ(training.is_stopped, item.at("stopped").get<bool>());
      EXPECT_EQ(training.restored, item.at("restored").is_null() ? -1 : item.at("restored").get<int64_t>());
      EXPECT_EQ(training.saved, item.at("saved"));
      if (call.find("verbose") != std::string::npos) {
        EXPECT_EQ(Json(training.said), item.at("said"));
      }
      EXPECT_EQ(callback->n_failures(), 0);
    }
  }
}

TEST(Callbacks, CsvIsKerasByteForByteAlsoWhenResumed) {
  for (const bool is_resumed : {false, true}) {
    for (const Json& item : golden("csv")) {
      const testing_support::TemporaryFolder folder;
      const auto path = folder / "log.csv";
      if (item.at("before").is_string()) std::ofstream(path) << item.at("before").get<std::string>();
      const std::string call = replaced(item.at("call"), "FILE", path);
      Training training;
      auto callback = make_callback(call);
      callback->on_train_begin(training);
      int64_t epoch = 0;
      for (const Json& logs : item.at("logs")) {
        run_epoch(*callback, training, epoch++, logs_of(logs));
        if (!is_resumed) continue;
        const std::string state = callback->state();
        run_epoch(*callback, training, epoch, logs_of(logs));  // killed before it was saved
        callback = make_callback(call);
        callback->set_state(state);
        callback->on_train_begin(training);
      }
      EXPECT_EQ(text_of(path), item.at("text").get<std::string>()) << call << is_resumed;
    }
  }
}

// The messages of an event file whose frames hold.
std::vector<proto::Event> events_of(const std::filesystem::path& path) {
  std::vector<proto::Event> events;
  const std::string text = text_of(path);
  for (size_t at = 0; at < text.size();) {
    uint64_t n_bytes = 0;
    std::memcpy(&n_bytes, text.data() + at, 8);
    const std::string bytes = text.substr(at + 12, n_bytes);
    const std::string record = tensorflow::tf_record(bytes);
    EXPECT_EQ(record, text.substr(at, record.size()));
    events.emplace_back();
    EXPECT_TRUE(events.back().ParseFromString(bytes));
    at += record.size();
  }
  return events;
}

// The frame of real TensorFlow: tf.io.TFRecordWriter of b"hoarfrost".
TEST(EventFile, FramesAsTensorFlow) {
  std::string hex;
  for (const unsigned char c : tensorflow::tf_record("hoarfrost"))
    hex += "0123456789abcdef"[c >> 4], hex += "0123456789abcdef"[c & 15];
  EXPECT_EQ(hex, "090000000000000037f97139686f617266726f737411be18f1");
}

void expect_event(const proto::Event& event, const Json& expected) {
  ASSERT_EQ(event.summary().value_size(), 1);
  const auto& value = event.summary().value(0);
  EXPECT_EQ(value.metadata().plugin_data().plugin_name(), expected.at(1).get<std::string>());
  EXPECT_EQ(value.tag(), expected.at(2).get<std::string>());
  EXPECT_EQ(event.step(), expected.at(3).get<int64_t>());
  Json shape = Json::array();
  for (const auto& dim : value.tensor().tensor_shape().dim()) shape.push_back(dim.size());
  EXPECT_EQ(shape, expected.at(4));
  const std::string& bytes = value.tensor().tensor_content();
  const bool is_scalar = shape.empty();
  EXPECT_EQ(value.tensor().dtype(), is_scalar ? proto::DT_FLOAT : proto::DT_DOUBLE);
  const Json& numbers = expected.at(5);
  ASSERT_EQ(bytes.size(), numbers.size() * (is_scalar ? sizeof(float) : sizeof(double)));
  for (size_t i = 0; i < numbers.size(); ++i) {
    float single = 0;
    double real = 0;
    std::memcpy(is_scalar ? static_cast<void*>(&single) : &real, bytes.data() + i * (is_scalar ? 4 : 8),
                is_scalar ? 4 : 8);
    // Edges of buckets are sums in another order.
    EXPECT_NEAR(is_scalar ? single : real, numbers.at(i).get<double>(), is_scalar ? 0 : 1e-14)
        << value.tag() << " " << i;
  }
}

TEST(Callbacks, TensorBoardHasKerasEvents) {
  for (const Json& item : golden("tensorboard")) {
    const testing_support::TemporaryFolder folder;
    Training training;
    for (const auto& [name, values] : item.at("weights").items()) {
      std::vector<float> flat;
      for (const Json& row : values.flatten()) flat.push_back(row.get<float>());
      training.given_weights.emplace_back(name, Tensor::vector(flat));
    }
    const auto callback = make_callback(replaced(item.at("call"), "FOLDER", folder.path()));
    callback->on_train_begin(training);
    int64_t epoch = 0;
    for (const Json& logs : item.at("logs")) {
      training.n_steps += item.at("iterations_per_epoch").get<int64_t>();
      run_epoch(*callback, training, epoch++, logs_of(logs));
    }
    size_t n_seen = 0;
    for (const char* part : {"train", "validation"}) {
      if (!std::filesystem::exists(folder / part)) continue;
      for (const auto& file : std::filesystem::directory_iterator(folder / part)) {
        EXPECT_THAT(file.path().filename().string(),
                    testing::MatchesRegex("events\\.out\\.tfevents\\.[0-9]{10}\\..+\\.v2"));
        const auto events = events_of(file.path());
        EXPECT_EQ(events.at(0).file_version(), "brain.Event:2");
        for (size_t i = 1; i < events.size(); ++i, ++n_seen) {
          ASSERT_LT(n_seen, item.at("events").size());
          EXPECT_EQ(item.at("events").at(n_seen).at(0), part);
          expect_event(events[i], item.at("events").at(n_seen));
        }
      }
    }
    EXPECT_EQ(n_seen, item.at("events").size());
  }
}

TEST(Callbacks, RatesByATable) {
  Training training;
  const auto callback = make_callback("LearningRateScheduler('2:1e-3, 4:0.0001')");
  training.rate = 0.5;
  std::vector<double> rates;
  for (int64_t epoch = 0; epoch < 6; ++epoch) run_epoch(*callback, training, epoch, {}), rates.push_back(training.rate);
  const double thousandth = 0.001F, tenth_of_it = 0.0001F;
  EXPECT_THAT(rates, ElementsAre(0.5, 0.5, thousandth, thousandth, tenth_of_it, tenth_of_it));
}

TEST(Callbacks, ANanEndsTraining) {
  Training training;
  const auto callback = make_callback("keras.callbacks.TerminateOnNaN()");
  callback->on_batch_end(training, 2, {{"loss", 1.0}});
  EXPECT_FALSE(training.is_stopped);
  callback->on_batch_end(training, 3, {{"loss", NAN}});
  EXPECT_EQ(training.reason, "Batch 3: Invalid loss, terminating training");
  // Its weights take no good ones' place.
  const auto checkpoint = make_callback("ModelCheckpoint('last.h5')");
  run_epoch(*checkpoint, training, 0, {{"loss", NAN}});
  EXPECT_TRUE(training.saved.empty());
  EXPECT_THAT(training.said,
              ElementsAre("ModelCheckpoint: epoch 1: not saved, for the loss is NaN; the last file stays"));
}

// What could not be saved is not the best that a file holds.
TEST(Callbacks, AFullDiskIsSaidAndTrainingGoesOn) {
  Training training;
  const auto callback = make_callback("ModelCheckpoint('runs/best.h5', save_best_only=True)");
  training.is_full = true;
  run_epoch(*callback, training, 0, {{"val_loss", 0.5}});
  EXPECT_THAT(training.said, ElementsAre("ModelCheckpoint: runs/best.h5: cannot write it: No space left on device; "
                                         "what was there stays, and training goes on"));
  EXPECT_EQ(callback->n_failures(), 1);
  training.is_full = false;
  run_epoch(*callback, training, 1, {{"val_loss", 0.75}});
  EXPECT_EQ(training.saved, Json::parse(R"([[1, "runs/best.h5", false]])"));
}

TEST(Callbacks, LogsOfAFullDiskAreWrittenLater) {
  const testing_support::TemporaryFolder folder;
  Training training;
  const auto callback = make_callback("CSVLogger('" + (folder / "log.csv").string() + "')");
  callback->on_train_begin(training);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{20, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  run_epoch(*callback, training, 0, {{"loss", 1}, {"val_loss", 2}});
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(callback->n_failures(), 1);
  EXPECT_THAT(
      training.said,
      ElementsAre(HasSubstr("log.csv: cannot write it: File too large; its lines are kept for the next epoch")));
  EXPECT_EQ(text_of(folder / "log.csv"), "");
  run_epoch(*callback, training, 1, {{"loss", 3}, {"val_loss", 4}});
  EXPECT_EQ(text_of(folder / "log.csv"), "epoch,loss,val_loss\r\n0,1.0,2.0\r\n1,3.0,4.0\r\n");
}

TEST(Callbacks, SayWhatIsWrongWithACall) {
  const auto message = [](const std::string& text) { return message_of([&] { make_callback(text); }); };
  EXPECT_THAT(
      message("EarlyStoping()"),
      HasSubstr("EarlyStoping: is no callback; nearest names: EarlyStopping; all: ModelCheckpoint, EarlyStopping,"));
  EXPECT_THAT(message("EarlyStopping(monitr=val_loss)"),
              HasSubstr("EarlyStopping: has no argument `monitr`; nearest names: monitor, "));
  EXPECT_EQ(message("EarlyStopping(patience=soon)"), "EarlyStopping: patience: expected a whole number, found `soon`");
  EXPECT_EQ(message("EarlyStopping(mode=up)"), "EarlyStopping: mode: expected auto, min or max, found `up`");
  EXPECT_EQ(message("EarlyStopping('loss', monitor='loss')"), "EarlyStopping: `monitor` is given twice");
  EXPECT_EQ(message("EarlyStopping(patience=3"),
            "EarlyStopping(patience=3: expected `,` or `)`, found the end at character 25");
  EXPECT_THAT(message("EarlyStopping(monitor='loss)"), HasSubstr("a text has no end"));
  EXPECT_THAT(message("TerminateOnNaN(1)"), HasSubstr("takes at most 0 arguments, found `1`"));
  EXPECT_THAT(message(""), HasSubstr("expected a callback, as in EarlyStopping("));
  EXPECT_EQ(message("ReduceLROnPlateau(factor=1.5)"), "ReduceLROnPlateau: factor: expected less than 1, found 1.5");
  EXPECT_EQ(message("ModelCheckpoint()"), "ModelCheckpoint: filepath: is missing");
  EXPECT_THAT(message("ModelCheckpoint('model')"),
              HasSubstr("expected a name that ends in .h5, .hdf5 or .keras, found `model`"));
  EXPECT_THAT(message("ModelCheckpoint('{loss:d}.h5')"),
              HasSubstr("`{loss:d}`: `d` is no format of a number with a fraction"));
  EXPECT_THAT(message("ModelCheckpoint('{epoch:02d.h5')"), HasSubstr("has a single `{` at character 1"));
  EXPECT_THAT(message("ModelCheckpoint('{batch}.h5')"),
              HasSubstr("`{batch}` is not known when it saves, at the end of an epoch"));
  EXPECT_THAT(message("ModelCheckpoint('{epoch:0999999999999d}.h5')"), HasSubstr("at most 255"));
  EXPECT_THAT(message("LearningRateScheduler('0:1e-3,0:2')"), HasSubstr("epoch 0 comes after epoch 0"));
  EXPECT_THAT(message("TensorBoard(write_images=True)"), HasSubstr("write_images: is not written; leave it out"));
  EXPECT_THAT(message("CSVLogger('a.csv', separator='ab')"), HasSubstr("expected one character"));
}

TEST(Callbacks, MissNothingThatIsMeasured) {
  Training training;
  training.names = {"loss", "accuracy", "val_loss", "val_accuracy"};
  make_callback("ModelCheckpoint('{val_acc:.2f}.h5', monitor='val_acc', save_best_only=True)")
      ->on_train_begin(training);
  EXPECT_THAT(message_of([&] { make_callback("EarlyStopping('val_los')")->on_train_begin(training); }),
              HasSubstr("EarlyStopping: monitor: `val_los` is not measured; nearest names: val_loss, loss, "));
  training.names = {"loss"};
  EXPECT_EQ(message_of([&] { make_callback("EarlyStopping()")->on_train_begin(training); }),
            "EarlyStopping: monitor: `val_loss` needs validation data: give some, or name one of loss");
}

TEST(Callbacks, HaveNamesOfTheirOwnAndRefuseAStrangersState) {
  const std::string texts[] = {"CSVLogger('a')", "EarlyStopping", "CSVLogger('b')"};
  std::vector<std::string> names;
  for (const auto& callback : make_callbacks(texts)) names.push_back(callback->name());
  EXPECT_THAT(names, ElementsAre("CSVLogger", "EarlyStopping", "CSVLogger_1"));
  for (const char* state : {"", "[]", "{}", R"({"wait":"x"})"})
    EXPECT_THROW(make_callback("EarlyStopping")->set_state(state), Error) << state;
}

}  // namespace
}  // namespace hoarfrost::training
