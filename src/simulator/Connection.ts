import type { Duplex } from "node:stream"
import { WebSocket } from "ws"
import type { DataType, Subscription } from "../domain/Feed.ts"
import type { Venue } from "../domain/Venue.ts"
import { type Address, isAt } from "./Address.ts"
import { Agenda } from "./Agenda.ts"
import type { ConnectionFault, Target } from "./Fault.ts"
import { garbage } from "./garbage.ts"
import type { End, Ledger, Row } from "./Ledger.ts"
import type { Follower, Listing } from "./Listings.ts"
import type { BookChange, TakerOrder } from "./Market.ts"
import { type Delivery, Outlet } from "./Outlet.ts"
import type { Peer, Wires } from "./Peer.ts"
import { SeededRandom } from "./SeededRandom.ts"
import type { Link, Payload, VenueSession } from "./VenueSession.ts"

/** What all connections of a simulator share. */
export interface Surroundings {
  readonly seed: string
  readonly ledger: Ledger
  readonly now: () => number
  readonly maxBufferedBytes: number
  readonly trafficStopped: () => boolean
  readonly rejects: (connection: Connection, subscription: Subscription) => boolean
  readonly beforeMessage: (connection: Connection) => void
  /** While a tick runs, what it sends is collected and given to the kernel at once. */
  readonly collectWrites: (connection: Connection) => boolean
}

/** A client on the same machine has read by then what was sent. */
const surelyReadMillis = 1_000

/** One accepted connection: sends, keeps the ledger, and plays the faults that its session knows nothing of. */
export class Connection implements Link, Follower {
  readonly number: number
  readonly venue: Venue
  readonly address: Address
  readonly random: SeededRandom
  readonly now: () => number
  readonly #peer: Peer
  readonly #socket: Duplex
  readonly #outlet = new Outlet((delivery, duplicate) => this.#transmit(delivery, duplicate))
  readonly #around: Surroundings
  readonly #followed = new Map<string, { readonly listing: Listing; readonly subscription: Subscription }>()
  readonly #agenda = new Agenda()
  #session: VenueSession | null = null
  #lastReceivedAt: number
  #lastSentAt: number
  #lastMarketAt = 0
  #corked = false
  #end: End | null = null
  #endedByCut = false
  #silent = false
  #hangsOnClose = false
  #stalledUntil = 0

