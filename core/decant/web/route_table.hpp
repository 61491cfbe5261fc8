// SPDX-License-Identifier: MIT
// Where a path leads: the routes of a router as a tree of segments.
#pragma once

#include <array>
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

/// A method of a pattern and what is called for it, with what was matched. It
/// puts the response where it is to be, since a move of one is not for nothing;
/// false when a number is too large for its argument.
struct Route {
  std::string method;
  std::function<bool(Request&, const std::string_view* matched,
                     std::optional<Response>&)>
      run;
};

/// Each request walks down once, whatever the number of routes.
class RouteTable {
 public:
  /// Throws ApplicationError when the method has the same path already.
  void add(std::string_view pattern, Route route);

  /// All routes of a path, those that are nearer to it first: at each segment a
  /// literal before a number, that before a text, and that before a path. Calls
  /// `visit` with them, and with what was matched, until it gives true.
  template <class Visit>
  void find(std::string_view path, Visit visit) const {
    Walk walk{&visit,
              [](void* context, const std::vector<Route>& routes,
                 const std::string_view* matched) -> bool {
                return (*static_cast<Visit*>(context))(routes, matched);
              }};
    find(path, walk);
  }

 private:
  /// Places in nodes_; 0, the root, stands for none.
  struct Node {
    std::map<std::string, std::size_t, std::less<>> literals;
    std::size_t number = 0;
    std::size_t text = 0;
    std::size_t path = 0;
    std::vector<Route> routes;
  };

  /// A way down, with what it has matched. (std::function would ask for memory
  /// at each request.)
  struct Walk {
    void* context;
    bool (*visit)(void* context, const std::vector<Route>& routes,
                  const std::string_view* matched);
    std::array<std::string_view, most_placeholders> matched = {};
    std::size_t count = 0;
  };

  std::size_t descend(std::size_t node, const Segment& segment);
  void find(std::string_view path, Walk& walk) const;
  bool go(std::size_t node, std::string_view rest, Walk& walk) const;
  bool go_with(std::string_view value, std::size_t next, std::string_view rest,
               Walk& walk) const;

  std::vector<Node> nodes_{1};
};

/// The path of a pattern with values in the place of its placeholders. Throws
/// ApplicationError for another number of them, and for one that the pattern
/// would not match or a browser would not leave as it is.
std::string fill_pattern(std::string_view pattern,
                         const std::vector<std::string>& values);

}  // namespace decant::web::detail
