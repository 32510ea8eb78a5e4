// SPDX-License-Identifier: GPL-2.0
#include <nlohmann/json.hpp>

#include "text.h"
#include "view.h"

namespace json {
namespace {

/* Keys stay in the order they are written in. */
using object = nlohmann::ordered_json;

/* A name may hold any bytes; an object is UTF-8. */
std::string line(const object &o)
{
	return o.dump(-1, ' ', false, object::error_handler_t::replace);
}

object legs_of(const view &v)
{
	auto legs = object::array();

	for (const auto &leg : v.legs)
		legs.push_back({ { "device", leg.device },
				 { "health", words::health_word(leg.health) },
				 { "read_errors", leg.read_errors } });
	return legs;
}

object state_of(const char *event, const view &v)
{
	object o = { { "event", event },
		     { "device", v.device },
		     { "kind", v.kind },
		     { "bytes", v.done },
		     { "total", v.all },
		     { "percent", text::percent(v.done, v.all) },
		     { "activity", v.activity },
		     { "why", words::why_still(v) },
		     { "legs", legs_of(v) } };

	return o;
}

} // namespace

std::string progress(const view &v)
{
	auto o = state_of("progress", v);

	o["seconds"] = v.elapsed.count();
	o["rate"] = v.rate ? object(*v.rate) : object();
	o["seconds_left"] = v.left ? object(v.left->count()) : object();
	return line(o);
}

std::string status(const view &v)
{
	return line(state_of("status", v));
}

std::string snapshot(const snapshot_view &v)
{
	return line({ { "event", "snapshot" },
		      { "name", v.name },
		      { "device", v.device },
		      { "origin", v.origin },
		      { "store", v.store },
		      { "persistent", v.persistent },
		      { "good", v.state == ksnap::state::good },
		      { "state", words::state_word(v.state) },
		      { "used", v.used },
		      { "size", v.size },
		      { "unreadable_chunks", v.unreadable } });
}

std::string message(const std::string &text)
{
	return line({ { "event", "message" }, { "text", text } });
}

std::string error(const std::string &text)
{
	return line({ { "event", "error" }, { "text", text } });
}

std::string result(const summary &s)
{
	auto copies = object::array();

	for (const auto &copy : s.copies)
		copies.push_back({ { "device", copy.device },
				   { "complete", copy.complete },
				   { "missing", copy.missing } });
	return line(
		{ { "event", "result" },
		  { "source", s.source },
		  { "bytes", s.bytes },
		  { "seconds", std::chrono::duration<double>(s.time).count() },
		  { "copies", copies },
		  { "remarks", s.remarks } });
}

} // namespace json
