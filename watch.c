// SPDX-License-Identifier: GPL-2.0
/*
 * All clients, and a look at them from time to time
 *
 * While there is a client, and the processor is awake anyway, how fast each copies is
 * computed about once a second; now and then stalls are looked for.
 */
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "stall.h"
#include "watch.h"

/* Stalls are looked for each time that so many seconds have passed. */
#define STALL_TICKS 10

static void tick(struct work_struct *work);

static DEFINE_MUTEX(clients_lock); /* a client's lock is taken within */
static LIST_HEAD(clients);
static u32 last_id;
static unsigned int ticks;
static DECLARE_DEFERRABLE_WORK(ticker, tick);

static void compute_rate(struct kcopyd_client *kc)
{
	struct watch *watch = &kc->watch;
	u64 now = ktime_get_ns();
	u64 moved, rate = 0;

	raw_spin_lock_irq(&kc->lock);
	moved = (kc->stats.sectors_read + kc->stats.sectors_zeroed)
		<< SECTOR_SHIFT;
	if (now > watch->moved_at)
		rate = mul_u64_u64_div_u64(moved - watch->moved, NSEC_PER_SEC,
					   now - watch->moved_at);
	kc->stats.bytes_per_second = rate;
	watch->moved = moved;
	watch->moved_at = now;
	raw_spin_unlock_irq(&kc->lock);
}

static void tick(struct work_struct *work)
{
	bool look_for_stalls = !(++ticks % STALL_TICKS);
	struct kcopyd_client *kc;

	mutex_lock(&clients_lock);
	list_for_each_entry(kc, &clients, watch.list) {
		compute_rate(kc);
		if (look_for_stalls)
			stall_check(kc);
	}
	if (!list_empty(&clients))
		schedule_delayed_work(&ticker, HZ);
	mutex_unlock(&clients_lock);
}

/**
 * watch_add - begin to watch a client, and number it
 * @kc: the client
 *
 * Context: Process context. May sleep.
 */
void watch_add(struct kcopyd_client *kc)
{
	strscpy(kc->watch.creator, current->comm, sizeof(kc->watch.creator));
	kc->watch.creator_pid = task_pid_nr(current);
	kc->watch.moved_at = ktime_get_ns();
	mutex_lock(&clients_lock);
	kc->owner.id = ++last_id;
	if (list_empty(&clients))
		schedule_delayed_work(&ticker, HZ);
	list_add_tail(&kc->watch.list, &clients);
	mutex_unlock(&clients_lock);
}

/**
 * watch_remove - watch a client no more
 * @kc: the client
 *
 * Context: Process context. May sleep.
 */
void watch_remove(struct kcopyd_client *kc)
{
	bool last;

	mutex_lock(&clients_lock);
	list_del(&kc->watch.list);
	last = list_empty(&clients);
	mutex_unlock(&clients_lock);
	if (last)
		cancel_delayed_work_sync(&ticker);
}

/**
 * watch_clients - visit all clients
 * @visit: called for each, the oldest first; may sleep
 * @data: for @visit
 *
 * Context: Process context. May sleep.
 */
void watch_clients(void (*visit)(struct kcopyd_client *kc, void *data),
		   void *data)
{
	struct kcopyd_client *kc;

	mutex_lock(&clients_lock);
	list_for_each_entry(kc, &clients, watch.list)
		visit(kc, data);
	mutex_unlock(&clients_lock);
}
