// SPDX-License-Identifier: MIT
// A request that was made from words, as the gateway takes it.
#pragma once

#include <cstdint>
#include <string_view>

#include "decant/cgi_variables.hpp"
#include "decant/server/runner.hpp"
#include "decant/streams.hpp"

namespace decant::runner {

/// A request body that is in memory.
class MemorySource final : public InputSource {
 public:
  explicit MemorySource(std::string_view data) : data_(data) {}
  std::size_t read(std::span<char> buffer) override {
    const std::size_t size = data_.copy(buffer.data(), buffer.size());
    data_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view data_;
};

/// What a web server would say of `request`. Throws UsageError.
cgi_variables::RequestVariables make_variables(const Request& request);

/// And of its body.
void add_data(cgi_variables::RequestVariables& variables, std::uint64_t size);

}  // namespace decant::runner
