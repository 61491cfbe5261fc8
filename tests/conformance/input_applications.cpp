// SPDX-License-Identifier: MIT
// Applications that read the request body.
#include <array>

#include "conformance/applications.hpp"

namespace decant::conformance {
namespace {

/// "3:abc" for each string, which shows where one ends.
std::string shown(const std::vector<std::string>& strings) {
  std::string out;
  for (const std::string& text : strings) {
    out += std::to_string(text.size()) + ':' + text;
  }
  return out;
}

/// An application that answers with what `use` makes of the input.
template <class Use>
Application reading(Use use) {
  return [use](Environ& env, const StartResponse& start_response) -> Body {
    start_response("200 OK", plain_text());
    return Body(std::string(use(env.input())));
  };
}

std::string echo_pieces(InputStream& input) {
  std::string all;
  for (std::string piece = input.read(7); !piece.empty();
       piece = input.read(7)) {
    all += piece;
    if (piece.size() < 7 && !input.read(7).empty()) return "a short read";
  }
  return all;
}

std::string echo_as_it_comes(InputStream& input) {
  std::string all;
  std::array<char, 1000> buffer{};
  for (std::size_t got = input.read_some(buffer); got > 0;
       got = input.read_some(buffer)) {
    all.append(buffer.data(), got);
  }
  return all;
}

std::string lines(InputStream& input) {
  std::vector<std::string> all;
  for (std::string line = input.readline(); !line.empty();
       line = input.readline()) {
    all.push_back(std::move(line));
  }
  return shown(all);
}

std::string iterated(InputStream& input) {
  std::vector<std::string> all;
  for (const std::string& line : input) all.push_back(line);
  return shown(all);
}

std::string past_the_end(InputStream& input) {
  const std::string all = input.read();
  const bool empty = input.read().empty() && input.read(1).empty() &&
                     input.readline().empty() && input.readlines().empty() &&
                     input.read().empty();
  return all + (empty && input.exhausted() ? " and no more" : " and more");
}

std::string nothing_first(InputStream& input) {
  std::string all = input.read(0);
  all += input.read(3) + '|';
  all += input.read(0);
  return all + input.read();
}

std::string mixed(InputStream& input) {
  const std::string line = input.readline();
  const std::string some = input.read(4);
  const std::string rest_of_line = input.readline();
  return shown({line, some, rest_of_line, input.read()});
}

/// Reads a body that is cut short, and still answers.
Body catches(Environ& env, const StartResponse& start_response) {
  std::string caught = "nothing";
  try {
    env.input().read();
  } catch (const GatewayError&) {
    caught = "a gateway error";
  } catch (const ClientGone&) {
    caught = "a client that left";
  }
  start_response("200 OK", plain_text());
  return "caught " + caught + '\n';
}

Body ignores(Environ&, const StartResponse& start_response) {
  start_response("200 OK", plain_text());
  return "not interested\n";
}

Chunks answers_first(Environ& env, StartResponse start_response) {
  start_response("200 OK", plain_text());
  co_yield "reading: ";
  co_yield env.input().read();
}

Body lengths(Environ& env, const StartResponse& start_response) {
  start_response("200 OK", plain_text());
  const auto length = env.input().length();
  const std::string body = env.input().read();
  return "length " + (length ? std::to_string(*length) : "unknown") +
         ", read " + std::to_string(body.size()) + ", consumed " +
         std::to_string(env.input().consumed()) + '\n';
}

}  // namespace

void add_input_applications(Applications& applications) {
  applications["echo"] = reading([](InputStream& in) { return in.read(); });
  applications["pieces"] = reading(echo_pieces);
  applications["as-it-comes"] = reading(echo_as_it_comes);
  applications["lines"] = reading(lines);
  applications["iterated"] = reading(iterated);
  applications["readlines"] =
      reading([](InputStream& in) { return shown(in.readlines()); });
  applications["readlines-hint"] = reading([](InputStream& in) {
    const std::string first = shown(in.readlines(5));
    return first + '|' + shown(in.readlines());
  });
  applications["readline-limit"] = reading([](InputStream& in) {
    const std::string first = in.readline(3);
    const std::string second = in.readline(3);
    return shown({first, second, in.readline(100)});
  });
  applications["past-the-end"] = reading(past_the_end);
  applications["nothing-first"] = reading(nothing_first);
  applications["mixed"] = reading(mixed);
  applications["part"] = reading([](InputStream& in) { return in.read(10); });
  applications["catches"] = catches;
  applications["ignores"] = ignores;
  applications["answers-first"] = answers_first;
  applications["lengths"] = lengths;
}

}  // namespace decant::conformance
