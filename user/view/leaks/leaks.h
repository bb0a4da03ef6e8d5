/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `tcplinger leaks`: CLOSE_WAIT by the process, or group of processes, that could close it. */
#ifndef TCPLINGER_VIEW_LEAKS_H
#define TCPLINGER_VIEW_LEAKS_H

#include "model/began.h"
#include "model/model.h"
#include "model/trend.h"
#include "model/verdict.h"
#include "view/growth.h"
#include "view/leaks/tally.h"
#include "view/rows.h"
#include "view/stack_tally.h"
#include "view/view.h"

#define LEAKS_SHEETS 1

#define LEAKS_OLDEST  10 /* sockets shown of a row, */
#define LEAKS_HOLDERS 10 /* and descriptors of a socket */

/* A socket of a row, with the descriptor by which the row's process holds it. */
struct leak_socket {
	const struct close_wait *close_wait;
	uint64_t age_ns;
	enum close_wait_kind kind;
	int64_t fd;	  /* -1: not known, or none */
	uint32_t process; /* number of who is charged */
};

struct leak_row {
	struct row row;
	uint32_t sockets;
	uint32_t kinds[KINDS];
	struct verdict_sockets all; /* as the verdict counts them, */
	struct verdict_sockets old; /* and of these what is old enough */
	struct judgement judgement; /* as of the last refresh in which it had any */
	uint32_t partners; /* in FIN_WAIT1 and FIN_WAIT2, old enough, that its process holds */
	uint32_t dead;	   /* sockets, that were so for --age */
	uint32_t more;	   /* dead, and so while it was watched: they count as growth */
	uint32_t older;	   /* than the process that holds them */
	uint32_t seen_inherited; /* of those judged: from whom is known */
	bool handed_on;		 /* not all are held by who made them, or held them first */
	struct common maker;	 /* number of the process that made them, where that is known */
	uint32_t left;		 /* so many of --age were seen to be closed, ever */
	uint64_t unread_bytes;
	uint64_t
		listener; /* cookie: it is of what waits to be accepted there; 0: of what is held */
	struct common owner_by;
	struct greatest places;
	uint32_t about; /* process that evidence is of: it has most of the sockets; 0: none */
	uint32_t about_sockets;
	uint32_t nearest; /* of a group: the process that is nearest its limit of descriptors */
	struct leak_peer *peer; /* of a relay; NULL: it is none */
	uint32_t at_most;	/* of the old, those that count by their last data, */
	uint64_t at_most_ns;	/* and how old the oldest of these is at most */
	uint64_t last_cookie;	/* the last socket counted: a group may hold it more than once */
	bool is_holder;		/* was seen to hold one */
	struct leak_socket oldest[LEAKS_OLDEST]; /* the oldest first */
	struct began began;			 /* when those that are there now did */
	struct growth growth;			 /* of leaks_count */
	struct trend trend;			 /* likewise */
	bool told;	    /* what was found out about its process, when it last had sockets */
	bool looked;	    /* and what its threads do */
	uint64_t looked_ns; /* when that was asked last; 0: never */
	uint32_t threads;   /* that were looked at then */
};

/* Where most of the legs of a relay go that wait for their peers, and who has not closed there. */
struct leak_peer {
	const struct count *legs;
	const struct count
		*holders[LEAKS_HOLDERS]; /* of their other ends on this host: processes */
	uint32_t holders_shown;
	uint32_t holders_total;
};

/* Of all relays, as of a refresh. */
struct leak_peers {
	struct pool pool;
	struct tally legs;
	struct tally holders;
};

/* A socket of a row, and when it entered CLOSE_WAIT: while they are counted. */
struct leak_entry {
	struct leak_row *row;
	uint64_t since_ns;
};

struct leaks {
	struct view_config config;
	struct model *model;
	struct rows rows;
	struct tally places;
	struct tally processes; /* of groups */
	struct leak_peers peers;
	struct stack_tally stacks;  /* of rows, */
	struct stack_tally origins; /* and of all sockets, by comm */
	struct growth_clock clock;
	uint64_t begun_ns; /* the first refresh: so long it has watched */
	uint64_t time_ns;  /* of this refresh */
	uint64_t since_ns; /* the one before; 0: none */
	uint32_t sockets;  /* those that the filters let pass, */
	uint32_t all;	   /* and those that the filter on processes does not ask about */
	uint32_t dead;	   /* likewise as `sockets`, the dead */
	struct {
		struct leak_entry *items;
		size_t count;
		size_t capacity;
	} entries;
	uint64_t losses; /* as of the refresh before */
	bool incomplete;
};

extern const struct view leaks_view;
extern const struct table leaks_table;
extern const struct sheet leaks_sheets[LEAKS_SHEETS];

void leaks_init(void *self, const struct view_config *config, struct model *model);
void leaks_free(void *self);

/* A process by its number; NULL for 0. */
const struct process *leaks_process(const struct leaks *leaks, uint32_t number);

/* The row at place `i` of this refresh; below leaks->rows.shown_count. */
struct leak_row *leaks_shown(const struct leaks *leaks, size_t i);

