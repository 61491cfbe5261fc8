// SPDX-License-Identifier: MIT
// A body that is read before the application is called.
#include "decant/service/request/spool.hpp"

#include <algorithm>
#include <string>

#include "decant/error.hpp"
#include "support/catch.hpp"

namespace decant::service {
namespace {

/// Gives a text in pieces, and counts what was taken.
class Pieces final : public InputSource {
 public:
  Pieces(std::string text, std::size_t piece)
      : text_(std::move(text)), piece_(piece) {}

  std::size_t read(std::span<char> buffer) override {
    const std::size_t got =
        text_.copy(buffer.data(), std::min(piece_, buffer.size()), taken_);
    if (got == 0 && breaks) throw ClientGone("test: it broke off");
    taken_ += got;
    return got;
  }
  std::size_t taken() const { return taken_; }

  bool breaks = false;

 private:
  std::string text_;
  std::size_t piece_;
  std::size_t taken_ = 0;
};

std::string rest_of(InputSource& source) {
  std::string all;
  std::array<char, 1000> buffer;
  while (const std::size_t got = source.read(buffer)) {
    all.append(buffer.data(), got);
  }
  return all;
}

std::string numbers(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) text += std::to_string(i) + ' ';
  text.resize(size);
  return text;
}

}  // namespace

TEST_CASE("A spooled body is there before it is read, and is the same") {
  for (const std::size_t size : {0U, 1U, 1000U, 262144U, 262145U, 3000000U}) {
    for (const std::size_t piece : {7000U, 100000U}) {
      const std::string text = numbers(size);
      Pieces source(text, piece);
      Spool spool(source, 10'000'000);
      spool.prepare(std::nullopt);
      CHECK(source.taken() == size);
      CHECK((rest_of(spool) == text));
    }
  }
}

TEST_CASE("No more is spooled than was asked for, and the rest follows") {
  const std::string text = numbers(1'000'000);
  Pieces source(text, 50'000);
  Spool spool(source, 300'000);
  spool.prepare(std::nullopt);
  CHECK(source.taken() == 300'000);
  CHECK((rest_of(spool) == text));
}

TEST_CASE("Nothing is read ahead beyond the length of the body") {
  Pieces source(numbers(1000), 100);
  Spool spool(source, 10'000);
  spool.prepare(500);
  CHECK(source.taken() == 500);
}

TEST_CASE("Without --spool nothing is read ahead") {
  Pieces source(numbers(1000), 100);
  Spool spool(source, 0);
  spool.prepare(1000);
  CHECK(source.taken() == 0);
  CHECK(rest_of(spool) == numbers(1000));
}

TEST_CASE("A body that breaks off is known before the application is called") {
  Pieces source(numbers(1000), 100);
  source.breaks = true;
  Spool spool(source, 10'000);
  CHECK_THROWS_AS(spool.prepare(2000), ClientGone);
}

}  // namespace decant::service
