// SPDX-License-Identifier: MIT
#include "decant/application/program/location.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "decant/beneath.hpp"
#include "decant/error.hpp"
#include "decant/path.hpp"
#include "decant/text.hpp"

namespace decant::program {
namespace {

[[noreturn]] void not_found(std::string_view path) {
  throw GatewayError("program: there is no program " + decant::quoted(path),
                     404);
}

[[noreturn]] void forbidden(const std::string& file, const std::string& why) {
  throw GatewayError("program: " + decant::quoted(file) + ' ' + why, 403);
}

/// No name that is hidden (".git", ".htaccess") or leads elsewhere ("..", "."),
/// none that a log would have to escape.
bool is_served_name(std::string_view name) {
  return !name.empty() && name.size() <= NAME_MAX && name.front() != '.' &&
         !holds_control(name);
}

/// The end of the path component that begins at `at`.
std::size_t component_end(std::string_view path, std::size_t at) {
  return std::min(path.find('/', at), path.size());
}

bool is_executable(int fd) {
  return ::faccessat(fd, "", X_OK, AT_EACCESS | AT_EMPTY_PATH) == 0;
}

std::string url_path(const Environ& env) {
  std::string path(env["SCRIPT_NAME"]);
  path += env["PATH_INFO"];
  return path;
}

}  // namespace

Directory::Directory(const std::string& path,
                     std::vector<std::string> extensions)
    : given_(path), extensions_(std::move(extensions)) {
  while (given_.size() > 1 && given_.ends_with('/')) given_.pop_back();
  const std::unique_ptr<char, decltype(&std::free)> resolved(
      ::realpath(path.c_str(), nullptr), &std::free);
  if (resolved != nullptr) {
    path_ = resolved.get();
    root_.reset(::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  if (!root_) {
    throw LoadError("program: " + decant::quoted(path) + ": " +
                    std::strerror(errno) +
                    "; give a directory of programs, as /srv/cgi-bin/");
  }
  if (path_ == "/") path_.clear();
}

Descriptor Directory::open(const std::string& name) const {
  return open_beneath(root_.get(), name, O_PATH | O_CLOEXEC);
}

/// Throws for a file that is no program. Directories are for walk().
void Directory::check(int fd, const std::string& name) const {
  struct stat info {};
  const std::string file = path_ + '/' + name;
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    forbidden(file, S_ISLNK(info.st_mode)
                        ? "is a link, which this system cannot be made to "
                          "follow safely; serve the program itself"
                        : "is no regular file");
  }
  const bool named =
      extensions_.empty() ||
      std::any_of(extensions_.begin(), extensions_.end(),
                  [&name](const auto& end) { return name.ends_with(end); });
  if (!named) forbidden(file, "has none of the endings of --extension");
  if (!is_executable(fd)) {
    forbidden(file, "cannot be executed; make it executable (chmod +x)");
  }
}

/// Goes down `path`, relative, until a component is no directory.
std::optional<Directory::Found> Directory::walk(std::string_view path) const {
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = component_end(path, begin);
    if (!is_served_name(path.substr(begin, end - begin))) return std::nullopt;
    const std::string name(path.substr(0, end));
    const Descriptor file = open(name);
    if (!file) {
      if (errno == EXDEV || errno == ELOOP) {
        forbidden(path_ + '/' + name,
                  "is a link that leads out of its directory; serve the "
                  "program itself");
      }
      return std::nullopt;
    }
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return std::nullopt;
    if (!S_ISDIR(info.st_mode)) {
      check(file.get(), name);
      return Found{path.substr(0, end), path.substr(end)};
    }
    begin = end + 1;
  }
  return std::nullopt;
}

/// SCRIPT_FILENAME, where it lies in the directory.
std::optional<Directory::Found> Directory::by_file(const Environ& env) const {
  const std::string_view file = env["SCRIPT_FILENAME"];
  for (const std::string& root : {path_, given_}) {
    if (file.size() > root.size() + 1 && is_beneath(file, root)) {
      return walk(file.substr(root.size() + 1));
    }
  }
  return std::nullopt;
}

Location Directory::find(const Environ& env) const {
  const std::string url = url_path(env);
  if (const auto found = by_file(env)) {
    const std::string file = path_ + '/' + std::string(found->name);
    const std::string_view rest = found->rest;
    if (!rest.empty() && url.ends_with(rest)) {
      return {file, url.substr(0, url.size() - rest.size()), std::string(rest)};
    }
    if (auto location = part_at_file(url, file)) return *location;
    return {file, std::string(env["SCRIPT_NAME"]),
            std::string(env["PATH_INFO"])};
  }
  // A web server's mount point may be part of the URL or not.
  const std::string_view mount = env["SCRIPT_NAME"];
  for (const std::size_t skipped : {std::size_t{0}, mount.size()}) {
    const std::string_view path = std::string_view(url).substr(skipped);
    if (!path.starts_with('/')) continue;
    if (const auto found = walk(path.substr(1))) {
      return {path_ + '/' + std::string(found->name),
              url.substr(0, url.size() - found->rest.size()),
              std::string(found->rest)};
    }
    if (mount.empty()) break;
  }
  not_found(url);
}

std::optional<Location> part_at_file(std::string_view url_path,
                                     std::string_view file) {
  const auto parted = [&](std::size_t end) {
    return Location{std::string(file), std::string(url_path.substr(0, end)),
                    std::string(url_path.substr(end))};
  };
  const std::string_view name = file.substr(file.rfind('/') + 1);
  std::optional<std::size_t> by_name;
  for (std::size_t begin = 0; begin < url_path.size();) {
    const std::size_t end = component_end(url_path, begin + 1);
    const std::string_view prefix = url_path.substr(0, end);
    if (prefix.size() > 1 && file.ends_with(prefix)) return parted(end);
    if (!by_name && prefix.substr(begin + 1) == name) by_name = end;
    begin = end;
  }
  if (by_name) return parted(*by_name);
  return std::nullopt;
}

bool Anywhere::is_allowed(std::string_view file) const {
  return allowed_.empty() ||
         std::find(allowed_.begin(), allowed_.end(), file) != allowed_.end();
}

Location Anywhere::find(const Environ& env) const {
  const std::string url = url_path(env);
  std::string path(env["SCRIPT_FILENAME"]);
  const bool exact = !path.empty();
  if (!exact) path = std::string(env["DOCUMENT_ROOT"]) + url;
  if (!path.starts_with('/')) not_found(path);
  // Links are followed: it is the web server that says what is run.
  for (std::size_t begin = 1; begin < path.size();) {
    const std::size_t end = exact ? path.size() : component_end(path, begin);
    const std::string file = path.substr(0, end);
    for (std::size_t at = begin; at < end;) {
      const std::size_t stop = component_end(file, at);
      const std::string name = file.substr(at, stop - at);
      if (name == "." || name == ".." ||
          (!name.starts_with('.') && !is_served_name(name))) {
        not_found(path);
      }
      at = stop + 1;
    }
    const Descriptor opened(::open(file.c_str(), O_PATH | O_CLOEXEC));
    struct stat info {};
    if (!opened || ::fstat(opened.get(), &info) != 0) not_found(path);
    if (S_ISDIR(info.st_mode) && end < path.size()) {
      begin = end + 1;
      continue;
    }
    if (!is_allowed(file)) forbidden(file, "is not named by -p");
    if (!S_ISREG(info.st_mode)) forbidden(file, "is no regular file");
    if (!is_executable(opened.get())) {
      forbidden(file, "cannot be executed; make it executable (chmod +x)");
    }
    if (!exact) {
      const std::size_t root = env["DOCUMENT_ROOT"].size();
      return {file, url.substr(0, end - root), url.substr(end - root)};
    }
    if (auto location = part_at_file(url, file)) return *location;
    return {file, std::string(env["SCRIPT_NAME"]),
            std::string(env["PATH_INFO"])};
  }
  not_found(path);
}

}  // namespace decant::program
