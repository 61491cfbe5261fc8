// SPDX-License-Identifier: MIT
#include "decant/body.hpp"

#include <array>
#include <forward_list>
#include <list>
#include <set>
#include <span>
#include <stdexcept>

#include "support/catch.hpp"

namespace decant {
namespace {

using Texts = std::vector<std::string>;

Texts chunks_of(Body& body) {
  Texts all;
  for (std::string_view chunk; body.next(chunk);) all.emplace_back(chunk);
  return all;
}

Texts chunks_of(Body&& body) {
  return chunks_of(body);
}

struct Counts {
  int closed = 0;
  int destroyed = 0;
};

/// Gives `left` chunks and counts how often it is closed.
class CountedSource final : public BodySource {
 public:
  explicit CountedSource(Counts& counts, int left = 2)
      : counts_(&counts), left_(left) {}
  CountedSource(CountedSource&& other) noexcept
      : counts_(std::exchange(other.counts_, nullptr)), left_(other.left_) {}
  ~CountedSource() override {
    if (counts_ != nullptr) ++counts_->destroyed;
  }
  bool next(std::string& chunk) override {
    if (left_ == 0) return false;
    chunk = std::to_string(left_--);
    return true;
  }
  void close() override { ++counts_->closed; }

 private:
  Counts* counts_;
  int left_;
};

TEST_CASE("A body by default has no chunks and a known length") {
  Body body;
  CHECK(body.length() == 0U);
  CHECK(chunks_of(body).empty());
}

TEST_CASE("A text is one chunk, however it is spelled") {
  std::string text = "hello";
  for (Body& body :
       std::array<Body, 4>{Body("hello"), Body(text),
                           Body(std::string_view(text)), Body(Texts{text})}) {
    CHECK(body.length() == 1U);
    CHECK(chunks_of(body) == Texts{"hello"});
    CHECK(chunks_of(body).empty());
  }
}

TEST_CASE("An empty text is one empty chunk") {
  Body body("");
  CHECK(body.length() == 1U);
  CHECK(chunks_of(body) == Texts{""});
}

TEST_CASE("A text may hold NUL bytes") {
  CHECK(chunks_of(std::string("a\0b", 3)) == Texts{std::string("a\0b", 3)});
}

TEST_CASE("Several chunks come in their order") {
  const Texts expected = {"a", "", "b"};
  CHECK(chunks_of(Body(expected)) == expected);
  CHECK(chunks_of(Texts(expected)) == expected);
  CHECK(chunks_of({"a", "", "b"}) == expected);
  CHECK(chunks_of(std::list<std::string>{"a", "", "b"}) == expected);
  CHECK(chunks_of(std::vector<const char*>{"a", "", "b"}) == expected);
  CHECK(chunks_of(std::array<std::string_view, 3>{"a", "", "b"}) == expected);
  CHECK(chunks_of(std::set<std::string>{"b", "a", ""}) == Texts{"", "a", "b"});
}

TEST_CASE("A range of known size has a known length") {
  CHECK(Body({"a", "b"}).length() == 2U);
  CHECK(Body(std::list<std::string>(3)).length() == 3U);
  CHECK(Body(Texts{}).length() == 0U);
}

/// The numbers from 8 to `last`, texts that are made when they are looked at.
struct Numbers {
  struct Iterator {
    int at;
    std::string operator*() const { return std::to_string(at); }
    Iterator& operator++() {
      ++at;
      return *this;
    }
    bool operator==(const Iterator&) const = default;
  };
  Iterator begin() const { return {8}; }
  Iterator end() const { return {last + 1}; }
  int last;
};

TEST_CASE("A range may make its elements as it goes") {
  Body body(Numbers{10});
  CHECK_FALSE(body.length().has_value());
  CHECK(chunks_of(body) == Texts{"8", "9", "10"});
}

TEST_CASE("A made element is lent until the next one") {
  Body body(Numbers{9});
  std::string_view chunk;
  REQUIRE(body.next(chunk));
  const std::string copy(chunk);
  CHECK(copy == "8");
  REQUIRE(body.next(chunk));
  CHECK(chunk == "9");
}

TEST_CASE("A range that does not know its size has no known length") {
  Body body(std::forward_list<std::string>{"a", "b"});
  CHECK_FALSE(body.length().has_value());
  CHECK(chunks_of(body) == Texts{"a", "b"});
}

TEST_CASE("Text of a range is lent, not copied") {
  Texts texts = {"a long text that is no small string at all"};
  const char* const data = texts[0].data();
  Body body(std::move(texts));
  std::string_view chunk;
  REQUIRE(body.next(chunk));
  CHECK(chunk.data() == data);
}

TEST_CASE("A view that does not own its texts lends the originals") {
  const Texts texts = {"one", "two"};
  Body body{std::span(texts)};
  std::string_view chunk;
  REQUIRE(body.next(chunk));
  CHECK(chunk.data() == texts[0].data());
  CHECK(chunks_of(body) == Texts{"two"});
}

TEST_CASE("A range is walked once, also past its end") {
  Body body(Texts{"a"});
  CHECK(chunks_of(body) == Texts{"a"});
  CHECK(chunks_of(body).empty());
}

TEST_CASE("A source may be given by pointer or by value") {
  Counts counts;
  CHECK(chunks_of(CountedSource(counts)) == Texts{"2", "1"});
  CHECK(chunks_of(std::make_unique<CountedSource>(counts)) == Texts{"2", "1"});
  const auto base = [&]() -> std::unique_ptr<BodySource> {
    return std::make_unique<CountedSource>(counts);
  };
  CHECK(chunks_of(base()) == Texts{"2", "1"});
  CHECK(counts.closed == 3);
  CHECK(counts.destroyed == 3);
}

TEST_CASE("The chunk lent to a source comes empty each time") {
  class Appending final : public BodySource {
   public:
    bool next(std::string& chunk) override {
      chunk += "x";
      return ++count_ < 4;
    }

   private:
    int count_ = 0;
  };
  CHECK(chunks_of(Appending()) == Texts{"x", "x", "x"});
}

TEST_CASE("A source is closed exactly once") {
  Counts counts;
  SECTION("by close(), called twice") {
    Body body = CountedSource(counts);
    body.close();
    CHECK(counts.closed == 1);
    body.close();
  }
  SECTION("by its destruction, never having been asked") {
    const Body body = CountedSource(counts);
  }
  SECTION("when it is replaced") {
    Body body = CountedSource(counts);
    body = Body("other");
    CHECK(chunks_of(body) == Texts{"other"});
  }
  SECTION("when it was moved") {
    Body first = CountedSource(counts);
    Body second = std::move(first);
    Body third;
    third = std::move(second);
    CHECK(counts.closed == 0);
    third.close();
  }
  CHECK(counts.closed == 1);
  CHECK(counts.destroyed == 1);
}

TEST_CASE("A closed body has no chunks left") {
  Counts counts;
  Body text("text");
  Body range({"a", "b"});
  Body source = CountedSource(counts);
  for (Body* const body : {&text, &range, &source}) {
    body->close();
    CHECK(chunks_of(*body).empty());
  }
}

TEST_CASE("A body that was moved from is empty") {
  Body first("text");
  Body second = std::move(first);
  CHECK(chunks_of(second) == Texts{"text"});
  // NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  CHECK(first.length() == 0U);
  CHECK(chunks_of(first).empty());
}

class FailingClose final : public BodySource {
 public:
  explicit FailingClose(int& closed) : closed_(closed) {}
  bool next(std::string&) override { return false; }
  void close() override {
    ++closed_;
    throw std::runtime_error("close");
  }

