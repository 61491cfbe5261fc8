// SPDX-License-Identifier: MIT
#include "support/process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/env.hpp>
#include <boost/process/environment.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/search_path.hpp>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <stdexcept>

#include "decant/descriptor.hpp"
#include "support/pipe.hpp"

namespace decant::test {
namespace {

namespace bp = boost::process;

constexpr Milliseconds time_to_stop{5'000};

/// The program's side of its descriptors.
struct Ends {
  int input;
  int output;
  int error;
  const std::vector<std::pair<int, int>>& further;
};

/// Between fork and exec. Boost would let the program inherit every descriptor
/// that somebody forgot to mark, and an ignored SIGPIPE.
void prepare_child(const Ends& ends) {
  ::dup2(ends.input, STDIN_FILENO);
  ::dup2(ends.output, STDOUT_FILENO);
  ::dup2(ends.error, STDERR_FILENO);
  ::close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC);
  for (const auto& [number, ours] : ends.further) {
    if (number == ours) {
      ::fcntl(ours, F_SETFD, 0);
    } else {
      ::dup2(ours, number);
    }
  }
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // also when the test is killed
}

bp::environment make_environment(const Command& command) {
  bp::environment environment =
      command.inherit_environment
          ? bp::environment(boost::this_process::environment())
          : bp::environment();
  for (const auto& [name, value] : command.environment) {
    environment[name] = value;
  }
  return environment;
}

bp::child start(const Command& command, const Ends& ends) {
  const std::vector<std::string> arguments(command.words.begin() + 1,
                                           command.words.end());
  std::error_code error;
  bp::child child(
      bp::exe = command.words.front(), bp::args = arguments,
      bp::env = make_environment(command),
      bp::extend::on_exec_setup = [&ends](auto&) { prepare_child(ends); },
      error);
  if (error) {
    throw std::runtime_error("test: cannot start " + command.words.front() +
                             ": " + error.message());
  }
  return child;
}

void make_nonblocking(const Descriptor& descriptor) {
  ::fcntl(descriptor.get(), F_SETFL,
          ::fcntl(descriptor.get(), F_GETFL) | O_NONBLOCK);
}

}  // namespace

class Process::Impl {
 public:
  explicit Impl(Command command) : input(std::move(command.input)) {
    Pipe to_input;
    Pipe from_output;
    Pipe from_error;
    Descriptor file;
    if (!command.error_file.empty()) {
      file.reset(::open(command.error_file.c_str(),
                        O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
      from_error.read.reset();
    }
    child_ = start(command, {to_input.read.get(), from_output.write.get(),
                             file ? file.get() : from_error.write.get(),
                             command.descriptors});
    pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, child_.id(), 0)));
    input_ = std::move(to_input.write);
    output_ = std::move(from_output.read);
    error_ = std::move(from_error.read);
    for (const auto* const end : {&input_, &output_, &error_}) {
      if (*end) make_nonblocking(*end);
    }
    keep_input_open = command.keep_input_open;
    flush_input();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ~Impl() {
    if (!running()) return;
    signal(SIGTERM);
    if (wait(time_to_stop)) return;
    signal(SIGKILL);
    wait(time_to_stop);
  }

  pid_t pid() const { return child_.id(); }
  void signal(int number) const {
    if (!status_) ::kill(pid(), number);
  }

  bool pump_until(const std::function<bool()>& enough, Milliseconds limit) {
    const Deadline deadline(limit);
    while (!enough()) {
      if (status_ || deadline.passed()) return false;
      pump(deadline.left());
    }
    return true;
  }

  std::optional<int> wait(Milliseconds limit) {
    pump_until([] { return false; }, limit);
    return status_;
  }

  bool running() {
    if (!status_) pump(0);
    return !status_;
  }

  void flush_input();
  void close_output() { output_.reset(); }

  std::string input;  // not yet written
  bool keep_input_open = false;
  std::string out;
  std::string err;

 private:
  /// Waits for one event at most `milliseconds`.
  void pump(int milliseconds);
  static void drain(Descriptor& from, std::string& into);

  bp::child child_;
  Descriptor pidfd_;
  Descriptor input_;
  Descriptor output_;
  Descriptor error_;
  std::optional<int> status_;
};

void Process::Impl::flush_input() {
  while (input_ && !input.empty()) {
    // A program that does not read its input is no reason to die.
    sigset_t pipe_signal;
    ::sigemptyset(&pipe_signal);
    ::sigaddset(&pipe_signal, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
    const ssize_t sent = ::write(input_.get(), input.data(), input.size());
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) {
      const timespec now{};
      ::sigtimedwait(&pipe_signal, nullptr, &now);
      input.clear();
      input_.reset();
      return;
    }
    input.erase(0, static_cast<std::size_t>(sent));
  }
  if (!keep_input_open) input_.reset();
}

void Process::Impl::drain(Descriptor& from, std::string& into) {
  std::array<char, 65536> buffer;
  while (from) {
    const ssize_t got = read_some(from.get(), buffer, std::chrono::seconds(0));
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      from.reset();
      return;
    }
    into.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

void Process::Impl::pump(int milliseconds) {
  const int writable = input.empty() ? -1 : input_.get();
  std::array<pollfd, 4> polled = {{{pidfd_.get(), POLLIN, 0},
                                   {writable, POLLOUT, 0},
                                   {output_.get(), POLLIN, 0},
                                   {error_.get(), POLLIN, 0}}};
  ::poll(polled.data(), polled.size(), milliseconds);
  if (polled[1].revents != 0) flush_input();
  drain(output_, out);
  drain(error_, err);
  if (polled[0].revents == 0) return;
  std::error_code ignored;
  child_.wait(ignored);
  const int native = child_.native_exit_code();
  status_ = WIFEXITED(native) ? WEXITSTATUS(native) : 128 + WTERMSIG(native);
  drain(output_, out);  // what it wrote last
  drain(error_, err);
}

Process::Process(Command command)
    : impl_(std::make_unique<Impl>(std::move(command))) {}
Process::Process(Process&&) noexcept = default;
Process::~Process() = default;

pid_t Process::pid() const {
  return impl_->pid();
}
bool Process::pump_until(const std::function<bool()>& enough,
                         Milliseconds limit) {
  return impl_->pump_until(enough, limit);
}
std::optional<int> Process::wait(Milliseconds limit) {
  return impl_->wait(limit);
}
bool Process::running() {
  return impl_->running();
}
void Process::signal(int number) const {
  impl_->signal(number);
}

void Process::write(std::string_view text) {
  impl_->input += text;
  impl_->flush_input();
}

void Process::close_input() {
  impl_->keep_input_open = false;
  impl_->flush_input();
}

void Process::close_output() {
  impl_->close_output();
}
const std::string& Process::out() const {
  return impl_->out;
}
const std::string& Process::err() const {
  return impl_->err;
}

Ran run(Command command, Milliseconds limit) {
  Process process(std::move(command));
  const std::optional<int> status = process.wait(limit);
  return {status.value_or(-1), process.out(), process.err()};
}

std::string find_tool(const std::string& name) {
  auto folders = boost::this_process::path();
  for (const char* const folder : {"/usr/sbin", "/usr/local/sbin", "/sbin"}) {
    folders.emplace_back(folder);
  }
  return bp::search_path(name, folders).string();
}

}  // namespace decant::test
