// SPDX-License-Identifier: MIT
// The peer for HTTP: one thread, one epoll, one read and one write for all that
// has come. It looks for the end of each head and does nothing else: what is
// possible at most.
//   bench_http_epoll PORT
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n"
    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: peer\r\n\r\n"
    "Hello, World!\n";

struct Connection {
  int fd = -1;
  std::string in;
};

int listen_on(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, 1024) != 0) {
    std::perror("bind");
    std::exit(1);
  }
  return fd;
}

void watch(int epoll, int fd, void* tag) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = tag;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/// False once the connection is to be closed.
bool serve(Connection& connection, std::string& out) {
  std::array<char, 65536> buffer;
  const ssize_t got =
      ::recv(connection.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got <= 0) return false;
  connection.in.append(buffer.data(), static_cast<std::size_t>(got));
  out.clear();
  bool closes = false;
  for (std::size_t end = connection.in.find("\r\n\r\n");
       end != std::string::npos; end = connection.in.find("\r\n\r\n")) {
    closes =
        closes || std::string_view(connection.in)
                          .substr(0, end)
                          .find("Connection: close") != std::string_view::npos;
    connection.in.erase(0, end + 4);
    out += answer;
  }
  return (out.empty() ||
          ::send(connection.fd, out.data(), out.size(), MSG_NOSIGNAL) > 0) &&
         !closes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const int listener = listen_on(std::atoi(argv[1]));
  const int epoll = ::epoll_create1(0);
  watch(epoll, listener, nullptr);
  std::array<epoll_event, 64> events;
  std::string out;
  for (;;) {
    const int count =
        ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      void* const tag = events[static_cast<std::size_t>(i)].data.ptr;
      if (tag == nullptr) {
        for (int fd = -1; (fd = ::accept4(listener, nullptr, nullptr,
                                          SOCK_NONBLOCK)) >= 0;) {
          watch(epoll, fd, new Connection{fd, {}});
        }
        continue;
      }
      auto* const connection = static_cast<Connection*>(tag);
      if (serve(*connection, out)) continue;
      ::close(connection->fd);
      delete connection;
    }
  }
}
