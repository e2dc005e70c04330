import { Effect, Latch } from "effect"

/** One holder of buffered rows. */
export interface Holder {
  /** Bytes of memory held for rows that are not written. */
  readonly heldBytes: () => number
  /** False while writing fails, so that nobody waits for it. */
  readonly canFlush: () => boolean
  /** Writes what is held now. */
  readonly flush: Effect.Effect<void>
}

/** One limit on buffered rows for the whole process. */
export class MemoryBudget {
  readonly #limitBytes: number
  readonly #holders = new Set<Holder>()
  /** Closed while somebody reclaims. */
  readonly #reclaimed = Latch.makeUnsafe(true)
  #reclaiming = false
  #usedBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  get exceeded(): boolean {
    return this.#usedBytes > this.#limitBytes
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
   * Flushes until the limit is kept, the largest holder first: that frees the most with one write and makes the largest
   * row groups, where the oldest would be many small ones of quiet feeds. Ends early when nobody can flush. Waits where
   * somebody else does it already, together with all others: a thousand feeds that took turns would be busy with that alone.
   */
  readonly reclaim: Effect.Effect<void> = Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      if (!this.exceeded) return Effect.void
      if (this.#reclaiming) return restore(this.#reclaimed.await)
      this.#reclaiming = true
      this.#reclaimed.closeUnsafe()
      return Effect.ensuring(
        restore(this.#flushLargest()),
        Effect.sync(() => {
          this.#reclaiming = false
          this.#reclaimed.openUnsafe()
        })
      )
    })
  )

  #flushLargest(): Effect.Effect<void> {
    const tried = new Set<Holder>()
    return Effect.gen({ self: this }, function*() {
      while (this.exceeded) {
        const largest = this.#largest(tried)
        if (largest === null) return
        tried.add(largest)
        yield* largest.flush
      }
    })
  }

  #largest(except: ReadonlySet<Holder>): Holder | null {
    let largest: Holder | null = null
    let most = 0
    for (const holder of this.#holders) {
      const held = holder.heldBytes()
      if (held > most && !except.has(holder) && holder.canFlush()) {
        largest = holder
        most = held
      }
    }
    return largest
  }
}
