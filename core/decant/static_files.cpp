// SPDX-License-Identifier: MIT
#include "decant/static_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "decant/beneath.hpp"
#include "decant/error.hpp"
#include "decant/error_page.hpp"
#include "decant/file_wrapper.hpp"
#include "decant/http_date.hpp"
#include "decant/media_type.hpp"
#include "decant/path.hpp"
#include "decant/preconditions.hpp"
#include "decant/text.hpp"

namespace decant {
namespace {

constexpr std::size_t block_size = 65536;
constexpr std::string_view well_known = ".well-known";

struct Coding {
  const char* name;
  const char* ending;
};
/// The better one first.
constexpr std::array<Coding, 2> codings = {{{"br", ".br"}, {"gzip", ".gz"}}};

/// An open file and what is known of it.
struct File {
  Descriptor descriptor;
  struct stat info {};
};

/// An answer without a file.
Body answer(int status, const StartResponse& start_response,
            Headers further = {}) {
  ErrorPage page(status);
  for (auto& header : further) page.headers.push_back(std::move(header));
  start_response(page.status.line(), page.headers);
  return page.body;
}

/// Names that are hidden or lead elsewhere are none, nor are those that a log
/// would have to escape.
bool is_served(std::string_view path) {
  bool is_first = true;
  while (!path.empty()) {
    path.remove_prefix(1);  // a slash
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, end);
    path.remove_prefix(end);
    const bool is_last = path.empty();
    if (name.empty() && !is_last) return false;
    if (name.starts_with('.') && !(is_first && name == well_known)) {
      return false;
    }
    is_first = false;
  }
  return true;
}

bool holds_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 16> digits{};
  return {
      digits.data(),
      std::to_chars(digits.data(), digits.data() + digits.size(), number, 16)
          .ptr};
}

Validators validators_of(const struct stat& info, const std::string& coding) {
  std::string etag =
      '"' + hexadecimal(static_cast<std::uint64_t>(info.st_mtim.tv_sec)) + '-' +
      hexadecimal(static_cast<std::uint64_t>(info.st_mtim.tv_nsec)) + '-' +
      hexadecimal(static_cast<std::uint64_t>(info.st_size));
  if (!coding.empty()) etag += '-' + coding;
  return {.etag = etag + '"', .modified = info.st_mtim.tv_sec};
}

/// Where the directory is, with a slash at its end.
std::string location_of(const Environ& env) {
  std::string path(env["SCRIPT_NAME"]);
  path += env["PATH_INFO"];
  // Two in front would be read as a host.
  path.erase(0, std::min(path.find_first_not_of('/'), path.size()));
  std::string location = '/' + percent_encoded(path) + '/';
  if (!env["QUERY_STRING"].empty()) {
    location += '?';
    location += env["QUERY_STRING"];
  }
  return location;
}

/// What a file that cannot be opened is answered with.
int status_of(int error) {
  switch (error) {
    case EACCES:
      return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return 503;
    default:
      return 404;
  }
}

class Folder {
 public:
  Folder(std::string_view prefix, const std::string& directory)
      : prefix_(canonical_mount(prefix)),
        root_(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    if (!root_) {
      throw UsageError("static_files: " + quoted(directory) + ": " +
                       std::strerror(errno) + "; give a directory");
    }
  }

  bool holds(std::string_view path) const { return is_beneath(path, prefix_); }
  Body serve(const Environ& env, const StartResponse& start_response) const;

 private:
  std::optional<File> open(const std::string& name) const;
  Body send(const Environ& env, const StartResponse& start_response,
            const std::string& name, File file) const;
  Coding choose(const Environ& env, const std::string& name, File& file,
                bool& varies) const;

  std::string prefix_;
  Descriptor root_;
};

/// None, with errno, for what cannot be opened. A FIFO does not block.
std::optional<File> Folder::open(const std::string& name) const {
  File file{open_beneath(root_.get(), name.empty() ? "." : name,
                         O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY),
            {}};
  if (!file.descriptor || ::fstat(file.descriptor.get(), &file.info) != 0) {
    return std::nullopt;
  }
  return file;
}

