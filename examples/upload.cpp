// SPDX-License-Identifier: MIT
// Takes a request body of any size in constant memory and answers with its
// length and its FNV-1a hash.
//   decant run ./upload.so / -d @photo.jpg
#include <array>
#include <cstdint>
#include <decant/decant.hpp>
#include <iomanip>
#include <sstream>
#include <string_view>
using namespace decant;

std::uint32_t fnv1a(std::uint32_t hash, std::string_view bytes) {
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  }
  return hash;
}

Body upload(Environ& env, const StartResponse& start_response) {
  std::array<char, 65536> buffer;
  std::uint64_t length = 0;
  std::uint32_t hash = 2166136261U;
  // A body that was cut short throws here; it never looks like a clean end.
  while (const std::size_t got = env.input().read_some(buffer)) {
    hash = fnv1a(hash, {buffer.data(), got});
    length += got;
  }
  std::ostringstream answer;
  answer << length << " bytes, fnv1a " << std::hex << std::setw(8)
         << std::setfill('0') << hash << '\n';
  start_response("200 OK", {{"Content-Type", "text/plain"}});
  return answer.str();
}

DECANT_APPLICATION(upload)
