// SPDX-License-Identifier: MIT
// Where in an application something went wrong, for whoever develops it.
#pragma once

#include <string>
#include <vector>

#include "decant/error.hpp"

namespace decant {

/// A place in the source, with lines around it; never a value of a variable.
struct TraceFrame {
  std::string file;
  std::string function;
  int line = 0;
  int first_line = 0;  ///< of `source`
  std::vector<std::string> source;
};

/// An exception and the way to it, the outermost frame first.
struct Trace {
  std::string what;
  std::vector<TraceFrame> frames;
};

/// What an exception carries beside its message: the exception itself, then
/// those that it came from.
class Traced {
 public:
  explicit Traced(std::vector<Trace> traces) : traces_(std::move(traces)) {}
  virtual ~Traced() = default;
  const std::vector<Trace>& traces() const noexcept { return traces_; }

 private:
  std::vector<Trace> traces_;
};

class TracedError final : public Error, public Traced {
 public:
  TracedError(const std::string& what, std::vector<Trace> traces)
      : Error(what), Traced(std::move(traces)) {}
};

class TracedLoadError final : public LoadError, public Traced {
 public:
  TracedLoadError(const std::string& what, std::vector<Trace> traces)
      : LoadError(what), Traced(std::move(traces)) {}
};

}  // namespace decant
