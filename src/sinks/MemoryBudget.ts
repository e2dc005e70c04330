import { Cause, Effect, Exit, Latch } from "effect"

/** One holder of buffered rows. */
export interface Holder {
  /** Bytes of memory held for rows that are not written. */
  readonly heldBytes: () => number
  /** False while writing fails, so that nobody waits for it. */
  readonly canFlush: () => boolean
  /** Writes what is held now. */
  readonly flush: Effect.Effect<void>
}

/** From the upper share of the limit on rows are written down to the lower one, so that nobody has to wait for it. */
const shares = { crowded: 7 / 8, relieved: 3 / 4 }

/** So many holders are flushed at a time: what a flush takes is mostly the disk's time. */
const flushedAtATime = 4

/** One limit on buffered rows for the whole process. */
export class MemoryBudget {
  readonly #limitBytes: number
  readonly #holders = new Set<Holder>()
  /** Closed while somebody waits. */
  readonly #room = Latch.makeUnsafe(true)
  #relieving = false
  #usedBytes = 0
  /** What is being flushed, as far as it counts as used. */
  #leavingBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  get exceeded(): boolean {
    return this.#usedBytes > this.#limitBytes
  }

  /** Whether somebody should `relieve` it, and nobody does. */
  get wantsRelief(): boolean {
    return !this.#relieving && this.#usedBytes > this.#limitBytes * shares.crowded
  }

  /** What each holder may keep when all of them keep as much. */
  get shareBytes(): number {
    return Math.floor(this.#limitBytes / Math.max(1, this.#holders.size))
  }

  join(holder: Holder): void {
    this.#holders.add(holder)
  }

  leave(holder: Holder): void {
    this.#holders.delete(holder)
  }

  /** Records that `bytes` more are held, or fewer when negative. */
  account(bytes: number): void {
    this.#usedBytes += bytes
  }

  /**
   * Flushes until there is room, the largest holders first: that frees the most with one write and makes the largest row
   * groups, where the oldest would be many small ones of quiet feeds. Ends early when nobody can flush, at once when somebody
   * else is at it, and dies of a holder's bug when the others are flushed.
   */
  readonly relieve: Effect.Effect<void> = Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      if (!this.wantsRelief) return Effect.void
      this.#relieving = true
      return Effect.ensuring(
        restore(this.#flushLargest()),
        Effect.sync(() => {
          this.#relieving = false
          this.#room.openUnsafe()
        })
      )
    })
  )

  /** Waits until the limit is kept, or nobody can flush. All wait together: a thousand feeds that took turns would be busy with that alone. */
  readonly reclaim: Effect.Effect<void> = Effect.suspend(() => {
    if (!this.exceeded) return Effect.void
    if (!this.#relieving) return this.relieve
    this.#room.closeUnsafe()
    return this.#room.await
  })

  #flushLargest(): Effect.Effect<void> {
    const held = [...this.#holders].map((holder) => ({ holder, bytes: holder.heldBytes() }))
    const largest = held.filter(({ bytes }) => bytes > 0).toSorted((one, other) => other.bytes - one.bytes).values()
    let bugs: Cause.Cause<never> = Cause.empty
    const flushing = Effect.gen({ self: this }, function*() {
      while (this.#usedBytes - this.#leavingBytes > this.#limitBytes * shares.relieved) {
        const next = largest.next()
        if (next.done) return
        const { bytes, holder } = next.value
        if (!holder.canFlush()) continue
        this.#leavingBytes += bytes
        const left = Effect.sync(() => {
          this.#leavingBytes -= bytes
        })
        const exit = yield* Effect.exit(Effect.ensuring(holder.flush, left))
        if (Exit.isFailure(exit)) bugs = Cause.combine(bugs, exit.cause)
        if (!this.exceeded) this.#room.openUnsafe()
      }
    })
    return Effect.all(Array.from({ length: flushedAtATime }, () => flushing), {
      concurrency: "unbounded",
      discard: true
    }).pipe(Effect.andThen(Effect.suspend(() => bugs.reasons.length === 0 ? Effect.void : Effect.failCause(bugs))))
  }
}
