import type { DataType } from "../domain/Feed.ts"
import type { Venue } from "../domain/Venue.ts"

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
  | { readonly kind: "notice" }
  /** The client's close frame will not be answered. */
  | { readonly kind: "hang-close" }
  /** The venue numbers the books anew: OKX sequence reset, Bybit snapshot with `u` 1. */
  | { readonly kind: "restart" }
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

/** Every given field must match. A connection matches a symbol or data type when it subscribed to it. */
export interface Target {
  readonly venue?: Venue
  readonly symbol?: string
  readonly dataType?: DataType
  readonly connection?: number
}

/** How long a standing fault stands: until lifted, unless one of these ends it earlier. */
export interface Standing {
  readonly venue?: Venue
  readonly times?: number
  readonly forMillis?: number
  /** Chance per occasion, 1 unless given. */
  readonly probability?: number
}

/** A fault that happens by itself, again and again, at moments that follow from the seed. */
export interface ScheduledFault {
  readonly fault: ConnectionFault | HandshakeFault
  readonly target?: Target
  /** For a connection fault the mean time between two; for a handshake fault its chance per handshake. */
  readonly when: { readonly everyMillis: number } | { readonly probability: number }
}

export const isHandshakeFault = (fault: ConnectionFault | HandshakeFault): fault is HandshakeFault =>
  fault.kind === "refuse" || fault.kind === "tcp-close" || fault.kind === "no-handshake"
