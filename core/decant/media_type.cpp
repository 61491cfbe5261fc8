// SPDX-License-Identifier: MIT
#include "decant/media_type.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

namespace decant {
namespace {

using Types = std::map<std::string, std::string, std::less<>>;

/// Where a machine has no /etc/mime.types, as a small container.
Types common_types() {
  return {{"avif", "image/avif"},
          {"css", "text/css"},
          {"csv", "text/csv"},
          {"gif", "image/gif"},
          {"htm", "text/html"},
          {"html", "text/html"},
          {"ico", "image/vnd.microsoft.icon"},
          {"jpeg", "image/jpeg"},
          {"jpg", "image/jpeg"},
          {"js", "text/javascript"},
          {"json", "application/json"},
          {"map", "application/json"},
          {"mjs", "text/javascript"},
          {"mp3", "audio/mpeg"},
          {"mp4", "video/mp4"},
          {"pdf", "application/pdf"},
          {"png", "image/png"},
          {"svg", "image/svg+xml"},
          {"txt", "text/plain"},
          {"wasm", "application/wasm"},
          {"webm", "video/webm"},
          {"webmanifest", "application/manifest+json"},
          {"webp", "image/webp"},
          {"woff", "font/woff"},
          {"woff2", "font/woff2"},
          {"xml", "application/xml"},
          {"zip", "application/zip"}};
}

Types read_types() {
  Types types = common_types();
  std::ifstream file("/etc/mime.types");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string type;
    words >> type;
    for (std::string ending; words >> ending;) types[ending] = type;
  }
  // What browsers ask for; older tables have application/javascript.
  types["js"] = types["mjs"] = "text/javascript";
  return types;
}

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return small;
}

}  // namespace

std::string media_type(std::string_view file_name) {
  static const Types types = read_types();
  const std::size_t dot = file_name.rfind('.');
  const auto found =
      dot == std::string_view::npos
          ? types.end()
          : types.find(in_small_letters(file_name.substr(dot + 1)));
  if (found == types.end()) return "application/octet-stream";
  return found->second +
         (found->second.starts_with("text/") ? "; charset=utf-8" : "");
}

}  // namespace decant
