import type { DataType, Subscription } from "../domain/Feed.ts"
import type { Row } from "./Ledger.ts"
import type { Follower, Listing } from "./Listings.ts"
import type { SeededRandom } from "./SeededRandom.ts"

/** A string goes out as a text frame, a buffer as a binary frame. */
export type Payload = string | Buffer

/** What a venue's session may do with its connection. Faults act behind this interface, unseen by the session. */
export interface Link {
  /** Unique within the simulator, from 1. */
  readonly number: number
  readonly random: SeededRandom
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds since the epoch of the last frame from the client, and of the last one to it. */
  readonly lastReceivedAt: () => number
  readonly lastSentAt: () => number
  /** Sends something that is not market data. */
  readonly control: (payload: Payload) => void
  /** Sends market data; `rows` are what a recorder must make of it, oldest first. */
  readonly market: (payload: Payload, rows: ReadonlyArray<Row>) => void
  readonly ping: (payload: string) => void
  readonly pong: (payload: Buffer) => void
  /** Ends the connection with a close frame after everything that was sent. */
  readonly close: (code: number, reason: string) => void
  /** Ends the connection without a close frame. */
  readonly drop: () => void
  /** Runs `action` on the first tick after `delayMillis`, unless the connection has ended by then. */
  readonly later: (delayMillis: number, action: () => void) => void
  /** Starts delivering a market's trades or books to this session; `symbol` is as the client wrote it. */
  readonly follow: (listing: Listing, dataType: DataType, symbol: string) => void
  readonly unfollow: (listing: Listing, dataType: DataType) => void
  /** Whether a fault makes the venue refuse this subscription. */
  readonly refuses: (subscription: Subscription) => boolean
}

/** One connection's protocol: what a venue says and does on it. All of it synchronous. */
export interface VenueSession extends Follower {
  readonly opened: () => void
  readonly message: (text: string) => void
  readonly pinged: (payload: Buffer) => void
  readonly ponged: (payload: Buffer) => void
  /** Called every few milliseconds: keepalive, limits, batches that are due. */
  readonly tick: (nowMillis: number) => void
  /** Sends what is held back for a batch. */
  readonly flush: () => void
  /**
   * Announces that the connection will end, and ends it after this time or the configured one. Does nothing where the
   * venue has no words for it.
   */
  readonly announceEnd: (leadMillis?: number) => void
}

/** What a session does where its venue has nothing special to do. */
export const quiet = (link: Link): VenueSession => ({
  opened: () => {},
  message: () => {},
  pinged: (payload) => link.pong(payload),
  ponged: () => {},
  tick: () => {},
  flush: () => {},
  traded: () => {},
  changed: () => {},
  announceEnd: () => {}
})

/** Computes `encode` once per key however many connections ask for it in a row. */
export const encodeOnce = <Key extends object, Value>(encode: (listing: Listing, key: Key) => Value) => {
  let last: { readonly key: Key; readonly value: Value } | null = null
  return (listing: Listing, key: Key): Value => {
    if (last === null || last.key !== key) last = { key, value: encode(listing, key) }
    return last.value
  }
}
