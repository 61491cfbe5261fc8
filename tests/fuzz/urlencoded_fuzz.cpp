// SPDX-License-Identifier: MIT
// Query strings and plain forms, the lists of what is accepted, and ranges:
// nothing is an error, and what is written is read as it was.
#include <string>

#include "decant/byte_ranges.hpp"
#include "decant/field_value.hpp"
#include "decant/web/accept.hpp"
#include "decant/web/form_error.hpp"
#include "decant/web/urlencoded.hpp"
#include "target.hpp"

namespace decant::web {

using fuzz::require;

namespace {

void check_fields(std::string_view text) {
  constexpr std::size_t most = 100;
  try {
    const Fields fields = parse_urlencoded(text, most);
    require(fields.size() <= most, "more fields than there may be");
    std::size_t size = 0;
    for (const auto& [name, value] : fields) size += name.size() + value.size();
    require(size <= text.size(), "the fields are longer than their text");
    const std::string written = urlencoded(fields);
    require(parse_urlencoded(written, most) == fields,
            "what is written is read differently");
    require(urlencoded(parse_urlencoded(written, most)) == written,
            "what is written twice is not the same");
  } catch (const FormError& error) {
    require(error.status() == 413, "another status");
  }
}

void check_quality(int quality) {
  require(quality >= 0 && quality <= 1000, "a weight is out of range");
}

void check_lists(std::string_view text) {
  check_quality(type_quality(text, "text/html;level=1"));
  check_quality(language_quality(text, "en-GB"));
  check_quality(encoding_quality(text, "gzip"));
  std::size_t taken = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t before = rest.size();
    const std::string_view element = take_element(rest, ',');
    require(rest.size() < before, "nothing is taken");
    taken += element.size();
  }
  require(taken <= text.size(), "the elements are longer than their list");
}

struct Nowhere final : ErrorSink {
  void write(std::string_view) noexcept override {}
};

void check_ranges(std::string_view text) {
  constexpr std::uint64_t size = 1000;
  MemorySource source({});
  InputStream input(source, 0);
  Nowhere nowhere;
  ErrorStream errors(nowhere);
  const std::string range = "bytes=" + std::string(text);
  const Environ env(input, errors, {}, {{"HTTP_RANGE", range}});
  const ByteRanges ranges = asked_ranges(env, {}, size);
  require((ranges.kind == ByteRange::Kind::part) == !ranges.parts.empty(),
          "a kind and its parts do not agree");
  require(ranges.parts.size() <= most_ranges, "more parts than there may be");
  std::uint64_t sum = 0;
  for (const ByteRange& part : ranges.parts) {
    require(part.size > 0 && part.first < size && part.size <= size &&
                part.first + part.size <= size,
            "a part lies outside");
    for (const ByteRange& other : ranges.parts) {
      require(&other == &part || other.first + other.size < part.first ||
                  part.first + part.size < other.first,
              "two parts overlap or touch");
    }
    sum += part.size;
  }
  require(sum <= size, "the parts are longer than the whole");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  check_fields(text);
  check_lists(text);
  check_ranges(text);
  return 0;
}

}  // namespace decant::web