 private:
  int& closed_;
};

TEST_CASE("A close that throws is not called again") {
  int closed = 0;
  {
    Body body(std::make_unique<FailingClose>(closed));
    CHECK_THROWS_AS(body.close(), std::runtime_error);
    CHECK_NOTHROW(body.close());
  }
  CHECK(closed == 1);
}

TEST_CASE("What a close throws during destruction is swallowed") {
  int closed = 0;
  { const Body body(std::make_unique<FailingClose>(closed)); }
  CHECK(closed == 1);
}

/// Adds one to a counter when it goes.
struct Leaving {
  explicit Leaving(int& c) : count(c) {}
  Leaving(const Leaving&) = delete;
  Leaving& operator=(const Leaving&) = delete;
  ~Leaving() { ++count; }
  int& count;
};

Chunks count_to(int most, int& left) {
  const Leaving leaving(left);
  for (int i = 1; i <= most; ++i) {
    co_yield std::to_string(i);
  }
}

TEST_CASE("A generator runs when it is asked, and to its end") {
  int left = 0;
  Body body = count_to(3, left);
  CHECK_FALSE(body.length().has_value());
  CHECK(chunks_of(body) == Texts{"1", "2", "3"});
  CHECK(left == 1);
  CHECK(chunks_of(body).empty());
  body.close();
  CHECK(left == 1);
}

TEST_CASE("Closing a generator half way destroys its locals once") {
  int left = 0;
  Body body = count_to(3, left);
  std::string_view chunk;
  REQUIRE(body.next(chunk));
  CHECK(chunk == "1");
  body.close();
  CHECK(left == 1);
  CHECK_FALSE(body.next(chunk));
}

TEST_CASE("A generator that never ran is destroyed without running") {
  int left = 0;
  { const Body body = count_to(3, left); }
  CHECK(left == 0);
}

Chunks fail_after_one(int& left) {
  const Leaving leaving(left);
  co_yield "one";
  throw std::runtime_error("two");
}

TEST_CASE("What a generator throws comes out of next, once") {
  int left = 0;
  Body body = fail_after_one(left);
  std::string_view chunk;
  REQUIRE(body.next(chunk));
  CHECK_THROWS_WITH(body.next(chunk), "two");
  CHECK(left == 1);
  CHECK_FALSE(body.next(chunk));
}

TEST_CASE("A generator moves with its body") {
  int left = 0;
  Chunks chunks = count_to(2, left);
  Chunks moved = std::move(chunks);
  Body first = std::move(moved);
  Body second = std::move(first);
  CHECK(chunks_of(second) == Texts{"1", "2"});
  CHECK(left == 1);
}

TEST_CASE("Assigning a generator ends the one that was there") {
  int left = 0;
  {
    Chunks chunks = count_to(2, left);
    std::string_view chunk;
    REQUIRE(chunks.next(chunk));
    chunks = count_to(1, left);
    REQUIRE(chunks.next(chunk));
  }
  CHECK(left == 2);
}

TEST_CASE("A body around a body keeps what is known of its length") {
  class Wrapping final : public detail::ChunkStream {
   public:
    explicit Wrapping(Body body) : body_(std::move(body)) {}
    bool next(std::string_view& chunk) override { return body_.next(chunk); }
    void close() override { body_.close(); }

   private:
    Body body_;
  };
  Body body(std::make_unique<Wrapping>(Body("text")), 1, 4);
  CHECK(body.length() == 1U);
  CHECK(body.size() == 4U);
  CHECK(chunks_of(body) == Texts{"text"});
}

}  // namespace
}  // namespace decant
