// SPDX-License-Identifier: MIT
#include "decant/service/process/children.hpp"

#include <signal.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace decant::service {

std::string seconds_in_words(std::chrono::steady_clock::duration duration) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s",
                std::chrono::duration<double>(duration).count());
  return text.data();
}

void Children::remove(const Child& child) {
  children_.remove_if([&child](const Child& c) { return &c == &child; });
}

Child* Children::find(pid_t pid) {
  const auto child =
      std::find_if(children_.begin(), children_.end(),
                   [pid](const Child& c) { return c.pid == pid; });
  return child == children_.end() ? nullptr : &*child;
}

Child* Children::find(int slot, std::uint64_t generation) {
  const auto child =
      std::find_if(children_.begin(), children_.end(), [&](const Child& c) {
        return c.slot == slot && c.generation == generation;
      });
  return child == children_.end() ? nullptr : &*child;
}

int Children::count(std::uint64_t generation) const {
  return static_cast<int>(
      std::count_if(children_.begin(), children_.end(), [&](const Child& c) {
        return c.generation == generation && c.stage <= Stage::serving;
      }));
}

int Children::count_serving(std::uint64_t generation) const {
  return static_cast<int>(
      std::count_if(children_.begin(), children_.end(), [&](const Child& c) {
        return c.generation == generation && c.stage == Stage::serving;
      }));
}

bool Children::in_motion() const {
  return std::any_of(children_.begin(), children_.end(),
                     [](const Child& c) { return c.stage != Stage::serving; });
}

std::optional<int> Children::free_slot() const {
  for (int slot = 0; slot < board_.max_workers(); ++slot) {
    if (std::none_of(children_.begin(), children_.end(),
                     [slot](const Child& c) { return c.slot == slot; })) {
      return slot;
    }
  }
  return std::nullopt;
}

void Children::signal_all(int signal) const {
  for (const Child& child : children_) {
    if (child.pid != 0) ::kill(child.pid, signal);
  }
}

std::vector<RequestInFlight> Children::in_flight(const Child& child) const {
  for (WorkerSnapshot& worker : board_.snapshot().workers) {
    if (worker.index == child.slot) return std::move(worker.in_flight);
  }
  return {};
}

std::string Children::requests_of(const Child& child) const {
  std::string lines;
  for (const RequestInFlight& request : in_flight(child)) {
    lines += (lines.empty() ? "" : ", ") + request.line + " for " +
             seconds_in_words(request.age);
  }
  return lines;
}

}  // namespace decant::service
