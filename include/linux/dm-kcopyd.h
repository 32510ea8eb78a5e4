/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of the kernel's dm-kcopyd, on kcopyd
 *
 * Put before the kernel's own include directories, this header takes the place
 * of the kernel's: targets that are written for dm-kcopyd are built against it
 * without a change. All names are the kernel's; in the object file they are
 * others, because the kernel exports its own.
 *
 * What a caller knows of dm-kcopyd holds here. Where dm-kcopyd would write what
 * it did not read (a failed read, with DM_KCOPYD_IGNORE_ERROR) nothing is
 * written. See Documentation/dropin.rst for all differences.
 */
#ifndef _LINUX_DM_KCOPYD_H
#define _LINUX_DM_KCOPYD_H

#include <linux/dm-io.h>
#include <linux/moduleparam.h>
#include <linux/types.h>

#define dm_kcopyd_client	   kcopyd_client
#define dm_kcopyd_client_destroy   kcopyd_dm_client_destroy
#define dm_kcopyd_client_flush	   kcopyd_dm_client_flush
#define dm_kcopyd_copy		   kcopyd_dm_copy
#define dm_kcopyd_zero		   kcopyd_dm_zero
#define dm_kcopyd_prepare_callback kcopyd_dm_prepare_callback
#define dm_kcopyd_do_callback	   kcopyd_dm_do_callback

/* The most destinations that one copy can have. */
#define DM_KCOPYD_MAX_REGIONS 8

/* Flags, as numbers of bits. */
#define DM_KCOPYD_IGNORE_ERROR 1
#define DM_KCOPYD_WRITE_SEQ    2

/**
 * struct dm_kcopyd_throttle - how much of the time may go into copies
 * @throttle: percent of the time during which a copy may be in progress; 100
 *	and more is no limit, 0 is as 1. May be changed at any time.
 * @num_io_jobs: pieces of copies that are in progress and counted
 * @io_period: how far the copies are ahead of their share, in hundredths of a
 *	jiffy
 * @total_period: not used
 * @last_jiffies: when the numbers were brought up to date
 *
 * Clients that are given the same throttle share the time. All but @throttle
 * begins as 0 and belongs to kcopyd.
 */
struct dm_kcopyd_throttle {
	unsigned int throttle;
	unsigned int num_io_jobs;
	unsigned int io_period;
	unsigned int total_period;
	unsigned int last_jiffies;
};

/* A throttle, and a parameter of the module to set it. */
#define DECLARE_DM_KCOPYD_THROTTLE_WITH_MODULE_PARM(name, description)     \
	static struct dm_kcopyd_throttle dm_kcopyd_throttle = { 100 };     \
	module_param_named(name, dm_kcopyd_throttle.throttle, uint, 0644); \
	MODULE_PARM_DESC(name, description)

struct dm_kcopyd_client;

/**
 * typedef dm_kcopyd_notify_fn - called when a job has ended
 * @read_err: 1 if a read failed, else 0
 * @write_err: bit i is set if a write to destination i failed
 * @context: what the submitter passed
 *
 * Context: Process context, one at a time for each client. May sleep.
 */
typedef void (*dm_kcopyd_notify_fn)(int read_err, unsigned long write_err,
				    void *context);

struct dm_kcopyd_client *
kcopyd_dm_client_create(struct dm_kcopyd_throttle *throttle, const char *owner);

/**
 * dm_kcopyd_client_create - make a client and set its memory aside
 * @throttle: what limits it, or NULL
 *
 * Its label is the name of the module that this is compiled in.
 *
 * Context: Process context. May sleep, and may start I/O to get memory.
 * Return: The client, or an ERR_PTR(): -ENOMEM, or -EINVAL if a parameter of
 * kcopyd's module is out of range.
 */
static inline struct dm_kcopyd_client *
dm_kcopyd_client_create(struct dm_kcopyd_throttle *throttle)
{
	return kcopyd_dm_client_create(throttle, KBUILD_MODNAME);
}

void dm_kcopyd_client_destroy(struct dm_kcopyd_client *kc);
void dm_kcopyd_client_flush(struct dm_kcopyd_client *kc);

void dm_kcopyd_copy(struct dm_kcopyd_client *kc, struct dm_io_region *from,
		    unsigned int num_dests, struct dm_io_region *dests,
		    unsigned int flags, dm_kcopyd_notify_fn fn, void *context);
void dm_kcopyd_zero(struct dm_kcopyd_client *kc, unsigned int num_dests,
		    struct dm_io_region *dests, unsigned int flags,
		    dm_kcopyd_notify_fn fn, void *context);

void *dm_kcopyd_prepare_callback(struct dm_kcopyd_client *kc,
				 dm_kcopyd_notify_fn fn, void *context);
void dm_kcopyd_do_callback(void *job, int read_err, unsigned long write_err);

#endif /* _LINUX_DM_KCOPYD_H */
