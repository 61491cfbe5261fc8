// SPDX-License-Identifier: MIT
#include "conformance/fastcgi_streams.hpp"

#include "conformance/fastcgi_matrix.hpp"

namespace decant::conformance {

using test::fastcgi_begin;
using test::fastcgi_pairs;
using test::fastcgi_record;
using test::FastcgiVariables;

namespace {

/// A stream cut into records of random sizes and padding.
std::string stream(Numbers& numbers, int type, int id, std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t most = numbers.coin() ? 20 : 40'000;
    const std::string_view part = text.substr(0, 1 + numbers.below(most));
    out += fastcgi_record(type, id, part, numbers.below(256));
    text.remove_prefix(part.size());
    if (numbers.below(8) == 0) out += fastcgi_record(5, id + 1, "stray");
  }
  return out + fastcgi_record(type, id, "", numbers.below(9));
}

}  // namespace

Stream random_stream(Numbers& numbers) {
  static const std::vector<std::string> applications = {
      "echo",     "environ",      "string",      "ignores",    "lines",
      "mebibyte", "large-chunks", "many-chunks", "file",       "catches",
      "pieces",   "part",         "nothing",     "no-content", "fails-first"};
  Stream all;
  const std::size_t count = 1 + numbers.below(6);
  for (std::size_t i = 0; i < count; ++i) {
    const int id = static_cast<int>(1 + numbers.below(60'000));
    const std::size_t size = numbers.below(numbers.coin() ? 100 : 100'000);
    std::string body;
    while (body.size() < size) body += std::to_string(numbers.below(99)) + '\n';
    FastcgiVariables variables =
        get(applications[numbers.below(applications.size())]);
    if (numbers.coin()) {
      const std::size_t lie = numbers.below(8) == 0 ? 1 : 0;
      variables[0].second = "POST";
      variables.emplace_back("CONTENT_LENGTH",
                             std::to_string(body.size() + lie));
    } else if (numbers.coin()) {
      body.clear();
    }
    for (std::size_t n = numbers.below(40); n > 0; --n) {
      variables.emplace_back("HTTP_X_" + std::to_string(numbers.below(50)),
                             std::string(numbers.below(300), 'v'));
    }
    all.ids.push_back(id);
    all.bytes +=
        fastcgi_begin(id, test::fcgi_responder, true) +
        stream(numbers, test::fcgi_params, id, fastcgi_pairs(variables)) +
        stream(numbers, test::fcgi_stdin, id, body);
  }
  return all;
}

}  // namespace decant::conformance
