/*
 * The protocol of jobs, in Promela: submit, workers, the ring, waits, cancel, callbacks, wait,
 * close, detach, release, and the end of the pool.
 *
 * It follows src/job.c, src/pipeline.c, src/pool.c and src/progress.c, by the names they use. What
 * they do under one lock is one atomic step here; whether locks are taken, and in which order, is
 * not the model's matter but that of tests/schedule, which runs the code itself. Left out: what the
 * bytes are, fairness, idle trimming, threads that cannot be started.
 *
 * Who acts: NW workers; an owner, who submits job 0 and then destroys the pool, draining or
 * cancelling; a client, who submits job 1 at any time, during destroy, too, unless a callback of
 * job 0 did, and works on both handles; and a pipe, whose data come until its job is cancelled.
 *
 * Each rule of the contract (API.md, "Contract") and what holds it here:
 *
 *   1  exactly one completion                     R1_ONCE, R1_END
 *      a refused submit has no callback           R1_REFUSED
 *      the handle is written first                R1_HANDLE
 *   2  callbacks never overlap                    R2_OVERLAP
 *      none after completion                      R2_AFTER
 *      bytes_done never decreases                 R2_MONOTONIC
 *      on success the last one says everything    R2_LAST
 *   3  blocking calls in callbacks are refused    R3_REFUSED; a hang is an invalid end state
 *   4  cancel OK: never published                 R4_PUBLISHED
 *      and the result is CANCELLED or came first  R4_RESULT
 *      TOO_LATE: the result stands                R4_LATE
 *      cancel leads to completion, stalled or not no invalid end state, ltl ends
 *   5  after destroy no callback, no thread       R5_CALLBACK, R5_THREAD
 *      a racing submit completes or is refused    R1_END, R1_REFUSED, no invalid end state
 *   6  wait and close return after completion     R6_WAIT
 *      after detach or close no callback begins   R6_SILENT
 *      memory lives as long as it is used         TOUCH
 *
 * All at once are more states than can be searched. `run` beside this file verifies these parts,
 * each of them whole:
 *
 *   one          one job, one worker, one chunk, with all that callbacks and the client may do,
 *                stalls, and `ltl ends`
 *   two-jobs     one worker; the second job is submitted by the client or by a callback, before or
 *                during destroy. No stalls; of the handles' calls only cancel and release
 *   two-workers  one job of one chunk, with the same left out
 *   ring         the same with two chunks: before a release only. Otherwise it is searched for the
 *                seeded bugs alone that need it
 *
 * and then takes out one guarantee after another (-DBUG_...), each of which must be found.
 */
#ifndef NW
#define NW 2
#endif
#ifndef CH
#define CH 2 /* chunks of a job, and slots of its ring */
#endif
#ifndef JOBS
#define JOBS 2 /* that are submitted */
#endif
#define NJ 2

#define RULE(name, condition) assert(condition)
#define TOUCH(j)              RULE(TOUCH, !freed[j])

mtype = { QUEUED, RUNNING, PUBLISHING, ENDING, DONE }; /* enum job_state */
mtype = { FREE, BUSY, READY };                         /* of a slot */
mtype = { TOKEN_FREE, TOKEN_HELD, TOKEN_HELD_WITH_NEWS };
mtype = { NOTHING, CANCELLED, DEADLOCK, ERROR }; /* the latch of the first failure */

/* --- The job --------------------------------------------------------------------------- */

mtype state[NJ] = QUEUED;
mtype latch[NJ] = NOTHING;
bool was_publishing[NJ], is_silenced[NJ], is_open[NJ];
byte references[NJ];
bool handle[NJ]; /* the caller's variable: written */

/* The pipeline's. */
byte next_take[NJ], next_put[NJ], workers_in[NJ];
mtype slot[NJ * CH] = FREE;
bool has_failed[NJ * CH];
bool put_is_held[NJ], is_ended[NJ], is_stopped[NJ];

/* The progress's. */
byte done[NJ];
mtype token[NJ] = TOKEN_FREE;

