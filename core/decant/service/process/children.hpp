// SPDX-License-Identifier: MIT
// The workers of a supervisor: a table of processes.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "decant/service/status/scoreboard.hpp"

namespace decant::service {

/// What has become of a worker. It goes on in this order, and may leave
/// stages out.
enum class Stage {
  asked,     ///< the zygote is still to fork it and to say its process id
  starting,  ///< it loads the application
  serving,
  tired,    ///< it serves, and is to be replaced
  leaving,  ///< it was asked to leave: it finishes its requests
  stuck,    ///< the same, and it has a request that cannot be ended
};

struct Child {
  using Clock = std::chrono::steady_clock;

  pid_t pid = 0;  ///< 0: the zygote has not said it
  int slot = 0;   ///< on the scoreboard
  std::uint64_t generation = 0;
  Clock::time_point started = Clock::now();
  Stage stage = Stage::starting;
  bool explained = false;  ///< the log knows why it ends
  std::optional<Clock::time_point> kill_at = {};

  bool has_loaded() const noexcept { return stage > Stage::starting; }
  bool is_leaving() const noexcept { return stage >= Stage::leaving; }
};

class Children {
 public:
  /// Borrows `board`.
  explicit Children(const Scoreboard& board) : board_(board) {}

  void add(const Child& child) { children_.push_back(child); }
  void remove(const Child& child);
  /// Null when there is none.
  Child* find(pid_t pid);
  Child* find(int slot, std::uint64_t generation);

  bool empty() const noexcept { return children_.empty(); }
  auto begin() { return children_.begin(); }
  auto end() { return children_.end(); }
  auto rbegin() { return children_.rbegin(); }
  auto rend() { return children_.rend(); }

  /// Workers that need no replacement, and those of them that serve.
  int count(std::uint64_t generation) const;
  int count_serving(std::uint64_t generation) const;
  /// True when one of them is about to become something else.
  bool in_motion() const;
  /// A slot of the scoreboard that nobody has.
  std::optional<int> free_slot() const;
  void signal_all(int signal) const;

  std::vector<RequestInFlight> in_flight(const Child& child) const;
  /// The same in words: "GET /a for 0.1 s, POST /b for 2.0 s".
  std::string requests_of(const Child& child) const;

 private:
  const Scoreboard& board_;
  std::list<Child> children_;
};

/// "2.0 s"
std::string seconds_in_words(std::chrono::steady_clock::duration duration);

}  // namespace decant::service
