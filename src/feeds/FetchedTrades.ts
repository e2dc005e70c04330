import type { Continuity } from "../completeness/Continuity.ts"
import type { GapLedger } from "../completeness/GapLedger.ts"
import type { TradeEvent } from "../domain/Event.ts"
import type { Gap } from "../domain/Gap.ts"
import type { SequenceStats } from "../telemetry/SequenceStats.ts"
import { betweenIds, type Fetchable, type Neighbours } from "./Neighbours.ts"
import type { Passage } from "./Passage.ts"
import type { UnwrittenTrades } from "./UnwrittenTrades.ts"

export interface Options {
  /** Null where the venue counts its trades. */
  readonly neighbours: Neighbours | null
  readonly continuity: Continuity
  readonly ledger: GapLedger
  readonly unwritten: UnwrittenTrades | null
  readonly stats: SequenceStats
  readonly passage: Passage
}

/** Trades that were missed and are fetched over REST: which ones to ask for, and what becomes of those that come. */
export class FetchedTrades {
  readonly #options: Options

  constructor(options: Options) {
    this.#options = options
  }

  /** The gaps whose trades can be asked for, oldest first. */
  gaps(): ReadonlyArray<Fetchable> {
    return this.#options.neighbours?.gaps ?? this.#options.ledger.missing().map(betweenIds)
  }

  /**
   * Takes trades that were fetched for a gap; answers how many of them had been missing and are passed on. There must be room for
   * them, which only the caller can wait for.
   */
  take(trades: ReadonlyArray<TradeEvent>, gap: Fetchable): number {
    const { ledger, neighbours, passage, unwritten } = this.#options
    passage.prepare(ledger.lastMicros())
    const kept = neighbours?.take(trades, gap.gap) ?? trades.filter((trade) => this.#wasMissing(trade))
    // The gap that a trade without room belongs to is told of as a whole.
    for (const { sequenceId } of kept) unwritten?.take(sequenceId, (told) => told)
    if (kept.length > 0) passage.pass(kept)
    return kept.length
  }

  /** Whether every trade between the ids around a gap, which the venue counts, is there by now. */
  isWhole({ afterId, beforeId }: Fetchable): boolean {
    const { ledger, neighbours } = this.#options
    const lacks = ({ firstMissingId, lastMissingId }: Gap) =>
      Number(lastMissingId) > Number(afterId) && Number(firstMissingId) < Number(beforeId)
    return neighbours === null && !ledger.missing().some(lacks)
  }

  /** Whether nothing is to be fetched for a gap any more, as it was none after all or what is written of it is not known. */
  isOver({ gap }: Fetchable): boolean {
    return this.#options.neighbours?.gaps.every(({ gap: { id } }) => id !== gap.id) === true
  }

  /**
   * All that can be fetched for a gap has been: everything that was missing, or only some. True where that settles it; where the venue
   * counts its trades, their ids alone do.
   */
  settle(wanted: Fetchable, recovered: number, complete: boolean): boolean {
    const { ledger, neighbours, passage } = this.#options
    const known = neighbours?.gaps.find(({ gap }) => gap.id === wanted.gap.id)
    if (known === undefined) return false
    ledger.refetched(known.gap, recovered, complete)
    neighbours?.settled(known.gap)
    passage.flush()
    return complete
  }

  #wasMissing({ position, timestampExchange }: TradeEvent): boolean {
    const { continuity, ledger, stats } = this.#options
    const filled = position === null ? 0 : continuity.fetched(position, timestampExchange)
    if (position === null || filled === 0) return false
    stats.missing -= filled
    return ledger.repaired(position)
  }
}
