// SPDX-License-Identifier: MIT
#include "decant/web/route_table.hpp"

#include <algorithm>
#include <utility>

#include "decant/error.hpp"
#include "decant/path.hpp"
#include "decant/text.hpp"

namespace decant::web::detail {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

/// Which browsers take away, however they are encoded (WHATWG URL, "double-dot
/// path segment").
bool is_dots(std::string_view segment) {
  return segment == "." || segment == "..";
}

bool is_path(std::string_view text) {
  if (text.empty() || text.front() == '/') return false;
  for (;;) {
    const std::size_t slash = text.find('/');
    if (is_dots(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

bool fits(SegmentKind kind, std::string_view value) {
  switch (kind) {
    case SegmentKind::number:
      return is_number(value);
    case SegmentKind::path:
      return is_path(value);
    default:
      return is_path(value) && value.find('/') == std::string_view::npos;
  }
}

}  // namespace

std::size_t RouteTable::descend(std::size_t node, const Segment& segment) {
  std::size_t* next = nullptr;
  switch (segment.kind) {
    case SegmentKind::literal:
      next = &nodes_[node]
                  .literals.try_emplace(std::string(segment.text), 0)
                  .first->second;
      break;
    case SegmentKind::number:
      next = &nodes_[node].number;
      break;
    case SegmentKind::text:
      next = &nodes_[node].text;
      break;
    case SegmentKind::path:
      next = &nodes_[node].path;
      break;
  }
  if (*next != 0) return *next;
  *next = nodes_.size();
  const std::size_t place = *next;
  nodes_.emplace_back();
  return place;
}

void RouteTable::add(std::string_view pattern, Route route) {
  std::size_t node = 0;
  for (std::string_view rest = pattern; !rest.empty();) {
    Segment segment{};
    take_segment(rest, segment);  // a pattern is sound once it is compiled
    node = descend(node, segment);
  }
  for (const Route& known : nodes_[node].routes) {
    if (known.method != route.method) continue;
    throw ApplicationError("router: " + route.method + " " +
                           std::string(pattern) +
                           " leads somewhere already; remove one of the two");
  }
  nodes_[node].routes.push_back(std::move(route));
}

void RouteTable::find(std::string_view path, Walk& walk) const {
  // The root of a mount may be asked for without its slash.
  go(0, path.empty() ? "/" : path, walk);
}

bool RouteTable::go(std::size_t node, std::string_view rest, Walk& walk) const {
  const Node& here = nodes_[node];
  if (rest.empty()) {
    return !here.routes.empty() &&
           walk.visit(walk.context, here.routes, walk.matched.data());
  }
  rest.remove_prefix(1);  // a slash
  const std::string_view segment = rest.substr(0, rest.find('/'));
  const std::string_view further = rest.substr(segment.size());
  const auto literal = here.literals.find(segment);
  if (literal != here.literals.end() && go(literal->second, further, walk)) {
    return true;
  }
  return (is_number(segment) && go_with(segment, here.number, further, walk)) ||
         (!segment.empty() && go_with(segment, here.text, further, walk)) ||
         (!rest.empty() && go_with(rest, here.path, {}, walk));
}

/// Goes on with a value for a placeholder, where there is one.
bool RouteTable::go_with(std::string_view value, std::size_t next,
                         std::string_view rest, Walk& walk) const {
  if (next == 0) return false;
  walk.matched.at(walk.count++) = value;
  const bool done = go(next, rest, walk);
  --walk.count;
  return done;
}

std::string fill_pattern(std::string_view pattern,
                         const std::vector<std::string>& values) {
  std::string path;
  auto value = values.begin();
  for (std::string_view rest = pattern; !rest.empty();) {
    Segment segment{};
    take_segment(rest, segment);
    path += '/';
    if (segment.kind == SegmentKind::literal) {
      path += percent_encoded(segment.text);
      continue;
    }
    if (value == values.end()) {
      throw ApplicationError("url_for: " + std::string(pattern) +
                             " has more placeholders than there are values");
    }
    if (!fits(segment.kind, *value)) {
      throw ApplicationError("url_for: " + quoted(*value) +
                             " cannot stand for " + std::string(segment.text) +
                             " in " + std::string(pattern));
    }
    path += percent_encoded(*value++);
  }
  if (value != values.end()) {
    throw ApplicationError("url_for: " + std::string(pattern) +
                           " has fewer placeholders than there are values");
  }
  return path;
}

}  // namespace decant::web::detail