/* True for one that has sockets, or dead ones. */
static inline bool leaks_has_any(const struct leak_row *row)
{
	return row->sockets || row->dead;
}

/* What grows: a leaked socket dies when its peer has gone, and is leaked still. */
static inline uint32_t leaks_count(const struct leak_row *row)
{
	return row->sockets + row->more;
}

/* The dead of a row; COUNT_UNKNOWN where nothing tells. */
uint32_t leaks_dead(const struct leaks *leaks, const struct leak_row *row);

/* maker.c: notes that `process` holds a socket of a row, which is to be asked about then; after
 * the answers, finds who has made them. */
void leaks_note_maker(const struct leaks *leaks, struct leak_row *row,
		      const struct close_wait *close_wait, uint32_t process);
bool leaks_wants_maker(const struct leak_row *row);
bool leaks_wants_ancestors(const struct leaks *leaks, const struct leak_row *row);
void leaks_find_makers(struct leaks *leaks);

/* The process that made the sockets of a row; NULL: not known, or who holds them, or several. */
const struct process *leaks_maker(const struct leaks *leaks, const struct leak_row *row);

/* How it is known that the holder inherited those that count as inherited. */
enum finding leaks_inherited(const struct leak_row *row);

/* ends.c: counts the dead, and those that were closed since the listing before. */
void leaks_count_ends(struct leaks *leaks);

/* history.c: notes when a socket of a row entered CLOSE_WAIT, if that is known; then draws `began`
 * of all rows from the notes. */
void leaks_note_entry(struct leaks *leaks, struct leak_row *row,
		      const struct close_wait *close_wait);
void leaks_draw_began(struct leaks *leaks);

/* Remembers how many there are now, for leaks_growing. */
void leaks_note_trends(struct leaks *leaks);

/* Whether a row grows as a leak does, and not one that was of --age was closed. */
enum finding leaks_growing(const struct leaks *leaks, const struct leak_row *row);

/* Sockets more per second, dead ones included. False where it was not watched for long enough, and
 * its sockets do not tell. */
bool leaks_growth(const struct leaks *leaks, const struct leak_row *row, double *per_s);

/* True if it grows by more than is worth a word. */
bool leaks_grows(const struct leaks *leaks, const struct leak_row *row);

/* When the last descriptor goes if it grows on like this; false where it does not, or nobody knows,
 * and of what waits in a queue: that takes none. */
bool leaks_fds_exhausted_in(const struct leaks *leaks, const struct leak_row *row, double *seconds);

/* "; since 03:12:40, 3.3/s; 90 of 1024 descriptors, the last goes at 06:55", what is known of it.
 */
void leaks_say_growth(struct sentence *sentence, const struct leaks *leaks,
		      const struct leak_row *row);

/* Counts what the last listing showed: for the model's observer. */
void leaks_listed(void *self, enum listing_scope scope);

/* The holders of sockets that matter, and facts of the processes that have any. */
void leaks_ask(const void *self, struct questions *questions);

/* Chooses the rows to show, as rows_choose does. Most sockets first. */
void leaks_refresh(void *self, uint64_t time_ns, bool last);

void leaks_show_json(void *self, struct output *output, size_t limit);

/* Each row with a sentence that says what its verdict means here. */
void leaks_show_text(void *self, struct output *output, const struct text_style *style, bool last);

/* The worst row in two sentences, for the summary. */
void leaks_show_worst(const struct leaks *leaks, const struct leak_row *row, struct output *output,
		      unsigned int columns);

/* Whom a socket is charged to: its holders, or its owner where the range is empty. False: to
 * nobody, a filter leaves it out. */
bool leaks_charged(const struct leaks *leaks, const struct close_wait *close_wait,
		   struct holder_range *holders);

/* Whom a socket is charged to, by what evidence, and by which descriptor; -1: none. */
struct charged {
	uint32_t process;
	int64_t fd;
	unsigned int owner_by;
};

/* The row of the listener in whose queue a socket waits, made if new. NULL: it does not wait, or
 * its listener is not known. */
struct leak_row *leaks_listener_row(struct leaks *leaks, const struct close_wait *close_wait,
				    struct charged *to);

/* The owner of what nobody has a descriptor of; or, where none is known, who listens there. */
struct charged leaks_charged_without_holder(const struct leaks *leaks,
					    const struct close_wait *close_wait);

/* The listener that the row is of; NULL: of none, or it is gone. */
const struct connection *leaks_listener(const struct leaks *leaks, const struct leak_row *row);

/* Who holds it: who began first comes first. */
struct holder_range leaks_listener_holders(const struct leaks *leaks, const struct leak_row *row);

/* The next of these that is another process than that of `holder`; NULL: no more. */
const struct holder *leaks_next_process(struct holder_range range, const struct holder *holder);

/* How many processes these are. */
uint32_t leaks_count_processes(struct holder_range range);

/* What was found out about the processes that hold a listener, together, as if they were one. */
struct process_facts leaks_listener_facts(const struct leaks *leaks, const struct leak_row *row);

