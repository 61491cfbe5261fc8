// SPDX-License-Identifier: MIT
// A FastCGI load: connections on a unix socket, one thread, every answer
// checked. Prints one line of JSON.
//   bench_load --connect SOCKET [-c N] [-n N | -d SECONDS] [--keep]
//     [--path PATH] [--query TEXT] [--body BYTES] [--expect TEXT]
//     [--expect-bytes N] [--idle N] [--reopen] [--param NAME=VALUE]
// With --reopen a server may close a connection that it was asked to keep: the
// request is sent again on a new one.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decant/server/fastcgi/records.hpp"
#include "nginx_variables.hpp"
#include "response.hpp"

namespace {

namespace wire = decant::fastcgi;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string socket;
  std::string path = "/hello";
  std::string query;
  std::string expect;
  std::string param;  // a further variable
  std::uint64_t expect_bytes = 0;
  std::uint64_t body = 0;
  std::uint64_t requests = 0;
  double seconds = 0;
  int connections = 16;
  int idle = 0;
  bool keep = false;
  bool reopen = false;
};

[[noreturn]] void die(const std::string& message) {
  std::fprintf(stderr, "bench_load: %s\n", message.c_str());
  std::exit(2);
}

std::string params(const Options& options) {
  bench::RequestText request;
  if (options.body > 0) {
    request.method = "POST";
    request.length = std::to_string(options.body);
  }
  request.path = options.path;
  request.query = options.query;
  std::string out;
  for (const auto& [name, value] : bench::nginx_variables(request)) {
    wire::append_pair(out, name, value);
  }
  if (const std::size_t equals = options.param.find('=');
      equals != std::string::npos) {
    wire::append_pair(out, options.param.substr(0, equals),
                      options.param.substr(equals + 1));
  }
  return out;
}

/// A request as bytes: a head, one STDIN record sent `repeats` times, a tail.
struct Image {
  std::string head;
  std::string chunk;
  std::uint64_t repeats = 0;
  std::string tail;
};

Image make_image(const Options& options) {
  constexpr std::size_t record = 32768;
  Image image;
  std::string begin(8, '\0');
  begin[1] = 1;
  begin[2] = options.keep ? 1 : 0;
  wire::append_record(image.head, wire::RecordType::begin_request, 1, begin);
  wire::append_record(image.head, wire::RecordType::params, 1, params(options));
  wire::append_record(image.head, wire::RecordType::params, 1, {});
  const std::string data(record, 'x');
  image.repeats = options.body / record;
  wire::append_record(image.chunk, wire::RecordType::standard_input, 1, data);
  const std::size_t rest = options.body % record;
  if (rest > 0) {
    wire::append_record(image.tail, wire::RecordType::standard_input, 1,
                        std::string_view(data).substr(0, rest));
  }
  wire::append_record(image.tail, wire::RecordType::standard_input, 1, {});
  if (image.repeats == 0) {  // a small request leaves in one write
    image.head += image.tail;
    image.tail.clear();
  }
  return image;
}

struct Connection {
  int fd = -1;
  std::uint64_t sent = 0;
  Clock::time_point begun;
  bench::Response response;
  bool active = false;
  bool waits = false;     // for room to send
  bool answered = false;  // has brought a response before
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        image_(make_image(options)),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        buffer_(262144, '\0') {
    total_ = image_.head.size() + image_.repeats * image_.chunk.size() +
             image_.tail.size();
  }