/* The take wait's. */
bool is_waiting[NJ], is_woken[NJ], has_stalled[NJ];
byte wait_tokens[NJ];

/* --- The pool -------------------------------------------------------------------------- */

byte tokens[NJ];
bool is_idle[NW], is_called[NW];
byte members;
bool is_stopping, is_ending;
bool empty_waits, empty_woken; /* the condition `empty`, and the one who destroys */

/* --- What is watched ------------------------------------------------------------------- */

bool accepted[NJ], refused[NJ], was_submitted[NJ];
byte completions[NJ], told[NJ];
bool inside[NJ], completed[NJ];
bool has_acted[NJ]; /* a callback of it has done its one deed */
mtype result[NJ] = NOTHING;
bool cancel_ok[NJ], cancel_late[NJ], cancel_came_first[NJ], published[NJ];
bool is_silent[NJ]; /* detach or close has returned */
bool freed[NJ];
bool is_dropped[NJ]; /* the handle: a caller may use it no more */
byte uses[NJ];       /* calls on it: who drops it must not do so meanwhile */
bool is_gone;        /* the pool */
byte exited;

/* --- The pool's functions -------------------------------------------------------------- */

/* In an atomic step. */
inline pool_call_worker()
{
#ifdef BUG_CALL_LOST
    skip
#else
    if
    :: is_idle[0] -> is_idle[0] = false; is_called[0] = true
#if NW > 1
    :: !is_idle[0] && is_idle[1] -> is_idle[1] = false; is_called[1] = true
#endif
    :: else
    fi
#endif
}

inline push_token(j)
{
    RULE(R5_THREAD, !is_gone);
    tokens[j]++;
    pool_call_worker()
}

inline finish_wait(j)
{
    is_waiting[j] = false;
    wait_tokens[j]++;
    pool_call_worker()
}

inline pool_leave(j)
{
    atomic {
        TOUCH(j);
        members--;
#ifndef BUG_NO_EMPTY_BROADCAST
        if
        :: members == 0 && is_stopping -> empty_woken = true
        :: else
        fi
#endif
    }
}

/* --- Callbacks ------------------------------------------------------------------------- */

inline callback_begin(j)
{
    RULE(R1_REFUSED, !refused[j]);
    RULE(R1_HANDLE, handle[j]);
    RULE(R2_OVERLAP, !inside[j]);
    RULE(R2_AFTER, completions[j] == 0);
    RULE(R5_CALLBACK, !is_gone);
    RULE(R6_SILENT, !is_silent[j]);
    inside[j] = true
}

/* job_cancel(), in an atomic step: it holds the job's lock, and takes the pool's. */
inline cancel_in_lock(j)
{
    TOUCH(j);
    if
    :: !was_publishing[j] && state[j] != ENDING && state[j] != DONE ->
#ifdef BUG_LATCH_LAST
        latch[j] = CANCELLED;
#else
        if
        :: latch[j] == NOTHING -> latch[j] = CANCELLED
        :: else
        fi;
#endif
        stop_in_lock(j)
    :: else
    fi
}

/* pipeline_stop(). */
inline stop_in_lock(j)
{
    is_stopped[j] = true;
#ifndef BUG_WAKE_FORGOTTEN
    is_woken[j] = true;
#endif
#ifndef BUG_WAIT_KEPT
    if
    :: is_waiting[j] -> finish_wait(j)
    :: else
    fi
#endif
}

/* A call of cinch_job_cancel(). */
inline cancel(j)
{
    atomic {
        cancel_in_lock(j);
        if
        :: was_publishing[j] ->
            RULE(R4_LATE, !cancel_ok[j]);
            cancel_late[j] = true
        :: else ->
            RULE(R4_LATE, !cancel_late[j]);
            cancel_came_first[j] = cancel_came_first[j] || latch[j] == CANCELLED;
            cancel_ok[j] = true
        fi;
        RULE(R4_PUBLISHED, !(cancel_ok[j] && published[j]))
    }
}

