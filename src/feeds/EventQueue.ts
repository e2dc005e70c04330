import { type Cause, Effect, Queue, Scheduler } from "effect"
import type { Row } from "../domain/Event.ts"

/** The events of a feed that wait for its sink. */
export interface EventQueue {
  /** Whether there is room for another frame, however many events it has. Where there is none, its events are to be dropped. */
  readonly hasRoom: () => boolean
  /** Takes rows in any case: events for which there is room, and what is said of gaps. Never waits. */
  readonly put: (rows: ReadonlyArray<Row>) => void
  /** Waits for at least one row; ends with `Done` when the queue has ended and is empty. */
  readonly take: Effect.Effect<ReadonlyArray<Row>, Cause.Done>
  readonly end: Effect.Effect<void>
}

/** Bytes of events that may wait, so that a feed of large messages stays as small as one of small ones. */
const maxBytes = 8 * 1024 * 1024

/** Frames that are handed over together. */
const maxFrames = 1024

/**
 * Runs a fiber between two reads of a socket, in microtasks, instead of once per turn of the event loop: after a stall the
 * socket may hold more than a queue's worth of events, and all of it is read within one turn.
 */
export const prompt = new Scheduler.MixedScheduler("async", (task) => {
  let cancelled = false
  queueMicrotask(() => {
    if (!cancelled) task()
  })
  return () => {
    cancelled = true
  }
})

/** Takes rows at once; false where they have to wait. Asked only while nothing waits and whoever takes from the queue is idle. */
export type TakeNow = (rows: ReadonlyArray<Row>) => boolean

/**
 * A bounded, dropping queue. A frame finds room while fewer than `capacity` events wait, however many events it has: a
 * venue may put more trades into one message than a queue is meant to hold, and an idle sink must not lose them. Whoever
 * takes does so promptly by running on `prompt`. Most rows need not wait at all: `takeNow` has them taken where they come, for to
 * wake a fiber costs more than to take a row.
 */
export const make = Effect.fnUntraced(function*(capacity: number, takeNow: TakeNow = () => false) {
  // Bounded by `hasRoom`.
  const frames = yield* Queue.unbounded<ReadonlyArray<Row>, Cause.Done>().pipe(
    Effect.provideService(Scheduler.Scheduler, prompt)
  )
  let waiting = 0
  let waitingBytes = 0
  let ended = false
  /** Whoever takes has done with what it took before, and waits. */
  let idle = false
  const hasRoom = () => !ended && waiting < capacity && waitingBytes < maxBytes
  const put = (rows: ReadonlyArray<Row>) => {
    if (idle && waiting === 0 && !ended && takeNow(rows)) return
    waiting += rows.length
    waitingBytes += bytesOf(rows)
    Queue.offerUnsafe(frames, rows)
  }
  const nextFrames = Effect.suspend(() => {
    idle = true
    return Queue.takeBetween(frames, 1, maxFrames)
  })
  const queue: EventQueue = {
    hasRoom,
    put,
    take: Effect.map(nextFrames, (taken) => {
      idle = false
      const events = taken.length === 1 ? taken[0]! : taken.flat()
      waiting -= events.length
      waitingBytes -= bytesOf(events)
      return events
    }),
    end: Effect.suspend(() => {
      ended = true
      return Queue.end(frames)
    })
  }
  return queue
})

const bytesOf = (events: ReadonlyArray<Row>): number => {
  let bytes = 0
  for (const event of events) bytes += event.data.length
  return bytes
}
