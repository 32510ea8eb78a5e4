// SPDX-License-Identifier: GPL-2.0
/*
 * A QEMU plugin that counts how often each block of instructions is executed
 *
 * At the machine's end, a line for each: ADDRESS INSTRUCTIONS TIMES. QEMU's
 * packages do not bring its header along, so what is used of the interface,
 * version 1, is declared here.
 */
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>

extern "C" {
struct qemu_plugin_tb;
struct qemu_info_t;
using qemu_plugin_id_t = std::uint64_t;

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*)(qemu_plugin_id_t,
						    qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(qemu_plugin_tb *tb, int op,
					      void *counter, std::uint64_t add);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
				    void (*)(qemu_plugin_id_t, void *), void *);
std::size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb *tb);
std::uint64_t qemu_plugin_tb_vaddr(const qemu_plugin_tb *tb);
}

namespace {

constexpr int inline_add_u64 = 0;

struct block {
	std::uint64_t address;
	std::size_t instructions;

	auto operator<=>(const block &) const = default;
};

/*
 * One processor: nothing here runs twice at a time. QEMU tells us of its end
 * when static objects are gone already, so these are not.
 */
auto &times = *new std::map<block, std::uint64_t>;
auto &output = *new std::string;

void translated(qemu_plugin_id_t, qemu_plugin_tb *tb)
{
	block b{ qemu_plugin_tb_vaddr(tb), qemu_plugin_tb_n_insns(tb) };

	qemu_plugin_register_vcpu_tb_exec_inline(tb, inline_add_u64, &times[b],
						 1);
}

void at_exit(qemu_plugin_id_t, void *)
{
	std::FILE *file = std::fopen(output.c_str(), "w");

	if (!file)
		return;
	for (const auto &[b, n] : times)
		std::fprintf(file, "%llx %zu %llu\n",
			     static_cast<unsigned long long>(b.address),
			     b.instructions,
			     static_cast<unsigned long long>(n));
	std::fclose(file);
}

} // namespace

extern "C" __attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *, int argc,
		    char **argv)
{
	constexpr std::string_view name = "out=";

	for (int i = 0; i < argc; i++)
		if (std::string_view(argv[i]).starts_with(name))
			output = argv[i] + name.size();
	if (output.empty())
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, at_exit, nullptr);
	return 0;
}
