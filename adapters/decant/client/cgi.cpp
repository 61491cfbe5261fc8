// SPDX-License-Identifier: MIT
#include "decant/client/cgi.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "decant/client/conversation.hpp"
#include "decant/client/wire.hpp"
#include "decant/descriptor.hpp"
#include "decant/fork.hpp"
#include "decant/server/cgi.hpp"

namespace decant::client {
namespace {

using web::Asked;
using web::Reply;

/// By its exit status the child tells the outcome, which is added to this: one
/// that ends by itself, with exit(), tells something else.
constexpr int first_status = 64;
constexpr int last_status =
    first_status + static_cast<int>(Outcome::client_gone);

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// Two ends of a connection, or of a pipe: ours and the child's.
struct Ends {
  Descriptor ours;
  Descriptor childs;
};

Ends make_connection() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    fail("client: socketpair");
  }
  return {Descriptor(fds[0]), Descriptor(fds[1])};
}

Ends make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) fail("client: pipe2");
  return {Descriptor(fds[0]), Descriptor(fds[1])};
}

/// True for a variable that a web server makes of a request, or of itself.
bool is_of_request(std::string_view name) {
  for (const std::string_view known :
       {"AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE", "DOCUMENT_ROOT",
        "DOCUMENT_URI", "GATEWAY_INTERFACE", "HTTPS", "PATH_INFO",
        "PATH_TRANSLATED", "QUERY_STRING", "REMOTE_USER", "REQUEST_METHOD",
        "REQUEST_SCHEME", "REQUEST_URI", "SCRIPT_FILENAME", "SCRIPT_NAME"}) {
    if (name == known) return true;
  }
  return name.starts_with("HTTP_") || name.starts_with("REMOTE_") ||
         name.starts_with("REDIRECT_") || name.starts_with("SERVER_");
}

/// The environment of the child, with the memory behind it.
class ChildEnvironment {
 public:
  explicit ChildEnvironment(const Variables& request) {
    for (const auto& [name, value] : cgi_variables::process_environment()) {
      if (!is_of_request(name)) add(name, value);
    }
    for (const auto& [name, value] : request) add(name, value);
    for (std::string& entry : entries_) pointers_.push_back(entry.data());
    pointers_.push_back(nullptr);
  }
  ChildEnvironment(const ChildEnvironment&) = delete;
  ChildEnvironment& operator=(const ChildEnvironment&) = delete;

  char** get() noexcept { return pointers_.data(); }

 private:
  void add(std::string_view name, std::string_view value) {
    entries_.emplace_back(name).append("=").append(value);
  }

  std::vector<std::string> entries_;
  std::vector<char*> pointers_;
};

/// As exec(2) leaves them: what the test caught, the child does not.
void reset_signals() noexcept {
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) == 0 &&
        action.sa_handler != SIG_IGN) {
      ::signal(number, SIG_DFL);
    }
  }
}

/// Answers in the child, with standard input and output out of the
/// application's way.
[[noreturn]] void answer(const Application& application, char** environment,
                         int connection, int errors) noexcept {
  reset_signals();
  ::environ = environment;
  // Beyond the standard three, which may have been closed.
  const int exchange = ::fcntl(connection, F_DUPFD_CLOEXEC, 3);
  const int log = ::fcntl(errors, F_DUPFD_CLOEXEC, 3);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  const cgi::Result result = cgi::serve_by(exchange, exchange, application);
  std::fflush(nullptr);
  ::_exit(first_status + static_cast<int>(result.outcome));
}

/// A child that is killed, unless it has ended and was waited for.
class Child {
 public:
  explicit Child(pid_t pid)
      : pid_(pid),
        descriptor_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U))) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }

  int descriptor() const noexcept { return descriptor_.get(); }
  /// Waits for its end; no value where somebody else has waited for it.
  std::optional<int> wait() noexcept {
    int status = 0;
    pid_t got = 0;
    do {
      got = ::waitpid(pid_, &status, 0);
    } while (got < 0 && errno == EINTR);
    pid_ = 0;
    return got > 0 ? std::optional(status) : std::nullopt;
  }

 private:
  pid_t pid_;
  Descriptor descriptor_;
};

class CgiTransport final : public web::Transport {
 public:
  CgiTransport(Application application, std::chrono::seconds timeout)
      : application_(std::move(application)), timeout_(timeout) {}

  Reply ask(const Asked& asked) override;

 private:
  const Application application_;
  const std::chrono::seconds timeout_;
};

/// What its end says of the answer.
void judge(const std::optional<int>& status, bool is_whole, Reply& reply) {
  const int code = status && WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
  if (code >= first_status && code <= last_status) {
    reply.outcome = static_cast<Outcome>(code - first_status);
  } else if (status && WIFSIGNALED(*status)) {
    reply.outcome = reply.status == 0 ? Outcome::failed : Outcome::cut_short;
    reply.log += "decant: the application was ended by signal " +
                 std::to_string(WTERMSIG(*status)) + '\n';
  } else if (reply.status == 0) {
    reply.outcome = Outcome::failed;
  }
  if (!is_whole && reply.outcome == Outcome::complete) {
    reply.outcome = Outcome::cut_short;
  }
}

Reply CgiTransport::ask(const Asked& asked) {
  const cgi_variables::RequestVariables variables = web::variables_of(asked);
  require_no_nul(variables.view());
  ChildEnvironment environment(variables.view());
  Ends connection = make_connection();
  Ends errors = make_pipe();
  // What is waiting in buffers would be written by both.
  std::fflush(nullptr);
  const pid_t pid = fork_process();
  if (pid < 0) fail("client: fork");
  if (pid == 0) {
    connection.ours.reset();
    errors.ours.reset();
    answer(application_, environment.get(), connection.childs.get(),
           errors.childs.get());
  }
  Child child(pid);
  if (child.descriptor() < 0) fail("client: pidfd_open");
  connection.childs.reset();
  errors.childs.reset();
  Heard heard = converse({.socket = connection.ours.get(),
                          .errors = errors.ours.get(),
                          .process = child.descriptor()},
                         asked.body, true, Clock::now() + timeout_);
  Reply reply;
  reply.log = std::move(heard.errors);
  const bool is_whole = read_cgi(heard.answer, asked.method == "HEAD", reply);
  judge(child.wait(), is_whole, reply);
  return reply;
}

}  // namespace

std::shared_ptr<web::Transport> through_cgi(Application application,
                                            std::chrono::seconds timeout) {
  return std::make_shared<CgiTransport>(std::move(application), timeout);
}

}  // namespace decant::client
