// SPDX-License-Identifier: MIT
// A file as the answer to a request: its validators, conditions and ranges (RFC
// 9110 sections 8.8, 13 and 14).
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>

#include "decant/body.hpp"
#include "decant/descriptor.hpp"
#include "decant/environ.hpp"
#include "decant/headers.hpp"

namespace decant {

/// An open file and what is known of it.
struct OpenFile {
  Descriptor descriptor;
  struct stat info {};
};

/// `name` beneath the directory `root`, or any path where `root` is AT_FDCWD.
/// None, with errno, for what cannot be opened. A FIFO does not block.
std::optional<OpenFile> open_file(int root, const std::string& name);

/// True when nothing on the way to `path`, "/a/b.txt", is hidden, leads
/// elsewhere or would have to be escaped in a log. /.well-known/ is not hidden
/// (RFC 8615).
bool is_served(std::string_view path);

/// What is answered where a file could not be opened, by errno.
int status_of_open_error(int error) noexcept;

/// What start_response and the gateway are to be given.
struct FileResponse {
  std::string status;
  Headers headers;
  Body body;
};

/// What a file is sent as.
struct FileKind {
  std::string type;         ///< Content-Type
  std::string coding = {};  ///< Content-Encoding; empty: none
};

/// The answer with a regular file: 200, or 206, 304, 412 and 416 where a GET or
/// a HEAD asks for it. `further` headers go along with each of them. The file
/// goes out as a FileWrapper, so that a server side may send it by sendfile(2);
/// several ranges of it as multipart/byteranges, but the whole where it has a
/// coding.
FileResponse respond_with_file(const Environ& env, OpenFile file,
                               const FileKind& kind, Headers further);

}  // namespace decant
