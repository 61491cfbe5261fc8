// SPDX-License-Identifier: MIT
// --pid-file: who runs.
#pragma once

#include <string>

#include "decant/descriptor.hpp"

namespace decant::service {

/// A file with the process id of this service, locked while it runs, so that a
/// file that was left behind is told from one in use.
class PidFile {
 public:
  /// Throws Error when it cannot be written or another service has it.
  explicit PidFile(const std::string& path);
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;
  /// Removes it, in the process that made it.
  ~PidFile();

  /// The absolute path.
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
  Descriptor file_;
  int owner_;
};

}  // namespace decant::service
