// SPDX-License-Identifier: MIT
#include "decant/command/status.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <iostream>
#include <memory>
#include <system_error>
#include <thread>

#include "decant/cgi_response.hpp"
#include "decant/command/option_values.hpp"
#include "decant/descriptor.hpp"
#include "decant/error.hpp"
#include "decant/service/listen/endpoint.hpp"
#include "decant/text.hpp"

namespace decant::command {
namespace {

using service::Endpoint;

constexpr std::chrono::seconds patience{5};
constexpr std::chrono::seconds interval{1};
/// More than any service has to say.
constexpr std::size_t most_response = 64 << 20;

Endpoint parse_endpoint(const std::string& text) {
  constexpr std::string_view after_scheme = "://";
  if (const auto scheme = text.find(after_scheme); scheme != text.npos) {
    std::string rest = text.substr(scheme + after_scheme.size());
    rest.erase(std::min(rest.find('/'), rest.size()));
    throw UsageError("status: " + decant::quoted(text) +
                     " is a URL; give the endpoint alone, as " +
                     (rest.empty() ? "127.0.0.1:9100" : decant::quoted(rest)));
  }
  Endpoint endpoint = Endpoint::parse(text);
  if (endpoint.kind == Endpoint::Kind::descriptor) {
    throw UsageError("status: " + decant::quoted(text) +
                     " names no service; give unix:PATH or HOST:PORT");
  }
  return endpoint;
}

[[noreturn]] void fail(const std::string& endpoint, const std::string& why) {
  throw Error("status: " + endpoint + ": " + why +
              "; is a service running with --status " + endpoint + "?");
}

[[noreturn]] void fail(const std::string& endpoint, int error) {
  fail(endpoint, error == EAGAIN ? "no answer in time"
                                 : std::generic_category().message(error));
}

/// A socket that is connected; none, with errno, when that fails.
Descriptor connect_to(int family, const sockaddr* address, socklen_t size) {
  Descriptor socket(
      ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket || ::connect(socket.get(), address, size) == 0) return socket;
  int error = errno;
  if (error == EINPROGRESS) {
    pollfd poll{socket.get(), POLLOUT, 0};
    const std::chrono::milliseconds limit = patience;
    error = EAGAIN;
    socklen_t length = sizeof error;
    if (::poll(&poll, 1, static_cast<int>(limit.count())) == 1) {
      ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    }
  }
  if (error != 0) socket.reset();
  errno = error;
  return socket;
}

Descriptor connect_unix(const Endpoint& endpoint) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (endpoint.host.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return {};
  }
  endpoint.host.copy(address.sun_path, endpoint.host.size());
  return connect_to(AF_UNIX, reinterpret_cast<const sockaddr*>(&address),
                    sizeof address);
}

Descriptor connect_tcp(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed =
      ::getaddrinfo(endpoint.host.c_str(),
                    std::to_string(endpoint.port).c_str(), &hints, &found);
  if (failed != 0) fail(endpoint.text(), ::gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(
      found, &::freeaddrinfo);
  Descriptor socket;
  for (const addrinfo* at = found; at != nullptr && !socket; at = at->ai_next) {
    socket = connect_to(at->ai_family, at->ai_addr, at->ai_addrlen);
  }
  return socket;
}

/// Everything until the peer closes.
std::string receive_all(int fd, const std::string& endpoint) {
  std::string bytes;
  std::array<char, 1 << 16> buffer{};
  while (bytes.size() <= most_response) {
    const ssize_t got = read_some(fd, buffer, patience);
    if (got < 0) fail(endpoint, errno);
    if (got == 0) return bytes;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
  }
  fail(endpoint, "the answer does not end");
}

/// The body of a whole response with the status 200.
std::string body_of(std::string bytes, const std::string& endpoint) {
  try {
    const auto head = cgi_response::parse_head(bytes);
    if (head && bytes.starts_with("HTTP/1.1 ")) {
      if (head->status.code() != 200) {
        fail(endpoint, "the answer is " + head->status.line());
      }
      bytes.erase(0, head->size);
      const std::string* const length =
          find_header(head->headers, "Content-Length");
      if (length != nullptr && parse_content_length(*length) == bytes.size()) {
        return bytes;
      }
      fail(endpoint, "the answer is cut short");
    }
  } catch (const GatewayError&) {
  }
  fail(endpoint, "the answer is not HTTP/1.1");
}

/// One answer, made safe for a terminal; its lines stay lines.
void print(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    append_escaped(out, text.substr(0, end));
    out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  std::cout << out << std::flush;
}

struct Words {
  std::string endpoint;
  bool watch = false;
  bool json = false;
};

/// False when help was asked for and has been printed.
bool parse(const std::string& program, std::vector<std::string> words,
           Words& parsed) {
  CLI::App app("Show what a running service does.", program + " status");
  app.add_option("ENDPOINT", parsed.endpoint,
                 "What the service was given as --status: unix:PATH or "
                 "HOST:PORT")
      ->type_name("")
      ->required();
  app.add_flag("--watch", parsed.watch, "Ask again every second");
  app.add_flag("--json", parsed.json, "Print JSON, for scripts");
  app.footer("Examples:\n  " + program +
             " fcgi ./hello.so --listen unix:/run/app.sock --status "
             "unix:/run/app.status\n  " +
             program + " status unix:/run/app.status --watch\n");
  let_the_last_count(app);
  return parse_words(app, std::move(words));
}

}  // namespace

std::string fetch_status(const std::string& endpoint, const std::string& path) {
  const Endpoint parsed = parse_endpoint(endpoint);
  const bool tcp = parsed.kind == Endpoint::Kind::tcp;
  const Descriptor socket = tcp ? connect_tcp(parsed) : connect_unix(parsed);
  if (!socket) fail(endpoint, errno);
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: " +
                              (tcp ? parsed.text() : "localhost") +
                              "\r\nConnection: close\r\n\r\n";
  // It fits into any socket; a peer that is gone shows at the read.
  ::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL);
  return body_of(receive_all(socket.get(), endpoint), endpoint);
}

int show_status(const std::string& program, std::vector<std::string> words) {
  Words parsed;
  if (!parse(program, std::move(words), parsed)) return 0;
  const std::string path = parsed.json ? "/status" : "/status.txt";
  const bool clears = !parsed.json && ::isatty(STDOUT_FILENO) != 0;
  print(fetch_status(parsed.endpoint, path));
  while (parsed.watch && std::cout.good()) {
    std::this_thread::sleep_for(interval);
    const std::string text = fetch_status(parsed.endpoint, path);
    if (clears) std::cout << "\x1B[H\x1B[2J";
    if (!clears && !parsed.json) std::cout << '\n';
    print(text);
  }
  return 0;
}

}  // namespace decant::command
