// SPDX-License-Identifier: MIT
// The smallest CGI program: static, and one write.
#include <unistd.h>

int main() {
  static constexpr char text[] =
      "Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n"
      "\r\nHello, World!\n";
  constexpr ssize_t size = sizeof text - 1;
  return ::write(STDOUT_FILENO, text, size) == size ? 0 : 1;
}
