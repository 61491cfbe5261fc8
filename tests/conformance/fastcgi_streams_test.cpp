// SPDX-License-Identifier: MIT
// The engines against each other: whatever valid stream comes, in whatever
// pieces, both give the same responses. And against what is not valid: nothing
// that comes keeps a service from answering the next request.
#include "conformance/fastcgi_streams.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>

#include "conformance/fastcgi_matrix.hpp"
#include "conformance/mutation.hpp"

namespace decant::conformance {

using test::FastcgiClient;
using test::FastcgiResponse;

namespace {

std::vector<FastcgiResponse> responses(const Service& service,
                                       const Stream& all, Numbers numbers) {
  FastcgiClient peer(service.endpoint());
  std::string_view rest = all.bytes;
  while (!rest.empty()) {
    const std::string_view part =
        rest.substr(0, 1 + numbers.below(numbers.coin() ? 100 : 100'000));
    REQUIRE(peer.send(part));
    rest.remove_prefix(part.size());
  }
  std::vector<FastcgiResponse> got;
  for (const int id : all.ids) got.push_back(peer.receive(id));
  return got;
}

}  // namespace

TEST_CASE("both engines answer the same streams alike",
          "[fastcgi-differential]") {
  const Service records(app(Kind::native), {"--engine", "records"});
  const Service libfcgi(app(Kind::native), {"--engine", "libfcgi"});
  for (unsigned seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    Numbers numbers(seed);
    const Stream all = random_stream(numbers);
    const auto ours = responses(records, all, numbers);
    const auto theirs = responses(libfcgi, all, numbers);
    for (std::size_t i = 0; i < ours.size(); ++i) {
      CAPTURE(i);
      CHECK(ours[i].complete);
      CHECK(ours[i].complete == theirs[i].complete);
      CHECK((ours[i].output == theirs[i].output));
      CHECK(ours[i].application_status == theirs[i].application_status);
      CHECK(ours[i].protocol_status == theirs[i].protocol_status);
    }
  }
}

TEST_CASE("no stream keeps a service from answering the next request",
          "[fastcgi-mutation]") {
  Service records(app(Kind::native), {"--engine", "records", "--max-params",
                                      "200000,1000", "--grace", "5"});
  const auto end = std::chrono::steady_clock::now() + time_to_spend();
  unsigned seed = 1;
  for (; std::chrono::steady_clock::now() < end; ++seed) {
    CAPTURE(seed);
    Numbers numbers(seed);
    Stream stream = random_stream(numbers);
    mutate(numbers, stream.bytes);
    torment(records.endpoint(), stream.bytes, numbers);
    REQUIRE(records.running());
    FastcgiClient peer(records.endpoint());
    peer.send(test::fastcgi_request(get("string"), ""));
    const FastcgiResponse response = peer.receive();
    REQUIRE(response.complete);
    REQUIRE_THAT(response.output, Catch::Matchers::EndsWith("a string\n"));
  }
  std::cout << seed - 1 << " mutated streams\n";
}

}  // namespace decant::conformance
