// SPDX-License-Identifier: MIT
// A file as a response.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "decant/web/request.hpp"
#include "decant/web/response.hpp"

namespace decant::web {

/// How a file is sent.
struct FileOptions {
  /// By its name where it is empty.
  std::string type = {};
  /// The name under which a browser is to save it; empty: shown in the browser.
  std::string download_name = {};
  std::optional<std::chrono::seconds> max_age = {};
};

/// A regular file, with ETag, Last-Modified, 304, 206 for one range and, as
/// multipart/byteranges, for several, 412 and 416, sent as a FileWrapper but
/// for several ranges. What cannot be opened is 404, 403 or 503. Any path is
/// opened: for a name that a client has sent take the other.
Response send_file(const Request& request, const std::string& path,
                   const FileOptions& options = {});

/// A file beneath a directory, "a/b.txt", and nothing that lies outside of it,
/// whatever links there are, nor what is hidden.
Response send_file_beneath(const Request& request, const std::string& directory,
                           std::string_view name,
                           const FileOptions& options = {});

}  // namespace decant::web
