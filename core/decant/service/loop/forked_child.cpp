// SPDX-License-Identifier: MIT
#include "decant/service/loop/forked_child.hpp"

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace decant::service {
namespace {

using Word = std::uint64_t;

constexpr std::size_t word_bits = 64;
/// Linux's own default for the most descriptors of a process, fs.nr_open.
constexpr std::size_t most_descriptors = 1 << 20;

// A handler of fork finds no lock that it could take.
std::array<std::atomic<Word>, most_descriptors / word_bits> kept;
std::atomic<void (*)()> first_steps{nullptr};
std::atomic<bool> forked{false};

std::atomic<Word>* word_of(int fd) noexcept {
  const auto index = static_cast<std::size_t>(fd) / word_bits;
  return fd < 0 || index >= kept.size() ? nullptr : &kept[index];
}

Word bit_of(int fd) noexcept {
  return Word{1} << static_cast<std::size_t>(fd) % word_bits;
}

void in_child() noexcept {
  forked = true;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    for (Word word = kept[i].exchange(0); word != 0; word &= word - 1) {
      const auto bit = static_cast<std::size_t>(std::countr_zero(word));
      ::close(static_cast<int>(i * word_bits + bit));
    }
  }
  if (void (*const step)() = first_steps) step();
}

void watch_forks() noexcept {
  static const int installed = ::pthread_atfork(nullptr, nullptr, in_child);
  static_cast<void>(installed);
}

}  // namespace

void keep_from_forks(int fd) noexcept {
  if (auto* const word = word_of(fd)) {
    word->fetch_or(bit_of(fd), std::memory_order_relaxed);
  }
}

void forget_for_forks(int fd) noexcept {
  if (auto* const word = word_of(fd)) {
    word->fetch_and(~bit_of(fd), std::memory_order_relaxed);
  }
}

void on_fork(void (*step)()) noexcept {
  first_steps = step;
  watch_forks();
}

bool is_forked_child() noexcept {
  return forked.load(std::memory_order_relaxed);
}

void forget_forks() noexcept {
  forked = false;
}

ForksForgotten::ForksForgotten() noexcept : before_(forked.exchange(false)) {
  watch_forks();
}

/// What was forked meanwhile stays what it is.
ForksForgotten::~ForksForgotten() {
  if (before_) forked = true;
}

}  // namespace decant::service
