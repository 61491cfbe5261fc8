// SPDX-License-Identifier: MIT
#include "decant/response.hpp"

#include <algorithm>

#include "decant/environ_access.hpp"
#include "decant/error.hpp"
#include "decant/error_page.hpp"
#include "decant/text.hpp"

namespace decant::detail {
namespace {

/// From here on a file is worth more calls than a copy.
constexpr std::uint64_t large_file = 65536;

}  // namespace

void Response::require_open(std::string_view who) const {
  if (output_ == nullptr) {
    throw ApplicationError(
        std::string(who) +
        ": called after the request has ended; keep nothing of "
        "a request beyond its close()");
  }
}

void Response::require_started(std::string_view who) const {
  if (!status_) {
    throw ApplicationError(std::string(who) +
                           " before start_response(); call start_response "
                           "first");
  }
}

Write Response::start_response(std::string_view status, Headers headers,
                               std::exception_ptr error) {
  require_open("start_response");
  if (error && head_sent_) std::rethrow_exception(error);
  if (!error && called_) {
    throw ApplicationError(second_start_response);
  }
  called_ = true;
  status_.reset();
  Status checked(status);
  if (checked.code() < 200) {
    throw ApplicationError("start_response: the status " + quoted(status) +
                           " is an interim one, which the server sends; give "
                           "the final one, 200 or above");
  }
  if (lenient_) drop_hop_by_hop(headers);
  content_length_ = check_headers(headers);
  headers_ = std::move(headers);
  status_ = std::move(checked);
  return Write(std::shared_ptr<WriteTarget>(shared_from_this()));
}

void Response::drop_hop_by_hop(Headers& headers) {
  std::erase_if(headers, [this](const auto& header) {
    if (!is_hop_by_hop(header.first)) return false;
    dropped_header_ = header.first;
    return true;
  });
}

void Response::write(std::string_view chunk) {
  require_open("write");
  require_started("write()");
  if (chunk.empty()) return;
  wrote_ = true;
  if (carries_content() && content_length_ &&
      chunk.size() > *content_length_ - sent_) {
    throw ApplicationError("write: " + std::to_string(sent_ + chunk.size()) +
                           " bytes are more than the Content-Length of " +
                           std::to_string(*content_length_));
  }
  emit(chunk, false);
}

bool Response::complete() const noexcept {
  if (!head_sent_) return false;
  return !carries_content() || (content_length_ && sent_ == *content_length_);
}

void Response::infer_content_length(std::uint64_t length) {
  if (content_length_ || !status_->has_content()) return;
  content_length_ = length;
  headers_.emplace_back("Content-Length", std::to_string(length));
}

void Response::emit(std::string_view chunk, bool last) {
  if (!status_->has_content()) {
    dropped_ += chunk.size();
    chunk = {};
  } else if (head_only_) {
    chunk = {};
  } else if (content_length_ && chunk.size() > *content_length_ - sent_) {
    const auto room = static_cast<std::size_t>(*content_length_ - sent_);
    dropped_ += chunk.size() - room;
    chunk = chunk.substr(0, room);
  }
  sent_ += chunk.size();
  // A body that ends before its Content-Length is not the last of anything:
  // the server side must be left to show that it was cut.
  last = !carries_content() ||
         (content_length_ ? sent_ == *content_length_ : last);
  // Nor is it the end while the exit status is still to come.
  if (env_ != nullptr && EnvironAccess::exit_status(*env_)) last = false;
  if (head_sent_) {
    if (!chunk.empty()) deliver(chunk, [&] { output_->send(chunk, last); });
    return;
  }
  if (!status_->has_content()) {
    // RFC 9110 sections 8.6 and 15.3.5: no length and no type of nothing.
    remove_header(headers_, "Content-Length");
    remove_header(headers_, "Content-Type");
  }
  head_sent_ = true;
  const ResponseHead head{*status_, headers_, content_length_,
                          carries_content()};
  deliver(chunk, [&] { output_->start(head, chunk, last); });
}

void Response::look_for_client() {
  if (!output_->client_gone()) return;
  client_gone_ = true;
  throw ClientGone("the client left while the application waited");
}

/// Remembers that the client left: an application may catch what tells it.
template <class Send>
void Response::deliver(std::string_view chunk, const Send& send) {
  try {
    send();
  } catch (const ClientGone&) {
    client_gone_ = true;
    sent_ -= chunk.size();
    throw;
  }
}

/// A large file that the server side sends by itself; false when it does not.
bool Response::transmit_file(const Body& body) {
  const auto file = body.file();
  if (!file || file->size < large_file || !output_->sends_files() || wrote_ ||
      head_sent_) {
    return false;
  }
  require_started("the application returned a file");
  infer_content_length(file->size);
  emit({}, false);
  if (complete()) return true;
  FileSpan span = *file;
  if (content_length_) span.size = std::min(span.size, *content_length_);
  const bool whole = !content_length_ || span.size == *content_length_;
  deliver({}, [&] { sent_ += output_->send_file(span, whole); });
  return true;
}

void Response::transmit(Body& body) {
  if (transmit_file(body)) return;
  std::size_t chunks = 0;
  for (std::string_view chunk; !complete() && body.next(chunk);) {
    ++chunks;
    if (chunk.empty()) {
      look_for_client();  // the application has nothing, and waits
      continue;
    }
    require_started("the body yielded a chunk");
    const bool only = body.length() == 1 && !wrote_;
    if (!head_sent_ && only) infer_content_length(chunk.size());
    if (!head_sent_ && body.size() && !wrote_) {
      infer_content_length(*body.size());
    }
    emit(chunk, body.length() == chunks || body.at_end());
  }
  if (head_sent_) return;
  require_started("the application returned and its body ended");
  // Nothing was sent and nothing will be: the length is known after all. Not
  // for HEAD, where GET might have given more.
  if (!head_only_) infer_content_length(0);
  emit({}, true);
}

bool Response::replace_by_error(int status) {
  if (head_sent_) return false;
  ErrorPage page(status);
  status_ = std::move(page.status);
  headers_ = std::move(page.headers);
  content_length_ = page.body.size();
  emit(page.body, true);
  return true;
}

}  // namespace decant::detail
