// SPDX-License-Identifier: MIT
// A CGI program as one in C would be: the C library alone, linked dynamically.
#include <cstdio>

int main() {
  std::fputs(
      "Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n"
      "\r\nHello, World!\n",
      stdout);
  return std::fflush(stdout) == 0 ? 0 : 1;
}
