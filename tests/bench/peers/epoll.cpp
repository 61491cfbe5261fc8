// SPDX-License-Identifier: MIT
// The peer for FastCGI records: one thread, one epoll, one read and one write
// per request. It frames records and decodes every parameter and does nothing
// else: what is possible at most.
//   bench_epoll SOCKET
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "listen.hpp"

namespace {

constexpr std::size_t capacity = 65536 + 8 + 256;
constexpr std::size_t record = 65528;
constexpr std::string_view hello =
    "Status: 200 OK\r\nContent-Type: text/plain\r\n"
    "Content-Length: 14\r\n\r\nHello, World!\n";

struct Connection {
  int fd = -1;
  std::unique_ptr<char[]> in{new char[capacity]};  // not zeroed
  std::size_t have = 0;
  std::string params;
  std::vector<std::pair<std::string_view, std::string_view>> variables;
  int id = 0;
  bool keep = false;
  std::uint64_t body = 0;
  std::string out;
  std::size_t sent = 0;
  std::uint64_t left = 0;  // of a download
  bool streaming = false;
  bool waits = false;  // for the socket to take more
};

int epoll = -1;
std::vector<Connection*> spare;

unsigned byte_at(const char* at) {
  return static_cast<unsigned char>(*at);
}

void header(std::string& out, int type, int id, std::size_t size,
            std::size_t padding) {
  const char bytes[8] = {1,
                         static_cast<char>(type),
                         static_cast<char>(id >> 8),
                         static_cast<char>(id),
                         static_cast<char>(size >> 8),
                         static_cast<char>(size),
                         static_cast<char>(padding),
                         0};
  out.append(bytes, sizeof bytes);
}

void end(std::string& out, int id) {
  header(out, 6, id, 0, 0);
  header(out, 3, id, 8, 0);
  out.append(8, '\0');
}

bool take_length(const char*& at, const char* last, std::size_t& length) {
  if (at >= last) return false;
  length = byte_at(at++);
  if (length < 0x80) return true;
  if (last - at < 3) return false;
  length = (length & 0x7F) << 24 | std::size_t{byte_at(at)} << 16 |
           std::size_t{byte_at(at + 1)} << 8 | byte_at(at + 2);
  at += 3;
  return true;
}

bool decode(Connection& c) {
  c.variables.clear();
  const char* at = c.params.data();
  const char* const last = at + c.params.size();
  while (at < last) {
    std::size_t name = 0;
    std::size_t value = 0;
    if (!take_length(at, last, name) || !take_length(at, last, value) ||
        static_cast<std::size_t>(last - at) < name + value) {
      return false;
    }
    c.variables.emplace_back(std::string_view(at, name),
                             std::string_view(at + name, value));
    at += name + value;
  }
  return true;
}

void respond(Connection& c) {
  std::string_view uri;
  std::string_view query;
  for (const auto& [name, value] : c.variables) {
    if (name == "REQUEST_URI") {
      uri = value;
    } else if (name == "QUERY_STRING") {
      query = value;
    }
  }
  std::string text;
  if (uri.starts_with("/download")) {
    std::from_chars(query.data(), query.data() + query.size(), c.left);
    c.streaming = true;
    text = "Content-Type: application/octet-stream\r\nContent-Length: " +
           std::to_string(c.left) + "\r\n\r\n";
  } else if (uri.starts_with("/upload")) {
    text =
        "Content-Type: text/plain\r\n\r\ngot=" + std::to_string(c.body) + "\n";
  }
  const std::string_view all = text.empty() ? hello : std::string_view(text);
  const std::size_t padding = (8 - all.size() % 8) % 8;
  header(c.out, 6, c.id, all.size(), padding);
  c.out += all;
  c.out.append(padding, '\0');
  if (!c.streaming) end(c.out, c.id);
}

void watch(Connection& c, int operation, bool for_room) {
  c.waits = for_room;
  epoll_event event{};
  event.events = EPOLLIN | (for_room ? EPOLLOUT : 0U);
  event.data.ptr = &c;
  ::epoll_ctl(epoll, operation, c.fd, &event);
}

/// False when the connection is finished, as below.
bool flush(Connection& c) {
  for (;;) {
    while (c.sent < c.out.size()) {
      const ssize_t sent = ::send(c.fd, c.out.data() + c.sent,
                                  c.out.size() - c.sent, MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) return false;
      if (sent < 0) {
        if (!c.waits) watch(c, EPOLL_CTL_MOD, true);
        return true;
      }
      c.sent += static_cast<std::size_t>(sent);
    }
    c.out.clear();
    c.sent = 0;
    if (!c.streaming) break;
    if (c.left == 0) {
      c.streaming = false;
      end(c.out, c.id);
      continue;
    }
    const std::size_t size = c.left < record ? c.left : record;
    const std::size_t padding = (8 - size % 8) % 8;
    header(c.out, 6, c.id, size, padding);
    c.out.append(size, 'd');
    c.out.append(padding, '\0');
    c.left -= size;
  }
  if (c.waits) watch(c, EPOLL_CTL_MOD, false);
  return c.keep;
}

/// One record, `content` of `size` bytes.
bool use(Connection& c, int type, int id, const char* content,
         std::size_t size) {
  if (type == 1) {
    c.id = id;
    c.keep = (content[2] & 1) != 0;
    c.params.clear();
    c.body = 0;
  } else if (type == 4) {
    if (size == 0) return decode(c);
    c.params.append(content, size);
  } else if (type == 5) {
    c.body += size;
    if (size == 0) {
      respond(c);
      return flush(c);
    }
  }
  return true;
}

bool readable(Connection& c) {
  const ssize_t got = ::recv(c.fd, c.in.get() + c.have, capacity - c.have, 0);
  if (got < 0) return errno == EAGAIN;
  if (got == 0) return false;
  c.have += static_cast<std::size_t>(got);
  std::size_t at = 0;
  bool alive = true;
  while (alive && c.have - at >= 8) {
    const char* const head = c.in.get() + at;
    const std::size_t size = byte_at(head + 4) << 8 | byte_at(head + 5);
    const std::size_t whole = 8 + size + byte_at(head + 6);
    if (head[0] != 1) return false;
    if (c.have - at < whole) break;
    const int id = static_cast<int>(byte_at(head + 2) << 8 | byte_at(head + 3));
    alive = use(c, head[1], id, head + 8, size);
    at += whole;
  }
  c.have -= at;
  std::memmove(c.in.get(), c.in.get() + at, c.have);
  return alive;
}

void accept_one(int listener) {
  const int fd =
      ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  Connection* c = nullptr;
  if (spare.empty()) {
    c = new Connection;
  } else {
    c = spare.back();
    spare.pop_back();
    c->have = c->sent = 0;
    c->out.clear();
    c->left = 0;
    c->streaming = false;
  }
  c->fd = fd;
  watch(*c, EPOLL_CTL_ADD, false);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: bench_epoll SOCKET\n", stderr);
    return 2;
  }
  const int listener = bench::listen_on(argv[1]);
  epoll = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  std::array<epoll_event, 128> events;
  for (;;) {
    const int count = ::epoll_wait(epoll, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const epoll_event& one = events[static_cast<std::size_t>(i)];
      auto* const c = static_cast<Connection*>(one.data.ptr);
      if (c == nullptr) {
        accept_one(listener);
        continue;
      }
      bool alive = true;
      if ((one.events & EPOLLOUT) != 0) alive = flush(*c);
      if (alive && (one.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        alive = readable(*c);
      }
      if (!alive) {
        ::close(c->fd);
        spare.push_back(c);
      }
    }
  }
}
