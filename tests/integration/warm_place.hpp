// SPDX-License-Identifier: MIT
// Warm CGI as a web server's user has it: a place for the workers, and what
// their owner types.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "integration/fixtures.hpp"

namespace decant::test {

/// A directory with a cgi-bin and one for workers that a web server's user may
/// use. In the end there must be nothing left of it.
class WarmPlace {
 public:
  WarmPlace();
  WarmPlace(const WarmPlace&) = delete;
  WarmPlace& operator=(const WarmPlace&) = delete;
  /// Ends whatever a test that fails has left.
  ~WarmPlace();

  const TemporaryDirectory& directory() const { return directory_; }
  /// Where the sockets are made.
  const std::string& run_directory() const { return run_; }
  std::string cgi_bin() const { return directory_ / "cgi-bin"; }

  /// Gives a file to the user that web servers run their programs as.
  static void own(const std::string& path);

  /// The process that serves `program`, the words of `decant cgi APP` or of a
  /// program of its own; 0 when there is none.
  pid_t worker(const Words& program) const;
  /// Its line of --warm-status, as that user types it.
  std::string status(const Words& program) const {
    return tell(program, "--warm-status").out;
  }
  /// Ends it, and waits until it is gone.
  void stop(const Words& program) const;
  /// True once no process and no socket is left.
  bool is_left_clean() const;

 private:
  Ran tell(Words program, const std::string& word) const;
  /// All whose program lies in the directory.
  std::vector<pid_t> processes() const;

  TemporaryDirectory directory_;
  std::string run_;
};

}  // namespace decant::test
