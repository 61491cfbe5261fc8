// SPDX-License-Identifier: MIT
// The patterns of a router, and whether a function can take what they match:
// both are known when the program is compiled.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "decant/number.hpp"
#include "decant/web/request.hpp"

namespace decant::web::detail {

/// What a segment of a pattern matches.
enum class SegmentKind {
  literal,  ///< itself
  number,   ///< {name:int}: digits, of a number that the argument can hold
  text,     ///< {name}: one segment, which is not empty
  path,     ///< {name:path}: all that is left, with its slashes, and not empty
};

struct Segment {
  SegmentKind kind;
  std::string_view text;  ///< of a literal; of others the name
};

/// As many placeholders as a pattern may have.
inline constexpr std::size_t most_placeholders = 16;

/// What is wrong with a pattern.
enum class PatternError {
  none,
  no_slash,
  part_of_segment,
  no_name,
  no_kind,
  path_not_last,
  too_many_placeholders,
  too_few_placeholders,
  other_type,
};

constexpr bool is_name(std::string_view text) {
  for (const char c : text) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      (c >= '0' && c <= '9') || c == '_';
    if (!fits) return false;
  }
  return !text.empty();
}

/// Reads a placeholder, without its braces.
constexpr PatternError read_placeholder(std::string_view text,
                                        Segment& segment) {
  const std::size_t colon = text.find(':');
  segment = {SegmentKind::text, text.substr(0, colon)};
  if (!is_name(segment.text)) return PatternError::no_name;
  if (colon == std::string_view::npos) return PatternError::none;
  const std::string_view kind = text.substr(colon + 1);
  if (kind != "int" && kind != "path") return PatternError::no_kind;
  segment.kind = kind == "int" ? SegmentKind::number : SegmentKind::path;
  return PatternError::none;
}

/// Takes a segment, with the slash before it, from the front of a pattern.
constexpr PatternError take_segment(std::string_view& rest, Segment& segment) {
  if (!rest.starts_with('/')) return PatternError::no_slash;
  rest.remove_prefix(1);
  const std::string_view text = rest.substr(0, rest.find('/'));
  rest.remove_prefix(text.size());
  if (!text.starts_with('{') || !text.ends_with('}')) {
    segment = {SegmentKind::literal, text};
    return text.find_first_of("{}") == std::string_view::npos
               ? PatternError::none
               : PatternError::part_of_segment;
  }
  const PatternError error =
      read_placeholder(text.substr(1, text.size() - 2), segment);
  if (error != PatternError::none) return error;
  return segment.kind == SegmentKind::path && !rest.empty()
             ? PatternError::path_not_last
             : PatternError::none;
}

/// What may stand for a placeholder in a function.
template <class Argument>
concept Number = std::integral<Argument> && !std::same_as<Argument, bool> &&
                 !std::same_as<Argument, char>;
template <class Argument>
concept Text = std::same_as<Argument, std::string> ||
    std::same_as<Argument, std::string_view>;

template <class Argument>
constexpr bool takes(SegmentKind kind) {
  static_assert(Number<Argument> || Text<Argument>,
                "a handler takes what a pattern matches as a number, as "
                "std::string or as std::string_view");
  return Number<Argument> == (kind == SegmentKind::number);
}

/// Whether the placeholders of `pattern` fit these arguments, one for one.
template <class... Arguments>
constexpr PatternError check_pattern(std::string_view pattern) {
  using Takes = bool (*)(SegmentKind);
  // One more, so that there is no array of none.
  constexpr std::array<Takes, sizeof...(Arguments) + 1> arguments = {
      takes<Arguments>...};
  constexpr std::size_t expected = sizeof...(Arguments);
  static_assert(expected <= most_placeholders,
                "a pattern has 16 placeholders at most");
  std::size_t count = 0;
  do {
    Segment segment{};
    const PatternError error = take_segment(pattern, segment);
    if (error != PatternError::none) return error;
    if (segment.kind == SegmentKind::literal) continue;
    if (count == expected) return PatternError::too_many_placeholders;
    if (!arguments[count](segment.kind)) return PatternError::other_type;
    ++count;
  } while (!pattern.empty());
  return count == expected ? PatternError::none
                           : PatternError::too_few_placeholders;
}