/* What nobody looks at any more, brought to one value, so that there are fewer states. */
inline forget(j)
{
    freed[j] = true;
    d_step {
        latch[j] = NOTHING; was_publishing[j] = false; is_open[j] = false;
        next_take[j] = 0; next_put[j] = 0; workers_in[j] = 0; is_ended[j] = false;
        has_failed[j * CH] = false; has_failed[j * CH + CH - 1] = false;
        done[j] = 0; token[j] = TOKEN_FREE; told[j] = 0;
        is_woken[j] = false; has_stalled[j] = false; has_acted[j] = false;
        result[j] = NOTHING; cancel_ok[j] = false; cancel_late[j] = false;
        cancel_came_first[j] = false; published[j] = false
    }
}

inline job_drop(j)
{
    atomic {
        TOUCH(j);
        references[j]--;
        if
        :: references[j] == 0 -> forget(j)
        :: else
        fi
    }
}

inline detach(j)
{
    atomic {
        TOUCH(j);
#ifndef BUG_NOT_SILENCED
        is_silenced[j] = true;
#endif
        skip
    };
    atomic { cancel_in_lock(j) };
    job_drop(j);
    is_silent[j] = true
}

/* job_submit(): the handle, then pool_join(). */
inline submit(j)
{
    atomic {
        RULE(R5_THREAD, !is_gone); /* a pool outlives its submits' calls */
        references[j] = 2;
#ifndef BUG_HANDLE_LATE
        handle[j] = true;
#endif
        skip
    };
#ifdef BUG_LATE_REFUSAL
    if
    :: is_stopping -> refused[j] = true
    :: else
    fi;
#endif
    atomic {
#ifndef BUG_LATE_REFUSAL
        refused[j] = is_stopping;
#endif
        if
        :: refused[j] -> freed[j] = true; is_dropped[j] = true
        :: else ->
            accepted[j] = true;
            members++;
            push_token(j)
        fi
    };
#ifdef BUG_HANDLE_LATE
    handle[j] = true;
#endif
    was_submitted[j] = true
}

/* What a callback of job j does beside being slow: one deed in a job's life. */
inline callback_body(j)
{
    if
    :: skip
#ifndef NO_DEEDS
    :: atomic { !has_acted[j] && !is_dropped[j] -> has_acted[j] = true; uses[j]++ };
        if
        :: cancel(j)
        :: /* wait and close: refused; close is recorded. */
#ifdef BUG_WAITS_INSIDE
            true -> state[j] == DONE
#else
            atomic {
                TOUCH(j);
                if
                :: (state[j] == QUEUED || state[j] == RUNNING) && latch[j] == NOTHING ->
                    latch[j] = DEADLOCK;
                    stop_in_lock(j)
#ifdef BUG_LATCH_LAST
                :: state[j] == RUNNING -> latch[j] = DEADLOCK
#endif
                :: else
                fi
            }
#endif
        fi;
        uses[j]--
    :: atomic { !has_acted[j] && !is_dropped[j] && uses[j] == 0 ->
           has_acted[j] = true; is_dropped[j] = true };
        if
        :: detach(j)
        :: job_drop(j) /* release */
        fi
#endif
#if JOBS > 1
    :: atomic { j == 0 && !has_acted[j] && !was_claimed -> has_acted[j] = true; was_claimed = true };
        submit(1)
#endif
    fi
}
bool was_claimed; /* somebody submits job 1 */

inline callback_end(j)
{
    atomic {
        RULE(R2_OVERLAP, inside[j]);
        inside[j] = false
    }
}

/* report_progress(): whether it is silenced is looked at, and the callback begins. */
inline report(j, amount)
{
    if
    :: atomic { !is_silenced[j] -> callback_begin(j);
           RULE(R2_MONOTONIC, amount >= told[j]);
           told[j] = amount };
        callback_body(j);
        callback_end(j)
    :: atomic { is_silenced[j] -> TOUCH(j) }
    fi
}