  constructor({ peer, socket }: Wires, number: number, venue: Venue, address: Address, around: Surroundings) {
    this.#peer = peer
    this.#socket = socket
    this.address = address
    this.#around = around
    this.number = number
    this.venue = venue
    this.now = around.now
    this.random = new SeededRandom(`${around.seed}/connection/${number}`)
    this.#lastReceivedAt = this.#lastSentAt = around.now()
    around.ledger.opened(number, venue, address, this.#lastReceivedAt)
  }

  /** Gives the connection its protocol, and lets it begin. */
  start(session: VenueSession, onClosed: () => void) {
    this.#session = session
    const peer = this.#peer
    peer.on("message", (data, isBinary) => {
      if (this.#silent) return
      this.#lastReceivedAt = this.now()
      if (!isBinary && peer.readyState === WebSocket.OPEN) session.message(String(data))
    })
    peer.on("ping", (payload) => {
      if (this.#silent) return
      this.#lastReceivedAt = this.now()
      session.pinged(payload)
    })
    peer.on("pong", (payload) => {
      if (this.#silent) return
      this.#lastReceivedAt = this.now()
      session.ponged(payload)
    })
    // A peer that vanishes is told by "close"; without a listener the error would end the process.
    peer.on("error", () => {})
    peer.on("close", (code) => {
      for (const { listing, subscription } of this.#followed.values()) {
        listing.followers[subscription.dataType].delete(this)
      }
      this.#followed.clear()
      this.#recordEnd(code)
      onClosed()
    })
    session.opened()
  }

  get isOpen(): boolean {
    return this.#peer.readyState === WebSocket.OPEN
  }

  get bufferedBytes(): number {
    return this.#peer.bufferedAmount
  }

  lastReceivedAt() {
    return this.#lastReceivedAt
  }

  lastSentAt() {
    return this.#lastSentAt
  }

  control(payload: Payload) {
    if (this.#silent || !this.isOpen) return
    this.#lastSentAt = this.now()
    this.#peer.send(payload)
  }

  traded(listing: Listing, order: TakerOrder) {
    if (!this.#isMarketHidden()) this.#session?.traded(listing, order)
  }

  changed(listing: Listing, change: BookChange) {
    if (!this.#isMarketHidden()) this.#session?.changed(listing, change)
  }

  market(payload: Payload, rows: ReadonlyArray<Row>) {
    if (this.#isMarketHidden()) return
    this.#around.beforeMessage(this)
    this.#outlet.send({ payload, rows })
  }

  ping(payload: string) {
    if (!this.#silent && this.isOpen) this.#peer.ping(payload)
  }

  pong(payload: Buffer) {
    if (!this.#silent && this.isOpen) this.#peer.pong(payload)
  }

  close(code: number, reason: string) {
    this.#endWith("server-close", code, reason)
  }

  drop() {
    this.#cut("server-close")
  }

  later(delayMillis: number, action: () => void) {
    this.#agenda.add(this.now() + delayMillis, action)
  }

  follow(listing: Listing, dataType: DataType, symbol: string) {
    const subscription = { symbol, dataType }
    this.#followed.set(`${dataType} ${listing.symbol}`, { listing, subscription })
    listing.followers[dataType].add(this)
    this.#around.ledger.subscribed(this.number, { ...subscription, atMillis: this.now() })
  }

  unfollow(listing: Listing, dataType: DataType) {
    listing.followers[dataType].delete(this)
    this.#followed.delete(`${dataType} ${listing.symbol}`)
  }

  refuses(subscription: Subscription) {
    return this.#around.rejects(this, subscription)
  }

  matches(target: Target): boolean {
    if (target.venue !== undefined && target.venue !== this.venue) return false
    if (target.connection !== undefined && target.connection !== this.number) return false
    if (!isAt(target, this.address)) return false
    if (target.symbol === undefined && target.dataType === undefined) return true
    return [...this.#followed.values()].some(({ subscription }) =>
      (target.symbol === undefined || target.symbol === subscription.symbol) &&
      (target.dataType === undefined || target.dataType === subscription.dataType)
    )
  }

  tick(nowMillis: number) {
    if (this.#silent) return
    for (const action of this.#agenda.due(nowMillis)) if (this.isOpen) action()
    if (this.isOpen) this.#session?.tick(nowMillis)
    // A client that does not read must not fill this process: venues disconnect it too (OKX 4005).
    if (this.#peer.bufferedAmount > this.#around.maxBufferedBytes) this.drop()
  }

  /** Sends what the session or a fault holds back. */
  flush() {
    this.#session?.flush()
    this.#outlet.flush()
  }

  uncork() {
    if (!this.#corked) return
    this.#corked = false
    this.#socket.uncork()
  }

  /** Ends without ceremony, because the simulator itself ends. */
  terminate() {
    this.#cut("server-close")
  }

  inject(fault: ConnectionFault) {
    switch (fault.kind) {
      case "disconnect":
        return this.#endWith("fault:disconnect", fault.code ?? 1001, fault.reason ?? "")
      case "abrupt":
        return this.#cut("fault:abrupt")
      case "stall":
        // What is held for a batch was there before the stall, and would otherwise leave a hole in the numbering.
        this.flush()
        this.#stalledUntil = this.now() + (fault.forMillis ?? Number.POSITIVE_INFINITY)
        return
      case "half-open":
        this.#silent = this.#peer.mute = true
        this.#end ??= "fault:half-open"
        return
      case "garbage":
        return this.control(garbage(fault.form ?? "broken-json", this.random, fault.bytes))
      case "gap":
        return this.#outlet.swallow(fault.count ?? 1)
      case "duplicate":
        return this.#outlet.repeat()
      case "reorder":
        return this.#outlet.reorder()
      case "notice":
        return this.#session?.announceEnd(fault.leadMillis)
      case "hang-close":
        this.#peer.mute = true
        this.#hangsOnClose = true
        return
      case "restart":
        for (const { listing } of this.#followed.values()) listing.market.restart()
        return
      case "restart-trades":
        for (const { listing } of this.#followed.values()) listing.market.renumberTrades()
        return
      case "burst":
        for (const { listing } of this.#followed.values()) listing.market.burst(fault.fills)
        return
    }
  }

  /** Ends a stall. */
  recover() {
    this.#stalledUntil = 0
  }

  #isMarketHidden(): boolean {
    return this.#silent || !this.isOpen || (this.#stalledUntil > 0 && this.now() < this.#stalledUntil)
  }

  #transmit({ payload, rows }: Delivery, duplicate: boolean) {
    if (!this.isOpen) return
    const now = this.now()
    this.#lastSentAt = this.#lastMarketAt = now
    if (!this.#corked && this.#around.collectWrites(this)) {
      this.#corked = true
      this.#socket.cork()
    }
    for (const row of rows) this.#around.ledger.append(row, this.number, this.venue, now, duplicate)
    this.#peer.send(payload)
  }

  #endWith(end: End, code: number, reason: string) {
    if (!this.isOpen) return
    this.#end ??= end
    this.uncork()
    this.#peer.close(code, reason)
  }

  #cut(end: End) {
    if (this.#peer.readyState === WebSocket.CLOSED) return
    this.#end ??= end
    this.#endedByCut = true
    this.#peer.terminate()
  }

  #recordEnd(code: number) {
    // 1006 is what `ws` reports when the socket ended without the client's close frame.
    const byClient = code === 1006 ? "client-drop" : this.#hangsOnClose ? "fault:hang-close" : "clean"
    const now = this.now()
    const quiet = now - this.#lastMarketAt >= surelyReadMillis && this.#peer.bufferedAmount === 0
    const clientAnswered = code !== 1006 && !this.#endedByCut
    const everythingRead = this.#end === null ? this.#around.trafficStopped() && code !== 1006 : clientAnswered
    this.#around.ledger.closed(this.number, now, this.#end ?? byClient, !quiet && !everythingRead)
  }
}
