import type { DataType } from "../domain/Feed.ts"
import type { Venue } from "../domain/Venue.ts"
import type { AddressFilter } from "./Address.ts"

/** Something that goes wrong on a connection that is open. */
export type ConnectionFault =
  /** A close frame after everything that was sent. */
  | { readonly kind: "disconnect"; readonly code?: number; readonly reason?: string }
  /** The socket is destroyed. */
  | { readonly kind: "abrupt" }
  /** Market data stops and is lost, control messages go on; for ever, or for a time. */
  | { readonly kind: "stall"; readonly forMillis?: number }
  /** Nothing is sent or answered any more, and yet the socket stays. */
  | { readonly kind: "half-open" }
  /** A frame that nobody can make sense of. */
  | { readonly kind: "garbage"; readonly form?: GarbageForm; readonly bytes?: number }
  /** The next messages with market data never arrive, though the venue counted them. */
  | { readonly kind: "gap"; readonly count?: number }
  /** The next message with market data arrives twice. */
  | { readonly kind: "duplicate" }
  /** The next message with market data arrives after the one that follows it. */
  | { readonly kind: "reorder" }
  /** The venue announces the end of the connection, and ends it later. */
  | { readonly kind: "notice"; readonly leadMillis?: number }
  /** The client's close frame will not be answered. */
  | { readonly kind: "hang-close" }
  /** The venue numbers the books anew: OKX sequence reset, Bybit snapshot with `u` 1. */
  | { readonly kind: "restart" }
  /** The venue numbers its trades anew, from a low number on, while time goes on. */
  | { readonly kind: "restart-trades" }
  /** The next taker order matches this many makers. */
  | { readonly kind: "burst"; readonly fills: number }

export type GarbageForm = "broken-json" | "binary" | "unknown" | "huge"
export const garbageForms: ReadonlyArray<GarbageForm> = ["broken-json", "binary", "unknown", "huge"]

/** Something that goes wrong before there is a connection. */
export type HandshakeFault =
  | { readonly kind: "refuse"; readonly status: number; readonly retryAfterSecs?: number }
  /** The TCP connection is closed instead of answered. */
  | { readonly kind: "tcp-close" }
  /** The TCP connection is accepted and then nothing happens. */
  | { readonly kind: "no-handshake" }

/** Something that goes wrong with a request over HTTP for trades of the past. */
export type RequestFault =
  /** A status instead of trades. */
  | { readonly kind: "rest-status"; readonly status: number; readonly retryAfterSecs?: number }
  /** Trades that are not what was asked for. */
  | { readonly kind: "rest-lie"; readonly form?: LieForm }
  /** No more than so many trades, however many were asked for and exist. */
  | { readonly kind: "rest-short"; readonly trades: number }
  /** Half of the answer. */
  | { readonly kind: "rest-broken" }
  /** No answer at all, and yet the socket stays. */
  | { readonly kind: "rest-silent" }

/** Ids that no trade has, trades of another symbol, every trade twice, or every third one left out. */
export type LieForm = "ids" | "symbol" | "duplicates" | "holes"
export const lieForms: ReadonlyArray<LieForm> = ["ids", "symbol", "duplicates", "holes"]

/** Every given field must match. A connection matches a symbol or data type when it subscribed to it. */
export interface Target extends AddressFilter {
  readonly venue?: Venue
  readonly symbol?: string
  readonly dataType?: DataType
  readonly connection?: number
  /** Only the n-th, from 1, of the open connections that match, in the order in which they were opened. */
  readonly nth?: number
}

/** How long a standing fault stands: until lifted, unless one of these ends it earlier. */
export interface Standing extends AddressFilter {
  readonly venue?: Venue
  readonly times?: number
  readonly forMillis?: number
  /** Chance per occasion, 1 unless given. */
  readonly probability?: number
}

/** A fault that happens by itself, again and again, at moments that follow from the seed. */
export interface ScheduledFault {
  readonly fault: ConnectionFault | HandshakeFault | RequestFault
  readonly target?: Target
  /** For a connection fault the mean time between two; for others the chance per handshake or request. */
  readonly when: { readonly everyMillis: number } | { readonly probability: number }
}

export const isHandshakeFault = (fault: ScheduledFault["fault"]): fault is HandshakeFault =>
  fault.kind === "refuse" || fault.kind === "tcp-close" || fault.kind === "no-handshake"

export const isRequestFault = (fault: ScheduledFault["fault"]): fault is RequestFault => fault.kind.startsWith("rest-")
