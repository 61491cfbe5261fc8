// SPDX-License-Identifier: MIT
//
// The way of a request through the files:
//   command/front      the program that the web server starts
//   warm/caller        connects, sends a message of warm/handover, waits
//   warm.cpp           the worker, here: takes it and serves it, as long as
//                      warm/worker finds that it is still the right one
//   warm/starter       where there is no worker: starts one; the request is
//                      served cold, by cgi.cpp
#include "decant/server/warm.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "decant/cgi_streams.hpp"
#include "decant/error.hpp"
#include "decant/exit_status.hpp"
#include "decant/server/warm/caller_watch.hpp"
#include "decant/server/warm/handover.hpp"
#include "decant/server/warm/place.hpp"
#include "decant/server/warm/worker.hpp"
#include "decant/service/loop/loop.hpp"
#include "decant/service/request/served_request.hpp"
#include "decant/service/service.hpp"

namespace decant::warm {
namespace {

using service::Next;

/// A peer that connects and says nothing.
constexpr std::chrono::seconds silence{10};
/// Standard output and error of the process lead to the error stream of a
/// request, while there is one: what is printed goes to the web server's log.
class Voice {
 public:
  explicit Voice(int errors) noexcept { lead_to(errors); }
  Voice(const Voice&) = delete;
  Voice& operator=(const Voice&) = delete;
  ~Voice() {
    std::fflush(nullptr);
    const Descriptor null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (null) lead_to(null.get());
  }

 private:
  static void lead_to(int fd) noexcept {
    ::dup2(fd, STDOUT_FILENO);
    ::dup2(fd, STDERR_FILENO);
  }
};

/// A request in the hands of the worker: its descriptors are those of the
/// program that the web server has started.
class WarmRequest final : public service::ServedRequest {
 public:
  WarmRequest(int connection, const std::array<Descriptor, 3>& streams,
              const service::Limits& limits)
      : ServedRequest(connection, "warm", limits),
        input_(streams[0].get()),
        output_(streams[1].get()) {}

  std::size_t read(std::span<char> buffer) override {
    return input_.read(buffer);
  }
  bool ready() override { return input_.ready(); }
  void start(const ResponseHead& head, std::string_view chunk,
             bool last) override {
    require_client();
    claim_head(head);
    output_.start(head, chunk, last);
    started_ = true;
  }
  void send(std::string_view chunk, bool last) override {
    require_client();
    output_.send(chunk, last);
  }
  void finish(bool) override { finished_ = true; }
  void cut() override { finished_ = true; }

  std::uint64_t consumed() const noexcept { return input_.consumed(); }
  int write_error() const noexcept { return output_.error(); }
  /// The exit status of an application that is a process.
  int status() const noexcept { return application_status(false); }

 private:
  bool look_for_abort() override { return false; }
  bool send_errors(std::string_view) override { return false; }

  DescriptorSource input_;
  CgiOutput output_;
};

/// A message with the descriptors that came along.
struct Received {
  ssize_t size = -1;
  std::vector<Descriptor> descriptors;
};

Received receive(int socket, std::span<char> buffer) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(descriptors_sent * sizeof(int))>
      control{};
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  Received received;
  received.size = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (received.size < 0) return received;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr;
       head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
      received.descriptors.emplace_back(fd);
    }
  }
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) received.size = 0;
  return received;
}

/// Who has left hears nothing.
void answer(int socket, std::string_view text) {
  ::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool has_left(int socket) {
  pollfd poll{socket, 0, 0};
  return ::poll(&poll, 1, 0) != 0;
}

/// The worker's end of a connection.
class Desk final : public service::Protocol {
 public:
  Desk(Worker& worker, const service::Served& served,
       service::Observer* observer)
      : worker_(worker), served_(served), observer_(observer) {}

  Next ready(service::Connection& connection) override;

 private:
  void serve(const service::Connection& connection,
             std::string_view environment, std::array<Descriptor, 3> streams);

  Worker& worker_;
  const service::Served served_;
  service::Observer* const observer_;
  Variables variables_;
  std::string buffer_ = std::string(most_message + 1, '\0');
  std::array<char, 1> hand_buffer_{};
};

Next Desk::ready(service::Connection& connection) {
  const int fd = connection.socket.get();
  Received received = receive(fd, buffer_);
  if (received.size < 0) return errno == EAGAIN ? Next::idle : Next::close;
  const auto message = decode(std::string_view(buffer_).substr(
      0, static_cast<std::size_t>(received.size)));
  if (!message || !is_own_peer(fd)) return Next::close;
  if (message->kind == Kind::status) {
    answer(fd, worker_.report());
    return Next::close;
  }
  if (message->kind == Kind::stop) {
    answer(fd, worker_.report());
    worker_.retire();
    return Next::close;
  }
  // Who is turned away is served cold.
  if (message->identity != worker_.identity() || worker_.is_stale() ||
      received.descriptors.size() != 1 || has_left(fd)) {
    return Next::close;
  }
  Received hand = receive(received.descriptors.front().get(), hand_buffer_);
  if (hand.descriptors.size() != descriptors_sent) return Next::close;
  // From here on it is ours: the caller waits.
  received.descriptors.clear();
  serve(connection, message->environment,
        {std::move(hand.descriptors[0]), std::move(hand.descriptors[1]),
         std::move(hand.descriptors[2])});
  return Next::close;
}

void Desk::serve(const service::Connection& connection,
                 std::string_view environment,
                 std::array<Descriptor, 3> streams) {
  variables_.clear();
  take_variables(environment, variables_);
  const int fd = connection.socket.get();
  int status = 0;
  {
    const Voice voice(streams[2].get());
    const CallerWatch watch(fd);
    worker_.before_request();
    WarmRequest request(fd, streams, served_.limits);
    const Outcome outcome =
        service::run(served_, variables_, request, {}, observer_,
                     connection.arrived.load(std::memory_order_relaxed));
    drain_body(streams[0].get(), variables_, request.consumed());
    DescriptorSink errors(streams[2].get());
    if (tell_of_write_error(errors, request.write_error()) ||
        outcome == Outcome::failed || outcome == Outcome::cut_short ||
        request.status() != 0) {
      status = exit_failed;
    }
  }
  worker_.after_request();
  // The web server waits for the end of the response first.
  for (Descriptor& stream : streams) stream.reset();
  answer(fd, encode_exit(status));
}

}  // namespace

int serve(const Loader& load, Seat seat, const std::string& identity,
          const Options& options) {
  auto place = Place::find();
  if (!place) throw Error("warm: there is no directory for it any more");
  Worker worker(std::move(seat), *std::move(place), identity, name_of(identity),
                options);
  service::Options service;
  service.rules = options.rules;
  service.processes = 0;
  // CGI programs are not made for threads, and their prints have one way out.
  service.threads = 1;
  service.idle_exit = options.idle_exit;
  service.max_requests = options.max_requests;
  service.limits.idle_timeout = silence;
  const service::Door door{
      .protocol = "warm",
      .endpoint = "warm",
      .make_protocol =
          [&worker](service::Served served, service::Observer* observer) {
            served.concurrency = {.multiprocess = true};
            return std::make_unique<Desk>(worker, served, observer);
          },
      .open = [&worker] { return worker.take_listener(); }};
  const int status = service::serve([&] { return worker.load(load); }, {door},
                                    service, "warm");
  worker.hide();
  return status;
}

}  // namespace decant::warm
