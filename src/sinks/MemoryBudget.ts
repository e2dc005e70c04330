import { Cause, Effect, Exit, Latch } from "effect"

/** What a holder has, in bytes of memory. */
export interface Held {
  /** For rows that are not written. */
  readonly bytes: number
  /** Those of them that are compressed rows. */
  readonly packed: number
  /** Of rows, how many one `pack` would take on. */
  readonly packable: number
  /** Whether there are as many rows as make a good row group. */
  readonly ripe: boolean
}

/** One holder of buffered rows. */
export interface Holder {
  readonly held: () => Held
  /** Compresses what is packable, which does not take longer than an event loop may be kept. */
  readonly pack: () => void
  /** False while writing fails, so that nobody waits for it. */
  readonly canFlush: () => boolean
  /** Writes what is held now. */
  readonly flush: Effect.Effect<void>
}

/**
 * From the upper share of the limit on memory is given up down to the lower one, so that nobody has to wait for it. What is
 * compressed gets half: with more, the rest would have to be compressed in pieces so small that it would not pay.
 */
const shares = { crowded: 7 / 8, relieved: 3 / 4, packed: 1 / 2 }

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
   * Makes room: writes row groups that are worth it, then compresses what waits for more rows, then writes row groups that are
   * not; of each the largest first. Ends early when nobody can do anything, at once when somebody else is at it, and dies of a
   * holder's bug when the others are done.
   */
  readonly relieve: Effect.Effect<void> = Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      if (!this.wantsRelief) return Effect.void
      this.#relieving = true
      return Effect.ensuring(
        restore(this.#makeRoom()),
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

  #makeRoom(): Effect.Effect<void> {
    const steps = this.#steps()
    let bugs: Cause.Cause<never> = Cause.empty
    const working = Effect.gen({ self: this }, function*() {
      while (this.#usedBytes - this.#leavingBytes > this.#limitBytes * shares.relieved) {
        const next = steps.next()
        if (next.done) return
        const exit = yield* Effect.exit(next.value)
        if (Exit.isFailure(exit)) bugs = Cause.combine(bugs, exit.cause)
        if (!this.exceeded) this.#room.openUnsafe()
      }
    })
    return Effect.all(Array.from({ length: flushedAtATime }, () => working), {
      concurrency: "unbounded",
      discard: true
    }).pipe(Effect.andThen(Effect.suspend(() => bugs.reasons.length === 0 ? Effect.void : Effect.failCause(bugs))))
  }

  *#steps(): Generator<Effect.Effect<void>> {
    const holders = [...this.#holders].map((holder) => ({ holder, held: holder.held() }))
    const largest = holders.filter(({ held }) => held.bytes > 0).toSorted((a, b) => b.held.bytes - a.held.bytes)
    for (const { held, holder } of largest) if (held.ripe) yield this.#flush(holder)
    const packed = holders.reduce((sum, { held }) => sum + held.packed, 0)
    if (packed < this.#limitBytes * shares.packed) {
      for (const { holder } of largest.toSorted((a, b) => b.held.packable - a.held.packable)) {
        // Of a holder whose rows cannot be compressed, one attempt is enough.
        for (let was = -1, now = holder.held(); now.packable > 0 && now.packed > was; now = holder.held()) {
          was = now.packed
          yield Effect.andThen(Effect.sync(holder.pack), Effect.yieldNow)
        }
      }
    }
    for (const { held, holder } of largest) if (!held.ripe) yield this.#flush(holder)
  }

  #flush(holder: Holder): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (!holder.canFlush()) return Effect.void
      const { bytes } = holder.held()
      this.#leavingBytes += bytes
      const left = Effect.sync(() => {
        this.#leavingBytes -= bytes
      })
      return Effect.ensuring(holder.flush, left)
    })
  }
}