  int run() {
    open_idle();
    begun_ = Clock::now();
    for (int i = 0; i < options_.connections; ++i) {
      connections_.push_back(std::make_unique<Connection>());
      next(*connections_.back());
    }
    std::array<epoll_event, 64> events;
    while (active_ > 0) {
      const int count = ::epoll_wait(epoll_, events.data(),
                                     static_cast<int>(events.size()), 20000);
      if (count == 0) die("no answer for 20 seconds");
      for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        handle(*static_cast<Connection*>(event.data.ptr), event.events);
      }
    }
    report();
    return errors_ == 0 ? 0 : 1;
  }

 private:
  int connect() const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    options_.socket.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) !=
        0) {
      die(options_.socket + ": " + std::strerror(errno));
    }
    return fd;
  }

  /// Connections that asked once and then keep silent.
  void open_idle() {
    for (int i = 0; i < options_.idle; ++i) {
      const int fd = connect();
      bench::Response response;
      if (::send(fd, image_.head.data(), image_.head.size(), MSG_NOSIGNAL) < 0)
        die("send");
      bench::Response::State state = bench::Response::State::more;
      while (state == bench::Response::State::more) {
        const ssize_t got = ::recv(fd, buffer_.data(), buffer_.size(), 0);
        if (got <= 0) die("an idle connection was not answered");
        state = response.feed({buffer_.data(), static_cast<std::size_t>(got)});
      }
    }
  }

  bool finished() const {
    if (options_.requests > 0) return started_ >= options_.requests;
    return Clock::now() - begun_ >=
           std::chrono::duration<double>(options_.seconds);
  }

  void next(Connection& connection) {
    if (connection.active) --active_;
    connection.active = false;
    if (finished()) return;
    ++started_;
    ++active_;
    connection.active = true;
    connection.response.reset();
    connection.begun = Clock::now();
    ask(connection);
  }

  void ask(Connection& connection) {
    connection.sent = 0;
    if (connection.fd < 0) {
      connection.fd = connect();
      connection.waits = false;
      watch(connection, EPOLL_CTL_ADD);
    }
    push(connection);
  }

  /// Hears of room only where it is waited for: else each read of the server's
  /// would wake us, at its cost too.
  void watch(Connection& connection, int operation) const {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    if (connection.waits) event.events |= EPOLLOUT;
    event.data.ptr = &connection;
    ::epoll_ctl(epoll_, operation, connection.fd, &event);
  }

  void wait_for_room(Connection& connection, bool waits) const {
    if (std::exchange(connection.waits, waits) == waits) return;
    watch(connection, EPOLL_CTL_MOD);
  }

  /// What is to be sent from `offset` on.
  std::string_view piece(std::uint64_t offset) const {
    if (offset < image_.head.size()) {
      return std::string_view(image_.head).substr(offset);
    }
    offset -= image_.head.size();
    const std::uint64_t chunks = image_.repeats * image_.chunk.size();
    if (offset < chunks) {
      return std::string_view(image_.chunk)
          .substr(offset % image_.chunk.size());
    }
    return std::string_view(image_.tail).substr(offset - chunks);
  }

  void push(Connection& connection) {
    while (connection.sent < total_) {
      const std::string_view data = piece(connection.sent);
      const ssize_t sent = ::send(connection.fd, data.data(), data.size(),
                                  MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno == EPIPE && outlived(connection)) {
        return lost(connection);
      }
      // EAGAIN; a closed peer shows when we read.
      if (sent < 0) return wait_for_room(connection, true);
      connection.sent += static_cast<std::uint64_t>(sent);
    }
    wait_for_room(connection, false);
  }

  void handle(Connection& connection, std::uint32_t events) {
    if (!connection.active) return;
    if ((events & EPOLLOUT) != 0) push(connection);
    for (;;) {
      const ssize_t got =
          ::recv(connection.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return lost(connection);
      switch (connection.response.feed(
          {buffer_.data(), static_cast<std::size_t>(got)})) {
        case bench::Response::State::more:
          continue;
        case bench::Response::State::bad:
          return fail(connection);
        case bench::Response::State::done:
          return done(connection);
      }
    }
  }

  /// The server closed it after a response, before it saw this request.
  bool outlived(const Connection& connection) const {
    return options_.reopen && connection.answered &&
           !connection.response.begun();
  }

  void lost(Connection& connection) {
    if (!outlived(connection)) return fail(connection);
    hang_up(connection);
    ask(connection);
  }

  void fail(Connection& connection) {
    ++errors_;
    hang_up(connection);
    next(connection);
  }

  void done(Connection& connection) {
    const bench::Response& response = connection.response;
    const bool right =
        response.good() &&
        response.front().find(options_.expect) != std::string::npos &&
        response.size() >= options_.expect_bytes;
    right ? ++ok_ : ++errors_;
    latencies_.push_back(std::chrono::duration<float, std::micro>(
                             Clock::now() - connection.begun)
                             .count());
    connection.answered = true;
    if (!options_.keep) hang_up(connection);
    next(connection);
  }

  static void hang_up(Connection& connection) {
    ::close(connection.fd);
    connection.fd = -1;
    connection.answered = false;
  }

  void report() {
    const double seconds =
        std::chrono::duration<double>(Clock::now() - begun_).count();
    std::sort(latencies_.begin(), latencies_.end());
    const auto at = [this](double share) {
      if (latencies_.empty()) return 0.0F;
      return latencies_[static_cast<std::size_t>(
          share * static_cast<double>(latencies_.size() - 1))];
    };
    std::printf(
        "{\"rps\": %.1f, \"ok\": %llu, \"errors\": %llu, \"seconds\": %.4f, "
        "\"p50\": %.1f, \"p99\": %.1f}\n",
        static_cast<double>(ok_) / seconds,
        static_cast<unsigned long long>(ok_),
        static_cast<unsigned long long>(errors_), seconds,
        static_cast<double>(at(0.5)), static_cast<double>(at(0.99)));
  }

  const Options& options_;
  Image image_;
  int epoll_;
  std::uint64_t total_ = 0;
  std::string buffer_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<float> latencies_;
  Clock::time_point begun_;
  std::uint64_t started_ = 0;
  std::uint64_t ok_ = 0;
  std::uint64_t errors_ = 0;
  int active_ = 0;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--keep" || name == "--reopen") {
      (name == "--keep" ? options.keep : options.reopen) = true;
      continue;
    }
    if (++i == argc) die(std::string(name) + " needs a value");
    const std::string value = argv[i];
    if (name == "--connect") {
      options.socket = value;
    } else if (name == "-c") {
      options.connections = std::stoi(value);
    } else if (name == "-n") {
      options.requests = std::stoull(value);
    } else if (name == "-d") {
      options.seconds = std::stod(value);
    } else if (name == "--path") {
      options.path = value;
    } else if (name == "--query") {
      options.query = value;
    } else if (name == "--param") {
      options.param = value;
    } else if (name == "--body") {
      options.body = std::stoull(value);
    } else if (name == "--expect") {
      options.expect = value;
    } else if (name == "--expect-bytes") {
      options.expect_bytes = std::stoull(value);
    } else if (name == "--idle") {
      options.idle = std::stoi(value);
    } else {
      die("unknown option " + std::string(name));
    }
  }
  if (options.socket.empty()) die("--connect SOCKET is missing");
  if (options.requests == 0 && options.seconds <= 0) options.seconds = 3;
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const Options options = parse(argc, argv);
  return Load(options).run();
}
