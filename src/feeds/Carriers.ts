import type { Uncarried } from "../completeness/Uncarried.ts"
import type { Gap, GapCause } from "../domain/Gap.ts"

/** After the end of one connection, others were to deliver alone. */
interface Span {
  readonly cause: GapCause
  readonly openedMicros: number
  readonly before: number
  /** Those that were open, and have not shown since that they were alive. */
  readonly vouching: Set<number>
  /** What was said of it. */
  gap: Gap | null
}

/** A connection that is so far behind another one no longer carries. */
const behindMicros = 2_000_000

export interface Options {
  /** Hears of a span that nobody has shown to have delivered; answers what is said of it. */
  readonly uncarried: (span: Uncarried) => Gap
  /** Hears that everything came over another connection after all. */
  readonly carried: (gap: Gap) => void
}

/**
 * Which connections of a feed deliver, or would if there were anything. One that is dead may look quiet: that nothing was missed when
 * another one ended is known only once it brings something more.
 */
export class Carriers {
  readonly #options: Options | null
  /** When each of them was heard last, microseconds since the epoch. */
  readonly #carrying = new Map<number, number>()
  #spans: Array<Span> = []

  /** Without options, the venue's numbers tell what was missed. */
  constructor(options: Options | null) {
    this.#options = options
  }

  get size(): number {
    return this.#carrying.size
  }

  has(connection: number): boolean {
    return this.#carrying.has(connection)
  }

  /** Another connection that delivers, or would; null where there is none. */
  other(connection: number): number | null {
    for (const each of this.#carrying.keys()) if (each !== connection) return each
    return null
  }

  /** The connection delivers, or would if there were anything. */
  add(connection: number, nowMicros: number): void {
    this.closing(nowMicros, connection)
    this.#carrying.set(connection, nowMicros)
  }

  /** The connection is about to deliver; to be told before what it brings is written. */
  closing(nowMicros: number, connection: number): void {
    if (this.#spans.length === 0 || this.#carrying.has(connection)) return
    for (const span of this.#spans) {
      const { before, cause, openedMicros } = span
      const known = { cause, openedMicros, closedMicros: nowMicros, before, after: connection }
      span.gap ??= this.#options?.uncarried(known) ?? null
    }
  }

  /** The connection has brought something. */
  heard(connection: number): void {
    if (this.#spans.length === 0) return
    this.#spans = this.#spans.filter(({ gap, vouching }) => {
      if (!vouching.has(connection)) return true
      if (gap !== null) this.#options?.carried(gap)
      return false
    })
  }

  /** The connection has ended, for `cause` unless it was replaced; `lastMicros` is when anything was received last. */
  remove(connection: number, cause: GapCause | null, lastMicros: number): void {
    const carried = this.#carrying.delete(connection)
    this.#spans = this.#spans.filter(({ vouching }) => !vouching.delete(connection) || vouching.size > 0)
    if (this.#options === null || !carried) return
    for (const [other, heardMicros] of this.#carrying) {
      // It has not brought what the one that has ended brought.
      if (heardMicros < lastMicros - behindMicros) this.#carrying.delete(other)
    }
    if (cause === null || this.#carrying.size === 0) return
    const vouching = new Set(this.#carrying.keys())
    this.#spans.push({ cause, openedMicros: lastMicros, before: connection, vouching, gap: null })
  }
}
