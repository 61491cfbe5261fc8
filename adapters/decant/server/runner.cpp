// SPDX-License-Identifier: MIT
#include "decant/server/runner.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "decant/broken_pipe.hpp"
#include "decant/cgi_response.hpp"
#include "decant/cgi_streams.hpp"
#include "decant/cgi_variables.hpp"
#include "decant/error.hpp"
#include "decant/exit_status.hpp"
#include "decant/server/runner/request.hpp"
#include "decant/stdio.hpp"
#include "decant/text.hpp"

namespace decant::runner {
namespace {

/// A response in the form that was asked for.
class FormOutput final : public DescriptorOutput {
 public:
  FormOutput(int fd, Form form) : DescriptorOutput(fd), form_(form) {}
  int status() const noexcept { return status_; }

 private:
  void write_head(std::string& out, const ResponseHead& head) override {
    status_ = head.status.code();
    if (form_ == Form::cgi) {
      cgi_response::write_head(out, head.status, head.headers);
    } else if (form_ == Form::http) {
      append_head(out, "HTTP/1.1 ", head.status.line(), head.headers);
    }
  }

  Form form_;
  int status_ = 0;
};

/// The body that -d names: text, or a file that is read as it is asked for.
class Data {
 public:
  Data(const std::optional<std::string>& spec, int standard_input) {
    if (!spec) return;
    if (!spec->starts_with('@')) {
      text_ = *spec;
    } else if (*spec == "@-") {
      use(standard_input, "standard input");
    } else {
      const std::string path = spec->substr(1);
      file_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (!file_) fail(path);
      use(file_.get(), path);
    }
  }

  std::uint64_t size() const { return fd_ >= 0 ? size_ : text_.size(); }
  std::unique_ptr<InputSource> source() const {
    if (fd_ >= 0) return std::make_unique<DescriptorSource>(fd_);
    return std::make_unique<MemorySource>(text_);
  }

 private:
  [[noreturn]] static void fail(const std::string& path) {
    throw UsageError("run: -d: cannot read " + quoted(path) + ": " +
                     std::strerror(errno));
  }

  /// A regular file has a size; a pipe is read to its end to have one.
  void use(int fd, const std::string& path) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) fail(path);
    const off_t position = ::lseek(fd, 0, SEEK_CUR);
    // The files of /proc say that they are empty and are not.
    if (S_ISREG(info.st_mode) && position >= 0 && info.st_size > position) {
      fd_ = fd;
      size_ = static_cast<std::uint64_t>(info.st_size - position);
      return;
    }
    std::array<char, 65536> buffer;
    ssize_t got = 0;
    while ((got = read_some(fd, buffer)) > 0) {
      text_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    if (got < 0) fail(path);
  }

  std::string text_;
  Descriptor file_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
};

/// PEP 3333's run_with_cgi: the environment, and a GET of / where it is
/// silent.
Variables environment_request() {
  Variables variables = cgi_variables::process_environment();
  for (const auto& [id, value] :
       {std::pair(detail::known("REQUEST_METHOD"), "GET"),
        std::pair(detail::known("SERVER_NAME"), "localhost")}) {
    if (!variables.contains(id)) variables.set(id, value);
  }
  return variables;
}

std::string_view process_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

int run_one(const Application& application, const Options& options,
            const Variables& variables, InputSource& input) {
  FormOutput output(own_standard_streams().output.get(), options.form);
  DescriptorSink errors(STDERR_FILENO);
  const Exchange exchange{.variables = variables,
                          .input = input,
                          .output = output,
                          .errors = errors,
                          .rules = options.rules,
                          .concurrency = {.run_once = true}};
  const Outcome outcome = gateway::run(exchange, application);
  if (tell_of_write_error(errors, output.error()) ||
      outcome == Outcome::failed || outcome == Outcome::cut_short ||
      output.failed()) {
    return exit_failed;
  }
  return options.fail && output.status() >= 400 ? exit_bad_status : 0;
}

}  // namespace

bool reads_standard_input(const Options& options) {
  if (options.request) return options.request->data == "@-";
  return !process_variable("CONTENT_LENGTH").empty();
}

int serve(const Application& application, const Options& options) {
  const StandardStreams& streams = own_standard_streams();
  survive_broken_pipes();  // `| head -1` is no reason to die
  if (!options.request) {
    DescriptorSource input(streams.input.get());
    return run_one(application, options, environment_request(), input);
  }
  cgi_variables::RequestVariables variables = make_variables(*options.request);
  const Data data(options.request->data, streams.input.get());
  if (options.request->data) add_data(variables, data.size());
  return run_one(application, options, variables.view(), *data.source());
}

}  // namespace decant::runner
