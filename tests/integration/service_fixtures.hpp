// SPDX-License-Identifier: MIT
// What the tests of a service with worker processes share.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "integration/fixtures.hpp"

namespace decant::test {

/// The processes that `parent` has started and not yet reaped, oldest first.
std::vector<pid_t> children_of(pid_t parent);
/// How many threads a process has.
std::size_t thread_count(pid_t pid);
/// False once a process is gone, or a zombie.
bool is_alive(pid_t pid);
/// Waits until a service has `count` children.
bool comes_to(const Service& service, std::size_t count);
/// Waits until its log has `text` `times` times.
bool says(const Service& service, const std::string& text,
          std::size_t times = 1);

/// A GET on a connection of its own.
FastcgiResponse ask(const std::string& endpoint, const std::string& path = "/");
/// What follows the head of the response to it.
std::string body_of(const std::string& endpoint, const std::string& path = "/");

/// Writes a Python application that does what its path says, as the native one
/// named "obedient" does; gives its path. At / it answers `answer`.
std::string write_python(const TemporaryDirectory& directory,
                         const std::string& answer = "ok",
                         const std::string& name = "app.py");

}  // namespace decant::test
