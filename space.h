/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Room to copy in: pages, and the pieces whose data they hold
 *
 * Every client has a space of its own, and some borrow from one that they
 * share; see reserve.h.
 */
#ifndef KCOPYD_SPACE_H
#define KCOPYD_SPACE_H

#include <linux/list.h>

#include "io_region.h"
#include "page_pool.h"

struct job;
struct piece;

/**
 * struct copy_space - room for a number of pieces
 * @pool: the pages
 * @free: pieces not in use
 * @nr_free: how many
 * @pieces: all of them
 * @piece_sectors: the most that a piece holds, unless one block is more
 */
struct copy_space {
	struct copy_pool pool;
	struct list_head free;
	unsigned int nr_free;
	struct piece *pieces;
	unsigned int piece_sectors;
};

int copy_space_init(struct copy_space *space, unsigned int num_pages,
		    void (*step_ended)(struct region_io *io));
void copy_space_exit(struct copy_space *space);

struct piece *copy_space_get(struct copy_space *space, const struct job *job);
struct piece *copy_space_get_bare(struct copy_space *space);
void copy_space_put_pages(struct piece *piece);
void copy_space_put(struct piece *piece);

#endif /* KCOPYD_SPACE_H */
