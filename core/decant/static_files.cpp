// SPDX-License-Identifier: MIT
#include "decant/static_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "decant/error.hpp"
#include "decant/error_page.hpp"
#include "decant/file_response.hpp"
#include "decant/media_type.hpp"
#include "decant/path.hpp"
#include "decant/preconditions.hpp"
#include "decant/text.hpp"

namespace decant {
namespace {

struct Coding {
  const char* name;
  const char* ending;
};
/// The better one first.
constexpr std::array<Coding, 2> codings = {{{"br", ".br"}, {"gzip", ".gz"}}};

/// An answer without a file.
Body answer(int status, const StartResponse& start_response,
            Headers further = {}) {
  ErrorPage page(status);
  for (auto& header : further) page.headers.push_back(std::move(header));
  start_response(page.status.line(), page.headers);
  return page.body;
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
  std::optional<OpenFile> open(const std::string& name) const {
    return open_file(root_.get(), name.empty() ? "." : name);
  }
  Body send(const Environ& env, const StartResponse& start_response,
            const std::string& name, OpenFile file) const;
  Coding choose(const Environ& env, const std::string& name, OpenFile& file,
                bool& varies) const;

  std::string prefix_;
  Descriptor root_;
};

Body Folder::serve(const Environ& env,
                   const StartResponse& start_response) const {
  const std::string_view method = env["REQUEST_METHOD"];
  if (method != "GET" && method != "HEAD") {
    return answer(405, start_response, {{"Allow", "GET, HEAD"}});
  }
  const std::string_view path = env["PATH_INFO"].substr(prefix_.size());
  if (!is_served(path)) {
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
  if (!file) return answer(status_of_open_error(errno), start_response);
  if (!S_ISREG(file->info.st_mode)) return answer(404, start_response);
  return send(env, start_response, name, *std::move(file));
}

/// Puts a coded sibling that is wanted in the place of `file`.
Coding Folder::choose(const Environ& env, const std::string& name,
                      OpenFile& file, bool& varies) const {
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
                  const std::string& name, OpenFile file) const {
  bool varies = false;
  const std::string coding = choose(env, name, file, varies).name;
  Headers further;
  if (varies) further.emplace_back("Vary", "Accept-Encoding");
  FileResponse response =
      respond_with_file(env, std::move(file),
                        {.type = media_type(name), .coding = coding}, further);
  start_response(response.status, std::move(response.headers));
  return std::move(response.body);
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
