import { closeSync, openSync, writeSync } from "node:fs"
import type { DataType, Subscription } from "../domain/Feed.ts"
import type { Venue } from "../domain/Venue.ts"
import type { Address } from "./Address.ts"
import type { RequestFault } from "./Fault.ts"

/** The columns that only a trade has. */
export interface TradeFields {
  readonly tradeId: string
  readonly price: number
  readonly size: number
  /** The taker's side. */
  readonly side: "buy" | "sell"
}

/** What a recorder must make of one event. */
export interface Row {
  /** As it was subscribed to, in the venue's notation. */
  readonly symbol: string
  readonly dataType: DataType
  /** The venue's own id; null where it has none. */
  readonly sequenceId: string | null
  /** The JSON text, byte for byte. */
  readonly data: string
  /** Microseconds since the epoch; null where the venue sends no time. */
  readonly timestampExchange: number | null
  /** Null for books. */
  readonly trade: TradeFields | null
  /** Null for trades. */
  readonly isSnapshot: boolean | null
  /** The venue showed something past to a new subscriber. */
  readonly history: boolean
}

/** One event that was handed to an open socket. */
export interface Entry extends Row {
  readonly connection: number
  readonly venue: Venue
  readonly sentAtMillis: number
  /** Sent a second time by a fault. */
  readonly duplicate: boolean
}

/**
 * How a connection ended: `clean` is a close frame of the client, `client-drop` its disappearance, `server-close`
 * something the venue does by itself, `fault:<kind>` a fault.
 */
export type End = "clean" | "client-drop" | "server-close" | `fault:${string}`

/** A subscription that was accepted, and when. */
export interface Subscribed extends Subscription {
  readonly atMillis: number
}

/** One connection, from its handshake on. Times are milliseconds since the epoch. */
export interface ConnectionRecord {
  readonly connection: number
  readonly venue: Venue
  readonly address: Address
  readonly openedAt: number
  readonly subscriptions: ReadonlyArray<Subscribed>
  readonly closedAt: number | null
  readonly end: End | null
  /**
   * True when the last events of the connection may never have reached the client although they were sent: it was cut,
   * or the client left while events were still coming. False when the client had to read everything.
   */
  readonly suffixMayBeLost: boolean
}

interface MutableRecord extends ConnectionRecord {
  readonly subscriptions: Array<Subscribed>
  closedAt: number | null
  end: End | null
  suffixMayBeLost: boolean
}

/** A handshake that was not answered with a WebSocket. */
export interface Refusal {
  readonly venue: Venue
  readonly atMillis: number
  /** An HTTP status, or what was done instead of answering. */
  readonly outcome: number | "tcp-close" | "no-handshake"
}

/** A request over HTTP for trades of the past, and what became of it. */
export interface Inquiry {
  readonly venue: Venue
  readonly atMillis: number
  readonly address: Address
  readonly symbol: string
  readonly status: number | "no-answer"
  /** Trades in the answer. */
  readonly trades: number
  readonly fault: RequestFault["kind"] | null
}

/** Every given field must match. */
export interface EntryFilter {
  readonly venue?: Venue
  readonly symbol?: string
  readonly dataType?: DataType
  readonly connection?: number
}

export interface LedgerOptions {
  /** Also write every line to this file, before the bytes go to the socket. */
  readonly path: string | null
  /** Keep the entries in memory. Without, only their number is known. */
  readonly keep: boolean
}

/** The oracle: every event that was sent, in the order of sending, and what became of each connection. */
export class Ledger {
  readonly #keep: boolean
  readonly #file: number | null
  readonly #entries: Array<Entry> = []
  readonly #records: Array<MutableRecord> = []
  readonly #refusals: Array<Refusal> = []
  readonly #inquiries: Array<Inquiry> = []
  #lines: Array<string> = []
  #count = 0

  constructor(options: LedgerOptions) {
    this.#keep = options.keep
    this.#file = options.path === null ? null : openSync(options.path, "a")
  }

  /** Events sent so far. */
  get count(): number {
    return this.#count
  }

  entries(filter: EntryFilter = {}): ReadonlyArray<Entry> {
    return this.#entries.filter((entry) => matches(entry, filter))
  }

  connections(): ReadonlyArray<ConnectionRecord> {
    return this.#records
  }

  /** When a feed was first subscribed to; null where it never was. Milliseconds since the epoch. */
  firstSubscribedAt(venue: Venue, symbol: string, dataType: DataType): number | null {
    for (const record of this.#records) {
      if (record.venue !== venue) continue
      const found = record.subscriptions.find((each) => each.symbol === symbol && each.dataType === dataType)
      if (found !== undefined) return found.atMillis
    }
    return null
  }

  refusals(): ReadonlyArray<Refusal> {
    return this.#refusals
  }

  inquiries(): ReadonlyArray<Inquiry> {
    return this.#inquiries
  }

  append(row: Row, connection: number, venue: Venue, sentAtMillis: number, duplicate: boolean) {
    this.#count++
    if (!this.#keep && this.#file === null) return
    const entry: Entry = {
      connection,
      venue,
      symbol: row.symbol,
      dataType: row.dataType,
      sequenceId: row.sequenceId,
      timestampExchange: row.timestampExchange,
      sentAtMillis,
      trade: row.trade,
      isSnapshot: row.isSnapshot,
      history: row.history,
      duplicate,
      data: row.data
    }
    if (this.#keep) this.#entries.push(entry)
    if (this.#file !== null) this.#write("event", entry)
  }

  opened(connection: number, venue: Venue, address: Address, openedAt: number) {
    const record: MutableRecord = {
      connection,
      venue,
      address,
      openedAt,
      subscriptions: [],
      closedAt: null,
      end: null,
      suffixMayBeLost: false
    }
    this.#records.push(record)
    this.#write("opened", { connection, venue, address, openedAt })
  }

  subscribed(connection: number, subscription: Subscribed) {
    this.#records[connection - 1]?.subscriptions.push(subscription)
    this.#write("subscribed", { connection, ...subscription })
  }

  closed(connection: number, closedAt: number, end: End, suffixMayBeLost: boolean) {
    const record = this.#records[connection - 1]
    if (record === undefined) return
    record.closedAt = closedAt
    record.end = end
    record.suffixMayBeLost = suffixMayBeLost
    this.#write("closed", { connection, closedAt, end, suffixMayBeLost })
    this.flush()
  }

  refused(refusal: Refusal) {
    this.#refusals.push(refusal)
    this.#write("refused", refusal)
    this.flush()
  }

  inquired(inquiry: Inquiry) {
    this.#inquiries.push(inquiry)
    this.#write("inquiry", inquiry)
    this.flush()
  }

  /** Hands what was written to the operating system. */
  flush() {
    if (this.#file === null || this.#lines.length === 0) return
    writeSync(this.#file, this.#lines.join(""))
    this.#lines = []
  }

  close() {
    this.flush()
    if (this.#file !== null) closeSync(this.#file)
  }

  #write(line: string, fields: object) {
    if (this.#file !== null) this.#lines.push(`${JSON.stringify({ line, ...fields })}\n`)
  }
}

const matches = (entry: Entry, filter: EntryFilter): boolean =>
  (filter.venue === undefined || filter.venue === entry.venue) &&
  (filter.symbol === undefined || filter.symbol === entry.symbol) &&
  (filter.dataType === undefined || filter.dataType === entry.dataType) &&
  (filter.connection === undefined || filter.connection === entry.connection)