/* progress_add(), where every report is due: with the token, and as the only one. */
inline progress_add(j)
{
    atomic { TOUCH(j); done[j]++ };
#ifdef BUG_NO_TOKEN
    seen = done[j];
    report(j, seen);
#else
    atomic {
        if
        :: token[j] == TOKEN_FREE -> token[j] = TOKEN_HELD; holds = true
        :: else -> token[j] = TOKEN_HELD_WITH_NEWS; holds = false
        fi
    };
    do
    :: !holds -> break
    :: holds ->
        seen = done[j];
        report(j, seen);
        atomic {
            TOUCH(j);
            if
            :: token[j] == TOKEN_HELD -> token[j] = TOKEN_FREE; holds = false
#ifndef BUG_NEWS_KEPT
            :: else -> token[j] = TOKEN_HELD
#else
            :: else
#endif
            fi
        }
    od
#endif
}

/* transfer_fail(). */
inline fail(j)
{
    atomic {
        TOUCH(j);
#ifdef BUG_LATCH_LAST
        latch[j] = ERROR;
#else
        if
        :: latch[j] == NOTHING -> latch[j] = ERROR
        :: else
        fi;
#endif
        stop_in_lock(j)
    }
}

/* --- The pipeline ---------------------------------------------------------------------- */

#define CAN_CLAIM(j) (!is_ended[j] && !is_stopped[j] && next_take[j] - next_put[j] < CH)

/* In an atomic step: sets `push`. */
inline wants_worker(j)
{
    push = false;
    if
    :: workers_in[j] < NW && CAN_CLAIM(j) ->
        push = true;
#ifndef BUG_TOKEN_UNCOUNTED
        workers_in[j]++
#endif
    :: else
    fi
}

inline push_if_wanted(j)
{
    if
    :: push -> atomic { push_token(j) }
    :: else
    fi
}

/* put_ready_chunks(). */
inline put_ready_chunks(j)
{
    do
    :: atomic { next_put[j] == next_take[j] || slot[j * CH + next_put[j]] != READY ->
           TOUCH(j);
           put_is_held[j] = false };
        break
    :: atomic { next_put[j] != next_take[j] && slot[j * CH + next_put[j]] == READY -> TOUCH(j) };
        if
        :: !is_stopped[j] && has_failed[j * CH + next_put[j]] -> fail(j)
        :: else
        fi;
        atomic {
            slot[j * CH + next_put[j]] = FREE;
            next_put[j]++;
            wants_worker(j)
        };
        push_if_wanted(j)
    od
}

/* finish_chunk(), of the chunk `k`: work, then put. */
inline finish_chunk(j)
{
    if
    :: !is_stopped[j] ->
        if
        :: has_failed[j * CH + k] = true
        :: progress_add(j)
        fi
    :: else
    fi;
    atomic {
        TOUCH(j);
        slot[j * CH + k] = READY;
        is_ended[j] = is_ended[j] || has_failed[j * CH + k];
        if
        :: put_is_held[j] || k != next_put[j] -> puts = false
        :: else -> put_is_held[j] = true; puts = true
        fi
    };
    if
    :: puts -> put_ready_chunks(j)
    :: else
    fi
}

/* pipeline_run(): `is_last` says how it went. */
inline pipeline_run(j)
{
    do
    :: atomic { !CAN_CLAIM(j) ->
           TOUCH(j);
           workers_in[j]--;
           is_last = workers_in[j] == 0 };
        break
    :: atomic { CAN_CLAIM(j) ->
           TOUCH(j);
           k = next_take[j];
           next_take[j]++;
           slot[j * CH + k] = BUSY;
           is_ended[j] = next_take[j] == CH;
           wants_worker(j) };
        push_if_wanted(j);
        finish_chunk(j)
    od
}

/* --- The end --------------------------------------------------------------------------- */

