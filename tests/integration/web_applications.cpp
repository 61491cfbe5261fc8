// SPDX-License-Identifier: MIT
// What the tests of forms ask.
#include <cstdint>
#include <decant/web.hpp>
#include <string>

using namespace decant;

namespace {

std::uint32_t fnv1a(std::string_view bytes) {
  std::uint32_t hash = 2166136261U;
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  }
  return hash;
}

/// A form that a script fills and sends, a file of 300,000 bytes among it.
web::Response page() {
  return web::html(R"(<!DOCTYPE html><title>form</title>
<form method="post" enctype="multipart/form-data">
<input name="text"><textarea name="area"></textarea>
<input type="file" name="none"><input type="file" name="file">
</form>
<script>
const form = document.forms[0];
form.text.value = 'caf\u00e9 & "co"';
form.area.value = 'one\ntwo\n';
const bytes = new Uint8Array(300000).map((_, i) => i * 7 % 251);
const files = new DataTransfer();
files.items.add(new File([bytes], 'a "b"\u00e9.bin', {type: 'image/x'}));
form.file.files = files.files;
form.submit();
</script>)");
}

/// What came, a line for each field and file.
web::Response tell(const web::Request& request) {
  std::string text;
  for (const auto& [name, value] : request.form()) {
    text += name + '=' + value + '\n';
  }
  for (const web::UploadedFile& file : request.files()) {
    text += file.name() + ": " + file.filename() + ", " + file.content_type() +
            ", " + std::to_string(file.size()) + " bytes, fnv1a " +
            std::to_string(fnv1a(file.text())) + '\n';
  }
  return text;
}

Application site() {
  web::Router router;
  router.get("/", page).post("/", tell);
  return router;
}

/// Files of any size, of which one that is large goes to a temporary file.
web::Response keep(const web::Request& request) {
  std::string text;
  for (const web::UploadedFile& file : request.files()) {
    text += file.name() + ": " + std::to_string(file.size()) + " bytes " +
            (file.in_memory() ? "in memory\n" : "in a file\n");
  }
  return text;
}

Application keeper() {
  web::Router router({.most_file_bytes = std::uint64_t{8} << 30});
  router.post("/", keep);
  return router;
}

}  // namespace

DECANT_APPLICATION_AS(web_form, site())
DECANT_APPLICATION_AS(web_keeper, keeper())