/* How many of these are looked at, at most. */
#define LEAKS_LISTENER_LOOKS 10

/* stacks.c: which code opened a socket of a row, and read its end of file; which is known of all.
 */
void leaks_count_stacks(struct leaks *leaks, struct leak_row *row,
			const struct close_wait *close_wait);
void leaks_count_origin(struct leaks *leaks, const struct close_wait *close_wait);

/* The rows have those of their processes' stacks as well that none of their sockets came from. */
void leaks_rank_stacks(struct leaks *leaks);

/* Where most of a row's sockets were opened, or else had their end of file read; NULL: not known.
 */
const struct stack_line *leaks_worst_stack(const struct leaks *leaks, const struct leak_row *row);

/* Below a row: from where what is leaked came, and what did not. */
void leaks_show_stacks(const struct leaks *leaks, struct output *output, const struct leak_row *row,
		       const struct text_style *style);
void leaks_json_stacks(struct json *json, const struct member *member, const void *view,
		       const void *row);
void leaks_fold(void *self, struct output *output);

/* Of each row the places of most sockets, when all are counted. */
void leaks_choose_places(struct leaks *leaks);

/* With --by: which process of a group evidence is of, and which is nearest its limit. */
void leaks_choose_processes(struct leaks *leaks);
void leaks_find_nearest(struct leaks *leaks);

/* Where relays' other legs go, and who is there. */
void leaks_peers_init(struct leaks *leaks);
void leaks_peers_free(struct leaks *leaks);
void leaks_find_peers(struct leaks *leaks);

/* The row that a process belongs to; NULL if there is none, or made then. */
struct leak_row *leaks_row_of(const struct leaks *leaks, uint32_t process);
struct leak_row *leaks_make_row(struct leaks *leaks, uint32_t process);

/* True if a socket is old enough to be judged. */
bool leaks_is_old(const struct leaks *leaks, const struct close_wait *close_wait);
uint64_t leaks_oldest_ns(const struct leak_row *row);

/* Remembers whose turn it was to be looked at in this refresh. */
void leaks_note_looks(struct leaks *leaks);

/* What is known of its descriptors, `fds` and `fd_limit`; the rest is in leaks_facts. Rows are
 * sorted by it. Valid until a record is applied. */
const struct process_facts *leaks_descriptors(const struct leaks *leaks,
					      const struct leak_row *row);

/* What was found out about the row's process; FACTS_UNKNOWN and nothing looked at: nothing was. */
struct process_facts leaks_facts(const struct leaks *leaks, const struct leak_row *row);

/* The number of the process that evidence is of; 0: nobody. */
uint32_t leaks_about(const struct leak_row *row);

/* True where what the process's threads do may excuse it: of the young nothing is said anyway. */
bool leaks_wants_evidence(const struct leak_row *row);

/* True where it matters as well what its epoll sets watch. */
bool leaks_wants_watched(const struct leak_row *row);

/* True where it has forgotten them, unless another connection of its waits to send. */
bool leaks_wants_sending(const struct leaks *leaks, const struct leak_row *row);

/* Whether the epoll sets of a holder that the row is about watch a socket. */
enum epoll_watched leaks_watched(const struct leaks *leaks, const struct leak_row *row,
				 uint32_t process, const struct close_wait *close_wait);

/* Of the time since the last look what the thread that waited longest for a CPU waited; < 0: not
 * known. */
double leaks_starved(const struct leaks *leaks, const struct leak_row *row);

/* Its kind: what was sent within --age counts as being sent. And what it is for the verdict: a
 * farewell is no unread data. */
enum close_wait_kind leaks_kind(const struct leaks *leaks, const struct close_wait *close_wait);
enum close_wait_kind leaks_judged_kind(const struct leaks *leaks,
				       const struct close_wait *close_wait);

/* Judges every row, by what was listed and what the source has answered. */
void leaks_judge(struct leaks *leaks);

/* What a row's verdict is made of. */
struct verdict_facts leaks_verdict_facts(const struct leaks *leaks, const struct leak_row *row);
enum verdict leaks_verdict(const struct leak_row *row);

/* `listener` and `peer` of the evidence, `places` of a row. */
void leaks_json_listener(struct json *json, const struct leaks *leaks, const struct leak_row *row);
void leaks_json_peer(struct json *json, const struct leaks *leaks, const struct leak_row *row);
void leaks_json_places(struct json *json, const struct member *member, const void *view,
		       const void *row);

/* Where its sockets go to, or whose queue they are in, and how sure that is. */
void leaks_say_where(struct sentence *sentence, const struct leaks *leaks,
		     const struct leak_row *row);

/* Who is at a relay's other side, if that is known. */
void leaks_say_peer(struct sentence *sentence, const struct leaks *leaks,
		    const struct leak_row *row);

/* What was seen, what it means, and what else there is to know. */
void leaks_say_reason(struct sentence *sentence, const struct leaks *leaks,
		      const struct leak_row *row);

#endif
