// SPDX-License-Identifier: MIT
#include "decant/service/process/load_watch.hpp"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>

#include "decant/exit_status.hpp"
#include "decant/runtime.hpp"
#include "decant/service/loop/signals.hpp"

namespace decant::service {
namespace {

using std::chrono::seconds;

/// To the first word of it; each further one comes after twice the time.
constexpr seconds first_word{10};

/// No signal that an application is likely to use.
int watch_signal() noexcept {
  return SIGRTMAX - 1;
}

// A signal handler reaches nothing but globals.
struct {
  std::array<char, 128> name{};
  std::size_t name_size = 0;
  seconds limit{0};
  seconds passed{0};  // since the beginning, when the timer expires
  timer_t timer{};
} watched;

/// A line that a handler may write.
class Line {
 public:
  Line& operator<<(std::string_view text) noexcept {
    size_ += text.copy(text_.data() + size_, text_.size() - size_);
    return *this;
  }
  Line& operator<<(seconds time) noexcept {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                   time.count());
    return *this << std::string_view(digits.data(), end.ptr);
  }
  void write() const noexcept {
    (void)!::write(STDERR_FILENO, text_.data(), size_);
  }

 private:
  std::array<char, 320> text_{};
  std::size_t size_ = 0;
};

void arm(seconds time) noexcept {
  itimerspec when{};
  when.it_value.tv_sec = time.count();
  ::timer_settime(watched.timer, 0, &when, nullptr);
}

bool is_over() noexcept {
  return watched.limit != seconds(0) && watched.passed >= watched.limit;
}

/// When the next word is due, from the beginning.
seconds next_word() noexcept {
  const seconds next = std::max(first_word, 2 * watched.passed);
  return watched.limit == seconds(0) ? next : std::min(next, watched.limit);
}

/// In a signal handler of the thread that loads.
void tell(int) {
  const int saved = errno;
  const int stack_signal = runtime().stack_signal;
  Line line;
  line << "decant: " << std::string_view(watched.name.data(), watched.name_size)
       << ": the application "
       << (is_over() ? "was not loaded within " : "is still loading after ")
       << watched.passed << " s" << (is_over() ? " (--load-timeout)" : "")
       << (stack_signal != 0 ? "; its stack follows\n" : "\n");
  line.write();
  if (stack_signal != 0) ::raise(stack_signal);
  if (is_over()) Signals::end_now(exit_not_loaded);
  const seconds next = next_word();
  arm(next - watched.passed);
  watched.passed = next;
  errno = saved;
}

}  // namespace

LoadWatch::LoadWatch(const std::string& name, seconds limit) {
  watched.name_size = name.copy(watched.name.data(), watched.name.size());
  watched.limit = limit;
  watched.passed = seconds(0);
  sigevent expiry{};
  expiry.sigev_notify = SIGEV_THREAD_ID;
  expiry.sigev_signo = watch_signal();
  expiry._sigev_un._tid = ::gettid();
  if (::timer_create(CLOCK_MONOTONIC, &expiry, &watched.timer) != 0) {
    throw std::system_error(errno, std::generic_category(), "timer_create");
  }
  struct sigaction action {};
  action.sa_handler = tell;
  action.sa_flags = SA_RESTART;
  // The stack is shown in the midst of it.
  ::sigemptyset(&action.sa_mask);
  ::sigaction(watch_signal(), &action, &before_);
  watched.passed = next_word();
  arm(watched.passed);
}

LoadWatch::~LoadWatch() {
  ::timer_delete(watched.timer);
  ::sigaction(watch_signal(), &before_, nullptr);
}

}  // namespace decant::service
