// SPDX-License-Identifier: MIT
// A process that the application forks from a worker: what of the worker's it
// must not have.
#pragma once

namespace decant::service {

/// Has a descriptor closed in every process that is forked from now on: the
/// connection, the listening socket or the pipe would stay open for as long as
/// that lives. No worker may be forked after it.
void keep_from_forks(int fd) noexcept;
/// Before it is closed in this process.
void forget_for_forks(int fd) noexcept;

/// What a forked process does first, once descriptors have been closed.
/// Signal-safe. Called on every fork after this call.
void on_fork(void (*in_child)()) noexcept;

/// True in a process that the application has forked. Whatever it does, it is
/// no worker and has no request.
bool is_forked_child() noexcept;

/// This process, whoever forked it, is one of the service's.
void forget_forks() noexcept;

/// While it lives the process counts as one that nobody forked: it begins to
/// serve by itself. Has forks watched from then on.
class ForksForgotten {
 public:
  ForksForgotten() noexcept;
  ForksForgotten(const ForksForgotten&) = delete;
  ForksForgotten& operator=(const ForksForgotten&) = delete;
  ~ForksForgotten();

 private:
  bool before_;
};

}  // namespace decant::service
