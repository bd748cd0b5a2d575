// How many threads work may be shared among.
#pragma once

namespace hoarfrost {

// `asked`, or for 0 as many as the processors that this process may run on.
int thread_count(int asked);

}  // namespace hoarfrost
