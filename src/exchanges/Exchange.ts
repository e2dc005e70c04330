import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import type { Event } from "../domain/Event.ts"
import type { DataType, Subscription } from "../domain/Feed.ts"
import type { Frame } from "../domain/Frame.ts"
import type { SymbolNotation } from "../domain/SymbolNotation.ts"
import type { Venue } from "../domain/Venue.ts"
import type { MakeTradeHistory } from "./TradeHistory.ts"

/** What a frame says about the connection rather than about the market. */
export type Control =
  | { readonly _tag: "Acknowledged" }
  /** The venue refuses a subscription; `reason` is in its own words. */
  | { readonly _tag: "Rejected"; readonly reason: string }
  | { readonly _tag: "Heartbeat" }
  | { readonly _tag: "Pong" }
  /** The venue announces something; `closing` when the connection will end soon. */
  | { readonly _tag: "Notice"; readonly code: string; readonly message: string; readonly closing: boolean }
  | { readonly _tag: "Ignorable"; readonly description: string }

/** Something in a frame that gave no row. */
export type Problem =
  | { readonly _tag: "Malformed"; readonly reason: string }
  /** Market data for something this connection did not subscribe to. */
  | { readonly _tag: "Unrequested"; readonly subject: string }

/** Everything one frame amounts to. */
export interface Parsed {
  /** In the order of the market, oldest first. */
  readonly events: ReadonlyArray<Event>
  readonly control: Control | null
  readonly problems: ReadonlyArray<Problem>
  /** The venue's number of this message on its connection, where it numbers messages (Coinbase `sequence_num`). */
  readonly connectionSequence: number | null
}

/** Turns frames of one connection into events and control messages. Pure, and total: no bytes make it throw. */
export type Parser = (frame: Frame) => Parsed

/**
 * Builds one message to send after the connection opened. `token` is a fresh JWT for this very message, or null where
 * the venue takes none or no credentials are configured.
 */
export type SubscribeFrame = (token: string | null) => string

/** How a connection is kept alive, and by what its death is noticed. */
export interface Keepalive {
  /** A WebSocket ping frame, or this text message. */
  readonly ping: { readonly _tag: "PingFrame" } | { readonly _tag: "Text"; readonly text: string }
  readonly everyMillis: number
  /** How long after a ping the venue may stay silent before it counts as gone. */
  readonly replyWithinMillis: number
  /** For venues that send heartbeats by themselves: how long their absence is tolerated. */
  readonly heartbeatWithinMillis: number | null
}

/** What the venue tolerates. */
export interface Limits {
  /** Connection attempts, over all connections of this machine. */
  readonly connectAttempts: { readonly count: number; readonly perMillis: number }
  /** For how long to stay away after this HTTP status at the handshake, where the venue does not say so itself. */
  readonly pauseMillis: Readonly<Record<number, number>>
  /** The shortest time between two messages that we send on one connection. */
  readonly sendSpacingMillis: number
  /** The largest message that is accepted from the venue. */
  readonly maxFrameBytes: number
  /** After how long the venue ends a connection by itself; null where it documents none. */
  readonly maxLifetimeMillis: number | null
}

/** One channel of a venue as `docs/venues.md` shows it. */
export interface Channel {
  /** As it stands in the subscription, for example `depth20@100ms`. */
  readonly name: string
  readonly content: string
  /** What `exchange_sequence_id` holds. */
  readonly sequenceId: string
  /** How a gap shows, or `not verifiable`. */
  readonly gapRule: string
  readonly continuity: ContinuityRule
  /** What `timestamp_exchange` holds, or `none`. */
  readonly exchangeTime: string
}

/** A venue's protocol as a value: what to send, and how to read what comes. No sockets, no clock, no randomness. */
export interface Exchange {
  readonly venue: Venue
  readonly notation: SymbolNotation
  readonly keepalive: Keepalive
  readonly limits: Limits
  readonly channels: Readonly<Record<DataType, Channel>>
  /** Whether subscribe messages take a JWT when credentials are configured. */
  readonly usesToken: boolean
  readonly url: (subscriptions: ReadonlyArray<Subscription>) => string
  readonly subscribe: (subscriptions: ReadonlyArray<Subscription>) => ReadonlyArray<SubscribeFrame>
  readonly parser: (subscriptions: ReadonlyArray<Subscription>) => Parser
  /** What the operator can do about this HTTP status at the handshake, or null where there is nothing special to say. */
  readonly refusalAdvice: (status: number) => string | null
  /** How missed trades are fetched; null where they cannot be. */
  readonly tradeHistory: MakeTradeHistory | null
}

/** Makes the adapter of a venue; `baseUrl` (from the config) selects another host, and with it the dialect. */
export type MakeExchange = (baseUrl: string | null) => Exchange

const none: ReadonlyArray<never> = []

export const events = (events: ReadonlyArray<Event>, connectionSequence: number | null = null): Parsed => ({
  events,
  control: null,
  problems: none,
  connectionSequence
})

export const control = (control: Control, connectionSequence: number | null = null): Parsed => ({
  events: none,
  control,
  problems: none,
  connectionSequence
})

export const malformed = (reason: string): Parsed => ({
  events: none,
  control: null,
  problems: [{ _tag: "Malformed", reason }],
  connectionSequence: null
})
