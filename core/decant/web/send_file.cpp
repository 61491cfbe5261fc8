// SPDX-License-Identifier: MIT
#include "decant/web/send_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "decant/error.hpp"
#include "decant/file_response.hpp"
#include "decant/media_type.hpp"
#include "decant/text.hpp"

namespace decant::web {
namespace {

Response respond_with(const Request& request, std::optional<OpenFile> file,
                      std::string_view name, const FileOptions& options) {
  if (!file) return Response(status_of_open_error(errno));
  if (!S_ISREG(file->info.st_mode)) return Response(404);
  Headers further;
  if (!options.download_name.empty()) {
    further.emplace_back(
        "Content-Disposition",
        content_disposition_value("attachment", options.download_name));
  }
  if (options.max_age) {
    further.emplace_back("Cache-Control",
                         "max-age=" + std::to_string(options.max_age->count()));
  }
  const FileKind kind{.type = options.type.empty() ? media_type(name)
                                                   : options.type};
  FileResponse response = respond_with_file(request.env(), *std::move(file),
                                            kind, std::move(further));
  return {std::move(response.status), std::move(response.headers),
          std::move(response.body)};
}

}  // namespace

Response send_file(const Request& request, const std::string& path,
                   const FileOptions& options) {
  return respond_with(request, open_file(AT_FDCWD, path), path, options);
}

Response send_file_beneath(const Request& request, const std::string& directory,
                           std::string_view name, const FileOptions& options) {
  if (!is_served('/' + std::string(name))) return Response(404);
  const Descriptor root(
      ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) {
    throw ApplicationError("send_file_beneath: " + quoted(directory) + ": " +
                           std::strerror(errno) + "; give a directory");
  }
  return respond_with(request, open_file(root.get(), std::string(name)), name,
                      options);
}

}  // namespace decant::web
