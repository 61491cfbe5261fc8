// SPDX-License-Identifier: MIT
// Applications that return every kind of body.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <list>
#include <stdexcept>

#include "conformance/applications.hpp"
#include "decant/descriptor.hpp"

namespace decant::conformance {
namespace {

/// An application that announces `headers` and returns what `make` gives.
template <class Make>
Application returning(Headers headers, Make make) {
  return [headers = std::move(headers), make](
             Environ& env, const StartResponse& start_response) -> Body {
    start_response("200 OK", headers);
    return make(env);
  };
}

Headers with_length(const char* length) {
  return plain_text({{"Content-Length", length}});
}

std::string all_bytes() {
  std::string bytes;
  for (int value = 0; value < 256; ++value) bytes += static_cast<char>(value);
  return bytes;
}

/// A regular file without a name, at its beginning.
int make_file(std::string_view text) {
  const int file = ::memfd_create("conformance", MFD_CLOEXEC);
  if (file < 0 || !write_all(file, text) || ::lseek(file, 0, SEEK_SET) != 0) {
    throw std::runtime_error("test: no file");
  }
  return file;
}

int make_pipe(std::string_view text) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("test: no pipe");
  }
  const Descriptor write(ends[1]);
  write_all(write.get(), text);
  return ends[0];
}

/// Complains when it is asked for more after its Content-Length was reached.
class AskedTooOften final : public BodySource {
 public:
  explicit AskedTooOften(Environ& env) : env_(env) {}
  bool next(std::string& chunk) override {
    if (++asked_ > 2) env_.errors().write("asked too often\n");
    chunk = "12345";
    return true;
  }
  void close() override { env_.errors().write("closed asked\n"); }

 private:
  Environ& env_;
  int asked_ = 0;
};

Chunks many_chunks(Environ&, StartResponse start_response) {
  start_response("200 OK", plain_text());
  for (int i = 0; i < 1000; ++i) {
    co_yield std::to_string(i) + ' ';
  }
}

Chunks large_chunks(Environ&, StartResponse start_response) {
  start_response("200 OK", plain_text());
  for (const char c : {'a', 'b', 'c', 'd'}) {
    co_yield std::string(70'000, c);
  }
}

Chunks no_chunks(Environ&, StartResponse start_response) {
  start_response("200 OK", plain_text());
  co_return;
}

void add_kinds(Applications& all) {
  const Headers text = plain_text();
  all["string"] =
      returning(text, [](Environ&) { return std::string("a string\n"); });
  all["literal"] = returning(text, [](Environ&) { return "a literal\n"; });
  all["view"] =
      returning(text, [](Environ& env) { return Body(env["REQUEST_METHOD"]); });
  all["list"] = returning(text, [](Environ&) {
    return Body({"one ", "two ", "three\n"});
  });
  all["vector"] = returning(text, [](Environ&) {
    return std::vector<std::string>{"one ", "two\n"};
  });
  all["vector-of-one"] = returning(
      text, [](Environ&) { return std::vector<std::string>{"just one\n"}; });
  all["range"] = returning(text, [](Environ&) {
    return std::list<const char*>{"a ", "linked ", "list\n"};
  });
  all["nothing"] = returning(text, [](Environ&) { return Body(); });
  all["empty-string"] = returning(text, [](Environ&) { return ""; });
  all["empty-vector"] =
      returning(text, [](Environ&) { return std::vector<std::string>(); });
  all["no-chunks"] = no_chunks;
  all["source"] = returning(text, [](Environ& env) {
    return ClosingBody(env, "source", {"from ", "a ", "source\n"});
  });
  all["source-pointer"] = returning(text, [](Environ& env) {
    return std::make_unique<ClosingBody>(
        env, "pointer", std::vector<std::string>{"from ", "a ", "pointer\n"});
  });
  all["many-chunks"] = many_chunks;
  all["large-chunks"] = large_chunks;
  all["mebibyte"] =
      returning(text, [](Environ&) { return std::string(1 << 20, 'm'); });
}

void add_bytes(Applications& all) {
  all["all-bytes"] = returning({{"Content-Type", "application/octet-stream"}},
                               [](Environ&) { return all_bytes(); });
  all["line-ends"] =
      returning(plain_text(), [](Environ&) { return "lf\ncrlf\r\ncr\rend"; });
}

void add_lengths(Applications& all) {
  all["declared"] = returning(with_length("6"), [](Environ&) {
    return Body({"123", "456"});
  });
  all["declared-zero"] =
      returning(with_length("0"), [](Environ&) { return Body(); });
  all["over-long"] = returning(with_length("8"), [](Environ& env) {
    return ClosingBody(env, "over-long", {"12345", "67890"});
  });
  all["too-short"] = returning(with_length("10"), [](Environ& env) {
    return ClosingBody(env, "too-short", {"12345"});
  });
  all["asked-too-often"] = returning(
      with_length("10"), [](Environ& env) { return AskedTooOften(env); });
  all["length-only"] =
      returning(with_length("1234"), [](Environ&) { return Body(); });
  all["no-content"] = [](Environ& env,
                         const StartResponse& start_response) -> Body {
    start_response("204 No Content", with_length("4"));
    return ClosingBody(env, "no-content", {"body"});
  };
  all["clean-no-content"] = [](Environ&,
                               const StartResponse& start_response) -> Body {
    start_response("204 No Content", {{"X-Kept", "yes"}});
    return {};
  };
  all["not-modified"] = [](Environ& env,
                           const StartResponse& start_response) -> Body {
    start_response("304 Not Modified", {{"ETag", "\"e\""}});
    return ClosingBody(env, "not-modified", {"body"});
  };
}

void add_files(Applications& all) {
  all["file"] = returning(plain_text(), [](Environ& env) {
    return env.file_wrapper(make_file(std::string(20'000, 'f')));
  });
  all["large-file"] = returning(plain_text(), [](Environ& env) {
    return env.file_wrapper(make_file(std::string(300'000, 'f')));
  });
  all["part-of-a-large-file"] =
      returning(with_length("100000"), [](Environ& env) {
        const int file =
            make_file(std::string(150'000, 'a') + std::string(150'000, 'b'));
        ::lseek(file, 100'000, SEEK_SET);
        return env.file_wrapper(file);
      });
  all["file-named"] = returning(plain_text(), [](Environ& env) {
    const std::string name(env["QUERY_STRING"]);
    return env.file_wrapper(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  });
  all["file-from-position"] = returning(plain_text(), [](Environ& env) {
    const int file = make_file("skipped and read\n");
    ::lseek(file, 12, SEEK_SET);
    return env.file_wrapper(file, 2);
  });
  all["file-within-length"] = returning(with_length("4"), [](Environ& env) {
    return env.file_wrapper(make_file("read, not read\n"));
  });
  all["pipe"] = returning(plain_text(), [](Environ& env) {
    return env.file_wrapper(make_pipe("through a pipe\n"));
  });
}

/// Applications that keep to the contract, and one that does not.
void add_linted(Applications& all) {
  for (const char* const name : {"string", "list", "many-chunks", "nothing",
                                 "file", "length-only", "clean-no-content"}) {
    all["linted-" + std::string(name)] = lint()(all[name]);
  }
  all["linted-no-type"] =
      lint()([](Environ&, const StartResponse& start_response) -> Body {
        start_response("200 OK", {});
        return "of no type\n";
      });
}

}  // namespace

void add_body_applications(Applications& applications) {
  add_kinds(applications);
  add_bytes(applications);
  add_lengths(applications);
  add_files(applications);
  add_linted(applications);
}

}  // namespace decant::conformance
