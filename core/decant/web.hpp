// SPDX-License-Identifier: MIT
// The toolbox of an author in C++: what is left to write once the contract is
// kept. Thin objects over the environ; take what you need.
#pragma once

#include "decant/decant.hpp"
#include "decant/web/accept.hpp"
#include "decant/web/client.hpp"
#include "decant/web/cookie.hpp"
#include "decant/web/cookie_jar.hpp"
#include "decant/web/fields.hpp"
#include "decant/web/form.hpp"
#include "decant/web/form_error.hpp"
#include "decant/web/middleware.hpp"
#include "decant/web/multipart.hpp"
#include "decant/web/part_head.hpp"
#include "decant/web/request.hpp"
#include "decant/web/response.hpp"
#include "decant/web/response_fields.hpp"
#include "decant/web/router.hpp"
#include "decant/web/send_file.hpp"
#include "decant/web/transport.hpp"
#include "decant/web/urlencoded.hpp"
