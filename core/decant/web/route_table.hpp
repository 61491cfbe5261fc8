// SPDX-License-Identifier: MIT
// Where a path leads: the routes of a router as a tree of segments.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decant/web/pattern.hpp"
#include "decant/web/response.hpp"

namespace decant::web::detail {

/// A method of a pattern and what is called for it, with what was matched; that
/// gives nothing when a number is too large for its argument.
struct Route {
  std::string method;
  std::function<std::optional<Response>(Request&, const std::string_view*)> run;
};

/// Each request walks down once, whatever the number of routes.
class RouteTable {
 public:
  /// Throws ApplicationError when the method has the same path already.
  void add(std::string_view pattern, Route route);

  /// All routes of a path, those that are nearer to it first: at each segment a
  /// literal before a number, that before a text, and that before a path. Calls
  /// `visit` with them until it gives true.
  using Visit = std::function<bool(const std::vector<Route>&,
                                   const std::string_view* matched)>;
  void find(std::string_view path, const Visit& visit) const;

 private:
  /// Places in nodes_; 0, the root, stands for none.
  struct Node {
    std::map<std::string, std::size_t, std::less<>> literals;
    std::size_t number = 0;
    std::size_t text = 0;
    std::size_t path = 0;
    std::vector<Route> routes;
  };

  std::size_t descend(std::size_t node, const Segment& segment);
  bool walk(std::size_t node, std::string_view rest,
            std::vector<std::string_view>& matched, const Visit& visit) const;

  std::vector<Node> nodes_{1};
};

/// The path of a pattern with values in the place of its placeholders. Throws
/// ApplicationError for another number of them, and for one that the pattern
/// would not match or a browser would not leave as it is.
std::string fill_pattern(std::string_view pattern,
                         const std::vector<std::string>& values);

}  // namespace decant::web::detail
