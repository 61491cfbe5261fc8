// SPDX-License-Identifier: MIT
// Which program a request means, and where its SCRIPT_NAME ends (RFC 3875
// section 3.1 to 3.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decant/descriptor.hpp"
#include "decant/environ.hpp"

namespace decant::program {

/// A program that was found for a request.
struct Location {
  std::string file;         ///< absolute
  std::string script_name;  ///< ends with the program
  std::string path_info;    ///< what follows it
};

/// A directory with the programs beneath it, at any depth. Reads nothing but
/// the directory; safe to use from several threads.
class Directory {
 public:
  /// Throws LoadError when `path` is no directory or cannot be entered.
  Directory(const std::string& path, std::vector<std::string> extensions);

  /// The program that `env` names: by SCRIPT_FILENAME where that lies in the
  /// directory, else by the path of the URL. Throws GatewayError: 404 for one
  /// that is not there or has a name that is never served, 403 for what is
  /// there and is no program.
  Location find(const Environ& env) const;

 private:
  /// A program and what is left of the path.
  struct Found {
    std::string_view name;  // relative, of the path that was given
    std::string_view rest;
  };
  std::optional<Found> walk(std::string_view path) const;
  Descriptor open(const std::string& name) const;
  void check(int fd, const std::string& name) const;
  std::optional<Found> by_file(const Environ& env) const;

  std::string path_;  // resolved, without a slash at the end
  std::string given_;
  std::vector<std::string> extensions_;
  Descriptor root_;
};

/// Any program whose path the web server names, as with fcgiwrap.
class Anywhere {
 public:
  /// Where `allowed` is not empty, only these paths.
  explicit Anywhere(std::vector<std::string> allowed)
      : allowed_(std::move(allowed)) {}

  /// Throws GatewayError, as Directory::find(); 404 where nothing is named.
  Location find(const Environ& env) const;

 private:
  bool is_allowed(std::string_view file) const;

  std::vector<std::string> allowed_;
};

/// Parts the URL path at the name of `file`, which it may hold: the same
/// program can be reached by an alias. No value when it does not hold it.
std::optional<Location> part_at_file(std::string_view url_path,
                                     std::string_view file);

}  // namespace decant::program