/// Its message is what the compiler shows.
consteval void require_none(PatternError error) {
  switch (error) {
    case PatternError::none:
      return;
    case PatternError::no_slash:
      throw "a pattern begins with a slash";
    case PatternError::part_of_segment:
      throw "a placeholder is a whole segment";
    case PatternError::no_name:
      throw "a placeholder has a name of letters, digits and '_'";
    case PatternError::no_kind:
      throw "a placeholder is {name}, {name:int} or {name:path}";
    case PatternError::path_not_last:
      throw "{name:path} is the last segment";
    case PatternError::too_many_placeholders:
      throw "the handler has fewer arguments than the pattern placeholders";
    case PatternError::too_few_placeholders:
      throw "the handler has more arguments than the pattern placeholders";
    case PatternError::other_type:
      throw "{name:int} is a number for the handler, others are texts";
  }
}

template <class... Types>
struct TypeList {};

/// The arguments of a callable that has one signature.
template <class>
struct ArgumentsOf;
template <class Result, class... Arguments>
struct ArgumentsOf<Result (*)(Arguments...)> {
  using type = TypeList<Arguments...>;
};
template <class Class, class Result, class... Arguments>
struct ArgumentsOf<Result (Class::*)(Arguments...)> {
  using type = TypeList<Arguments...>;
};
template <class Class, class Result, class... Arguments>
struct ArgumentsOf<Result (Class::*)(Arguments...) const> {
  using type = TypeList<Arguments...>;
};
template <class Result, class... Arguments>
struct ArgumentsOf<Result (*)(Arguments...) noexcept>
    : ArgumentsOf<Result (*)(Arguments...)> {};
template <class Class, class Result, class... Arguments>
struct ArgumentsOf<Result (Class::*)(Arguments...) const noexcept>
    : ArgumentsOf<Result (Class::*)(Arguments...) const> {};
template <class Callable>
requires requires {
  &Callable::operator();
}
struct ArgumentsOf<Callable> : ArgumentsOf<decltype(&Callable::operator())> {};

/// A pattern whose placeholders fit `Arguments`: made from a literal, and
/// refused by the compiler otherwise.
template <bool with_request, class... Arguments>
struct BasicPattern {
  static constexpr bool takes_request = with_request;
  static constexpr std::size_t size = sizeof...(Arguments);

  template <std::convertible_to<std::string_view> Literal>
  consteval BasicPattern(const Literal& literal) : text(literal) {
    require_none(check_pattern<Arguments...>(text));
  }

  /// Puts into `result` what `handler` makes of what was matched. False, and
  /// nothing, when a number is none that its argument can hold.
  template <class Result, class Handler>
  static bool call(Handler& handler, Request& request,
                   const std::string_view* matched,
                   std::optional<Result>& result) {
    return call_with(handler, request, matched, result,
                     std::index_sequence_for<Arguments...>());
  }

  std::string_view text;

 private:
  template <class Argument>
  static std::optional<Argument> convert(std::string_view text) {
    if constexpr (Number<Argument>) {
      return parse_number<Argument>(text);
    } else {
      return Argument(text);
    }
  }

  template <class Result, class Handler, std::size_t... i>
  static bool call_with(Handler& handler, Request& request,
                        [[maybe_unused]] const std::string_view* matched,
                        std::optional<Result>& result,
                        std::index_sequence<i...>) {
    const std::tuple<std::optional<Arguments>...> values{
        convert<Arguments>(matched[i])...};
    if (!(std::get<i>(values).has_value() && ...)) return false;
    if constexpr (with_request) {
      result.emplace(handler(request, *std::get<i>(values)...));
    } else {
      result.emplace(handler(*std::get<i>(values)...));
    }
    return true;
  }
};

/// The pattern that a list of arguments asks for: a Request in front is none of
/// the placeholders.
template <class>
struct PatternOf;
template <class... Arguments>
struct PatternOf<TypeList<Arguments...>> {
  using type = BasicPattern<false, std::remove_cvref_t<Arguments>...>;
};
template <class... Arguments>
struct PatternOf<TypeList<Request&, Arguments...>> {
  using type = BasicPattern<true, std::remove_cvref_t<Arguments>...>;
};
template <class... Arguments>
struct PatternOf<TypeList<const Request&, Arguments...>> {
  using type = BasicPattern<true, std::remove_cvref_t<Arguments>...>;
};

template <class Handler>
using PatternFor =
    typename PatternOf<typename ArgumentsOf<Handler>::type>::type;

}  // namespace decant::web::detail
