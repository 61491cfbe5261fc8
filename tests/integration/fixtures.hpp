// SPDX-License-Identifier: MIT
// What the integration tests share: the programs that were built, a running
// `decant fcgi`, the files of examples/.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "decant/descriptor.hpp"
#include "support/fastcgi_client.hpp"
#include "support/http_client.hpp"
#include "support/ports.hpp"
#include "support/process.hpp"
#include "support/temporary_directory.hpp"
#include "support/wait.hpp"
#include "support/web_server.hpp"

namespace decant::test {

/// Paths of the programs and plugins of this build.
std::string decant_command();
std::string hello_binary();
/// The plugin of an example: "hello".
std::string plugin(const std::string& name);
/// An application of applications.cpp, as decant takes it.
std::string application(const std::string& name);

/// Runs a program to its end in an environment of PATH and `variables` alone.
Ran run_clean(const Words& words, const std::string& input = "",
              const Pairs& variables = {});

/// True when `name` is not installed, and says so for ctest.
bool missing(const std::string& name, const std::string& package);
bool missing_file(const std::string& path, const std::string& package);

/// A file of examples/ with words replaced. Throws when a word is not in it.
std::string example(const std::string& name, const Pairs& words);

/// The file that the pages make which the tests give to a browser: 300,000
/// bytes, of which number `i` is `i * 7 % 251`.
std::string browser_content();

/// Chromium without a window, which keeps what it has in the directory
/// `profile`; further words follow. Its HOME is to be there too.
Words browser_words(const std::string& profile);
/// The document of a page once its scripts have come to rest.
std::string browse(const std::string& url);

std::size_t count(const std::string& text, const std::string& part);
/// Files that a process has open.
std::size_t open_descriptors(pid_t pid);

/// A figure of /proc/PID/status in KiB, as VmRSS; -1 when there is none.
long memory_of(pid_t pid, const std::string& field);

/// Copies decant, hello and applications.so to where a web server's user can
/// reach them; gives that folder. The Python module is beside it, as decant
/// looks for it.
std::string copy_programs(const TemporaryDirectory& directory);
/// Makes a cgi-bin with hello, hello.py and a script per application; gives
/// its path.
std::string make_cgi_bin(const TemporaryDirectory& directory);

/// The variables of a GET, and of a POST with that CONTENT_LENGTH.
FastcgiVariables get(const std::string& path);
FastcgiVariables post(const std::string& path, const std::string& length);

/// A FIFO that an application reads to its end, and so waits at.
class Gate {
 public:
  explicit Gate(std::string path);
  const std::string& path() const { return path_; }
  /// Waits until an application stands at the gate; it stays there.
  void await_reader();
  /// Lets it through.
  void open();

 private:
  std::string path_;
  Descriptor end_;
};

/// A service that was started and listens; it is killed in the end.
class Service {
 public:
  /// `decant PROTOCOL WORDS --listen ENDPOINT`; the words begin with APP.
  explicit Service(Words words, const std::string& endpoint = "",
                   const std::string& protocol = "fcgi");
  /// Any program that becomes a service.
  explicit Service(Command command);

  /// The first endpoint, as its log says.
  const std::string& endpoint() const { return endpoint_; }
  pid_t pid() const { return process_.pid(); }
  std::string log() const { return read_file(log_file_); }
  void signal(int number) const { process_.signal(number); }
  /// Its exit status; -1 when it does not come to an end.
  int wait() { return process_.wait().value_or(-1); }

 private:
  TemporaryDirectory directory_;
  std::string log_file_;
  Process process_;
  std::string endpoint_;
};

}  // namespace decant::test
