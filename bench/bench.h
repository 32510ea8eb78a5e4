/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kcopyd-bench: the same work done by three copy engines, in one boot
 *
 * main.c reads what is to be done and answers; load.c keeps a number of jobs
 * queued until all are done; latency.c sees how long a small copy takes beside
 * a large one; neighbour.c is in trouble meanwhile; memory.c counts allocations.
 * They know an engine only by struct bench_engine. watch.c is a clock for what
 * others do, pages.c counts pages.
 */
#ifndef KCOPYD_BENCH_H
#define KCOPYD_BENCH_H

#include <linux/llist.h>
#include <linux/seq_file.h>
#include <linux/types.h>

#include "../kcopyd.h"

/* The most clients that run beside each other. */
#define BENCH_MAX_CLIENTS 8

struct bench_job;

/* The job has ended; in the context of the engine's callbacks. */
typedef void (*bench_done_fn)(struct bench_job *job, bool failed);

/**
 * struct bench_job - one job of an engine, for the time that it takes
 * @done: whom to tell when the job has ended
 * @node: the owner's, once the job is done
 * @owner: for @done
 * @from: source; without a device, the destinations are zeroed
 * @num_dests: destinations in @dests
 * @dests: destinations
 * @engine_data: the engine's, kept from one use of the object to the next
 */
struct bench_job {
	bench_done_fn done;
	struct llist_node node;
	void *owner;
	struct io_region from;
	unsigned int num_dests;
	struct io_region dests[KCOPYD_MAX_REGIONS];
	void *engine_data;
};

/**
 * struct bench_engine - a copy engine
 * @name: what the command calls it
 * @create: make a client; @bytes is the length of the longest job, and all that
 *	are @throttled share a throttle of half the time. Returns an ERR_PTR() on
 *	failure
 * @destroy: free a client that has no job under way
 * @prepare: set aside what a job object needs beforehand; may be NULL
 * @release: free that; may be NULL
 * @start: start a job; returns 0 or an error, and then there is no callback
 * @trigger: have the job's owner told, by a callback that is prepared for it;
 *	may be NULL
 */
struct bench_engine {
	const char *name;
	void *(*create)(size_t bytes, bool throttled);
	void (*destroy)(void *client);
	int (*prepare)(void *client, struct bench_job *job);
	void (*release)(struct bench_job *job);
	int (*start)(void *client, struct bench_job *job);
	void (*trigger)(void *client, struct bench_job *job);
};

extern const struct bench_engine bench_kcopyd;
extern const struct bench_engine bench_dropin;
extern const struct bench_engine bench_dm_kcopyd;
extern const struct bench_engine bench_floor;
extern const struct bench_engine bench_bio_read;
extern const struct bench_engine bench_bio_write;

/* What a client does that others may suffer from. */
enum bench_neighbour_kind {
	NEIGHBOUR_NONE,
	NEIGHBOUR_COPIES,	/* copies between devices of its own */
	NEIGHBOUR_SLEEPS,	/* the same, and its callbacks sleep */
	NEIGHBOUR_CHAINS,	/* its callbacks trigger the next, without I/O */
};

/**
 * struct bench_work - what is to be done
 * @engine: by whom
 * @bytes: length of a job
 * @depth: how many jobs are queued at a time
 * @jobs: how many there are in all, for each client
 * @clients: how many clients do it, each from a thread of its own
 * @same: what runs beside it is on the same client
 * @apart: leave a gap between copies
 * @plugged: who starts jobs plugs those that are started together
 * @memory: count allocations
 * @throttled: clients share a throttle
 * @neighbour: who else is busy meanwhile
 * @neighbour_from: his source
 * @neighbour_to: his destination
 * @from: source, or NULL to zero
 * @num_dests: destinations
 * @dests: the devices
 */
struct bench_work {
	const struct bench_engine *engine;
	size_t bytes;
	unsigned int depth;
	unsigned int jobs;
	unsigned int clients;
	bool same;
	bool apart;
	bool plugged;
	bool memory;
	bool throttled;
	enum bench_neighbour_kind neighbour;
	struct block_device *neighbour_from;
	struct block_device *neighbour_to;
	struct block_device *from;
	unsigned int num_dests;
	struct block_device *dests[KCOPYD_MAX_REGIONS];
};

int bench_load(const struct bench_work *work, struct seq_file *out);
int bench_latency(const struct bench_work *work, struct seq_file *out);

struct bench_neighbour;

struct bench_neighbour *bench_neighbour_start(const struct bench_work *work,
					      void *client);
void bench_neighbour_stop(struct bench_neighbour *neighbour);

int bench_memory_start(void);
void bench_memory_enter(void);
void bench_memory_leave(void);
void bench_memory_stop(void);
void bench_memory_show(struct seq_file *out, unsigned int jobs);

/* What to call at a tracepoint. */
struct bench_probe {
	const char *name;
	void *probe;
	struct tracepoint *tracepoint;
};

int bench_probes_set(struct bench_probe *probes, unsigned int nr);
void bench_probes_clear(struct bench_probe *probes, unsigned int nr);

int bench_pages_start(void);
s64 bench_pages_stop(void);

void bench_watch_init(void);
void bench_watch_exit(void);

#endif /* KCOPYD_BENCH_H */
