// Elements in other places, and arrays of several, said in other operations. Definitions: Keras 3.15's keras.ops,
// TensorFlow 2.15.
#include "keras/derived_rows.h"

namespace hoarfrost::keras {
std::span<const DerivedRow> derived_array_rows() {
  static constexpr DerivedRow kRows[] = {
      {"FullLike", "", "x fill_value !dtype=None", "tf.zeros_like(x) + fill_value"},
      {"Ravel", "", "x", "tf.reshape(x, [-1])"},
      {"Hstack", "", "xs", "tf.concat(xs, axis=1 if len(xs[0].shape) > 1 else 0)"},
      {"Vstack", "", "xs", "tf.concat(xs, axis=0) if len(xs[0].shape) > 1 else tf.stack(xs, axis=0)"},
      {"Meshgrid", "meshgrid", "x y indexing='xy'",
       "columns = tf.reshape(x, [1, -1] if indexing == 'xy' else [-1, 1]); "
       "rows = tf.reshape(y, [-1, 1] if indexing == 'xy' else [1, -1]); "
       "[columns * tf.ones_like(rows), rows * tf.ones_like(columns)]"},
      {"Diff", "", "a|x !n=1 axis=-1",
       "y = ops.swapaxes(a, axis, -1); "
       "ops.swapaxes(y[..., 1:] - y[..., :-1], axis, -1)"},
      {"Sort", "sort", "x|values axis=-1 direction='ASCENDING'",
       "y = ops.swapaxes(x, axis, -1); "
       "s = -tf.math.top_k(-y, k=y.shape[-1])[0] if direction == 'ASCENDING' else tf.math.top_k(y, k=y.shape[-1])[0]; "
       "ops.swapaxes(s, axis, -1)"},
      {"Argsort", "argsort", "x|values axis=-1 direction='ASCENDING' stable=False",
       "y = ops.swapaxes(x, axis, -1); "
       "s = tf.math.top_k(-y if direction == 'ASCENDING' else y, k=y.shape[-1])[1]; "
       "ops.swapaxes(s, axis, -1)"},
      {"TakeAlongAxis", "experimental.numpy.take_along_axis", "x|arr indices axis=-1",
       "n = len(x.shape) - 1; y = ops.swapaxes(x, axis, n); "
       "i = ops.swapaxes(indices, axis, n); "
       "ops.swapaxes(tf.gather(y, i, axis=n, batch_dims=n), axis, n)"},
      {"Append", "", "x1 x2 axis=None",
       "tf.concat([tf.reshape(x1, [-1]), tf.reshape(x2, [-1])], axis=0) if axis == None else tf.concat([x1, "
       "x2], axis=axis)"},
      {"ArraySplit", "", "x indices_or_sections axis=0",
       "s = indices_or_sections; n = x.shape[axis]; tf.split(x, [n // s + (1 if i < n % s else 0) for i in "
       "range(s)], axis=axis) if isinstance(s, int) else ops.split(x, s, axis)"},
      {"Dsplit", "", "x indices_or_sections", "ops.split(x, indices_or_sections, 2)"},
      {"Hsplit", "", "x indices_or_sections", "ops.split(x, indices_or_sections, 1 if len(x.shape) > 1 else 0)"},
      {"Vsplit", "", "x indices_or_sections", "ops.split(x, indices_or_sections, 0)"},
      {"Dstack", "", "xs",
       "tf.concat([x if len(x.shape) > 2 else x[..., None] if len(x.shape) == 2 else x[None, :, None] for x in "
       "xs], axis=2)"},
      {"Fliplr", "", "x", "tf.reverse(x, [1])"},
      {"Flipud", "", "x", "tf.reverse(x, [0])"},
      {"Rot90", "", "array k=1 axes=[0,1]",
       "n = k % 4; a = axes[0]; b = axes[1]; array if n == 0 else tf.reverse(array, [a, b]) if n == 2 else "
       "ops.swapaxes(tf.reverse(array, [b]), a, b) if n == 1 else tf.reverse(ops.swapaxes(array, a, b), [b])"},
      {"EmptyLike", "", "x !dtype=None", "tf.zeros_like(x)"},
      {"Full", "", "fill_value shape !dtype=None", "tf.broadcast_to(fill_value, shape)"},
      {"Eye", "eye", "num_rows num_columns=None batch_shape=None dtype='float32'",
       "m = num_rows if num_columns == None else num_columns; e = "
       "tf.cast(tf.equal(tf.reshape(tf.range(num_rows), [-1, 1]), tf.reshape(tf.range(m), [1, -1])), dtype); e "
       "if batch_shape == None else tf.broadcast_to(e, [n for n in batch_shape] + [num_rows, m])"},
      {"Linspace", "linspace lin_space compat.v1.linspace compat.v1.lin_space",
       "start stop num=50 endpoint|name=True !retstep=False !dtype=None !axis=0",
       "d = stop - start; r = np.arange(num) / (max(num - 1, 1) if endpoint else num); start + d * "
       "tf.reshape(r, [num] + [1] * len(d.shape))"},
      {"Logspace", "", "start stop num=50 endpoint=True base=10 !dtype=None !axis=0",
       "float(base) ** ops.linspace(start, stop, num, endpoint)"},
      {"Geomspace", "", "start stop num=50 endpoint=True !dtype=None !axis=0",
       "d = stop / start; r = np.arange(num) / (max(num - 1, 1) if endpoint else num); start * d ** "
       "tf.reshape(r, [num] + [1] * len(d.shape))"},
      {"Size", "size compat.v1.size", "x|input !out_type='int32'", "tf.reduce_prod(tf.shape(x))"},
      {"Rank", "rank compat.v1.rank", "input", "tf.reduce_sum(tf.ones_like(tf.shape(input)))"},
      {"Ndim", "", "x", "tf.reduce_sum(tf.ones_like(tf.shape(x)))"},
      {"Select", "", "condlist choicelist default=0",
       "c = condlist; v = choicelist; n = len(c); d = tf.where(c[3], v[3], default) if n == 4 else default if n "
       "< 4 else tf.select_of_more_than_4(c); e = tf.where(c[2], v[2], d) if n > 2 else d; f = tf.where(c[1], "
       "v[1], e) if n > 1 else e; tf.where(c[0], v[0], f)"},
      {"Vander", "", "x N=None increasing=False",
       "n = x.shape[0] if N == None else N; tf.reshape(x, [-1, 1]) ** np.array([float(i if increasing else n - "
       "1 - i) for i in range(n)])"},
      {"UnravelIndex", "", "indices shape",
       "[(indices // int(np.prod(shape[i + 1:]))) % shape[i] for i in range(len(shape))]"},
      {"ScatterUpdate", "tensor_scatter_nd_update tensor_scatter_update compat.v1.tensor_scatter_update",
       "inputs|tensor indices updates !reduction=None",
       "s = tf.shape(inputs); tf.where(tf.scatter_nd(indices, tf.ones_like(updates), s) > 0, "
       "tf.scatter_nd(indices, updates, s), inputs)"},
      {"ScatterAdd", "tensor_scatter_nd_add tensor_scatter_add compat.v1.tensor_scatter_add", "tensor indices updates",
       "tensor + tf.scatter_nd(indices, updates, tf.shape(tensor))"},
      {"SliceUpdate", "", "inputs start_indices updates",
       "s = start_indices; p = [[s[i], 0 if inputs.shape[i] == None else inputs.shape[i] - s[i] - "
       "updates.shape[i]] for i in range(len(inputs.shape))]; tf.where(tf.pad(tf.ones_like(updates), p) > 0, "
       "tf.pad(updates, p), inputs)"},
      {"ExtractSequences", "", "x sequence_length sequence_stride",
       "n = (x.shape[-1] - sequence_length) // sequence_stride + 1; tf.gather(x, np.arange(n)[:, None] * "
       "sequence_stride + np.arange(sequence_length)[None, :], axis=-1)"},
      {"SequenceMask", "sequence_mask", "lengths maxlen dtype='bool'",
       "m = tf.range(maxlen) < tf.cast(tf.expand_dims(lengths, -1), 'int32'); m if dtype == 'bool' else "
       "tf.cast(m, dtype)"},
      {"ReverseSequence", "reverse_sequence", "input seq_lengths seq_axis !batch_axis=0",
       "n = input.shape[seq_axis] if input.shape[seq_axis] else tf.shape(input)[seq_axis]; l = "
       "tf.reshape(tf.cast(seq_lengths, 'int32'), [-1, 1]); r = tf.reshape(tf.range(n), [1, -1]); y = "
       "ops.moveaxis(input, seq_axis, 1); ops.moveaxis(tf.gather(y, tf.where(r < l, l - 1 - r, r + "
       "tf.zeros_like(l)), axis=1, batch_dims=1), 1, seq_axis)"},
      {"SelectRows", "compat.v1.where", "condition x y",
       "tf.where(condition if len(condition.shape) == len(x.shape) or len(condition.shape) != 1 else "
       "tf.reshape(condition, [-1] + [1] * (len(x.shape) - 1)), x, y)"},
      {"EmbeddingLookup", "nn.embedding_lookup compat.v1.nn.embedding_lookup",
       "params ids !max_norm=None partition_strategy=None validate_indices=None", "tf.gather(params, ids)"},
      {"SpaceToBatch", "space_to_batch space_to_batch_nd compat.v1.space_to_batch_nd",
       "input|inputs block_shape paddings|crops",
       "x = tf.pad(input, [[0, 0]] + [[p[0], p[1]] for p in paddings] + [[0, 0]] * (len(input.shape) - 1 - "
       "len(paddings))); b = block_shape; h = x.shape[1] // b[0]; w = x.shape[2] // b[1]; c = x.shape[3]; "
       "tf.reshape(tf.transpose(tf.reshape(x, [-1, h, b[0], w, b[1], c]), perm=[2, 4, 0, 1, 3, 5]), [-1, h, w, "
       "c])"},
      {"BatchToSpace", "batch_to_space batch_to_space_nd compat.v1.batch_to_space_nd", "input|inputs block_shape crops",
       "b = block_shape; h = input.shape[1]; w = input.shape[2]; c = input.shape[3]; y = "
       "tf.reshape(tf.transpose(tf.reshape(input, [b[0], b[1], -1, h, w, c]), perm=[2, 3, 0, 4, 1, 5]), [-1, h "
       "* b[0], w * b[1], c]); y[:, crops[0][0]:h * b[0] - crops[0][1], crops[1][0]:w * b[1] - crops[1][1], :]"},
      {"BooleanMask", "boolean_mask compat.v1.boolean_mask", "tensor mask axis=0",
       "m = mask; "
       "tf.gather(tensor, sum([[i] if m[i] else [] for i in range(len(m))], []), axis=axis if axis else 0)"},
  };
  return kRows;
}

}  // namespace hoarfrost::keras