Body Folder::serve(const Environ& env,
                   const StartResponse& start_response) const {
  const std::string_view method = env["REQUEST_METHOD"];
  if (method != "GET" && method != "HEAD") {
    return answer(405, start_response, {{"Allow", "GET, HEAD"}});
  }
  const std::string_view path = env["PATH_INFO"].substr(prefix_.size());
  if (holds_control(path) || !is_served(path)) {
    return answer(404, start_response);
  }
  std::string name(path.substr(std::min<std::size_t>(path.size(), 1)));
  const bool ends_in_slash = path.ends_with('/');
  if (ends_in_slash && !name.empty()) name.pop_back();
  auto file = open(name);
  if (file && S_ISDIR(file->info.st_mode)) {
    if (!ends_in_slash) {
      return answer(301, start_response, {{"Location", location_of(env)}});
    }
    name += name.empty() ? "index.html" : "/index.html";
    file = open(name);
  } else if (file && ends_in_slash) {
    return answer(404, start_response);
  }
  if (!file) return answer(status_of(errno), start_response);
  if (!S_ISREG(file->info.st_mode)) return answer(404, start_response);
  return send(env, start_response, name, *std::move(file));
}

/// Puts a coded sibling that is wanted in the place of `file`.
Coding Folder::choose(const Environ& env, const std::string& name, File& file,
                      bool& varies) const {
  Coding chosen{"", ""};
  int best = 0;
  for (const Coding& coding : codings) {
    auto sibling = open(name + coding.ending);
    if (!sibling || !S_ISREG(sibling->info.st_mode)) continue;
    varies = true;
    const int quality =
        quality_of_coding(env["HTTP_ACCEPT_ENCODING"], coding.name);
    if (quality <= best) continue;
    best = quality;
    chosen = coding;
    file = *std::move(sibling);
  }
  return chosen;
}

Body Folder::send(const Environ& env, const StartResponse& start_response,
                  const std::string& name, File file) const {
  bool varies = false;
  const std::string coding = choose(env, name, file, varies).name;
  const auto size = static_cast<std::uint64_t>(file.info.st_size);
  const Validators validators = validators_of(file.info, coding);
  Headers headers = {{"ETag", validators.etag},
                     {"Last-Modified", http_date(*validators.modified)},
                     {"Accept-Ranges", "bytes"}};
  if (varies) headers.emplace_back("Vary", "Accept-Encoding");
  switch (check_preconditions(env, validators)) {
    case 304:
      start_response("304 Not Modified", headers);
      return {};
    case 412:
      return answer(412, start_response, std::move(headers));
    default:
      break;
  }
  const bool to_head = env["REQUEST_METHOD"] == "HEAD";
  ByteRange range{.size = size};
  if (!to_head) range = asked_range(env, validators, size);
  if (range.kind == ByteRange::Kind::unsatisfiable) {
    headers.emplace_back("Content-Range", "bytes */" + std::to_string(size));
    return answer(416, start_response, std::move(headers));
  }
  const bool is_part = range.kind == ByteRange::Kind::part;
  if (is_part) {
    headers.emplace_back("Content-Range",
                         "bytes " + std::to_string(range.first) + '-' +
                             std::to_string(range.first + range.size - 1) +
                             '/' + std::to_string(size));
  }
  if (!coding.empty()) headers.emplace_back("Content-Encoding", coding);
  headers.emplace_back("Content-Type", media_type(name));
  headers.emplace_back("Content-Length", std::to_string(range.size));
  start_response(is_part ? "206 Partial Content" : "200 OK", headers);
  if (to_head) return {};
  ::lseek(file.descriptor.get(), static_cast<off_t>(range.first), SEEK_SET);
  return FileWrapper(file.descriptor.release(), block_size, range.size);
}

}  // namespace

Middleware static_files(std::string_view prefix, const std::string& directory) {
  const auto folder = std::make_shared<const Folder>(prefix, directory);
  return [folder](Application application) -> Application {
    return [folder, application = std::move(application)](
               Environ& env, const StartResponse& start_response) -> Body {
      return folder->holds(env["PATH_INFO"])
                 ? folder->serve(env, start_response)
                 : application(env, start_response);
    };
  };
}

}  // namespace decant
