import { type Cause, Effect, Queue, Scheduler } from "effect"
import type { Event } from "../domain/Event.ts"

/** The events of a feed that wait for its sink. */
export interface EventQueue {
  /** Takes all events of one frame or, when too many wait already, none of them: false then. Never waits. */
  readonly offer: (events: ReadonlyArray<Event>) => boolean
  /** Waits for at least one event; ends with `Done` when the queue has ended and is empty. */
  readonly take: Effect.Effect<ReadonlyArray<Event>, Cause.Done>
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

/**
 * A bounded, dropping queue. A frame finds room while fewer than `capacity` events wait, however many events it has: a
 * venue may put more trades into one message than a queue is meant to hold, and an idle sink must not lose them. Whoever
 * takes does so promptly by running on `prompt`.
 */
export const make = Effect.fnUntraced(function*(capacity: number) {
  const frames = yield* Queue.dropping<ReadonlyArray<Event>, Cause.Done>(capacity).pipe(
    Effect.provideService(Scheduler.Scheduler, prompt)
  )
  let waiting = 0
  let waitingBytes = 0
  const queue: EventQueue = {
    offer: (events) => {
      if (waiting >= capacity || waitingBytes >= maxBytes || !Queue.offerUnsafe(frames, events)) return false
      waiting += events.length
      waitingBytes += bytesOf(events)
      return true
    },
    take: Effect.map(Queue.takeBetween(frames, 1, maxFrames), (taken) => {
      const events = taken.length === 1 ? taken[0]! : taken.flat()
      waiting -= events.length
      waitingBytes -= bytesOf(events)
      return events
    }),
    end: Queue.end(frames)
  }
  return queue
})

const bytesOf = (events: ReadonlyArray<Event>): number => {
  let bytes = 0
  for (const event of events) bytes += event.data.length
  return bytes
}
