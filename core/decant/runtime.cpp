// SPDX-License-Identifier: MIT
#include "decant/runtime.hpp"

#include <cstdlib>

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

int finish_runtime(int status) noexcept {
  if (the_runtime.finish != nullptr) the_runtime.finish(status);
  return status;
}

void end_process(int status) {
  std::exit(finish_runtime(status));
}

}  // namespace decant
