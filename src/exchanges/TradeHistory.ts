import type { TradeEvent } from "../domain/Event.ts"

/** Trades that are missing between two that were recorded. Ids are text, both exclusive. */
export interface Wanted {
  /** The symbol as it was subscribed to, in the venue's notation. */
  readonly symbol: string
  /** The newest trade before the gap. */
  readonly afterId: string
  /** The oldest trade after the gap; where it stands for several ids (OKX), the first of them. */
  readonly beforeId: string
  /** When these two were received, microseconds since the epoch. */
  readonly afterMicros: number
  readonly beforeMicros: number
}

/** What the venue answered. */
export type HistoryAnswer =
  | {
    readonly _tag: "Page"
    /**
     * Oldest first, each with `origin` "repair"; also those that were not wanted. Where ids do not follow each other, a page holds all
     * that the venue lists from its oldest trade on, up to the page before it or to `beforeId`.
     */
    readonly trades: ReadonlyArray<TradeEvent>
    /** Where to ask for more of what is wanted; null when there is no more, or this page reached the end. */
    readonly next: string | null
    /** Whether this page and those before it reach back to `afterId` without a hole, as far as the venue tells. */
    readonly complete: boolean
  }
  /** Asked too often, or in trouble itself: to be asked again after a pause. */
  | { readonly _tag: "Busy"; readonly pauseMillis: number }
  /** Not what the venue documents, or a refusal, in words for the operator. */
  | { readonly _tag: "Refused"; readonly reason: string }

/** The answer to a request over HTTP. */
export interface HistoryResponse {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
  /** Microseconds since the epoch: becomes `timestampCollector`. */
  readonly receivedAtMicros: number
}

/** How trades that were missed are asked for over REST: what to request, and how to read what comes. Pure and total. */
export interface TradeHistory {
  /** Requests that a repair may make, well below what the venue tolerates, for all symbols of this machine together. */
  readonly limit: { readonly count: number; readonly perMillis: number }
  /** How far back the venue remembers; null where it forgets nothing, or not by time (Bybit: all but 60 trades). */
  readonly horizonMillis: number | null
  /** The URL of the first request. */
  readonly first: (wanted: Wanted) => string
  /** Reads the answer to the request `url`. */
  readonly read: (wanted: Wanted, url: string, response: HistoryResponse) => HistoryAnswer
}

/** Makes the trade history of a venue; `restUrl` (from the config) selects another host. */
export type MakeTradeHistory = (restUrl: string | null) => TradeHistory
