// SPDX-License-Identifier: MIT
// The application of routes.cpp, guest_book.cpp, uploads.cpp or tasks.cpp as one
// self-contained binary, for cgi-bin, FastCGI, HTTP or the shell:
//   ./routes run /users/7
//   ./routes http
#include <decant/main.hpp>

decant::Application site();

int main(int argc, char** argv) {
  return decant::main(argc, argv, site());
}
