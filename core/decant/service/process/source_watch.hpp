// SPDX-License-Identifier: MIT
// --reload: whether the files of the application have changed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace decant::service {

/// Looks at the files that the runtime of this process has loaded from. By
/// time and size, as make(1) does: no descriptor is held for them.
class SourceWatch {
 public:
  /// One that the runtime does not name.
  void add(std::string file) { more_.push_back(std::move(file)); }
  /// Remembers the files as they are now, to tell changes from.
  void start();
  /// True when one of the files has changed since that moment.
  bool has_changed_since(std::chrono::system_clock::time_point moment) const;
  /// True once for each change. Files that were loaded since are taken in.
  bool changed();

 private:
  std::vector<std::string> files() const;

  // Device, inode, size, seconds and nanoseconds of the last change.
  using Mark = std::tuple<dev_t, ino_t, off_t, time_t, long>;
  std::vector<std::string> more_;
  std::map<std::string, Mark> marks_;
};

}  // namespace decant::service
