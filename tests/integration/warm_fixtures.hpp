// SPDX-License-Identifier: MIT
// What the tests of warm CGI share: an application with a place of its own for
// its workers, as a web server would start it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "integration/python_fixtures.hpp"
#include "support/pipe.hpp"

namespace decant::test {

/// Makes a tree as it is installed, with the front in bin and the command
/// behind it; gives the front.
std::string install_front(const TemporaryDirectory& directory);

/// A socket of this type at `path`, which listens unless its backlog is -1;
/// one that is connected as a caller's. They throw when it cannot be.
Descriptor bind_at(const std::string& path, int type, int backlog = -1);
Descriptor connect_to(const std::string& path);

/// A request that has been served.
struct WarmAnswer {
  int status = -1;
  std::string head;
  std::string body;
  std::string err;
  pid_t caller = -1;  ///< what the web server has started
  pid_t by = -1;      ///< the process that says that it has answered

  bool is_warm() const { return by > 0 && by != caller; }
  /// By the program that the web server has started.
  bool is_cold() const { return by > 0 && by == caller; }
};

/// warm_applications.py, or another application, and a directory for its
/// workers. In the end there must be nothing left of it.
class WarmSite {
 public:
  /// `words` are those of the command, behind APP.
  explicit WarmSite(Words words = {"--warm"}, std::string program = {});
  /// Ends what is left.
  ~WarmSite();
  WarmSite(const WarmSite&) = delete;
  WarmSite& operator=(const WarmSite&) = delete;

  const TemporaryDirectory& directory() const { return directory_; }
  const std::string& app() const { return app_; }
  /// Where the workers' sockets are.
  std::string place() const { return directory_ / "run/decant"; }
  /// The one socket there; empty when there is none.
  std::string socket() const;
  std::vector<std::string> files_in_place() const;

  /// A GET of `target`, as a web server starts it. `more` wins.
  Command request(const std::string& target = "/",
                  const Pairs& more = {}) const;
  WarmAnswer ask(const std::string& target = "/", const Pairs& more = {}) const;
  static WarmAnswer ask(Command command);
  /// Asks until a worker answers; throws when none does. Gives its process.
  pid_t warm_up(const Pairs& more = {}) const;
  /// `decant cgi APP OPTION`, as its owner types it.
  Ran command(const std::string& option) const;

  /// The processes that have been started here and still are.
  std::vector<pid_t> processes() const;
  void signal(int number) const;
  /// Ends the workers by TERM. True when no process and no file is left.
  bool ends() const;
  /// True once no process and no file is left.
  bool is_left_clean() const;

 private:
  TemporaryDirectory directory_;
  std::string program_;
  Words words_;
  std::string app_;
};

/// What a web server sees of a program: its output to the end of it, which a
/// forgotten copy of the descriptor would keep from coming.
class WatchedRequest {
 public:
  explicit WatchedRequest(Command command);

  Process& process() { return *process_; }
  /// Reads until the response has `text`; false when it does not get it.
  bool await(const std::string& text);
  /// True when the output ends within that time.
  bool ends(Milliseconds limit = patience);
  /// As a client that leaves.
  void leave() { output_.reset(); }
  const std::string& out() const { return out_; }

 private:
  bool read(Milliseconds limit);

  Descriptor output_;
  std::unique_ptr<Process> process_;
  std::string out_;
  bool ended_ = false;
};

/// Files that a worker has open between two requests: it closes a connection a
/// moment after it has answered, so the number has to stand still.
std::size_t open_between_requests(pid_t worker);

}  // namespace decant::test
