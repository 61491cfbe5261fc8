// SPDX-License-Identifier: MIT
// The site of routes.cpp, guest_book.cpp, uploads.cpp or tasks.cpp as one
// self-contained binary, for the shell, HTTP, FastCGI and cgi-bin:
//   ./routes run /users/7
//   ./routes http
//   ./routes fcgi --listen unix:/run/decant/routes.sock
//   cp routes /usr/lib/cgi-bin/
// In cgi-bin it stays, and answers what comes next, where the web server's
// environment has DECANT_WARM=300.
#include <decant/main.hpp>

decant::Application site();

int main(int argc, char** argv) {
  return decant::main(argc, argv, site());
}
