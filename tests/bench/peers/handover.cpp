// SPDX-License-Identifier: MIT
// The peer for FastCGI: libfcgi for the records and an epoll loop of its own
// for the connections, one worker, as fast as the library can be driven.
//   bench_handover SOCKET
#include <fcgiapp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "listen.hpp"

namespace {

constexpr char hello[] =
    "Status: 200 OK\r\nContent-Type: text/plain\r\n"
    "Content-Length: 14\r\n\r\nHello, World!\n";

int epoll = -1;

void watch(int fd, int operation) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLONESHOT | EPOLLRDHUP;
  event.data.fd = fd;
  if (::epoll_ctl(epoll, operation, fd, &event) != 0) ::close(fd);
}

void accept_one(int listener) {
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  const timeval timeout{30, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  watch(fd, EPOLL_CTL_ADD);
}

void answer(FCGX_Request& request) {
  char buffer[65536];
  unsigned long long got = 0;
  for (int n = 0; (n = FCGX_GetStr(buffer, sizeof buffer, request.in)) > 0;) {
    got += static_cast<unsigned>(n);
  }
  const char* const path = FCGX_GetParam("PATH_INFO", request.envp);
  if (path != nullptr && std::string_view(path) == "/upload") {
    FCGX_FPrintF(request.out, "Content-Type: text/plain\r\n\r\ngot=%llu\n",
                 got);
  } else {
    FCGX_PutStr(hello, sizeof hello - 1, request.out);
  }
}

void serve(FCGX_Request& request, int fd) {
  request.ipcFd = fd;
  request.keepConnection = 1;
  FCGX_Detach(&request);
  if (FCGX_Accept_r(&request) != 0) return;
  const bool keep = request.keepConnection != 0;
  answer(request);
  const bool good = FCGX_GetError(request.in) == 0;
  request.keepConnection = 1;
  FCGX_Finish_r(&request);
  if (request.ipcFd < 0) return;
  request.ipcFd = -1;
  if (keep && good) {
    watch(fd, EPOLL_CTL_MOD);
  } else {
    ::close(fd);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: bench_handover SOCKET\n", stderr);
    return 2;
  }
  FCGX_Init();
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGPIPE, SIG_IGN);
  const int listener = bench::listen_on(argv[1]);
  epoll = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  FCGX_Request request;
  FCGX_InitRequest(&request, -1, 0);
  for (;;) {
    if (::epoll_wait(epoll, &event, 1, -1) != 1) continue;
    if (event.data.fd == listener) {
      accept_one(listener);
    } else {
      serve(request, event.data.fd);
    }
  }
}
