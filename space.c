// SPDX-License-Identifier: GPL-2.0
/*
 * Room to copy in: pages, and the pieces whose data they hold
 *
 * What is hard is progress with little memory. A piece gets all its pages at
 * once, before its first I/O, and is at most half of the pages long, so that
 * one can be read while another is written; but it is never shorter than one
 * logical block of its devices, and with scattered pages never longer than its
 * bio_vecs can describe.
 *
 * A space has no lock; its owner calls one function at a time.
 */
#include <linux/slab.h>

#include "engine.h"
#include "space.h"

/* The most pieces that are set aside. */
#define SPACE_PIECES_MAX 64

/**
 * copy_space_init - set pages and pieces aside
 * @space: the space; on failure it is left empty
 * @num_pages: how many pages, 1 or more
 * @step_ended: called when a step of a piece has ended, in any context
 *
 * Context: Process context. May sleep.
 * Return: 0, or -ENOMEM.
 */
int copy_space_init(struct copy_space *space, unsigned int num_pages,
		    void (*step_ended)(struct region_io *io))
{
	unsigned int nr = min_t(unsigned int, num_pages, SPACE_PIECES_MAX), i;
	unsigned int half = max(num_pages / 2, 1U);

	INIT_LIST_HEAD(&space->free);
	space->piece_sectors = min_t(u64, (u64)half * PAGE_SECTORS,
				     PIECE_SECTORS_MAX);
	space->pieces = kvcalloc(nr, sizeof(*space->pieces), GFP_KERNEL);
	if (!space->pieces)
		return -ENOMEM;
	if (copy_pool_init(&space->pool, num_pages)) {
		kvfree(space->pieces);
		return -ENOMEM;
	}
	for (i = 0; i < nr; i++) {
		space->pieces[i].space = space;
		space->pieces[i].io.done = step_ended;
		list_add_tail(&space->pieces[i].list, &space->free);
	}
	space->nr_free = nr;
	return 0;
}

/**
 * copy_space_exit - release what copy_space_init() set aside
 * @space: the space; all of its pieces are free
 *
 * Context: Process context. May sleep.
 */
void copy_space_exit(struct copy_space *space)
{
	kvfree(space->pieces);
	copy_pool_exit(&space->pool);
}

/* Describe the first @sectors of the piece's pages in bio_vecs. */
static void map_pages(struct piece *piece, unsigned int sectors)
{
	unsigned int bytes = sectors << SECTOR_SHIFT, i;

	for (i = 0; bytes; i++) {
		unsigned int len = piece->runs[i].nr_pages << PAGE_SHIFT;

		len = min(len, bytes);
		bvec_set_page(&piece->io.vecs[i], piece->runs[i].page, len, 0);
		bytes -= len;
	}
	piece->io.nr_vecs = i;
}

/* Get pages for the next piece of a job. Where there are none, return false. */
static bool get_pages(struct piece *piece, const struct job *job)
{
	struct copy_space *space = piece->space;
	unsigned int sectors;

	sectors = max(round_down(space->piece_sectors, job->block), job->block);
	sectors = min_t(sector_t, job->count - job->next, sectors);
	piece->nr_runs = copy_pool_get(&space->pool,
				       DIV_ROUND_UP(sectors, PAGE_SECTORS),
				       piece->runs, REGION_IO_VECS);
	if (!piece->nr_runs)
		return false;
	/* Scattered pages may be fewer than were asked for. */
	if (piece->nr_runs == REGION_IO_VECS)
		sectors = min(sectors,
			      round_down(piece_pages(piece) * PAGE_SECTORS,
					 job->block));
	map_pages(piece, sectors);
	piece->sectors = sectors;
	return true;
}

/**
 * copy_space_get_bare - take a piece that needs no pages
 * @space: the space
 *
 * Context: Any. The caller serialises.
 * Return: The piece, or NULL if all are in use.
 */
struct piece *copy_space_get_bare(struct copy_space *space)
{
	struct piece *piece;

	piece = list_first_entry_or_null(&space->free, struct piece, list);
	if (!piece)
		return NULL;
	list_del(&piece->list);
	space->nr_free--;
	piece->nr_runs = 0;
	return piece;
}

/**
 * copy_space_get - take a piece, and pages for the next data of a job
 * @space: the space
 * @job: what the piece is for
 *
 * Context: Any. The caller serialises.
 * Return: The piece, or NULL if there is no room now.
 */
struct piece *copy_space_get(struct copy_space *space, const struct job *job)
{
	struct piece *piece;

	piece = list_first_entry_or_null(&space->free, struct piece, list);
	if (!piece || !get_pages(piece, job))
		return NULL;
	list_del(&piece->list);
	space->nr_free--;
	return piece;
}

/**
 * copy_space_put_pages - give the pages of a piece back
 * @piece: the piece; it stays with its owner
 *
 * Context: Any. The caller serialises.
 */
void copy_space_put_pages(struct piece *piece)
{
	copy_pool_put(&piece->space->pool, piece->runs, piece->nr_runs);
	piece->nr_runs = 0;
}

static void poison(struct piece *piece)
{
	memset_startat(piece, POISON_BYTE, kc);
	memset(piece->io.vecs, POISON_BYTE, sizeof(piece->io.vecs));
	piece->io.places = ~0UL;
	piece->io.failed = ~0UL;
}

/**
 * copy_space_put - give a piece back
 * @piece: one without pages, on no list
 *
 * Context: Any. The caller serialises.
 */
void copy_space_put(struct piece *piece)
{
	if (POISON_REUSED)
		poison(piece);
	list_add(&piece->list, &piece->space->free);
	piece->space->nr_free++;
}
