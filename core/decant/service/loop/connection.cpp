// SPDX-License-Identifier: MIT
#include "decant/service/loop/connection.hpp"

#include <algorithm>
#include <cstring>

#include "decant/service/loop/forked_child.hpp"

namespace decant::service {

void SocketAddress::set(const sockaddr* address, socklen_t size) noexcept {
  v6_ = {};
  std::memcpy(&v6_, address, std::min<std::size_t>(size, sizeof v6_));
}

bool Connection::acquire() noexcept {
  std::uint32_t word = word_.load(std::memory_order_relaxed);
  do {
    if ((word & in_use) == 0) return false;
  } while (!word_.compare_exchange_weak(
      word, word + 1, std::memory_order_acq_rel, std::memory_order_relaxed));
  return word == in_use;
}

std::uint32_t Connection::events() const noexcept {
  return word_.load(std::memory_order_acquire) & ~in_use;
}

bool Connection::release(std::uint32_t events) noexcept {
  return word_.fetch_sub(events, std::memory_order_acq_rel) - events == in_use;
}

Connection& ConnectionTable::add(Descriptor socket) {
  Connection* connection = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
      connection = &slots_.emplace_back();
      free_.reserve(slots_.size());  // remove() must not fail
    } else {
      connection = free_.back();
      free_.pop_back();
    }
  }
  keep_from_forks(socket.get());
  connection->socket = std::move(socket);
  connection->state = Next::idle;
  connection->silent = true;
  connection->introduced = false;
  connection->refused = false;
  connection->hung_up.store(false, std::memory_order_relaxed);
  size_.fetch_add(1);
  connection->word_.store(Connection::in_use + 1, std::memory_order_release);
  return *connection;
}

void ConnectionTable::remove(Connection& connection) {
  // Out of use before the descriptor is closed and its number given again.
  connection.word_.store(0, std::memory_order_release);
  forget_for_forks(connection.socket.get());
  connection.socket.reset();
  connection.kept.reset();
  size_.fetch_sub(1);
  const std::lock_guard lock(mutex_);
  free_.push_back(&connection);
}

std::vector<Connection*> ConnectionTable::slots() {
  const std::lock_guard lock(mutex_);
  std::vector<Connection*> all;
  all.reserve(slots_.size());
  for (Connection& connection : slots_) all.push_back(&connection);
  return all;
}

}  // namespace decant::service
