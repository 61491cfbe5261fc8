// SPDX-License-Identifier: MIT
#include "decant/service/loop/control.hpp"

#include <utility>

namespace decant::service {
namespace {

thread_local const Control* current = nullptr;

}  // namespace

bool stop_requested() noexcept {
  return current != nullptr && current->stop_requested();
}

ServesFor::ServesFor(const Control& control) noexcept
    : before_(std::exchange(current, &control)) {}

ServesFor::~ServesFor() {
  current = before_;
}

}  // namespace decant::service
