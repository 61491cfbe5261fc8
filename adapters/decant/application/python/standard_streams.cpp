// SPDX-License-Identifier: MIT
#include "decant/application/python/standard_streams.hpp"

#include "decant/application/python/failure.hpp"
#include "decant/application/python/object.hpp"

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
  const Object globals = checked(PyDict_New());
  check(PyDict_SetItemString(globals.get(), "__builtins__",
                             PyEval_GetBuiltins()));
  const Object compiled =
      checked(Py_CompileString(code, "<decant>", Py_file_input));
  checked(PyEval_EvalCode(compiled.get(), globals.get(), globals.get()));
}

}  // namespace decant::python
