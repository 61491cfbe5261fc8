// SPDX-License-Identifier: MIT
// Files of a directory in front of an application.
#pragma once

#include <string>
#include <string_view>

#include "decant/application.hpp"

namespace decant {

/// Requests beneath `prefix` are answered from `directory`; all others go to
/// what it wraps, which is not asked for a file that is missing. It splits only
/// at a '/'.
///
/// GET and HEAD, with conditional requests (RFC 9110 section 13), ranges of
/// bytes (section 14), the type by the name, and NAME.br or NAME.gz beside a
/// file for who accepts that coding. "index.html" stands for a directory, which
/// is never listed. Hidden names are not served, but for /.well-known/ (RFC
/// 8615), nor is what a link leads to outside of the directory. A file goes out
/// as a FileWrapper, so that a server side may send it by sendfile(2).
///
/// The directory is opened once. Throws UsageError when it is none.
Middleware static_files(std::string_view prefix, const std::string& directory);

}  // namespace decant
