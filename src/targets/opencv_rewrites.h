// Ops and shapes that OpenCV's TensorFlow importer reads wrongly or not at all, said by those that it reads. Facts are
// of modules/dnn/src/tensorflow/tf_importer.cpp, OpenCV 4.6 to 5.0. Each rewrite takes graphs whose sizes are all
// known.
#pragma once

#include <hoarfrost/graph.h>

#include <string>

namespace hoarfrost::targets::opencv {

// c - x (read as x - c), Rsqrt, SquaredDifference, Neg, Pow by 2, 3, 1/2 and -1, Maximum and Minimum with a number; a
// sum of two values is AddN, for an Add or AddV2 behind MatMul or Mul is taken for a bias.
void rewrite_arithmetic(graph::Graph& graph);

// Unpack, and StridedSlice that drops axes, become Slice and Reshape; chains of Reshape one. A Pad that several nodes
// use becomes one for each, for the importer makes it part of the convolution behind it.
void rewrite_slices(graph::Graph& graph);
void separate_pads(graph::Graph& graph);

// Convolution and pooling of sequences [N, T, C], which TensorFlow does at [N, 1, T, C], stay at [N, T, 1, C] as long
// as they can: the importer moves the channels of four axes, and only of four.
void lift_sequences(graph::Graph& graph);

// Mean and Sum over the last of four axes become a 1 x 1 convolution, over all of space of five an AvgPool3D.
void rewrite_reductions(graph::Graph& graph, const graph::Signature& signature);

// Gather from a constant table by whole numbers that the graph is given as floats: one-hot rows times the table.
void rewrite_lookups(graph::Graph& graph);

// Comparisons, and what logic makes of them, as the numbers zero and one; Select as a sum of products with them, where
// neither of what it chooses from can be infinite.
void rewrite_masks(graph::Graph& graph);

// What puts elements elsewhere (Tile, Gather, ReverseV2, Transpose of four axes, Pack, …), and sums, means and largest
// elements over any axes, by rows: opencv_rows.h. A node whose matrix would be too large stays.
void rewrite_moves(graph::Graph& graph);

// Products of two values, or of a value and a constant of three axes and more; elementwise nodes whose sizes differ;
// Maximum and Minimum of two values. Mul of two values is a product of matrices where the graph has several inputs.
void rewrite_products(graph::Graph& graph, bool has_one_input);

// Where the importer would believe another order of axes than a value has, a node that says it, or one behind which it
// knows none: opencv_layouts.h.
void settle_layouts(graph::Graph& graph, const graph::Signature& signature);

// Squeeze and ExpandDims become Reshape; constants and Softmax along the last of three axes work on a matrix; a Reshape
// to four axes goes by to_four_axes.
void rewrite_ranks(graph::Graph& graph);

// [N, H W, C] as [N, H, W, C]. The importer leaves what a Reshape to four axes gives in the order it has, and takes it
// for [N, C, H, W] from then on, so the channels are put first beforehand, by a Transpose of three axes, which it does
// as it stands; a Transpose of four is then only another name for its own order.
graph::Endpoint to_four_axes(graph::Graph& graph, const std::string& name, const graph::Endpoint& x,
                             const Shape& shape);

// int64 constants of shapes and axes become int32, and every constant says all of its elements.
void rewrite_constants(graph::Graph& graph);

// Throws Error{kUnsupported} for the first node whose shapes or attributes the importer would misread.
void check_shapes(const graph::Graph& graph);

}  // namespace hoarfrost::targets::opencv
