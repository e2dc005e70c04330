import type { IncomingHttpHeaders } from "node:http"
import type { Venue } from "../domain/Venue.ts"
import type { Listing } from "./Listings.ts"
import type { Fill, Market } from "./Market.ts"
import type { IdOf, Tape } from "./Tape.ts"

/** A request over HTTP. */
export interface RestRequest {
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

/** An answer over HTTP. */
export interface RestAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

/** A request for trades that the venue understands. */
export interface TradeRequest {
  /** As the client wrote it. */
  readonly symbol: string
  readonly limit: number
  /** The trades that are asked for, in the venue's order. */
  readonly select: (tape: Tape) => ReadonlyArray<Fill>
  /** The answer with these trades, which a fault may have changed. */
  readonly page: (symbol: string, market: Market, fills: ReadonlyArray<Fill>, nowMillis: number) => RestAnswer
}

/** How often a venue lets itself be asked. */
export interface RequestLimit {
  /** Counts a request; the answer where it is one too many. */
  readonly refuse: (nowMillis: number) => RestAnswer | null
  /** What every answer says about the limit. */
  readonly headers: (nowMillis: number) => Readonly<Record<string, string>>
}

/** What a venue tells of past trades over HTTP. */
export interface RestVenue {
  readonly venue: Venue
  readonly limit: RequestLimit
  /** Null where this is no path of the venue; an answer where the venue refuses the request. */
  readonly read: (request: RestRequest) => TradeRequest | RestAnswer | null
  /** Null where the venue does not know the symbol. */
  readonly listing: (symbol: string, nowMillis: number) => Listing | null
  readonly unknownSymbol: (nowMillis: number) => RestAnswer
  /** How the venue says that something is wrong with it, or with the client. */
  readonly trouble: (status: number) => string
}

export const isAnswer = (value: TradeRequest | RestAnswer): value is RestAnswer => "status" in value

export const json = (status: number, value: unknown): RestAnswer => ({ status, body: JSON.stringify(value) })

/** The whole number in a text of digits; the fallback where there is none, null where it is something else. */
export const whole = (text: string | null, fallback: number): number | null =>
  text === null ? fallback : /^\d{1,15}$/.test(text) ? Number(text) : null

/** Up to `limit` fills before an id, or the newest without one; newest first. */
export const olderThan = (tape: Tape, id: string | null, limit: number, idOf: IdOf): ReadonlyArray<Fill> => {
  const end = id === null ? tape.length : tape.placeOf(id, idOf)
  return tape.slice(end - limit, end).toReversed()
}

/** The newest fills, up to `limit`, after an id; newest first. */
export const newerThan = (tape: Tape, id: string, limit: number, idOf: IdOf): ReadonlyArray<Fill> => {
  const start = tape.placeOf(String(BigInt(id) + 1n), idOf)
  return tape.slice(Math.max(start, tape.length - limit), tape.length).toReversed()
}

/** A cursor: a text of digits. */
export const isId = (text: string): boolean => /^\d{1,20}$/.test(text)
