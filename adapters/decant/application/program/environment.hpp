// SPDX-License-Identifier: MIT
// What a CGI program finds in its environment (RFC 3875 section 4.1).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decant/application/program.hpp"
#include "decant/environ.hpp"

namespace decant::program {

/// The part that is the same for every request: a fixed PATH, TZ, LANG and LC_*
/// of this process, and what its owner names.
class Environment {
 public:
  explicit Environment(const Options& options);

  /// The environment of one program as execve(2) takes it.
  class Block {
   public:
    char** get() noexcept { return pointers_.data(); }

   private:
    friend class Environment;
    void add(std::string_view name, std::string_view value);
    void finish();

    std::string texts_;
    std::vector<std::size_t> starts_;
    std::vector<char*> pointers_;
  };

  /// The variables of `env`, with SCRIPT_NAME and PATH_INFO as given and the
  /// file of the program. A name that is none of CGI's, or that would lead a
  /// program's interpreter astray, is left out. Throws GatewayError (400) for a
  /// value that holds a NUL.
  Block make(const Environ& env, std::string_view script_name,
             std::string_view path_info, std::string_view file) const;

 private:
  bool is_ours(std::string_view name) const;

  std::vector<std::pair<std::string, std::string>> ours_;
};

/// True for the name of a variable that a program may be given from a request.
bool is_passed_on(std::string_view name) noexcept;

}  // namespace decant::program
