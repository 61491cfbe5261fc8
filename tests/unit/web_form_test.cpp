// SPDX-License-Identifier: MIT
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "decant/web/form.hpp"
#include "support/catch.hpp"
#include "support/recording_exchange.hpp"
#include "support/temporary_directory.hpp"

namespace decant::web {
namespace {

Form read_form(std::string_view type, const std::string& text,
               const FormLimits& limits = {}) {
  test::TextSource source(text);
  return Form::read(
      type, [&](std::span<char> buffer) { return source.read(buffer); },
      limits);
}

Form read_multipart(const MultipartWriter& writer,
                    const FormLimits& limits = {}) {
  return read_form(writer.content_type(), writer.text(), limits);
}

template <class Call>
int status_of(const Call& call) {
  try {
    call();
  } catch (const FormError& error) {
    return error.status();
  }
  return 200;
}

constexpr const char* urlencoded_type =
    "application/x-www-form-urlencoded; charset=UTF-8";

TEST_CASE("A form is read by its type") {
  const Form plain = read_form(urlencoded_type, "a=1&b=x+y");
  CHECK(plain.fields() == Fields{{"a", "1"}, {"b", "x y"}});
  CHECK(plain.files().empty());

  MultipartWriter writer("xyz");
  writer.add("a", "1");
  writer.add_file("f", "x.txt", "text/plain", "one");
  writer.add("b", "x y");
  writer.add_file("empty", "", "application/octet-stream", "");
  writer.add_file("f", "y.txt", "text/plain", "");
  const Form form = read_multipart(writer);
  CHECK(form.fields() == Fields{{"a", "1"}, {"b", "x y"}});
  REQUIRE(form.files().size() == 2);
  REQUIRE(form.file("f") != nullptr);
  CHECK(form.file("f")->filename() == "x.txt");
  CHECK(form.file("f")->content_type() == "text/plain");
  CHECK(form.file("f")->text() == "one");
  CHECK(form.files()[1].size() == 0);
  CHECK(form.file("empty") == nullptr);
  CHECK(form.file("a") == nullptr);
}

TEST_CASE("What is no form is refused with 415") {
  CHECK(status_of([] { read_form("application/json", "{}"); }) == 415);
  CHECK(status_of([] { read_form("", "a=1"); }) == 415);
  CHECK(status_of([] {
          read_form("multipart/mixed; boundary=xyz", "--xyz--");
        }) == 415);
}

TEST_CASE("Each limit of a form answers 413 just beyond it") {
  MultipartWriter writer("xyz");
  for (int i = 0; i < 3; ++i) writer.add("name", "1234");
  writer.add_file("f", "12345.txt", "text/plain", "123456");
  writer.add_file("f", "y", "text/plain", "1");
  const auto with = [&](FormLimits limits) {
    return status_of([&] { read_multipart(writer, limits); });
  };
  CHECK(with({.most_fields = 3}) == 200);
  CHECK(with({.most_fields = 2}) == 413);
  CHECK(with({.most_files = 2}) == 200);
  CHECK(with({.most_files = 1}) == 413);
  CHECK(with({.most_name = 9}) == 200);
  CHECK(with({.most_name = 8}) == 413);
  CHECK(with({.most_field_bytes = 24}) == 200);
  CHECK(with({.most_field_bytes = 23}) == 413);
  CHECK(with({.most_file_bytes = 7}) == 200);
  CHECK(with({.most_file_bytes = 6}) == 413);

  const auto plain = [](FormLimits limits) {
    return status_of([&] { read_form(urlencoded_type, "a=1&b=2", limits); });
  };
  CHECK(plain({.most_fields = 2}) == 200);
  CHECK(plain({.most_fields = 1}) == 413);
  CHECK(plain({.most_field_bytes = 7}) == 200);
  CHECK(plain({.most_field_bytes = 6}) == 413);
}

TEST_CASE("Ten thousand fields are a form") {
  MultipartWriter writer("xyz");
  for (int i = 0; i < 10000; ++i) writer.add("a", std::to_string(i));
  const Form form = read_multipart(writer);
  REQUIRE(form.fields().size() == 10000);
  CHECK(form.fields().all("a").back() == "9999");
  writer.add("a", "one more");
  CHECK(status_of([&] { read_multipart(writer); }) == 413);
}

TEST_CASE("Files go to the disk once the memory for all of them is used up") {
  MultipartWriter writer("xyz");
  const std::string small(60, 's');
  std::string large;
  for (int i = 0; i < 30000; ++i) large += std::to_string(i) + "\r\n";
  writer.add_file("first", "1", "", small);
  writer.add_file("large", "2", "", large);
  writer.add_file("second", "3", "", small);
  const Form form = read_multipart(writer, {.file_memory = 100});
  REQUIRE(form.files().size() == 3);
  CHECK(form.file("first")->in_memory());
  CHECK_FALSE(form.file("large")->in_memory());
  CHECK(form.file("large")->size() == large.size());
  CHECK(form.file("large")->text() == large);
  CHECK_FALSE(form.file("second")->in_memory());
  CHECK(form.file("second")->text() == small);

  std::array<char, 4> piece{};
  CHECK(form.file("large")->read(3, piece) == 4);
  CHECK(std::string_view(piece.data(), 4) == large.substr(3, 4));
  CHECK(form.file("first")->read(58, piece) == 2);
  CHECK(form.file("first")->read(60, piece) == 0);
  CHECK(form.file("large")->read(large.size(), piece) == 0);
  CHECK(status_of([&] { form.file("large")->text(10); }) == 413);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/// In KiB, of this process.
long memory(const char* name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name)) {
      return std::stol(line.substr(std::string_view(name).size()));
    }
  }
  return 0;
}

TEST_CASE("A large file takes no memory") {
  constexpr std::uint64_t size = 100 << 20;
  const std::string head =
      "--xyz\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n"
      "\r\n";
  const std::string tail = "\r\n--xyz--";
  std::uint64_t done = 0;
  // The head, bytes without number, the tail.
  const ReadBytes read = [&](std::span<char> buffer) -> std::size_t {
    const auto give = [&](std::string_view text) {
      done += text.size();
      return text.copy(buffer.data(), text.size());
    };
    if (done == 0) return give(head);
    if (done == size) return give(tail);
    if (done > size) return 0;
    const std::size_t part =
        std::min<std::uint64_t>(buffer.size(), size - done);
    std::fill_n(buffer.begin(), part, 'x');
    done += part;
    return part;
  };
  std::ofstream("/proc/self/clear_refs") << '5';  // the peak begins anew
  const long before = memory("VmRSS:");
  const Form form = Form::read("multipart/form-data; boundary=xyz", read,
                               {.most_file_bytes = size});
  CHECK(memory("VmHWM:") - before < 4096);
  CHECK(form.file("f")->size() == size - head.size());
}
#endif

TEST_CASE("A file is saved under a new name and over no other") {
  MultipartWriter writer("xyz");
  writer.add_file("f", "x", "", "content");
  const std::size_t memory = GENERATE(0U, 1000U);
  const Form form = read_multipart(writer, {.file_memory = memory});
  const test::TemporaryDirectory directory;
  const std::string path = directory / "saved";
  form.file("f")->save(path);
  std::ifstream file(path, std::ios::binary);
  CHECK(std::string{std::istreambuf_iterator<char>(file), {}} == "content");
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600);
  CHECK_THROWS_AS(form.file("f")->save(path), std::system_error);
  CHECK_THROWS_AS(form.file("f")->save(directory / "no/where"),
                  std::system_error);
}

}  // namespace
}  // namespace decant::web
