// SPDX-License-Identifier: MIT
// What the values of header fields are made of: lists, parameters, weights
// (RFC 9110 sections 5.6 and 12.4.2).
#pragma once

#include <string>
#include <string_view>

namespace decant {

/// The next element of a list, trimmed, which is taken from its front together
/// with its separator, ',' or ';'. One between double quotes parts nothing.
std::string_view take_element(std::string_view& list, char separator);

/// name=value, the value without its quotes.
struct Parameter {
  std::string_view name;
  std::string value;
};

/// Takes the next parameter from the front of `rest`, as in "; a=b; c=\"d\"".
/// False at the end, and at what is none: then `rest` is not empty.
///
/// A backslash escapes a double quote or a backslash and nothing else; and not
/// even those where the text would not be well formed then. Browsers escape
/// nothing with it, and send the paths of Windows.
bool take_parameter(std::string_view& rest, Parameter& parameter);

/// The weight among parameters, "q=0.5": from 0 to 1000; 1000 where there is
/// none, 0 where it cannot be read.
int weight_of(std::string_view parameters);

}  // namespace decant
