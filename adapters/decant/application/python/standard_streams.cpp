// SPDX-License-Identifier: MIT
#include "decant/application/python/standard_streams.hpp"

#include "decant/application/python/embedded_code.hpp"

namespace decant::python {
namespace {

/// What would block, on a descriptor that does not, is lost as well.
constexpr const char* code = R"(
import io, sys

class Unfailing(io.FileIO):
    def write(self, data):
        try:
            written = super().write(data)
        except OSError:
            written = None
        return len(data) if written is None else written

def renew(name):
    old = getattr(sys, name)
    if old is None:
        return
    raw = Unfailing(old.fileno(), 'wb', closefd=False)
    raw.name = '<%s>' % name
    new = io.TextIOWrapper(io.BufferedWriter(raw), old.encoding, old.errors,
                           line_buffering=True)
    new.mode = 'w'
    setattr(sys, name, new)
    setattr(sys, '__%s__' % name, new)

renew('stdout')
renew('stderr')
)";

}  // namespace

void prepare_standard_streams() {
  run_embedded(code);
}

}  // namespace decant::python
