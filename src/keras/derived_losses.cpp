// keras.losses' functions of two tensors, which Lambdas take as distances. Definitions: Keras 2.15's losses.py.
#include "keras/derived_rows.h"

namespace hoarfrost::keras {
std::span<const DerivedRow> derived_loss_rows() {
  static constexpr DerivedRow kRows[] = {
      {"CosineSimilarity", "losses.cosine_similarity", "y_true y_pred axis=-1",
       "0 - tf.reduce_sum(tf.math.l2_normalize(y_true, axis) * tf.math.l2_normalize(y_pred, axis), axis)"},
      {"MeanSquaredError", "losses.mean_squared_error losses.mse losses.MSE", "y_true y_pred",
       "tf.reduce_mean(tf.math.squared_difference(y_pred, y_true), -1)"},
      {"MeanAbsoluteError", "losses.mean_absolute_error losses.mae losses.MAE", "y_true y_pred",
       "tf.reduce_mean(tf.abs(y_pred - y_true), -1)"},
      {"MeanAbsolutePercentageError", "losses.mean_absolute_percentage_error losses.mape losses.MAPE", "y_true y_pred",
       "100.0 * tf.reduce_mean(tf.abs((y_true - y_pred) / tf.maximum(tf.abs(y_true), 1e-7)), -1)"},
      {"MeanSquaredLogarithmicError", "losses.mean_squared_logarithmic_error losses.msle losses.MSLE", "y_true y_pred",
       "tf.reduce_mean(tf.math.squared_difference(tf.math.log(tf.maximum(y_pred, 1e-7) + 1.0), "
       "tf.math.log(tf.maximum(y_true, 1e-7) + 1.0)), -1)"},
      {"LogCosh", "losses.log_cosh losses.logcosh", "y_true y_pred",
       "x = y_pred - y_true; tf.reduce_mean(x + tf.math.softplus(-2.0 * x) - 0.6931471805599453, -1)"},
      {"KLDivergence", "losses.kl_divergence losses.kullback_leibler_divergence losses.kld losses.KLD", "y_true y_pred",
       "t = tf.clip_by_value(y_true, 1e-7, 1.0); p = tf.clip_by_value(y_pred, 1e-7, 1.0); "
       "tf.reduce_sum(t * tf.math.log(t / p), -1)"},
      {"Poisson", "losses.poisson", "y_true y_pred",
       "tf.reduce_mean(y_pred - y_true * tf.math.log(y_pred + 1e-7), -1)"},
      {"Huber", "losses.huber", "y_true y_pred delta=1.0",
       "e = tf.abs(y_pred - y_true); "
       "tf.reduce_mean(tf.where(e <= delta, 0.5 * e * e, delta * e - 0.5 * delta * delta), -1)"},
  };
  return kRows;
}

}  // namespace hoarfrost::keras
