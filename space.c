// SPDX-License-Identifier: GPL-2.0
/*
 * Room to copy in: pages, and what else the I/O on them needs
 *
 * What is hard is progress with little memory. A room gets all its pages at
 * once, before its first I/O, and has at most half of the pages, so that one can
 * be read while another is written; but it is never shorter than one logical
 * block of its devices, and with scattered pages never longer than its bio_vecs
 * can describe.
 *
 * A space has no lock; its owner calls one function at a time.
 */
#include <linux/slab.h>
#include <linux/string.h>

#include "space.h"

/*
 * A room for each so many pages, so that there are enough for small copies; but for
 * as many as a device does at once, and no more than this.
 */
#define ROOM_PAGES	4
#define SPACE_ROOMS_MIN 64U
#define SPACE_ROOMS_MAX 512U

/* The longest. */
#define ROOM_SECTORS_MAX 1024

static struct copy_room *room_at(struct copy_space *space, unsigned int i)
{
	return space->rooms + i * space->room_size;
}

static unsigned int nr_rooms(unsigned int num_pages)
{
	unsigned int nr = clamp(num_pages / ROOM_PAGES, SPACE_ROOMS_MIN,
				SPACE_ROOMS_MAX);

	return min(nr, num_pages);
}

/**
 * copy_space_init - set pages and rooms aside
 * @space: the space; on failure it is left empty
 * @num_pages: how many pages, 1 or more
 * @room_size: of what the user makes of a room, which it begins with; zeroed once
 * @step_ended: called when a step of a room has ended, in any context
 *
 * Context: Process context. May sleep.
 * Return: 0, or -ENOMEM.
 */
int copy_space_init(struct copy_space *space, unsigned int num_pages,
		    size_t room_size, void (*step_ended)(struct region_io *io))
{
	unsigned int nr = nr_rooms(num_pages), half = max(num_pages / 2, 1U), i;

	INIT_LIST_HEAD(&space->free);
	space->piece_sectors = min_t(u64, (u64)half * PAGE_SECTORS,
				     ROOM_SECTORS_MAX);
	space->room_size = room_size;
	space->rooms = kvcalloc(nr, room_size, GFP_KERNEL);
	if (!space->rooms)
		return -ENOMEM;
	if (copy_pool_init(&space->pool, num_pages)) {
		kvfree(space->rooms);
		return -ENOMEM;
	}
	for (i = 0; i < nr; i++) {
		struct copy_room *room = room_at(space, i);

		room->space = space;
		room->io.done = step_ended;
		list_add_tail(&room->list, &space->free);
	}
	space->nr_free = nr;
	return 0;
}

/**
 * copy_space_exit - release what copy_space_init() set aside
 * @space: the space; all of its rooms are free
 *
 * Context: Process context. May sleep.
 */
void copy_space_exit(struct copy_space *space)
{
	kvfree(space->rooms);
	copy_pool_exit(&space->pool);
}

/* Describe the first @sectors of the room's pages in bio_vecs. */
static void map_pages(struct copy_room *room, unsigned int sectors)
{
	unsigned int bytes = sectors << SECTOR_SHIFT, i;

	for (i = 0; bytes; i++) {
		unsigned int len = room->runs[i].nr_pages << PAGE_SHIFT;

		len = min(len, bytes);
		bvec_set_page(&room->io.vecs[i], room->runs[i].page, len, 0);
		bytes -= len;
	}
	room->io.nr_vecs = i;
}

static unsigned int count_pages(const struct copy_room *room)
{
	unsigned int pages = 0, i;

	for (i = 0; i < room->nr_runs; i++)
		pages += room->runs[i].nr_pages;
	return pages;
}

/* Get pages for some data. Where there are none, return false. */
static bool get_pages(struct copy_room *room, sector_t wanted,
		      unsigned int block)
{
	struct copy_space *space = room->space;
	unsigned int sectors;

	sectors = max(round_down(space->piece_sectors, block), block);
	sectors = min_t(sector_t, wanted, sectors);
	room->nr_pages = DIV_ROUND_UP(sectors, PAGE_SECTORS);
	room->nr_runs = copy_pool_get(&space->pool, room->nr_pages, room->runs,
				      REGION_IO_VECS);
	if (!room->nr_runs)
		return false;
	/* Scattered pages may be fewer than were asked for. */
	if (room->nr_runs == REGION_IO_VECS) {
		room->nr_pages = count_pages(room);
		sectors = min(sectors,
			      round_down(room->nr_pages * PAGE_SECTORS, block));
	}
	map_pages(room, sectors);
	room->sectors = sectors;
	return true;
}

/**
 * copy_space_get_bare - take a room that needs no pages
 * @space: the space
 *
 * Context: Any. The caller serialises.
 * Return: The room, or NULL if all are in use.
 */
struct copy_room *copy_space_get_bare(struct copy_space *space)
{
	struct copy_room *room;

	room = list_first_entry_or_null(&space->free, struct copy_room, list);
	if (!room)
		return NULL;
	list_del(&room->list);
	space->nr_free--;
	room->nr_runs = 0;
	return room;
}

/**
 * copy_space_get - take a room, with pages for some data
 * @space: the space
 * @sectors: how much data there is, 1 or more; the room may be for less
 * @block: what it is for is a multiple of this, as is @sectors
 *
 * Context: Any. The caller serialises.
 * Return: The room, or NULL if there is none now.
 */
struct copy_room *copy_space_get(struct copy_space *space, sector_t sectors,
				 unsigned int block)
{
	struct copy_room *room;

	room = list_first_entry_or_null(&space->free, struct copy_room, list);
	if (!room || !get_pages(room, sectors, block))
		return NULL;
	list_del(&room->list);
	space->nr_free--;
	return room;
}

/**
 * copy_space_put_pages - give the pages of a room back
 * @room: the room; it stays with its owner
 *
 * Context: Any. The caller serialises.
 */
void copy_space_put_pages(struct copy_room *room)
{
	copy_pool_put(&room->space->pool, room->runs, room->nr_runs);
	room->nr_runs = 0;
}

static void poison(struct copy_room *room)
{
	memset(room + 1, POISON_BYTE, room->space->room_size - sizeof(*room));
	memset(room->io.vecs, POISON_BYTE, sizeof(room->io.vecs));
	room->io.places = ~0UL;
	room->io.failed = ~0UL;
}

/**
 * copy_space_put - give a room back
 * @room: one without pages, on no list
 *
 * Context: Any. The caller serialises.
 */
void copy_space_put(struct copy_room *room)
{
	if (POISON_REUSED)
		poison(room);
	list_add(&room->list, &room->space->free);
	room->space->nr_free++;
}
