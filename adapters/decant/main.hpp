// SPDX-License-Identifier: MIT
// main() of a program that is its own CGI program, FastCGI responder and
// command-line runner.
#pragma once

#include "decant/application.hpp"

namespace decant {

/// The command line of `decant` without APP: ./hello, ./hello run /x,
/// ./hello cgi, ./hello fcgi --listen ... . Bare, it chooses by how it was
/// started: a listening socket on standard input means fcgi, REQUEST_METHOD or
/// GATEWAY_INTERFACE means cgi, else run. Gives the exit status; throws
/// nothing.
int main(int argc, char** argv, Application application);

}  // namespace decant