inline job_end(j)
{
    /* job_may_publish() */
    atomic {
        TOUCH(j);
#ifdef BUG_CANCEL_UNCHECKED
        if
        :: latch[j] == NOTHING || latch[j] == CANCELLED ->
#else
        if
        :: latch[j] == NOTHING ->
#endif
            state[j] = PUBLISHING;
            was_publishing[j] = true
        :: else
        fi
    };
    if
    :: state[j] == PUBLISHING ->
        if
        :: atomic { published[j] = true; RULE(R4_PUBLISHED, !cancel_ok[j]) }
        :: fail(j)
        fi
    :: else
    fi;
    outcome = latch[j];
#ifndef BUG_LAST_PROGRESS_LATE
    if
    :: outcome == NOTHING -> report(j, CH + 1)
    :: else
    fi;
#endif
    atomic {
        TOUCH(j);
        assert(state[j] != ENDING && state[j] != DONE);
        state[j] = ENDING;
        result[j] = outcome;
        RULE(R4_RESULT, !(cancel_ok[j] && outcome == NOTHING));
        RULE(R4_RESULT, !(cancel_came_first[j] && outcome != CANCELLED));
        RULE(R4_LATE, !(cancel_late[j] && outcome == CANCELLED));
#ifdef BUG_DONE_EARLY
        state[j] = DONE
#endif
    };
    /* report_completion() */
    if
    :: atomic { !is_silenced[j] -> callback_begin(j);
           RULE(R1_ONCE, completions[j] == 0);
           completions[j]++;
           RULE(R2_LAST, outcome != NOTHING || told[j] == CH + 1) };
        callback_body(j);
        callback_end(j)
    :: atomic { is_silenced[j] -> TOUCH(j) }
    fi;
#ifdef BUG_LAST_PROGRESS_LATE
    if
    :: outcome == NOTHING -> report(j, CH + 1)
    :: else
    fi;
#endif
#ifdef BUG_DROPPED_EARLY
    job_drop(j);
#endif
    atomic { TOUCH(j); completed[j] = true; state[j] = DONE };
    pool_leave(j);
#ifndef BUG_DROPPED_EARLY
    job_drop(j)
#endif
}

/* --- Workers --------------------------------------------------------------------------- */

/* The first token: opens, and perhaps waits for the pipe first. */
inline job_run(j)
{
    is_last = false;
    goes_on = true;
    if
    :: !is_open[j] ->
        atomic { TOUCH(j); if :: state[j] == QUEUED -> state[j] = RUNNING :: else fi };
        if
        :: is_stopped[j] -> job_end(j); goes_on = false
#ifndef NO_STALLS
        :: !is_stopped[j] && !has_stalled[j] -> /* pool_wait_begin() */
            atomic {
                has_stalled[j] = true;
                if
                :: is_woken[j] -> wait_tokens[j]++; pool_call_worker()
                :: else -> is_waiting[j] = true
                fi
            };
            goes_on = false
#endif
        :: !is_stopped[j] -> fail(j); job_end(j); goes_on = false
        :: !is_stopped[j] -> report(j, 0); atomic { TOUCH(j); workers_in[j] = 1; is_open[j] = true }
        fi
    :: else
    fi;
    if
    :: goes_on -> pipeline_run(j)
    :: else
    fi;
    /* job_finish() */
    if
    :: is_last && !is_stopped[j] ->
        if
        :: skip
        :: fail(j) /* sealing */
        fi;
        job_end(j)
    :: is_last && is_stopped[j] -> job_end(j)
    :: else
    fi
}

proctype worker(byte w)
{
    byte j, k, seen;
    bool is_last, goes_on, push, puts, holds;
    mtype outcome;
main_loop:
    atomic {
        /* Nothing is remembered from job to job. */
        k = 0; seen = 0; is_last = false; goes_on = false; push = false; puts = false; holds = false;
        outcome = NOTHING;
        RULE(R5_THREAD, !is_gone);
        if
        :: tokens[0] > 0 -> tokens[0]--; j = 0
        :: wait_tokens[0] > 0 -> wait_tokens[0]--; j = 0
        :: tokens[1] > 0 -> tokens[1]--; j = 1
        :: wait_tokens[1] > 0 -> wait_tokens[1]--; j = 1
        :: else ->
            if
            :: is_ending -> goto over
            :: else -> is_idle[w] = true; is_called[w] = false; j = NJ
            fi
        fi
    };
    if
    :: j < NJ -> job_run(j)
    :: else -> is_called[w] /* its own condition */
    fi;
    goto main_loop;
over:
    exited++
}

