// What neural networks are made of: activations, attention, losses, said in other operations. Definitions: Keras 3.15's
// keras.ops, TensorFlow 2.15.
#include "keras/derived_rows.h"

namespace hoarfrost::keras {
std::span<const DerivedRow> derived_network_rows() {
  static constexpr DerivedRow kRows[] = {
      // l: the likeliest label of each step; k: whether it counts, being no blank and no repetition; n: its place.
      {"CTCDecode", "",
       "inputs sequence_lengths !strategy='greedy' beam_width=100 top_paths=1 merge_repeated=True mask_index=0",
       "t = inputs.shape[1]; b = mask_index if mask_index >= 0 else mask_index + inputs.shape[2]; "
       "l = tf.argmax(inputs, axis=-1, output_type='int32'); "
       "p = tf.concat([tf.zeros_like(l[:, :1]) - 1, l[:, :-1]], axis=1); "
       "v = np.arange(t) < tf.expand_dims(tf.cast(sequence_lengths, 'int32'), -1); "
       "u = tf.logical_and(v, tf.not_equal(l, b)); "
       "k = tf.cast(tf.logical_and(u, tf.not_equal(l, p)) if merge_repeated else u, 'int32'); "
       "n = tf.cumsum(k, axis=1) * k - 1; "
       "d = tf.reduce_sum(tf.one_hot(n, t) * tf.cast(tf.expand_dims(l + 1, -1), 'float32'), axis=1); "
       "[tf.expand_dims(tf.cast(d, 'int32') - 1, 0), -tf.reduce_sum(tf.reduce_max(inputs, axis=-1) * tf.cast(v, "
       "'float32'), axis=1, keepdims=True)]"},
      {"Glu", "", "x axis=-1", "h = tf.split(x, 2, axis=axis); h[0] * tf.sigmoid(h[1])"},
      {"SparsePlus", "", "x", "keras.activations.sparse_plus(x)"},
      {"SparseSigmoid", "", "x", "keras.activations.sparse_sigmoid(x)"},
      {"Squareplus", "", "x b=4.0", "0.5 * (x + tf.sqrt(x * x + b))"},
      {"Threshold", "", "x threshold default_value|value", "tf.where(x > threshold, x, default_value)"},
      {"RMSNorm", "", "x scale=1.0 !axis=-1 epsilon=1e-6",
       "x * tf.math.rsqrt(tf.reduce_mean(x * x, axis=-1, keepdims=True) + epsilon) * scale"},
      {"DotProductAttention", "",
       "query key value !bias=None !mask=None scale=None !is_causal=False flash_attention=None",
       "f = scale if scale else 1 / math.sqrt(query.shape[-1]); "
       "w = tf.nn.softmax(tf.einsum('btnh,bsnh->bnts', query * f, key)); tf.einsum('bnts,bsnh->btnh', w, value)"},
      {"Sparsemax", "", "x axis=-1",
       "keras.activations.sparsemax(x) if axis == -1 else "
       "ops.swapaxes(keras.activations.sparsemax(ops.swapaxes(x, axis, -1)), axis, -1)"},
      {"CRelu", "nn.crelu compat.v1.nn.crelu", "features axis=-1",
       "tf.nn.relu(tf.concat([features, -features], axis=axis))"},
      {"MultiHot", "", "inputs num_classes !axis=-1 dtype=None !sparse=False",
       "y = tf.reduce_max(tf.one_hot(tf.cast(inputs, 'int32'), num_classes), axis=1 if len(inputs.shape) > 1 else 0); "
       "y if dtype == None else tf.cast(y, dtype)"},
      {"Moments", "nn.moments compat.v1.nn.moments", "x axes shift|synchronized=False keepdims|keep_dims=False",
       "m = tf.reduce_mean(x, axis=axes, keepdims=True); v = tf.reduce_mean(tf.math.squared_difference(x, m), "
       "axis=axes, keepdims=True); [m, v] if keepdims else [tf.squeeze(m, axis=axes), tf.squeeze(v, axis=axes)]"},
      {"BatchNorm", "", "x mean variance offset=None scale=None axis epsilon=0.001",
       "s = [1] * (axis % len(x.shape)) + [-1] + [1] * (len(x.shape) - 1 - axis % len(x.shape)); r = "
       "tf.math.rsqrt(tf.reshape(variance, s) + epsilon); i = r if scale == None else r * tf.reshape(scale, s); "
       "y = (x - tf.reshape(mean, s)) * i; y if offset == None else y + tf.reshape(offset, s)"},
      {"BatchNormalizationFunction", "nn.batch_normalization",
       "x mean variance offset=None scale=None variance_epsilon",
       "r = tf.math.rsqrt(tf.math.add(variance, variance_epsilon)); i = r if scale == None else r * scale; y = x * i - "
       "mean "
       "* i; y if offset == None else y + offset"},
      {"LayerNorm", "", "x gamma=None beta=None axis=-1 epsilon=None !rms_scaling=False",
       "n = len(x.shape); a = [axis % n] if isinstance(axis, int) else [i % n for i in axis]; s = [x.shape[i] "
       "if sum([k == i for k in a]) else 1 for i in range(n)]; m = tf.reduce_mean(x, axis=a, keepdims=True); v "
       "= tf.reduce_mean(tf.math.squared_difference(x, m), axis=a, keepdims=True); y = (x - m) * "
       "tf.math.rsqrt(v + (1e-7 if epsilon == None else epsilon)); z = y if gamma == None else y * "
       "tf.reshape(gamma, s); z if beta == None else z + tf.reshape(beta, s)"},
      {"BinaryCrossentropy", "", "target output from_logits=False",
       "p = tf.clip_by_value(output, 1e-7, 1.0 - 1e-7); tf.nn.sigmoid_cross_entropy_with_logits(target, output) "
       "if from_logits else -(target * tf.math.log(p) + (1.0 - target) * tf.math.log(1.0 - p))"},
      {"CategoricalCrossentropy", "", "target output from_logits=False axis=-1",
       "-tf.reduce_sum(target * (tf.nn.log_softmax(output, axis=axis) if from_logits else "
       "tf.math.log(tf.clip_by_value(output / tf.reduce_sum(output, axis=axis, keepdims=True), 1e-7, 1.0 - "
       "1e-7))), axis=axis)"},
      {"SparseCategoricalCrossentropy", "", "target output from_logits=False !axis=-1",
       "l = tf.nn.log_softmax(output) if from_logits else tf.math.log(tf.clip_by_value(output / "
       "tf.reduce_sum(output, axis=-1, keepdims=True), 1e-7, 1.0 - 1e-7)); t = target if len(target.shape) < "
       "len(output.shape) else tf.squeeze(target, axis=-1); -tf.reduce_sum(tf.one_hot(tf.cast(t, 'int32'), "
       "output.shape[-1]) * l, axis=-1)"},
      {"SigmoidCrossEntropy", "nn.sigmoid_cross_entropy_with_logits compat.v1.nn.sigmoid_cross_entropy_with_logits",
       "labels logits", "tf.nn.relu(logits) - logits * labels + tf.math.log1p(tf.exp(-tf.abs(logits)))"},
      {"SoftmaxCrossEntropy",
       "nn.softmax_cross_entropy_with_logits compat.v1.nn.softmax_cross_entropy_with_logits_v2 "
       "compat.v1.nn.softmax_cross_entropy_with_logits",
       "labels logits axis|dim=-1", "-tf.reduce_sum(labels * tf.nn.log_softmax(logits, axis=axis), axis=axis)"},
      {"SparseSoftmaxCrossEntropy",
       "nn.sparse_softmax_cross_entropy_with_logits compat.v1.nn.sparse_softmax_cross_entropy_with_logits",
       "labels logits",
       "-tf.reduce_sum(tf.one_hot(tf.cast(labels, 'int32'), logits.shape[-1]) * tf.nn.log_softmax(logits), "
       "axis=-1)"},
      {"L2Loss", "nn.l2_loss", "t", "tf.reduce_sum(t * t) / 2.0"},
      {"PSNR", "", "x1 x2 max_val",
       "8.685889638065035 * tf.math.log(float(max_val)) - 4.3429448190325175 * tf.math.log(tf.reduce_mean((x1 - "
       "x2) * (x1 - x2)))"},
  };
  return kRows;
}

}  // namespace hoarfrost::keras
