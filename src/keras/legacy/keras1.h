// Keras 0.x and 1.x in today's words: a model's JSON is translated before it is parsed, so that layers know one
// dialect. Sources: Keras 0.2.0, 0.3.3, 1.0.5 and 1.2.2, and what Keras 2.0's legacy/interfaces.py makes of their
// words.
#pragma once

#include <functional>

#include "keras/config.h"

namespace hoarfrost::keras::legacy {

// Whether a model ({"class_name": …, "config": …}, or Keras 0.x' {"name": "Sequential", "layers": …}) is in such a
// dialect.
bool is_keras1(const Json& model, Version version);

// The same model as Keras 2 says it. Sequential models that begin with a Merge of branches become functional ones, with
// the branches' layers among their own, as the weights file has them. Throws Error{kUnsupported} for what only its
// author's Python knows (Merge with a function) and for Keras 0.x' AutoEncoder; Error{kCorrupt} where it follows no
// scheme.
Json translated(const Json& model, Version version);

// What follows serves translated alone.

// Which Keras 0.x wrote such a JSON, which does not say it: {0, 2} for all before 0.3; {0, 0} where nothing tells.
Version keras0_version(const Json& model);
// Keras 0.x to 1.x: {"name": "Dense", …} to {"class_name": "Dense", "config": {…}}.
Json keras0_translated(const Json& model, Version version);
// A Graph of Keras 0.x; translate makes {"class_name", "config"} of a node's layer.
Json keras0_graph(const Json& graph, const std::function<Json(const Json& layer)>& translate);
// One layer's {"class_name", "config"}, and those within it. ordering: "tf" or "th", for layers that do not say it.
// A Merge becomes Add, Concatenate and so on; dot and cos stay a Merge.
void translate_layer(Json& layer, const std::string& ordering);
void translate_merge(Json& layer);
// A Sequential's list of layers, the first of which is a Merge of branches, as the configuration of a functional model.
Json without_branches(const Json& layers, const std::string& name);

}  // namespace hoarfrost::keras::legacy
