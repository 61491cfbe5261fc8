// SPDX-License-Identifier: MIT
#include "decant/service/status/status_server.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "decant/service/log/log.hpp"

namespace decant::service {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr std::size_t most_peers = 16;
/// Steps of one work(), so that whoever calls it gets on with the rest.
constexpr int most_steps = 64;
/// What is read and thrown away after a response, lest a reset of the
/// connection destroys it on its way (RFC 9112 section 9.6).
constexpr std::size_t most_discarded = 1 << 16;

Descriptor checked(int fd, const char* what) {
  if (fd < 0) {
    throw std::system_error(errno, std::generic_category(),
                            std::string("status: ") + what);
  }
  return Descriptor(fd);
}

bool would_block() noexcept {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

struct StatusServer::Peer {
  Descriptor socket;
  Clock::time_point until;  // when its time is over
  std::string request;
  std::string response;  // empty until the request is complete
  std::size_t sent = 0;
  std::size_t discarded = 0;

  bool answered() const noexcept { return !response.empty(); }
  bool finished() const noexcept {
    return answered() && sent == response.size();
  }
};

StatusServer::StatusServer(Listener listener, SocketSettings settings,
                           SnapshotSource source,
                           std::chrono::milliseconds time_limit)
    : listener_(std::make_unique<Listener>(std::move(listener))),
      settings_(std::move(settings)),
      source_(std::move(source)),
      time_limit_(time_limit),
      epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      timer_(
          checked(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                  "timerfd_create")) {
  watch(EPOLL_CTL_ADD, listener_->fd(), EPOLLIN, listener_.get());
  watch(EPOLL_CTL_ADD, timer_.get(), EPOLLIN, &timer_);
}

StatusServer::~StatusServer() = default;

void StatusServer::watch(int operation, int fd, unsigned events,
                         void* tag) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.ptr = tag;
  ::epoll_ctl(epoll_.get(), operation, fd, &event);
}

void StatusServer::work() noexcept {
  // One event at a time: what it leads to may end another connection.
  epoll_event event{};
  for (int step = 0; step < most_steps; ++step) {
    if (::epoll_wait(epoll_.get(), &event, 1, 0) <= 0) break;
    attend(event.data.ptr);
  }
  end_what_is_late();
  arm_timer();
}

void StatusServer::attend(void* tag) noexcept {
  Peer* const peer = tag == listener_.get() || tag == &timer_
                         ? nullptr
                         : static_cast<Peer*>(tag);
  try {
    if (tag == listener_.get()) {
      accept_peers();
    } else if (tag == &timer_) {
      std::uint64_t expirations = 0;
      [[maybe_unused]] const ssize_t got =
          ::read(timer_.get(), &expirations, sizeof expirations);
    } else if (peer != nullptr && !serve(*peer)) {
      drop(*peer);
    }
  } catch (const std::exception& error) {
    log(LogLevel::error, error.what());
    if (peer != nullptr) drop(*peer);
  }
}

void StatusServer::accept_peers() {
  for (std::size_t i = 0; i < most_peers; ++i) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    auto* const address = reinterpret_cast<sockaddr*>(&storage);
    Descriptor socket(::accept4(listener_->fd(), address, &size,
                                SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
      if (!would_block() && errno != ECONNABORTED) pause_accepting(errno);
      return;
    }
    if (is_allowed_peer(address, settings_)) {
      add(std::move(socket));
    } else {
      log(LogLevel::warning, listener_->name() +
                                 ": refused a peer that --allow-peer does "
                                 "not name");
    }
  }
}

void StatusServer::add(Descriptor socket) {
  // The oldest makes room: one that means it has sent its request already.
  if (peers_.size() >= most_peers) drop(peers_.front());
  Peer& peer = peers_.emplace_back();
  peer.socket = std::move(socket);
  peer.until = Clock::now() + time_limit_;
  watch(EPOLL_CTL_ADD, peer.socket.get(), EPOLLIN, &peer);
}

/// False when the connection is to be closed.
bool StatusServer::serve(Peer& peer) {
  if (!peer.answered() || peer.finished()) return receive(peer);
  return send(peer);
}

bool StatusServer::receive(Peer& peer) {
  std::array<char, most_status_head> buffer{};
  const ssize_t got =
      ::recv(peer.socket.get(), buffer.data(), buffer.size(), 0);
  if (got < 0) return would_block();
  if (got == 0) return false;
  const auto size = static_cast<std::size_t>(got);
  if (peer.finished()) {
    peer.discarded += size;
    return peer.discarded <= most_discarded;
  }
  peer.request.append(buffer.data(), size);
  auto response = answer_status(peer.request, source_);
  if (!response) return true;
  peer.response = std::move(*response);
  return send(peer);
}

bool StatusServer::send(Peer& peer) {
  const std::string_view rest =
      std::string_view(peer.response).substr(peer.sent);
  const ssize_t sent =
      ::send(peer.socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
  if (sent < 0 && !would_block()) return false;
  if (sent > 0) peer.sent += static_cast<std::size_t>(sent);
  if (peer.finished()) ::shutdown(peer.socket.get(), SHUT_WR);
  watch(EPOLL_CTL_MOD, peer.socket.get(), peer.finished() ? EPOLLIN : EPOLLOUT,
        &peer);
  return true;
}

void StatusServer::drop(Peer& peer) noexcept {
  // By hand: a child process may still have the socket open, and while it has,
  // epoll tells of it.
  watch(EPOLL_CTL_DEL, peer.socket.get(), 0, nullptr);
  peers_.remove_if([&peer](const Peer& it) { return &it == &peer; });
}

/// No descriptor or no memory: the listener stays readable, and nobody is to
/// be woken by it until there may be some.
void StatusServer::pause_accepting(int error) {
  watch(EPOLL_CTL_MOD, listener_->fd(), 0, listener_.get());
  resume_ = Clock::now() + std::chrono::seconds(1);
  log(LogLevel::warning,
      listener_->name() +
          ": accept: " + std::generic_category().message(error) +
          "; new connections wait (raise the limit of open files)");
}

void StatusServer::end_what_is_late() noexcept {
  const auto now = Clock::now();
  while (!peers_.empty() && peers_.front().until <= now) drop(peers_.front());
  if (resume_ && *resume_ <= now) {
    resume_.reset();
    watch(EPOLL_CTL_MOD, listener_->fd(), EPOLLIN, listener_.get());
  }
}

void StatusServer::arm_timer() noexcept {
  itimerspec spec{};  // zero: off
  auto next = resume_;
  if (!peers_.empty()) {
    next = std::min(next.value_or(peers_.front().until), peers_.front().until);
  }
  if (next) {
    const nanoseconds at = next->time_since_epoch();
    spec.it_value.tv_sec = at / std::chrono::seconds(1);
    spec.it_value.tv_nsec = (at % std::chrono::seconds(1)).count();
  }
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

void StatusServer::leave() noexcept {
  // Not removed from the epoll: that is the parent's too.
  peers_.clear();
  epoll_.reset();
  timer_.reset();
  // Its destructor would remove the file of the parent's socket.
  ::close(listener_->fd());
  static_cast<void>(listener_.release());
}

}  // namespace decant::service
