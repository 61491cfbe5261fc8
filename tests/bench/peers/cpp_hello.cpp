// SPDX-License-Identifier: MIT
// The CGI program that a C++ author would write without any library.
#include <iostream>

int main() {
  std::cout << "Status: 200 OK\r\nContent-Type: text/plain\r\n"
               "Content-Length: 14\r\n\r\nHello, World!\n";
}
