// SPDX-License-Identifier: MIT
#include "integration/warm_fixtures.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace fs = std::filesystem;

namespace decant::test {
namespace {

/// A file that was changed a moment ago no worker is made of.
void make_old(const std::string& file) {
  fs::last_write_time(file,
                      fs::file_time_type::clock::now() - std::chrono::hours(1));
}

/// Calls bind(2) or connect(2) with a path.
void call_with(int (*call)(int, const sockaddr*, socklen_t), int socket,
               const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  // NOLINTNEXTLINE: the sockets API wants it
  const auto* const any = reinterpret_cast<const sockaddr*>(&address);
  if (call(socket, any, sizeof address) != 0) {
    throw std::runtime_error("test: no socket at " + path);
  }
}

pid_t number_after(const std::string& text, const std::string& words) {
  const std::size_t at = text.find(words);
  pid_t number = -1;
  if (at != std::string::npos) {
    std::from_chars(text.data() + at + words.size(), text.data() + text.size(),
                    number);
  }
  return number;
}

}  // namespace

std::string install_front(const TemporaryDirectory& directory) {
  const fs::path folder = directory.path();
  const fs::path inner = folder / DECANT_TEST_LIBRARY_FOLDER / "decant";
  fs::create_directories(folder / "bin");
  fs::create_directories(inner);
  fs::copy_file(DECANT_FRONT, folder / "bin/decant");
  fs::copy_file(decant_command(), inner / "decant");
  fs::copy_file(python_module_file(), inner / "python.so");
  return folder / "bin/decant";
}

Descriptor bind_at(const std::string& path, int type, int backlog) {
  Descriptor socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  call_with(::bind, socket.get(), path);
  if (backlog >= 0 && ::listen(socket.get(), backlog) != 0) {
    throw std::runtime_error("test: listen failed");
  }
  return socket;
}

Descriptor connect_to(const std::string& path) {
  Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  call_with(::connect, socket.get(), path);
  return socket;
}

WarmSite::WarmSite(Words words, std::string program)
    : program_(program.empty() ? decant_command() : std::move(program)),
      words_(std::move(words)),
      app_(directory_ / "app.py") {
  fs::copy_file(DECANT_TEST_PYTHON_APPLICATIONS "/warm_applications.py", app_);
  make_old(app_);
  fs::create_directory(directory_ / "run");
  fs::permissions(directory_ / "run", fs::perms::owner_all);
}

WarmSite::~WarmSite() {
  for (const pid_t pid : processes()) {
    ::kill(pid, SIGCONT);
    ::kill(pid, SIGKILL);
  }
  wait_until([this] { return processes().empty(); });
}

std::vector<std::string> WarmSite::files_in_place() const {
  std::vector<std::string> files;
  std::error_code none;
  for (const auto& file : fs::directory_iterator(place(), none)) {
    files.push_back(file.path());
  }
  return files;
}

std::string WarmSite::socket() const {
  for (const std::string& file : files_in_place()) {
    if (!file.ends_with(".lock")) return file;
  }
  return "";
}

Command WarmSite::request(const std::string& target, const Pairs& more) const {
  const std::size_t query = target.find('?');
  Command command{
      .words = {program_, "cgi", app_},
      .environment = {{"PATH", "/usr/bin:/bin"},
                      {"XDG_RUNTIME_DIR", directory_ / "run"},
                      {"GATEWAY_INTERFACE", "CGI/1.1"},
                      {"REQUEST_METHOD", "GET"},
                      {"SCRIPT_NAME", ""},
                      {"PATH_INFO", target.substr(0, query)},
                      {"QUERY_STRING", query == std::string::npos
                                           ? ""
                                           : target.substr(query + 1)},
                      {"SERVER_NAME", "localhost"},
                      {"SERVER_PORT", "80"},
                      {"SERVER_PROTOCOL", "HTTP/1.1"}},
      .inherit_environment = false};
  command.words.insert(command.words.end(), words_.begin(), words_.end());
  command.environment.insert(command.environment.end(), more.begin(),
                             more.end());
  return command;
}

WarmAnswer WarmSite::ask(Command command) {
  Process process(std::move(command));
  WarmAnswer answer;
  answer.caller = process.pid();
  answer.status = process.wait().value_or(-1);
  const std::size_t end = process.out().find("\r\n\r\n");
  answer.head = process.out().substr(0, end);
  if (end != std::string::npos) answer.body = process.out().substr(end + 4);
  answer.err = process.err();
  answer.by = number_after(answer.head, "X-Process: ");
  return answer;
}

WarmAnswer WarmSite::ask(const std::string& target, const Pairs& more) const {
  return ask(request(target, more));
}

pid_t WarmSite::warm_up(const Pairs& more) const {
  WarmAnswer answer;
  const bool warm = wait_until([&] {
    answer = ask("/", more);
    return answer.is_warm();
  });
  if (!warm) {
    throw std::runtime_error("test: no worker came up; the last answer was " +
                             answer.head + answer.err);
  }
  return answer.by;
}

Ran WarmSite::command(const std::string& option) const {
  return run_clean({program_, "cgi", app_, option}, "",
                   {{"XDG_RUNTIME_DIR", directory_ / "run"}});
}

/// By the directory in their environment, which nobody else has.
std::vector<pid_t> WarmSite::processes() const {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string environment = read_file(entry.path() / "environ");
    if (environment.find(directory_.path()) != std::string::npos) {
      found.push_back(std::stoi(name));
    }
  }
  return found;
}

void WarmSite::signal(int number) const {
  for (const pid_t pid : processes()) ::kill(pid, number);
}

bool WarmSite::ends() const {
  signal(SIGTERM);
  return is_left_clean();
}

bool WarmSite::is_left_clean() const {
  return wait_until(
      [this] { return processes().empty() && files_in_place().empty(); });
}

WatchedRequest::WatchedRequest(Command command) {
  Pipe output;
  command.descriptors.emplace_back(STDOUT_FILENO, output.write.get());
  process_ = std::make_unique<Process>(std::move(command));
  output_ = std::move(output.read);
}

bool WatchedRequest::read(Milliseconds limit) {
  pollfd poll{output_.get(), POLLIN, 0};
  if (ended_ || ::poll(&poll, 1, static_cast<int>(limit.count())) <= 0) {
    return false;
  }
  std::array<char, 65536> buffer;
  const ssize_t got = read_some(output_.get(), buffer);
  ended_ = got <= 0;
  if (got > 0) out_.append(buffer.data(), static_cast<std::size_t>(got));
  return !ended_;
}

bool WatchedRequest::await(const std::string& text) {
  const Deadline deadline(patience);
  while (out_.find(text) == std::string::npos) {
    if (!read(Milliseconds(deadline.left()))) return false;
  }
  return true;
}

bool WatchedRequest::ends(Milliseconds limit) {
  const Deadline deadline(limit);
  while (read(Milliseconds(deadline.left()))) {
  }
  return ended_;
}

std::size_t open_between_requests(pid_t worker) {
  constexpr int looks = 10;
  std::size_t last = 0;
  int same = 0;
  wait_until([&] {
    const std::size_t open = open_descriptors(worker);
    same = open == last ? same + 1 : 0;
    last = open;
    return same == looks;
  });
  return last;
}

}  // namespace decant::test