/* --- Those outside --------------------------------------------------------------------- */

/* The data that a stalled job waits for; they do not come once it was told to stop. */
active proctype pipe()
{
end:
    do
    :: atomic { is_waiting[0] && !is_stopped[0] -> finish_wait(0) }
    :: atomic { is_waiting[1] && !is_stopped[1] -> finish_wait(1) }
    od
}

active proctype owner()
{
    atomic {
        run worker(0);
#if NW > 1
        run worker(1)
#endif
    };
    submit(0);
    /* pool_destroy() */
    is_stopping = true;
    if
    :: skip /* CINCH_DRAIN */
    :: atomic { if :: accepted[0] && !completed[0] -> cancel_in_lock(0) :: else fi };
        atomic { if :: accepted[1] && !completed[1] -> cancel_in_lock(1) :: else fi }
    fi;
    do
    :: atomic { members > 0 -> empty_woken = false; empty_waits = true };
        empty_woken
    :: atomic { members == 0 -> is_ending = true };
        break
    od;
    atomic {
        do
        :: is_idle[0] -> pool_call_worker()
#if NW > 1
        :: !is_idle[0] && is_idle[1] -> pool_call_worker()
        :: !is_idle[0] && !is_idle[1] -> break
#else
        :: !is_idle[0] -> break
#endif
        od
    };
#ifndef BUG_NO_JOIN
    exited == NW;
#endif
#if JOBS > 1
    /* The caller's part: no submit is under way. */
    was_submitted[1];
#endif
    atomic {
        RULE(R5_CALLBACK, !inside[0] && !inside[1]);
        is_gone = true;
        RULE(R1_END, !accepted[0] || is_silenced[0] || completions[0] == 1);
        RULE(R1_END, !accepted[1] || is_silenced[1] || completions[1] == 1)
    }
}

/* What a caller may do with a handle, and must in the end. */
inline use_handle(j)
{
    if
    :: skip
    :: atomic { !is_dropped[j] -> uses[j]++ };
        cancel(j);
        uses[j]--
    fi;
    if
    :: atomic { is_dropped[j] }
#ifndef QUIET_CLIENT
    :: atomic { !is_dropped[j] -> uses[j]++ }; /* wait */
        state[j] == DONE;
        atomic {
            TOUCH(j);
            RULE(R6_WAIT, is_silenced[j] || (completions[j] == 1 && !inside[j]));
            uses[j]--
        };
        if
        :: atomic { !is_dropped[j] && uses[j] == 0 -> is_dropped[j] = true }; job_drop(j)
        :: is_dropped[j]
        fi
    :: atomic { !is_dropped[j] && uses[j] == 0 -> is_dropped[j] = true }; /* close */
        atomic { cancel_in_lock(j) };
        state[j] == DONE;
        atomic {
            TOUCH(j);
            RULE(R6_WAIT, is_silenced[j] || (completions[j] == 1 && !inside[j]))
        };
        job_drop(j);
        is_silent[j] = true
    :: atomic { !is_dropped[j] && uses[j] == 0 -> is_dropped[j] = true }; detach(j)
#endif
    :: atomic { !is_dropped[j] && uses[j] == 0 -> is_dropped[j] = true }; job_drop(j)
    fi
}

active proctype client()
{
#if JOBS > 1
    /* Somebody submits job 1, this one or a callback. */
    if
    :: atomic { !was_claimed -> was_claimed = true }; submit(1)
    :: was_submitted[1]
    fi;
#endif
    was_submitted[0];
    use_handle(0)
#if JOBS > 1
    ;
    use_handle(1)
#endif
}

/* Everything ends: no run goes on for ever. (That none gets stuck is an invalid end state.) */
ltl ends { <> (is_gone) }
