// SPDX-License-Identifier: MIT
#include "decant/runtime.hpp"

namespace decant {
namespace {

Runtime the_runtime;

}  // namespace

void set_runtime(const Runtime& runtime) {
  the_runtime = runtime;
}

const Runtime& runtime() noexcept {
  return the_runtime;
}

}  // namespace decant
