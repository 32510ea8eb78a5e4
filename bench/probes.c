// SPDX-License-Identifier: GPL-2.0
/*
 * Probes on the kernel's tracepoints, found by name
 */
#include <linux/tracepoint.h>

#include "bench.h"

static void find(struct tracepoint *tracepoint, void *data)
{
	struct bench_probe *probe = data;

	if (!strcmp(tracepoint->name, probe->name))
		probe->tracepoint = tracepoint;
}

/**
 * bench_probes_set - have functions called at tracepoints
 * @probes: what to call, and where
 * @nr: how many there are
 *
 * Context: Process context. Sleeps.
 * Return: 0; or a negative errno, and then none is set.
 */
int bench_probes_set(struct bench_probe *probes, unsigned int nr)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr; i++) {
		for_each_kernel_tracepoint(find, &probes[i]);
		err = -ENOENT;
		if (probes[i].tracepoint)
			err = tracepoint_probe_register(probes[i].tracepoint,
							probes[i].probe, NULL);
		if (err)
			break;
	}
	if (err)
		bench_probes_clear(probes, i);
	return err;
}

/**
 * bench_probes_clear - end what bench_probes_set() began
 * @probes: as for that
 * @nr: as for that
 *
 * Context: Process context. Sleeps.
 */
void bench_probes_clear(struct bench_probe *probes, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		tracepoint_probe_unregister(probes[i].tracepoint,
					    probes[i].probe, NULL);
	tracepoint_synchronize_unregister();
}
