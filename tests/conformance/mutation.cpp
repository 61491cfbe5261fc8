// SPDX-License-Identifier: MIT
#include "conformance/mutation.hpp"

#include <cstdlib>

#include "support/socket_client.hpp"

namespace decant::conformance {

void mutate(Numbers& numbers, std::string& bytes) {
  for (std::size_t n = 1 + numbers.below(8); n > 0 && !bytes.empty(); --n) {
    const std::size_t at = numbers.below(bytes.size());
    const std::size_t size = 1 + numbers.below(numbers.coin() ? 8 : 300);
    switch (numbers.below(6)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ 1 << numbers.below(8));
        break;
      case 1:
        bytes[at] = static_cast<char>(numbers.below(256));
        break;
      case 2:
        bytes.erase(at, size);
        break;
      case 3:
        bytes.insert(at, bytes.substr(numbers.below(bytes.size()), size));
        break;
      case 4:
        bytes.insert(at, size, static_cast<char>(numbers.below(256)));
        break;
      default:
        bytes.resize(at);
    }
  }
}

void torment(const std::string& endpoint, const std::string& bytes,
             Numbers& numbers) {
  test::SocketClient peer(endpoint);
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, 1 + numbers.below(50'000));
    if (!peer.send(part, test::Milliseconds(200))) return;
    rest.remove_prefix(part.size());
  }
  if (numbers.coin()) peer.finish_sending();
  if (numbers.coin()) peer.wait_for_end(test::Milliseconds(5));
}

std::chrono::seconds time_to_spend() {
  const char* const text = std::getenv("DECANT_FUZZ_SECONDS");
  return std::chrono::seconds(text == nullptr ? 2 : std::atoi(text));
}

}  // namespace decant::conformance
