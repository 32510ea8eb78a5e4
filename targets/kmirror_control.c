// SPDX-License-Identifier: GPL-2.0
/*
 * How fast legs are filled: features of the table, and messages
 *
 * They have the same names and values, and can be changed while legs are filled. The
 * mirror's copies are background copies: they yield to its users. But a write that has to
 * wait for a copy makes them foreground copies until it is sent.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/string.h>

#include "kmirror.h"

/* As long as nobody says otherwise. */
static const struct speed defaults = {
	.floor = 10 << 20,
	.background = true,
	.jobs = FILLS,
};

/* Bytes, with K, M or G behind them if wanted. */
static bool read_bytes(const char *word, u64 *bytes)
{
	char *end;

	if (!isdigit(*word))
		return false;
	*bytes = memparse(word, &end);
	return !*end;
}

static bool read_class(const char *word, bool *background)
{
	*background = !strcasecmp(word, "background");
	return *background || !strcasecmp(word, "foreground");
}

static bool read_jobs(const char *word, unsigned int *jobs)
{
	return !kstrtouint(word, 10, jobs) && *jobs >= 1 && *jobs <= FILLS;
}

/* Returns false if there is no such feature, or no such value of it. */
static bool read_feature(const char *name, const char *value,
			 struct speed *speed)
{
	if (!strcasecmp(name, "rate"))
		return read_bytes(value, &speed->rate);
	if (!strcasecmp(name, "floor"))
		return read_bytes(value, &speed->floor);
	if (!strcasecmp(name, "class"))
		return read_class(value, &speed->background);
	if (!strcasecmp(name, "jobs"))
		return read_jobs(value, &speed->jobs);
	return false;
}

static void __set_class(struct mirror *m)
{
	bool background = m->speed.background && !m->nr_held;

	lockdep_assert_held(&m->lock);
	kcopyd_client_set_class(m->kc, background ? KCOPYD_BACKGROUND :
						    KCOPYD_FOREGROUND);
}

static void __apply(struct mirror *m)
{
	kcopyd_client_set_rate(m->kc, m->speed.rate);
	kcopyd_client_set_floor(m->kc, m->speed.floor);
	__set_class(m);
}

/**
 * speed_read_features - read what a table says
 * @m: the mirror
 * @args: what is left of the table
 *
 * Return: 0, or -EINVAL, and the target's error is set.
 */
int speed_read_features(struct mirror *m, struct dm_arg_set *args)
{
	static const struct dm_arg number = {
		0, 8, "Number of words about features must be 0 to 8"
	};
	unsigned int words;

	m->speed = defaults;
	if (!args->argc)
		return 0;
	if (dm_read_arg_group(&number, args, &words, &m->ti->error))
		return -EINVAL;
	for (; words > 1; words -= 2) {
		const char *name = dm_shift_arg(args);

		if (!read_feature(name, dm_shift_arg(args), &m->speed))
			break;
	}
	if (!words)
		return 0;
	m->ti->error =
		"Features are: rate BYTES, floor BYTES, class CLASS, jobs NUMBER";
	return -EINVAL;
}

/**
 * speed_apply - have the client of kcopyd do what the table says
 * @m: the mirror; it has a client now
 */
void speed_apply(struct mirror *m)
{
	spin_lock_irq(&m->lock);
	__apply(m);
	spin_unlock_irq(&m->lock);
}

/**
 * speed_message - change a feature
 * @m: the mirror
 * @name: the feature
 * @value: of it
 *
 * Return: 0, or -EINVAL if there is no such feature or value.
 */
int speed_message(struct mirror *m, const char *name, const char *value)
{
	struct speed speed;
	bool known;

	/* Messages may come at the same time. */
	spin_lock_irq(&m->lock);
	speed = m->speed;
	known = read_feature(name, value, &speed);
	if (known) {
		m->speed = speed;
		queue_work(m->wq, &m->work);
		__apply(m);
	}
	spin_unlock_irq(&m->lock);
	return known ? 0 : -EINVAL;
}

/**
 * speed_show - tell the features that are not as they are by default
 * @m: the mirror
 * @result: where
 * @maxlen: how long that may be
 *
 * Return: The length.
 */
unsigned int speed_show(struct mirror *m, char *result, unsigned int maxlen)
{
	unsigned int sz = 0, words = 0;
	struct speed speed;

	spin_lock_irq(&m->lock);
	speed = m->speed;
	spin_unlock_irq(&m->lock);
	words += speed.rate != defaults.rate ? 2 : 0;
	words += speed.floor != defaults.floor ? 2 : 0;
	words += speed.background != defaults.background ? 2 : 0;
	words += speed.jobs != defaults.jobs ? 2 : 0;
	if (words)
		DMEMIT(" %u", words);
	if (speed.rate != defaults.rate)
		DMEMIT(" rate %llu", speed.rate);
	if (speed.floor != defaults.floor)
		DMEMIT(" floor %llu", speed.floor);
	if (speed.background != defaults.background)
		DMEMIT(" class foreground");
	if (speed.jobs != defaults.jobs)
		DMEMIT(" jobs %u", speed.jobs);
	return sz;
}

/**
 * speed_show_now - tell that legs are filled, how fast, and what that waits for
 * @m: the mirror
 * @result: where
 * @maxlen: how long that may be
 *
 * Return: The length.
 */
unsigned int speed_show_now(struct mirror *m, char *result, unsigned int maxlen)
{
	struct kcopyd_stats stats;
	unsigned int sz = 0;

	kcopyd_client_get_stats(m->kc, &stats);
	DMEMIT("filling %llu %s", stats.bytes_per_second,
	       kcopyd_wait_name(stats.waits_for));
	return sz;
}

/* A write waits for a copy: the copies are not to wait for anybody. */
void __write_is_held(struct mirror *m)
{
	if (!m->nr_held++)
		__set_class(m);
}

/* Writes that waited are sent. */
void __writes_are_free(struct mirror *m, unsigned int nr)
{
	if (!nr)
		return;
	m->nr_held -= nr;
	if (!m->nr_held)
		__set_class(m);
}
